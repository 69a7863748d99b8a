/** Bounds of the passive name table. Each is a default that the caller can change. */
export interface NameLimits {
  /** (client, address, name) entries in all; one more forgets the one whose answer is oldest. About 100 octets each, and the name once. */
  readonly maxEntries: number;
  /** Entries of one client, so that one that is told a flood of names does not make the others' forgotten. */
  readonly maxEntriesPerClient: number;
  /** Entries of one client and address: bounds what a look-up has to pass. A name asked for every five minutes with a short TTL can make 288 a day. */
  readonly maxNamesPerAddress: number;
  /** Longest that an answer is believed, whatever its TTL: 7 days (RFC 8767 §4). */
  readonly maxTtlSeconds: number;
  /** A name stays valid this long beyond its TTL: clients and their libraries hold on to addresses (reference: assurance.md §1.5 (e), 5 minutes). */
  readonly graceMs: number;
  /** A flow may seem to begin this much before the answer: exporters tell whole seconds, and sensors' clocks differ. */
  readonly clockToleranceMs: number;
}

export const DEFAULT_NAME_LIMITS: NameLimits = {
  maxEntries: 262_144,
  maxEntriesPerClient: 8192,
  maxNamesPerAddress: 256,
  maxTtlSeconds: 604_800,
  graceMs: 300_000,
  clockToleranceMs: 1000,
};

/** Names that a row is given at most, the most recent first. */
export const MAX_NAMES_PER_ROW = 4;
