import { describe, expect, it } from 'vitest';
import type { CoverageMinute } from '../../../detector/coverage/observed-time.js';
import { sensorFacts } from '../../../detector/coverage/sensor-facts.js';
import { claimsWith, day, FROM, TO } from './facts.js';

function factsOf(change: (index: number) => Partial<CoverageMinute>) {
  const claims = claimsWith();
  const sensor = claims.sensors.find(({ name }) => name === 'fw')!;
  return sensorFacts(sensor, day(change), claims.claims[0]!.coverage, FROM, TO, false);
}

describe('what a sensor told, for a verdict', () => {
  it('records that were held and never released arrived unread; released ones do not count', () => {
    const codes = (released: number) =>
      factsOf((index) => (index < 100 ? { recordsHeld: 10, recordsReleased: released } : {})).reasons.map(({ code }) => code);
    expect(codes(10)).not.toContain('undecodable');
    expect(codes(0)).toContain('undecodable');
  });

  it('templates redefined in flight are told', () => {
    const { reasons } = factsOf((index) => (index === 7 ? { templatesChanged: 2 } : {}));
    expect(reasons).toMatchObject([{ code: 'template-changed', about: 'fw', observed: 2 }]);
  });

  it('what the exporter says that it did not send is lost, as are messages dropped for want of room, which the numbers tell once more', () => {
    const lost = (change: Partial<CoverageMinute>) => {
      const facts = factsOf((index) => (index === 7 ? change : {}));
      return [facts.lost, facts.sent];
    };
    expect(lost({ recordsNotExported: 50 })).toEqual([50, 28_850]);
    expect(lost({ messagesOverrun: 5 })).toEqual([50, 28_850]);
    expect(lost({ messagesOverrun: 5, recordsLost: 50, recordsSent: 70 })).toEqual([50, 28_850]);
    expect(lost({ messagesOverrun: 5, recordsLost: 90, recordsSent: 110 })).toEqual([90, 28_890]);
  });

  it('sets without their template are told with the records that nobody read; those read later are not, those of unknown size are', () => {
    const codes = (change: Partial<CoverageMinute>) => factsOf((index) => (index === 7 ? change : {})).reasons.map(({ code }) => code);
    expect(codes({ templatesMissing: 3 })).toEqual([]);
    expect(codes({ templatesMissing: 3, recordsHeld: 30, recordsReleased: 30 })).toEqual([]);
    expect(codes({ templatesMissing: 3, recordsUndecodable: 300 })).toEqual(['undecodable', 'templates-missing']);
    const nothing = factsOf(() => ({ templatesMissing: 1, recordsReceived: 0, recordsSent: 0 }));
    expect(nothing.reasons.map(({ code }) => code)).toEqual(['templates-missing']);
  });

  it('packets that the sensor did not look at count against those it did', () => {
    const codes = (change: Partial<CoverageMinute>) => factsOf(() => change).reasons.map(({ code }) => code);
    expect(codes({ packetsMissed: 1 })).toEqual(['packets-missed']);
    expect(codes({ packetsMissed: 1, packetsPool: 2000, packetsSelected: 2000 })).toEqual([]);
  });

  it('the sampling attained counts where it is worse than the one declared', () => {
    const of = (packetsSelected: number) => factsOf(() => ({ samplingInterval: 100, packetsPool: 1000, packetsSelected })).reasons[0];
    expect(of(20)).toMatchObject({ code: 'sampled', observed: 100 });
    expect(of(4)).toMatchObject({ code: 'sampled', observed: 250 });
    expect(of(0)).toMatchObject({ code: 'sampled', observed: 1_440_000 });
  });
});
