import { beacon } from './beacon.js';
import { claimViolation } from './claim-violation.js';
import type { Detection } from './detection.js';
import { dnsTunnel } from './dns-tunnel.js';
import { newDestination } from './new-destination.js';
import { reconnectHammer } from './reconnect-hammer.js';
import { scan } from './scan.js';
import { slowExfiltration } from './slow-exfiltration.js';
import { via } from './via.js';
import { volumeOverDays } from './volume-over-days.js';
import { volumeUp } from './volume-up.js';
import { worksWithout } from './works-without.js';

export const DETECTION_IDS = [
  'claim-violation',
  'works-without',
  'via',
  'new-destination',
  'volume-up',
  'slow-exfiltration',
  'volume-over-days',
  'beacon',
  'reconnect-hammer',
  'scan',
  'dns-tunnel',
] as const;
export type DetectionId = (typeof DETECTION_IDS)[number];

/** Every detection, in the order of judging: claims first, because what breaks a claim is not reported again as merely new. */
export const DETECTIONS = {
  'claim-violation': claimViolation,
  'works-without': worksWithout,
  via,
  'new-destination': newDestination,
  'volume-up': volumeUp,
  'slow-exfiltration': slowExfiltration,
  'volume-over-days': volumeOverDays,
  beacon,
  'reconnect-hammer': reconnectHammer,
  scan,
  'dns-tunnel': dnsTunnel,
} satisfies Record<DetectionId, Detection>;
