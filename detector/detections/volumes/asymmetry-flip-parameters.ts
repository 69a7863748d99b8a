import type { ParameterTable } from '../detection.js';

export const ASYMMETRY_FLIP_ID = 'asymmetry-flip';

export const ASYMMETRY_FLIP_PARAMETERS = {
  warmUpHours: {
    default: 336,
    least: 24,
    most: 8760,
    unit: 'hours of record time since the first record of the asset',
    reason: 'As of the other volumes. Groups of peers are compared with themselves from their eighth busy hour on.',
  },
  leastMegabytes: {
    default: 1,
    least: 0.1,
    most: 1_000_000,
    unit: 'MB of payload in an hour, both directions',
    reason: 'Of less, handshakes and certificates decide the ratio (detection.md D07).',
  },
  leastMegabytesUnclaimed: {
    default: 10,
    least: 1,
    most: 1_000_000,
    unit: 'MB sent in an hour to an outside peer that no claim admits',
    reason: 'An upload as such, where nothing is known of the peer (detection.md D07).',
  },
  leastMegabytesWhileLearning: {
    default: 25,
    least: 1,
    most: 1_000_000,
    unit: 'MB sent in an hour to an outside peer that no claim admits, while the asset is still learned',
    reason:
      'What leaves in the first weeks must not be learned silently; Slips, which learns nothing, tells from 100 MB on, and a data set’s theft is often smaller.',
  },
  uploadPercent: {
    default: 80,
    least: 55,
    most: 100,
    unit: '% of the payload that is sent',
    reason: 'r = (up − down)/(up + down) = 0.6 of the document: four parts out, one part in (detection.md D07).',
  },
} as const satisfies ParameterTable;
