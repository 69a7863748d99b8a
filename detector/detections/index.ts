import { asymmetryFlip } from './asymmetry-flip.js';
import { beacon } from './beacon.js';
import { claimViolation } from './claim-violation.js';
import type { Detection } from './detection.js';
import { dnsTunnel } from './dns-tunnel.js';
import { foreignResolver } from './foreign-resolver.js';
import { lateralMovement } from './lateral-movement.js';
import { longSession } from './long-session.js';
import { newDestination } from './new-destination.js';
import { protocolMismatch } from './protocol-mismatch.js';
import { reconnectHammer } from './reconnect-hammer.js';
import { rhythmChange } from './rhythm-change.js';
import { scan } from './scan.js';
import { slowExfiltration } from './slow-exfiltration.js';
import { unknownDevice } from './unknown-device.js';
import { vendorAccess } from './vendor-access.js';
import { via } from './via.js';
import { volumeDown } from './volume-down.js';
import { volumeOverDays } from './volume-over-days.js';
import { volumeUp } from './volume-up.js';
import { worksWithout } from './works-without.js';

export const DETECTION_IDS = [
  'claim-violation',
  'works-without',
  'via',
  'new-destination',
  'volume-up',
  'volume-down',
  'slow-exfiltration',
  'volume-over-days',
  'asymmetry-flip',
  'beacon',
  'rhythm-change',
  'long-session',
  'reconnect-hammer',
  'vendor-access',
  'scan',
  'lateral-movement',
  'dns-tunnel',
  'foreign-resolver',
  'protocol-mismatch',
  'unknown-device',
] as const;
export type DetectionId = (typeof DETECTION_IDS)[number];

/** Every detection, in the order of judging: claims first, because what breaks a claim is not reported again as merely new. */
export const DETECTIONS = {
  'claim-violation': claimViolation,
  'works-without': worksWithout,
  via,
  'new-destination': newDestination,
  'volume-up': volumeUp,
  'volume-down': volumeDown,
  'slow-exfiltration': slowExfiltration,
  'volume-over-days': volumeOverDays,
  'asymmetry-flip': asymmetryFlip,
  beacon,
  'rhythm-change': rhythmChange,
  'long-session': longSession,
  'reconnect-hammer': reconnectHammer,
  'vendor-access': vendorAccess,
  scan,
  'lateral-movement': lateralMovement,
  'dns-tunnel': dnsTunnel,
  'foreign-resolver': foreignResolver,
  'protocol-mismatch': protocolMismatch,
  'unknown-device': unknownDevice,
} satisfies Record<DetectionId, Detection>;
