import { describe, expect, test } from 'vitest';
import { createRandom } from '../../fixtures/generator/flows/random.js';
import { ritaScore } from '../bench/evaluate/baselines/rita.js';
import type { Seen } from '../bench/evaluate/baselines/seen.js';
import { FixedThresholds } from '../bench/evaluate/baselines/thresholds.js';

const DAY_S = 86_400;

describe('RITA’s beacon score, from its description', () => {
  test('a perfect beacon of equal sizes scores 1', () => {
    const seconds = Array.from({ length: 288 }, (_, n) => n * 300);
    expect(
      ritaScore(
        seconds,
        seconds.map(() => 500),
        0,
        DAY_S,
      ),
    ).toBeCloseTo(1, 2);
  });

  // reference/detection.md §0.3: the score is not calibrated.
  test('unrelated connections of equal size score high as well', () => {
    const random = createRandom(5);
    const seconds: number[] = [];
    for (let at = 0; at < DAY_S; at += -Math.log(1 - random()) * 300) seconds.push(Math.floor(at));
    const score = ritaScore(
      seconds,
      seconds.map(() => 500),
      0,
      DAY_S,
    )!;
    expect(score).toBeGreaterThan(0.65);
    expect(score).toBeLessThan(0.9);
  });

  test('too few connections have no score', () => {
    expect(ritaScore([1, 2, 3], [5, 5, 5], 0, DAY_S)).toBeUndefined();
    expect(ritaScore([1, 1, 1, 1, 1], [5, 5, 5, 5, 5], 0, DAY_S)).toBeUndefined();
  });
});

describe('fixed thresholds', () => {
  const seen = (more: Partial<Seen>): Seen => ({
    ...{ asset: 'a', peer: '10.0.0.9', outside: false, began: true, answered: true, startMs: 0, endMs: 1000, protocol: 6, port: 445 },
    ...{ octetsOut: 100, octetsIn: 100, starts: true },
    ...more,
  });
  const said = (records: readonly Partial<Seen>[]): string[] => {
    const thresholds = new FixedThresholds();
    for (const one of records) thresholds.take(seen(one));
    return thresholds.alerts(0).map(({ by }) => by);
  };

  test('33 unanswered flows in a minute are one scan of ntopng’s, 32 are none', () => {
    const tries = (count: number) => Array.from({ length: count }, () => ({ answered: false }));
    expect(said(tries(33)).filter((by) => by === 'ntopng scan')).toHaveLength(1);
    expect(said(tries(32))).not.toContain('ntopng scan');
  });

  test('a long connection counts from its first part on', () => {
    expect(said([{ endMs: 1_400_000 }, { startMs: 1_400_000, endMs: 1_600_000, starts: false }])).toContain('Slips long-connection');
    expect(said([{ endMs: 1_400_000 }])).toEqual([]);
  });

  test('what was sent to one peer is summed up within the hour', () => {
    expect(said([{ octetsOut: 3e8 }, { octetsOut: 3e8 }])).toContain('Slips upload');
    expect(said([{ octetsOut: 3e8 }, { octetsOut: 3e8, startMs: 3_600_000 }])).toEqual([]);
  });
});
