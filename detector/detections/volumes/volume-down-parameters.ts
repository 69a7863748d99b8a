import type { ParameterTable } from '../detection.js';

export const VOLUME_DOWN_ID = 'volume-down';

export const VOLUME_DOWN_PARAMETERS = {
  warmUpHours: {
    default: 336,
    least: 24,
    most: 8760,
    unit: 'hours of record time since the first record of the asset',
    reason: 'Fourteen days hold each hour of the week twice (detection.md D04).',
  },
  sigmas: {
    default: 6,
    least: 3,
    most: 20,
    unit: 'σ of ln(octets)',
    reason: 'Two hours this far below are reported (detection.md D04: one; a device that works in bursts has an empty hour by chance).',
  },
  allowance: {
    default: 0.5,
    least: 0.1,
    most: 2,
    unit: 'σ an hour that are allowed (k)',
    reason: 'As of slow-exfiltration: hours below the usual are added up beyond half a σ.',
  },
  limit: {
    default: 10,
    least: 4,
    most: 50,
    unit: 'σ added up (h)',
    reason:
      'Four hours at 3.5 σ or six at 2 σ. The document’s three hours at 4 σ cannot happen to a device that works in bursts: its σ is 3, and nothing is only 2.5 σ below.',
  },
  leastExpectedKilobytes: {
    default: 100,
    least: 1,
    most: 1_000_000,
    unit: 'kB that are usual in the hour',
    reason: 'Where little is usual, less says little (detection.md D04).',
  },
} as const satisfies ParameterTable;
