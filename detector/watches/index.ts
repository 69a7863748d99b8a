import { blindTelemetry } from './blind-telemetry.js';
import { controlThenSilence } from './control-then-silence.js';
import { fleetContact } from './fleet-contact.js';
import { fleetSilence } from './fleet-silence.js';
import { silence } from './silence.js';
import type { Watch } from './watch.js';

export const WATCH_IDS = ['control-then-silence', 'silence', 'fleet-silence', 'fleet-contact', 'blind-telemetry'] as const;
export type WatchId = (typeof WATCH_IDS)[number];

/** Every watch, in the order of their findings. */
export const WATCHES = {
  'control-then-silence': controlThenSilence,
  silence,
  'fleet-silence': fleetSilence,
  'fleet-contact': fleetContact,
  'blind-telemetry': blindTelemetry,
} satisfies Record<WatchId, Watch>;
