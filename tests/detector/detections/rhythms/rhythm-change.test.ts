import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StateReader, StateWriter } from '../../../../detector/baseline/state.js';
import { OPEN_CLAIMS } from '../../../../detector/detections/example-claims.js';
import { rhythmChange } from '../../../../detector/detections/rhythms/rhythm-change.js';
import { claimsOf } from '../../support/rows.js';
import { randomFrom, StreamJudge } from '../../support/streams.js';

const claims = claimsOf(OPEN_CLAIMS);
const FROM = Date.parse('2026-11-02T00:00:00Z');
const DAY = 86_400_000;

interface Beats {
  readonly peer: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly periodMs: number;
  readonly jitter?: number;
  readonly missed?: number;
}

function beatsOf({ peer, fromMs, toMs, periodMs, jitter = 0, missed = 0 }: Beats, random: () => number): { peer: string; ms: number }[] {
  const list: { peer: string; ms: number }[] = [];
  // A timer that fires late or early, not a walk: each beat around its own time.
  for (let ms = fromMs; ms < toMs; ms += periodMs) {
    if (random() >= missed) list.push({ peer, ms: ms + periodMs * jitter * (random() - 0.5) });
  }
  return list;
}

/** What the asset does beside, at random times. */
function chatter(fromMs: number, toMs: number, random: () => number): { peer: string; ms: number }[] {
  const list: { peer: string; ms: number }[] = [];
  for (let ms = fromMs; ms < toMs; ms += -240_000 * Math.log(1 - random())) list.push({ peer: '10.40.20.9', ms });
  return list;
}

function play(judge: StreamJudge, list: readonly { peer: string; ms: number }[], admitted: (peer: string) => boolean = () => true): void {
  for (const { peer, ms } of [...list].sort((a, b) => a.ms - b.ms)) {
    judge.talkTo(peer, 445);
    judge.record.admitted = admitted(peer);
    judge.session(ms);
  }
}

const SERVER = '10.40.30.10';

describe('rhythm-change', () => {
  it('says nothing of heartbeats that scatter, miss beats and pause, over 200 weeks', () => {
    const told: string[] = [];
    for (let seed = 1; seed <= 40; seed++) {
      const random = randomFrom(seed);
      const judge = new StreamJudge(rhythmChange, claims);
      const toMs = FROM + 35 * DAY;
      const periodMs = [60_000, 300_000, 900_000, 3_600_000][seed % 4]!;
      const own = beatsOf({ peer: SERVER, fromMs: FROM, toMs, periodMs, jitter: 0.1 * (seed % 6), missed: 0.02 * (seed % 5) }, random);
      // A pause of two hours in the first week, and each week again.
      const pauses = own.filter(({ ms }) => (ms - FROM) % (7 * DAY) < 3 * DAY || (ms - FROM) % (7 * DAY) > 3 * DAY + 7_200_000);
      play(judge, [...pauses, ...chatter(FROM, toMs, random)]);
      told.push(...judge.measured.map(({ why }) => `${seed}: ${why}`));
    }
    expect(told).toEqual([]);
  });

  it.each([
    ['twice as often', 150_000],
    ['half as often', 600_000],
    ['a third more', 420_000],
  ])('%s is found within 24 beats, where the rhythm scatters by 30 %', (_name, changedMs) => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = randomFrom(seed);
      const judge = new StreamJudge(rhythmChange, claims);
      const at = FROM + 10 * DAY;
      play(judge, beatsOf({ peer: SERVER, fromMs: FROM, toMs: at, periodMs: 300_000, jitter: 0.3 }, random));
      expect(judge.measured).toEqual([]);
      play(judge, beatsOf({ peer: SERVER, fromMs: at, toMs: at + 24 * changedMs, periodMs: changedMs, jitter: 0.3 }, random));
      expect(judge.measured).toHaveLength(1);
      expect(Math.abs(judge.measured[0]!.observed * 1000 - changedMs)).toBeLessThan(0.2 * changedMs);
    }
  });

  it('a rhythm that is slowed down a little each day is found all the same: what was learned does not follow', () => {
    const judge = new StreamJudge(rhythmChange, claims);
    const random = randomFrom(3);
    play(judge, beatsOf({ peer: SERVER, fromMs: FROM, toMs: FROM + 10 * DAY, periodMs: 300_000 }, random));
    for (let day = 10; day < 60; day++) {
      const fromMs = FROM + day * DAY;
      play(judge, beatsOf({ peer: SERVER, fromMs, toMs: fromMs + DAY, periodMs: 300_000 * 1.01 ** (day - 9) }, random));
    }
    expect(judge.measured.length).toBeGreaterThanOrEqual(1);
    expect(judge.measured.length).toBeLessThanOrEqual(2);
  });

  it('its end is told while the asset goes on, once, within the hour', () => {
    const random = randomFrom(5);
    const judge = new StreamJudge(rhythmChange, claims);
    const at = FROM + 10 * DAY;
    const toMs = at + DAY;
    play(judge, [
      ...beatsOf({ peer: SERVER, fromMs: FROM, toMs: at, periodMs: 300_000, jitter: 0.2 }, random),
      ...chatter(FROM, toMs, random),
    ]);
    expect(judge.measured).toHaveLength(1);
    expect(judge.measured[0]!.observed).toBeLessThan(3600);
    expect(judge.measured[0]!.why).toContain('while the asset goes on');
  });

  it('an outside peer that no claim admits is never learned, but told when it takes over', () => {
    const random = randomFrom(6);
    const strange = '203.0.113.7';
    const admitted = (peer: string): boolean => peer !== strange;
    const alone = new StreamJudge(rhythmChange, claims);
    play(alone, beatsOf({ peer: strange, fromMs: FROM, toMs: FROM + 10 * DAY, periodMs: 300_000 }, random), admitted);
    play(alone, beatsOf({ peer: strange, fromMs: FROM + 10 * DAY, toMs: FROM + 12 * DAY, periodMs: 900_000 }, random), admitted);
    expect(alone.measured).toEqual([]);
    const judge = new StreamJudge(rhythmChange, claims);
    const at = FROM + 10 * DAY;
    play(judge, beatsOf({ peer: SERVER, fromMs: FROM, toMs: at, periodMs: 300_000 }, random), admitted);
    play(judge, beatsOf({ peer: strange, fromMs: at + 100_000, toMs: at + DAY, periodMs: 300_000 }, random), admitted);
    expect(judge.measured.map(({ matter }) => matter.part)).toContain('takeover');
  });

  it('state stays bounded under a flood, which pushes out nothing that was learned', () => {
    const judge = new StreamJudge(rhythmChange, claims);
    const at = FROM + 10 * DAY;
    const random = randomFrom(7);
    play(judge, beatsOf({ peer: SERVER, fromMs: FROM, toMs: at, periodMs: 300_000 }, random));
    const flood = Array.from({ length: 40_000 }, (_, index) => ({
      peer: `10.99.${(index >>> 8) & 255}.${index & 255}`,
      ms: at + index * 1000,
    }));
    play(judge, [...flood, ...beatsOf({ peer: SERVER, fromMs: at, toMs: at + 40_000_000, periodMs: 900_000 }, random)]);
    const writer = new StateWriter();
    judge.evaluator.save(writer);
    expect(writer.finish().length).toBeLessThanOrEqual(26_000);
    expect(judge.measured).toHaveLength(1);
  });

  it('goes on after a snapshot as if nothing had happened', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0, max: 1, noNaN: true }), (seed, share) => {
        const random = randomFrom(seed);
        const end = FROM + 9 * DAY;
        const list = [
          ...beatsOf({ peer: SERVER, fromMs: FROM, toMs: FROM + 8 * DAY, periodMs: 900_000, jitter: 0.2 }, random),
          ...beatsOf({ peer: '10.40.30.11', fromMs: FROM, toMs: end, periodMs: 1_200_000 }, random),
          ...beatsOf({ peer: '203.0.113.7', fromMs: FROM + 8 * DAY, toMs: end, periodMs: 900_000 }, random),
          ...chatter(FROM, end, random),
        ].sort((a, b) => a.ms - b.ms);
        const at = Math.floor(list.length * share);
        const admitted = (peer: string): boolean => peer !== '203.0.113.7';
        const straight = new StreamJudge(rhythmChange, claims);
        const before = new StreamJudge(rhythmChange, claims);
        const after = new StreamJudge(rhythmChange, claims);
        play(straight, list, admitted);
        play(before, list.slice(0, at), admitted);
        const writer = new StateWriter();
        before.evaluator.save(writer);
        after.evaluator.load(new StateReader(writer.finish()));
        play(after, list.slice(at), admitted);
        expect([...before.measured, ...after.measured].map(({ why }) => why)).toEqual(straight.measured.map(({ why }) => why));
        expect(straight.measured.length).toBeGreaterThan(0);
      }),
      { numRuns: 15 },
    );
  });
});
