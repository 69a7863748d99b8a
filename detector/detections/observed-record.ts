import type { PeerFacts } from '../claims/compiled.js';

/** Who began the exchange, seen from the asset; the numbers of FINDING_INITIATOR. */
export const Began = { unknown: 0, asset: 1, peer: 2 } as const;

/**
 * How far a session came, in the order of alarm: `unknown` (one direction exported, flags do not tell) may hide an answer, so it stands above
 * an attempt known to be unanswered. The column table's numbers (flow/columns.ts) stand in another order; `LEVEL_COMPLETION` translates.
 */
export const Level = { attempt: 0, unknown: 1, established: 2, transferred: 3 } as const;
export const LEVEL_COMPLETION = ['attempt', 'unknown', 'established', 'transferred'] as const;

/**
 * One flow record as a detection sees it: turned so that the asset is on one side and the peer on the other, with what its session tells beside it.
 * One object, overwritten for every record: a detection reads it during `judge` and keeps nothing of it.
 */
export class ObservedRecord {
  /** Index into `claims.assets`. */
  asset = 0;
  fleet = 0;
  /** 16 bytes each at these offsets of these arrays. */
  assetBytes: Uint8Array = new Uint8Array(16);
  assetOffset = 0;
  peerBytes: Uint8Array = new Uint8Array(16);
  peerOffset = 0;
  /** The same addresses as four words each at these offsets, for hashing and equality only. */
  assetWords: Uint32Array = new Uint32Array(4);
  assetWordsOffset = 0;
  peerWords: Uint32Array = new Uint32Array(4);
  peerWordsOffset = 0;
  peerAsn = 0;
  /** What the session has told of the peer beside its address, and its number; equal numbers, equal facts. */
  peerClass = 0;
  peerFacts: PeerFacts = new Set();

  /**
   * Kind of exchange: the asset's fleet, the peer with its facts and whether it lies in the asset's subnet, protocol, responder's port and who began. What is decided
   * once per kind is kept with it (the unit's `kinds`), or under `kindSerial`: the kind is another one when the serial number is. Serial numbers start from 1.
   */
  kind = 0;
  kindSerial = 0;

  protocol = 0;
  assetPort = 0;
  peerPort = 0;
  /** Began.*: by all that the session has told so far. */
  initiator = 0;
  /** True when the initiator was seen (SYN, exporter's word), false when ports suggest it. */
  initiatorSeen = false;
  /** True when nobody can say who began, because both directions began in the same millisecond on one service's port (orientation.ts, rule 10). */
  isTied = false;

  /** This record's times in ms since the epoch, and its calendar period [from, to). */
  startMs = 0;
  endMs = 0;
  periodFromMs = 0;
  periodToMs = 0;
  /** When the session began, as far as its records have told so far: this record's start or before. */
  sessionStartMs = 0;

  /** Counted by the exporter in this record, seen from the asset; zero where another sensor already told of the same packets. */
  octetsOut = 0;
  octetsIn = 0;
  packetsOut = 0;
  packetsIn = 0;
  /** 1 in N packets was counted; at least 1. Multiply for an estimate, never in place. */
  sampling = 1;

  /** Number of the session within the unit, never reused. */
  session = 0;
  /** What all records of the session have counted so far, this one included: octets and packets as above, and how many records. */
  sessionOctetsOut = 0;
  sessionOctetsIn = 0;
  sessionPacketsOut = 0;
  sessionPacketsIn = 0;
  sessionRecords = 0;
  /** True for the first record of the session. */
  sessionStarts = false;
  /** For how long the session had been silent before this record, as far as records tell, in ms; 0 for its first. */
  pauseMs = 0;
  /** Level.*: how far the session has come, this record included. */
  level = 0;
  /** True when both directions were measured and nothing has come back to who began in the whole session, however much was sent; to the asset, where nobody knows who began. */
  unanswered = false;
  /**
   * True when this is no new record but the session told anew, all its records in one, because a late record changed who began it.
   * What was counted per record (budgets, volumes) has been counted and must not be counted again.
   */
  retold = false;
  /** Records behind this one: 1, or those of the session when it is retold. */
  records = 1;
  /** Set by the claim detection, read by those after it: this record breaks a claim. */
  breaksClaim = false;
  /** Set by the claim detection too: a rule of an `only` claim admits this record for certain. Neither this nor `breaksClaim`: no claim speaks of it. */
  admitted = false;
  /** Set by the claim detection too: some claim allows this exchange at agreed times only (maintenance, backup), and the record lies in one. */
  agreed = false;

  /** Traits of the kind of exchange (exchange-traits.ts); −1: nobody has asked yet. */
  traits = -1;
  /** Families of applications that the sensor recognised in this record (applications-table.ts); 0 not told. */
  application = 0;
  /** The asset was told the peer's address under the name of a public resolver (known-resolvers.ts). */
  peerIsNamedResolver = false;
  /** Number of the sensor, and the asset's MAC address as it saw it; 0 not known. */
  sensor = 0;
  assetMac = 0;

  /** Row of the batch, for evidence; −1 when retold. */
  row = 0;
}

/**
 * Silence after which something without connections (UDP, ICMP) is said anew, though ports and addresses are those of the session. Longer than what keeps a way through
 * address translation open, every 15 to 30 s (RFC 3948 §4, RFC 8445 §11, WireGuard's 25 s).
 */
export const PAUSE_MS = 35_000;
const TCP = 6;

/** True for a record with which an exchange begins: the first of its session, and, where there are no connections, one that follows a pause. */
export function exchangeStarts({ sessionStarts, protocol, pauseMs }: ObservedRecord): boolean {
  return sessionStarts || (pauseMs >= PAUSE_MS && protocol !== TCP);
}
