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
    expect(factsOf((index) => (index === 7 ? { templatesChanged: 2 } : {})).templatesChanged).toBe(2);
  });
});
