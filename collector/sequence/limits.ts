/** Bounds and thresholds of loss accounting. Each is a default that the configuration can change. */
export interface SequenceLimits {
  /** Exporter streams followed at once; one more evicts the stream unused for longest, counted. About 20 KB each at worst. */
  readonly maxStreams: number;
  /** Open gaps per stream; one more settles the oldest as lost. */
  readonly maxHoles: number;
  /** How long, by the exporter's clock, a missing message may still arrive before it is booked as lost. */
  readonly reorderWindowMs: number;
  /** Messages remembered per stream to know a duplicate by. */
  readonly maxRecentMessages: number;
  /** Messages in unbroken order after which a stream is believed to have restarted or jumped (RFC 7011 §11.6: one must not be enough). */
  readonly messagesToResync: number;
  /** A gap up to this many units is always plausible, before a stream's rate is known. */
  readonly plausibleGap: number;
  /** A gap is plausible up to this many times what the stream's mean rate sends in the time since its last message. */
  readonly plausibleRateFactor: number;
  /** Minutes a stream may have open; messages of further minutes are booked in its latest, so that forged clocks cost no memory. */
  readonly maxOpenMinutes: number;
  /** Ledger accounts (sensor, exporter, domain, protocol) open between two drains; further ones share one row, named as such. */
  readonly maxAccounts: number;
  /** sFlow sources (an agent's ports) whose samples are followed at once, over all agents; the loss of further ones is estimated. About 2 KB each. */
  readonly maxSampleSources: number;
  /** A pause of a capture longer than this is not filled with empty minutes: 31 days. */
  readonly maxEmptyMinutes: number;
  /** Interfaces whose counters are reconciled at once, over all sFlow agents; further ones are not reconciled. About 100 octets each. */
  readonly maxInterfaces: number;
  /** Pauses between messages (of 1 ms at least) from which an exporter's usual one is learned. */
  readonly messagesToLearnCadence: number;
  /** Silence of an exporter is counted for this long: one that was taken away must not fill the ledger for ever. A day. */
  readonly maxSilenceMs: number;
}

export const DEFAULT_SEQUENCE_LIMITS: SequenceLimits = {
  maxStreams: 4096,
  maxHoles: 128,
  reorderWindowMs: 5000,
  maxRecentMessages: 256,
  messagesToResync: 3,
  plausibleGap: 65_536,
  plausibleRateFactor: 8,
  maxOpenMinutes: 1500,
  maxAccounts: 8192,
  maxSampleSources: 65_536,
  maxEmptyMinutes: 44_640,
  maxInterfaces: 65_536,
  messagesToLearnCadence: 32,
  maxSilenceMs: 86_400_000,
};
