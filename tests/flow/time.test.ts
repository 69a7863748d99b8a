import { describe, expect, test } from 'vitest';
import { formatDuration, formatTime, minuteOf, parseDuration, parseInstant } from '../../flow/time.js';

describe('time', () => {
  test('durations are ISO 8601 without months and years, which have no fixed length', () => {
    expect(parseDuration('P1DT2H3M4S')).toBe(93_784_000);
    expect(parseDuration('PT5M')).toBe(300_000);
    for (const text of ['P', 'PT', 'P1M', 'P1Y', 'PT1.5S', '5m', 'P-1D', 'PT5M ', '']) expect(parseDuration(text), text).toBeUndefined();
  });

  test('an instant needs its zone', () => {
    expect(parseInstant('2026-12-03T00:00:00+01:00')).toBe(Date.UTC(2026, 11, 2, 23));
    for (const text of ['2026-12-03', '2026-12-03T00:00:00', '2026-02-30T00:00', 'now']) expect(parseInstant(text), text).toBeUndefined();
  });

  test('people read durations in the two largest units', () => {
    expect([41_000, 180_000, 7_500_000, 86_400_000, 90_061_000].map(formatDuration)).toEqual([
      '41 s',
      '3 min',
      '2 h 5 min',
      '1 d',
      '1 d 1 h',
    ]);
  });

  test('minutes and text', () => {
    expect(minuteOf(119_999)).toBe(60_000);
    expect(formatTime(0)).toBe('1970-01-01T00:00:00.000Z');
    expect(formatTime(Number.NaN)).toBe('-');
  });
});
