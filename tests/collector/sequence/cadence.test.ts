import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cadence } from '../../../collector/sequence/cadence.js';
import { DEFAULT_SEQUENCE_LIMITS } from '../../../collector/sequence/limits.js';

const T0 = 1_796_256_000_000;
const LEARN = DEFAULT_SEQUENCE_LIMITS.messagesToLearnCadence;

function follow() {
  const silences: [number, number][] = [];
  const cadence = new Cadence(DEFAULT_SEQUENCE_LIMITS, (from, to) => silences.push([from, to]));
  let now = T0;
  const pass = (ms: number) => {
    now += ms;
    cadence.message(now);
  };
  const every = (ms: number, count: number) => {
    for (let i = 0; i < count; i++) pass(ms);
  };
  const silent = () => silences.reduce((sum, [from, to]) => sum + to - from, 0);
  cadence.message(now);
  return { cadence, silences, silent, pass, every, now: () => now };
}

describe('the cadence of an exporter', () => {
  it('is not told before enough messages came, and nothing is silence until then', () => {
    const { cadence, silences, every, pass } = follow();
    every(10_000, LEARN - 2);
    pass(3_600_000);
    expect(cadence.usualPauseMs).toBeNaN();
    expect(silences).toEqual([]);
  });

  it('is its usual pause, and silence is what lies beyond twice of it', () => {
    const { cadence, silences, every, pass, now } = follow();
    every(10_000, LEARN);
    expect(cadence.usualPauseMs).toBeGreaterThanOrEqual(10_000);
    expect(cadence.usualPauseMs).toBeLessThan(12_000);
    const last = now();
    pass(15_000);
    expect(silences).toEqual([]);
    pass(100_000);
    expect(silences).toEqual([[last + 15_000 + 2 * cadence.usualPauseMs, now()]]);
  });

  it('of an exporter that sends all it has once a minute is a minute', () => {
    const { cadence, silent, every, pass } = follow();
    for (let minute = 0; minute < 30; minute++) {
      every(2, 20);
      pass(60_000);
    }
    expect(cadence.usualPauseMs).toBeGreaterThan(50_000);
    expect(silent()).toBe(0);
  });

  it('of messages that come at random hardly ever shows silence', () => {
    const { silent, pass, now } = follow();
    fc.assert(
      fc.property(fc.array(fc.double({ min: 1e-9, max: 1, noNaN: true }), { minLength: 2000, maxLength: 2000 }), (chances) => {
        const before = now();
        const silentBefore = silent();
        for (const chance of chances) pass(Math.ceil(-Math.log(Math.max(chance, 1e-6)) * 5000));
        expect(silent() - silentBefore).toBeLessThan((now() - before) * 0.01);
      }),
      { numRuns: 5 },
    );
  });

  it('does not learn from an outage that outages are usual', () => {
    const { cadence, silent, every, pass } = follow();
    every(1000, 200);
    for (let outage = 0; outage < 5; outage++) {
      pass(600_000);
      every(1000, 200);
    }
    expect(cadence.usualPauseMs).toBeLessThan(1300);
    expect(silent()).toBeGreaterThan(5 * 595_000);
  });

  it('is learned anew when an exporter has another one', () => {
    const { cadence, silent, every } = follow();
    every(1000, 200);
    every(60_000, 200);
    expect(cadence.usualPauseMs).toBeGreaterThan(50_000);
    const before = silent();
    every(60_000, 100);
    expect(silent()).toBe(before);
  });

  it('tells silence that goes on piece by piece, each moment once, and for a day at most', () => {
    const { cadence, silences, every, now, pass } = follow();
    every(10_000, LEARN);
    const last = now();
    const begin = last + 2 * cadence.usualPauseMs;
    for (let ms = 0; ms < 200_000; ms += 10_000) cadence.ranUntil(last + ms);
    cadence.ranUntil(last + 5000); // a clock that runs back
    pass(250_000);
    expect(silences[0]![0]).toBe(begin);
    expect(silences.at(-1)![1]).toBe(last + 250_000);
    for (let i = 1; i < silences.length; i++) expect(silences[i]![0]).toBe(silences[i - 1]![1]);
    cadence.ranUntil(now() + 10 * 86_400_000);
    expect(silences.at(-1)![1]).toBe(now() + DEFAULT_SEQUENCE_LIMITS.maxSilenceMs);
  });
});
