import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stretchOf } from '../../../detector/report/period.js';
import { DAY_MS, formatTime } from '../../../flow/time.js';

const ZONE = 'Europe/Amsterdam';
const LAST = Date.parse('2026-11-22T10:15:00Z');
const told = (text: string, last: number | undefined = LAST) => {
  const { fromMs, toMs } = stretchOf(text, ZONE, last);
  return [formatTime(fromMs), formatTime(toMs)];
};

test.each([
  ['2026', '2025-12-31T23:00:00.000Z', '2026-12-31T23:00:00.000Z'],
  ['2026-11', '2026-10-31T23:00:00.000Z', '2026-11-30T23:00:00.000Z'],
  // Clocks go back on the 25th: the month is an hour longer.
  ['2026-10', '2026-09-30T22:00:00.000Z', '2026-10-31T23:00:00.000Z'],
  ['2026-10-25', '2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
  ['2026-12-31', '2026-12-30T23:00:00.000Z', '2026-12-31T23:00:00.000Z'],
  ['P1D', '2026-11-21T23:00:00.000Z', '2026-11-22T23:00:00.000Z'],
  ['P2W', '2026-11-08T23:00:00.000Z', '2026-11-22T23:00:00.000Z'],
  ['P1M', '2026-10-22T22:00:00.000Z', '2026-11-22T23:00:00.000Z'],
])('%s is of the calendar of the claims', (text, from, to) => {
  expect(told(text)).toEqual([from, to]);
});

test('a month back from a day that the other month does not have begins on its last', () => {
  expect(told('P1M', Date.parse('2026-03-30T12:00:00Z'))).toEqual(['2026-02-27T23:00:00.000Z', '2026-03-30T22:00:00.000Z']);
});

test.each(['2026-13', '2026-02-30', '11-2026', 'P0D', 'PT5M', 'month', '', 'P1Y'])("'%s' is refused with what to write", (text) => {
  expect(() => told(text)).toThrow(/2026-11-03|P1M/);
});

test('a length without anything stored has no end', () => {
  expect(() => stretchOf('P7D', ZONE, undefined)).toThrow('counts back from the last that is stored');
});

test('a length ends with the day of the last instant, and is that many days of the calendar long', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1_600_000_000_000, max: 1_900_000_000_000 }), (days, last) => {
      const { fromMs, toMs } = stretchOf(`P${days}D`, ZONE, last);
      expect(toMs).toBeGreaterThanOrEqual(last);
      expect(toMs - last).toBeLessThanOrEqual(25 * 3_600_000);
      expect(Math.abs(toMs - fromMs - days * DAY_MS)).toBeLessThanOrEqual(3_600_000);
    }),
  );
});
