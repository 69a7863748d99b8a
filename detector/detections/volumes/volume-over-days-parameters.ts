import type { ParameterTable } from '../detection.js';

export const VOLUME_OVER_DAYS_ID = 'volume-over-days';

export const VOLUME_OVER_DAYS_PARAMETERS = {
  warmUpDays: {
    default: 14,
    least: 7,
    most: 365,
    unit: 'days of record time since the first record of the asset; the sum over 30 days needs 30 more',
    reason: 'Two of every weekday, and eight sums over seven days (detection.md D06).',
  },
  limitPercent: {
    default: 150,
    least: 110,
    most: 1000,
    unit: '% of the largest sum in training',
    reason: 'Half as much again as ever seen: what equipment does from week to week stays below (detection.md D06).',
  },
  leastMegabytesPerDay: {
    default: 1,
    least: 0,
    most: 1_000_000,
    unit: 'MB a day sent',
    reason:
      'The floor of the limit: a closed device that sends less than a megabyte a day carries nothing away that matters soon (detection.md D06).',
  },
  leastMegabytesPerDayIn: {
    default: 50,
    least: 0,
    most: 1_000_000,
    unit: 'MB a day received',
    reason: 'What is received is mostly updates: below the size of an image it needs no explanation.',
  },
} as const satisfies ParameterTable;
