import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPeriods, createTimeZone } from '../../../detector/claims/calendar.js';
import { compileTexts } from '../../../detector/claims/load.js';
import { parseRecurrence, recurrenceDays } from '../../../detector/claims/recurrence.js';
import { createDatedWindow, IntervalWindow } from '../../../detector/claims/windows.js';
import { DAY_MS, HOUR_MS } from '../../../flow/time.js';
import { BASE_APPROVALS, BASE_CLAIMS, broken } from './base-claims.js';

const at = (text: string): number => Date.parse(text);
const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 16);

describe('civil time of Europe/Amsterdam', () => {
  const zone = createTimeZone('Europe/Amsterdam');
  test('a time that clocks skip is taken by the offset before the gap, one that comes twice is the first (RFC 5545 §3.3.5)', () => {
    expect(iso(zone.toInstant(at('2026-03-29T02:30Z')))).toBe('2026-03-29T01:30');
    expect(iso(zone.toInstant(at('2026-10-25T02:30Z')))).toBe('2026-10-25T00:30');
    expect(['2026-03-29T02:30Z', '2026-10-25T02:30Z', '2026-06-01T02:30Z'].map((text) => zone.occurs(at(text)))).toEqual([
      'never',
      'twice',
      'once',
    ]);
  });
  test('instant to civil time and back', () => {
    const zones = ['Europe/Amsterdam', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia', 'UTC'].map(
      createTimeZone,
    );
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer({ min: at('1995-01-01T00:00Z'), max: at('2060-01-01T00:00Z') }), (own, ms) => {
        const local = own.toLocal(ms);
        const again = own.toInstant(local);
        expect(own.toLocal(again)).toBe(local);
        expect(again).toBeLessThanOrEqual(ms);
      }),
      { numRuns: 300 },
    );
  });
});

describe('calendar periods', () => {
  const days = createPeriods(createTimeZone('Europe/Amsterdam'), DAY_MS, true);
  test('days have 23, 25 and 24 hours', () => {
    const hours = (text: string): number => (days(at(text)).toMs - days(at(text)).fromMs) / HOUR_MS;
    expect(['2026-03-29T12:00Z', '2026-10-25T12:00Z', '2026-12-03T12:00Z'].map(hours)).toEqual([23, 25, 24]);
    expect(iso(days(at('2026-12-03T12:00Z')).fromMs)).toBe('2026-12-02T23:00');
  });
  test('every instant lies in its period, neighbours touch, and the order of asking does not matter', () => {
    const fresh = (): ((ms: number) => { fromMs: number; toMs: number }) =>
      createPeriods(createTimeZone('America/Sao_Paulo'), 7 * DAY_MS, true);
    const shared = fresh();
    fc.assert(
      fc.property(fc.integer({ min: at('2000-01-01T00:00Z'), max: at('2040-01-01T00:00Z') }), (ms) => {
        const period = shared(ms);
        expect(period.fromMs <= ms && ms < period.toMs).toBe(true);
        expect(fresh()(ms)).toEqual(period);
        expect(shared(period.toMs).fromMs).toBe(period.toMs);
      }),
      { numRuns: 100 },
    );
  });
  test('hours are slices of UTC, and garbage times have a period too', () => {
    const quarter = createPeriods(createTimeZone('Europe/Amsterdam'), 6 * HOUR_MS, false);
    expect(iso(quarter(at('2026-12-03T13:00Z')).fromMs)).toBe('2026-12-03T12:00');
    for (const ms of [Number.NaN, Number.POSITIVE_INFINITY, -8.64e15, 8.64e15]) expect(days(ms).toMs).toBeGreaterThan(days(ms).fromMs);
  });
});

describe('recurrence (RFC 5545 §3.3.10, the subset)', () => {
  const list = (rule: string, start: string, most = 6): string[] => {
    const found: string[] = [];
    for (const day of recurrenceDays(parseRecurrence(rule), at(`${start}T00:00Z`))) {
      found.push(new Date(day).toISOString().slice(5, 10));
      if (found.length === most) break;
    }
    return found;
  };
  test.each([
    ['FREQ=DAILY;INTERVAL=2;COUNT=3', '2026-12-30', ['12-30', '01-01', '01-03']],
    ['FREQ=DAILY;BYDAY=SA,SU;COUNT=3', '2026-12-03', ['12-05', '12-06', '12-12']],
    ['FREQ=DAILY;BYMONTHDAY=-1;COUNT=2', '2026-12-03', ['12-31', '01-31']],
    ['FREQ=WEEKLY;COUNT=2', '2026-12-03', ['12-03', '12-10']],
    ['FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;COUNT=4', '2026-12-03', ['12-06', '12-14', '12-20', '12-28']],
    ['FREQ=WEEKLY;BYDAY=TH;UNTIL=20261217', '2026-12-03', ['12-03', '12-10', '12-17']],
    ['FREQ=MONTHLY;COUNT=3', '2026-10-31', ['10-31', '12-31', '01-31']],
    ['FREQ=MONTHLY;BYDAY=2TU,-1SU;COUNT=4', '2026-12-01', ['12-08', '12-27', '01-12', '01-31']],
    ['FREQ=MONTHLY;BYMONTHDAY=1,-1;COUNT=4', '2026-12-02', ['12-31', '01-01', '01-31', '02-01']],
    ['FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=2', '2026-12-01', ['08-13', '10-13']],
    ['FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31', '2026-02-01', []],
  ])('%s from %s', (rule, start, expected) => {
    expect(list(rule, start)).toEqual(expected);
  });
});

describe('windows', () => {
  const night = createDatedWindow(
    'n',
    { start: '2026-03-27T01:30', rrule: 'FREQ=DAILY', duration: 'PT1H', overrun: 'PT5M' },
    'Europe/Amsterdam',
  );
  test('a record must lie entirely inside one occurrence, its end at most the overrun later', () => {
    const inside = (from: string, to: string): boolean => night.contains(at(from), at(to));
    expect(inside('2026-03-28T00:30:00Z', '2026-03-28T01:30:00Z')).toBe(true);
    expect(inside('2026-03-28T00:29:59Z', '2026-03-28T01:00:00Z')).toBe(false);
    expect(inside('2026-03-28T01:29:59Z', '2026-03-28T01:35:00Z')).toBe(true);
    expect(inside('2026-03-28T01:29:59Z', '2026-03-28T01:35:01Z')).toBe(false);
    expect(inside('2026-03-28T01:30:00Z', '2026-03-28T01:31:00Z')).toBe(false);
    expect(inside('2026-03-26T00:30:00Z', '2026-03-26T01:00:00Z')).toBe(false);
  });
  test('over the changes of clocks the begin keeps its civil time and the length its hours', () => {
    const begins = createDatedWindow('w', { start: '2026-03-28T02:30', rrule: 'FREQ=DAILY;COUNT=3', duration: 'PT3H' }, 'Europe/Amsterdam');
    expect(begins.occurrences(Number.POSITIVE_INFINITY).map(({ fromMs, toMs }) => [iso(fromMs), iso(toMs)])).toEqual([
      ['2026-03-28T01:30', '2026-03-28T04:30'],
      ['2026-03-29T01:30', '2026-03-29T04:30'],
      ['2026-03-30T00:30', '2026-03-30T03:30'],
    ]);
    const autumn = createDatedWindow('w', { start: '2026-10-24T02:30', rrule: 'FREQ=DAILY;COUNT=3', duration: 'P1D' }, 'Europe/Amsterdam');
    expect(autumn.occurrences(Number.POSITIVE_INFINITY).map(({ fromMs, toMs }) => (toMs - fromMs) / HOUR_MS)).toEqual([24, 25, 24]);
    expect(autumn.occurrences(Number.POSITIVE_INFINITY).map(({ fromMs }) => iso(fromMs))).toEqual([
      '2026-10-24T00:30',
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
  });
  test('the answer is that of the list of intervals, whatever the order of asking', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 30 })), { maxLength: 8 }),
        fc.array(fc.tuple(fc.nat(100), fc.nat(20)), { minLength: 10, maxLength: 10 }),
        (spans, probes) => {
          const intervals = spans
            .map(([from, length]) => ({ fromMs: from, toMs: from + length }))
            .sort((a, b) => a.fromMs - b.fromMs || a.toMs - b.toMs);
          const window = new IntervalWindow('w', 3, intervals.values());
          for (const [from, length] of probes) {
            const expected = intervals.some((one) => one.fromMs <= from && from < one.toMs && from + length <= one.toMs + 3);
            // An interval that ended before the record began cannot hold it, however long its overrun.
            expect(window.contains(from, from + length)).toBe(expected);
          }
        },
      ),
    );
  });
  test('an endless window asked about the far future stays bounded', () => {
    expect(night.contains(at('9000-01-01T00:30Z'), at('9000-01-01T00:31Z'))).toBe(false);
  });
  test('once', () => {
    const once = createDatedWindow('o', { once: ['2026-12-05T10:00:00Z', '2026-12-03T10:00:00Z'], duration: 'PT1H' }, 'UTC');
    expect([
      once.contains(at('2026-12-03T10:30Z'), at('2026-12-03T11:00Z')),
      once.contains(at('2026-12-04T10:30Z'), at('2026-12-04T10:31Z')),
    ]).toEqual([true, false]);
  });
});

describe('tickets', () => {
  const line = (ticket: string, from: string, until: string, approvedAt: string, fleet = 'scanners'): string =>
    `${JSON.stringify({ ...(JSON.parse(BASE_APPROVALS) as object), ticket, fleet, from, until, approved_at: approvedAt })}\n`;
  const open = (approvals: string, from: string, to: string, text = BASE_CLAIMS): boolean =>
    compileTexts([{ file: 'c', text }], { file: 'a', text: approvals }).compilation.claims.claims[0]!.rules[1]!.during![1]!.contains(
      at(from),
      at(to),
    );

  test('open from the approved begin to the approved end', () => {
    expect(open(BASE_APPROVALS, '2026-12-03T12:00Z', '2026-12-03T15:00Z')).toBe(true);
    expect(open(BASE_APPROVALS, '2026-12-03T12:00Z', '2026-12-03T15:00:01Z')).toBe(false);
    expect(open('', '2026-12-03T12:00Z', '2026-12-03T15:00Z')).toBe(false);
  });
  test('approved at its begin or later: opens nothing', () => {
    expect(
      open(line('T', '2026-12-03T12:00:00Z', '2026-12-03T13:00:00Z', '2026-12-03T12:00:00Z'), '2026-12-03T12:10Z', '2026-12-03T12:20Z'),
    ).toBe(false);
  });
  test('of another fleet: opens nothing here', () => {
    expect(
      open(
        line('T', '2026-12-03T12:00:00Z', '2026-12-03T13:00:00Z', '2026-12-01T12:00:00Z', 'others'),
        '2026-12-03T12:10Z',
        '2026-12-03T12:20Z',
      ),
    ).toBe(false);
  });
  test('longer than the window allows: cut to its duration', () => {
    const long = line('T', '2026-12-03T12:00:00Z', '2026-12-04T12:00:00Z', '2026-12-01T12:00:00Z');
    expect([open(long, '2026-12-03T15:00Z', '2026-12-03T16:00Z'), open(long, '2026-12-03T15:00Z', '2026-12-03T16:01Z')]).toEqual([
      true,
      false,
    ]);
  });
  test('beyond max_per_month: the earliest of a local month count', () => {
    const text = broken('max_per_month: 4', 'max_per_month: 1');
    const two =
      line('B', '2026-12-20T12:00:00Z', '2026-12-20T13:00:00Z', '2026-12-01T12:00:00Z') +
      line('A', '2026-11-30T23:30:00Z', '2026-12-01T01:00:00Z', '2026-11-01T12:00:00Z');
    expect(open(two, '2026-11-30T23:40Z', '2026-12-01T00:30Z', text)).toBe(true);
    expect(open(two, '2026-12-20T12:10Z', '2026-12-20T12:20Z', text)).toBe(false);
  });
});
