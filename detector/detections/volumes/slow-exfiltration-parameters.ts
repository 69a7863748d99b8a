import type { ParameterTable } from '../detection.js';

export const SLOW_EXFILTRATION_ID = 'slow-exfiltration';

export const SLOW_EXFILTRATION_PARAMETERS = {
  warmUpHours: {
    default: 336,
    least: 168,
    most: 8760,
    unit: 'hours of record time since the first record of the asset',
    reason: 'Fourteen days hold ten of each hour of a workday and four of a weekend day; then the baseline stands still.',
  },
  allowance: {
    default: 0.5,
    least: 0.1,
    most: 2,
    unit: 'σ an hour that are allowed (k)',
    reason:
      'Half of the smallest rise to be found quickly: a rise of 1 σ, which is 28 % for the steadiest device, takes 20 hours (detection.md D05).',
  },
  limit: {
    default: 10,
    least: 4,
    most: 50,
    unit: 'σ added up (h)',
    reason:
      'By chance alone passed once in 141 000 hours of each lane (Siegmund); seventeen lanes of a thousand devices: twenty a week at worst, where 8 would give a hundred and fifty (detection.md D05).',
  },
  leastExcessMegabytes: {
    default: 1,
    least: 0,
    most: 1_000_000,
    unit: 'MB above what is usual',
    reason: 'As of volume-up: below a megabyte nobody looks.',
  },
} as const satisfies ParameterTable;
