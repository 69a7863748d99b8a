import type { ParameterTable } from '../detection.js';

export const VOLUME_UP_ID = 'volume-up';

/** How the rule of a finding begins, by direction. */
export const VOLUME_UP_RULE = { out: 'out: ', in: 'in: ' } as const;

export const VOLUME_UP_PARAMETERS = {
  warmUpHours: {
    default: 336,
    least: 24,
    most: 8760,
    unit: 'hours of record time since the first record of the asset',
    reason: 'Fourteen days hold each hour of the week twice (detection.md D03); 24 is the least that holds each hour of the day.',
  },
  sigmas: {
    default: 6,
    least: 3,
    most: 20,
    unit: 'σ of ln(octets)',
    reason: 'One bin this far out is reported at once (detection.md D03).',
  },
  runSigmas: {
    default: 4,
    least: 2,
    most: 20,
    unit: 'σ of ln(octets)',
    reason: 'Three bins running this far out are reported (detection.md D03).',
  },
  leastExcessMegabytes: {
    default: 1,
    least: 0,
    most: 1_000_000,
    unit: 'MB above what is usual',
    reason: 'A device that usually sends nothing multiplies easily; below a megabyte nobody looks (detection.md D03).',
  },
  leastExcessInMegabytes: {
    default: 10,
    least: 0,
    most: 1_000_000,
    unit: 'MB received above what is usual',
    reason: 'What comes in is updates and answers more often than an attack; below ten megabytes it is neither a flood nor an image.',
  },
  leastExcessPercent: {
    default: 20,
    least: 0,
    most: 1000,
    unit: '% of a typical bin',
    reason: 'The same for devices that send much (detection.md D03).',
  },
} as const satisfies ParameterTable;
