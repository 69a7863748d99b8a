import { vendorAccess } from './access/vendor-access.js';
import { claimViolation } from './claims/claim-violation.js';
import { via } from './claims/via.js';
import { worksWithout } from './claims/works-without.js';
import { lateralMovement } from './contacts/lateral-movement.js';
import { newDestination } from './contacts/new-destination.js';
import { scan } from './contacts/scan.js';
import { unknownDevice } from './contacts/unknown-device.js';
import type { Detection } from './detection.js';
import { dnsTunnel } from './protocols/dns-tunnel.js';
import { foreignResolver } from './protocols/foreign-resolver.js';
import { protocolMismatch } from './protocols/protocol-mismatch.js';
import { beacon } from './rhythms/beacon.js';
import { flood } from './rhythms/flood.js';
import { longSession } from './rhythms/long-session.js';
import { reconnectHammer } from './rhythms/reconnect-hammer.js';
import { rhythmChange } from './rhythms/rhythm-change.js';
import { asymmetryFlip } from './volumes/asymmetry-flip.js';
import { slowExfiltration } from './volumes/slow-exfiltration.js';
import { volumeDown } from './volumes/volume-down.js';
import { volumeOverDays } from './volumes/volume-over-days.js';
import { volumeUp } from './volumes/volume-up.js';

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
  'flood',
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
  flood,
  'vendor-access': vendorAccess,
  scan,
  'lateral-movement': lateralMovement,
  'dns-tunnel': dnsTunnel,
  'foreign-resolver': foreignResolver,
  'protocol-mismatch': protocolMismatch,
  'unknown-device': unknownDevice,
} satisfies Record<DetectionId, Detection>;
