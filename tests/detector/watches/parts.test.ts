import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../detector/findings/finding.js';
import { Activity } from '../../../detector/watches/activity.js';
import { defaultWatchParameters, sceneOf, watches } from '../../../detector/watches/evaluate.js';
import { day, EXAMPLE_FROM, EXAMPLE_UNTIL, SCANNERS, SEEN, session, WATCH_CLAIMS } from '../../../detector/watches/example-facts.js';
import { leastTogether } from '../../../detector/watches/fleet-events.js';
import { MinuteBits } from '../../../detector/watches/minute-bits.js';
import { sightOf } from '../../../detector/watches/sensor-sight.js';
import { settle } from '../../../detector/watches/settle.js';
import { candidatesOf, type Silence } from '../../../detector/watches/silences.js';
import { batchOf, claimsOf, exampleRows } from '../support/rows.js';
import { ledgerOf } from './support.js';

describe('bits of minutes', () => {
  const range = fc.tuple(fc.integer({ min: 29_000_000, max: 29_002_000 }), fc.integer({ min: 0, max: 90 }));

  it('are a set of minutes', () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 20 }), fc.integer({ min: 28_999_900, max: 29_002_200 }), (ranges, at) => {
        const bits = new MinuteBits();
        const set = new Set<number>();
        for (const [first, length] of ranges) {
          bits.setRange(first, first + length);
          for (let i = 0; i <= length; i++) set.add(first + i);
        }
        const until = at + 300;
        let [nextSet, nextClear, last, count] = [until, until, -1, 0];
        for (let minute = until - 1; minute >= at; minute--) {
          if (set.has(minute)) nextSet = minute;
          else nextClear = minute;
          if (set.has(minute)) count++;
        }
        for (const minute of set) if (minute < at) last = Math.max(last, minute);
        expect(bits.has(at)).toBe(set.has(at));
        expect(bits.nextSet(at, until)).toBe(nextSet);
        expect(bits.nextClear(at, until)).toBe(nextClear);
        expect(bits.lastSetBefore(at)).toBe(last);
        expect(bits.count(at, until)).toBe(count);
        expect(bits.total).toBe(set.size);
        expect(bits.first()).toBe(set.size === 0 ? -1 : Math.min(...set));
      }),
    );
  });

  it('have a fingerprint that follows the minutes of the range alone', () => {
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 8 }), range, ([first, ...more], [extra, length]) => {
        const [from, until] = [29_000_300, 29_001_700];
        const [one, other] = [new MinuteBits(), new MinuteBits()];
        for (const [begin, minutes] of [first!, ...more]) one.setRange(begin, begin + minutes);
        for (const [begin, minutes] of [...more, first!].reverse()) other.setRange(begin, begin + minutes);
        expect(other.fingerprint(from, until)).toBe(one.fingerprint(from, until));
        const before = one.count(from, until);
        one.setRange(extra, extra + length);
        expect(one.fingerprint(from, until) === other.fingerprint(from, until)).toBe(one.count(from, until) === before);
      }),
    );
  });

  it('are read from the mask of an hour', () => {
    const bits = new MinuteBits();
    bits.setHour(600, (1n << 59n) | 5n);
    expect([600, 601, 602, 658, 659, 660].map((minute) => bits.has(minute))).toEqual([true, false, true, false, true, false]);
  });

  it('take four weeks of an asset in some 5 KiB', () => {
    const bits = new MinuteBits();
    bits.setRange(29_000_000, 29_000_000 + 4 * 7 * 1440);
    expect(bits.octets).toBeLessThan(10_500);
  });
});

it('so many do not stop together by chance: as detection.md D13 has it', () => {
  expect([2, 3, 4, 10, 40].map((atWork) => leastTogether(atWork, 0.001, 1e-6))).toEqual([2, 3, 3, 3, 4]);
  expect([4, 10, 40].map((atWork) => leastTogether(atWork, 0.01, 1e-6))).toEqual([4, 5, 7]);
  expect(leastTogether(1, 0.001, 1e-6)).toBe(Number.POSITIVE_INFINITY);
});

it('activity does not depend on the order or the borders of batches', () => {
  const claims = claimsOf(WATCH_CLAIMS);
  const rows = exampleRows([...day([SCANNERS[0]]), session('203.0.113.7', '10.40.10.11 22', '2026-11-05T09:57:30Z')]);
  const findingsBy = (parts: readonly (typeof rows)[]): Finding[] => {
    const activity = new Activity(claims);
    for (const part of parts) activity.add(batchOf(claims, part));
    return watches(activity, ledgerOf(SEEN), claims, Date.parse(EXAMPLE_UNTIL), { fromMs: Date.parse(EXAMPLE_FROM) });
  };
  const whole = findingsBy([rows]);
  expect(whole).not.toEqual([]);
  // The sequence number of a row is its place in the batch here: evidence is told without it.
  const said = (findings: readonly Finding[]): unknown[] =>
    findings.map(({ evidence, ...rest }) => ({ ...rest, evidence: evidence.length }));
  expect(said(findingsBy([rows.slice(20_000), rows.slice(0, 20_000)]))).toEqual(said(whole));
});

describe('what a sensor could not see', () => {
  const unknownOf = (from: string, to: string, facts: object) => {
    const stretches = [
      { sensor: 'border', from: EXAMPLE_FROM, to: from },
      { sensor: 'border', from, to, facts },
      { sensor: 'border', from: to, to: EXAMPLE_UNTIL },
    ];
    const sight = sightOf(ledgerOf(stretches), Date.parse(EXAMPLE_FROM), Date.parse(EXAMPLE_UNTIL)).sensors.get('border')!;
    return sight.unknown.count(Date.parse(from) / 60_000 - 60, Date.parse(to) / 60_000 + 30);
  };

  it.each([
    ['minutes that lost half of what was sent', { recordsSent: 20, recordsReceived: 5, recordsLost: 15 }, 10],
    ['minutes in which nothing could be read', { recordsUndecodable: 20 }, 10],
    ['minutes without a message', { messagesReceived: 0 }, 12],
    ['minutes of a restart', { restarts: 1 }, 11],
  ] as const)('%s are unknown', (_name, facts, minutes) => {
    expect(unknownOf('2026-11-05T10:00:00Z', '2026-11-05T10:10:00Z', facts)).toBe(minutes);
  });

  it('five minutes of which less than half is stored are unknown, and those before: their records tell of earlier ones', () => {
    const [from, at, to] = ['09:50', '10:00', '10:05'].map((time) => Date.parse(`2026-11-05T${time}:00Z`)) as [number, number, number];
    const rows = ledgerOf([{ sensor: 'border', from: '2026-11-05T09:50:00Z', to: '2026-11-05T10:05:00Z' }]);
    /** A hundred rows were handed on in each five minutes. The last minute goes on: nothing is known of its end. */
    const unknown = (stored: readonly (readonly [number, number])[]): number =>
      sightOf(rows, from, to, new Map([['border', new Map(stored)]]))
        .sensors.get('border')!
        .unknown.count(from / 60_000, to / 60_000 - 1);
    const before = [from, from + 300_000].map((bucket) => [bucket, 100] as const);
    expect(unknown([...before, [at, 100]])).toBe(0);
    expect(unknown([...before, [at, 50]])).toBe(0);
    expect(unknown([...before, [at, 49]])).toBe(9);
    expect(unknown(before)).toBe(9);
    // Who began to count only now knows nothing of before, and of logs nobody counts.
    expect(unknown([[at, 100]])).toBe(0);
    expect(unknown([])).toBe(0);
  });

  it('minutes with a little loss are known', () => {
    expect(unknownOf('2026-11-05T10:00:00Z', '2026-11-05T10:10:00Z', { recordsSent: 20, recordsReceived: 19, recordsLost: 1 })).toBe(0);
  });
});

describe('what is published', () => {
  const finding = (change: Partial<Finding>): Finding => ({ id: 'a', revision: 0, records: 1, severity: 'high', ...change }) as Finding;

  it('is what changed, with a revision above the stored one', () => {
    const stored = [finding({ revision: 900, observed: 5 })];
    expect(settle([finding({ observed: 5 })], stored, 0)).toEqual([]);
    expect(settle([finding({ observed: 6 })], stored, 0).map(({ revision }) => revision)).toEqual([901]);
    expect(settle([finding({ observed: 6 })], stored, 60_000 * 2000).map(({ revision }) => revision)).toEqual([2000]);
  });

  it('takes back what is not found any more, once, and can come again', () => {
    const taken = settle([], [finding({ revision: 3 })], 0);
    expect(taken.map(({ revision, records }) => [revision, records])).toEqual([[4, 0]]);
    expect(settle([], taken, 0)).toEqual([]);
    expect(settle([finding({})], taken, 0).map(({ revision, records }) => [revision, records])).toEqual([[5, 1]]);
  });
});

it('what was learned for one look holds for the next until the minutes that it was learned from change', () => {
  const claims = claimsOf(WATCH_CLAIMS);
  const rows = exampleRows(day([SCANNERS[0]]));
  const [lateFromMs, lateUntilMs] = ['2026-11-03T06:00:00Z', '2026-11-03T09:00:00Z'].map((text) => Date.parse(text)) as [number, number];
  const isLate = ({ startMs }: { startMs: number }): boolean => startMs >= lateFromMs && startMs < lateUntilMs;
  const look = (activity: Activity): readonly Silence[] =>
    candidatesOf(
      sceneOf({
        ...{ claims, activity, ledger: ledgerOf(SEEN), parameters: defaultWatchParameters() },
        ...{ fromMs: Date.parse('2026-11-05T00:00:00Z'), untilMs: Date.parse(EXAMPLE_UNTIL) },
      }),
    );
  const activityOf = (part: readonly (typeof rows)[number][]): Activity => {
    const activity = new Activity(claims);
    activity.add(batchOf(claims, part));
    return activity;
  };
  const kept = activityOf(rows.filter((row) => !isLate(row)));
  const first = look(kept);
  expect(first.length).toBeGreaterThan(0);
  expect(look(kept)).toEqual(first);
  kept.add(batchOf(claims, rows.filter(isLate)));
  expect(look(kept)).toEqual(look(activityOf(rows)));
  expect(look(kept)).not.toEqual(first);
});
