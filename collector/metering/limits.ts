import { TRANSFERRED_OCTETS } from '../../flow/columns.js';

/** Limits and times of the meter, each a default that `createMeter` takes another value for. */
export const METER_DEFAULTS = {
  /** A record is cut when its flow is this old, so that long sessions are seen while they last (RFC 5470 §5.1.1). */
  activeTimeoutMs: 60_000,
  /**
   * A flow ends when it was silent for this long. As long as the active timeout: a request answered within a minute stays one biflow, and
   * keep-alives, which commonly come every 30 to 60 s, do not cut a session into stray halves.
   */
  idleTimeoutMs: 60_000,
  /** How long a TCP flow that was closed or reset is kept, so that its trailing segments do not look like a new one. */
  lingerMs: 5000,
  /** How long a TCP session that fell silent without being closed is remembered, so that its next record keeps direction and handshake. */
  sessionMemoryMs: 3_600_000,
  /** Flows measured at a time: memory bound, 128 octets each and as much again for the index. Over it the longest idle is ended early. */
  maxFlows: 262_144,
  /** A packet this much older than the newest is taken as a clock set back: all flows are ended and time goes on from there. */
  maxReorderMs: 60_000,
  /** IP octets in one direction from which an exchange counts as a transfer (reference: detection.md P6). */
  transferOctets: TRANSFERRED_OCTETS,
} as const;

/** The most that `maxFlows` may be: what one call can emit, these and two full packet batches, must fit one FlowBatch. */
export const MAX_FLOWS_LIMIT = 900_000;

/** Times outside 1970–2200 are not believed: the packet is measured at the time of the one before. */
export const MAX_PLAUSIBLE_MS = 7_258_118_400_000;

/** How often flows are looked over for idleness, in packet time. Records do not depend on it, only when they are emitted. */
export const EXPIRY_TICK_MS = 1000;
