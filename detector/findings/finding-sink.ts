import type { Severity } from '../claims/compiled.js';
import type { ObservedRecord } from '../detections/observed-record.js';
import type { EvidenceRow } from './finding.js';
import type { StretchNote, UndecidedCode } from './judgement.js';

/** What kind of thing is reported, the same for many records: made once, not per record. */
export interface Matter {
  readonly detection: string;
  /** Index into `claims.claims`, or −1 for learned detections. */
  readonly claim: number;
  /** Tells apart findings of one claim that share asset, peer and port: the rule's number in budgets; '' otherwise. */
  readonly part: string;
  /** Whose finding it is: the record's asset, or the fleet as a whole. */
  readonly scope: 'member' | 'fleet';
  /** True where something is missing rather than there: the record that shows it has a peer which says nothing. */
  readonly absence?: boolean;
  /** For people: the rule that decided. */
  readonly rule: string;
  readonly severities: readonly [attempt: Severity, unknown: Severity, established: Severity, transferred: Severity];
  /** Most findings of this detection and claim in one period; the rest are counted in one more, about peer `::`. */
  readonly most: number;
}

/** How a record adds to a finding about a peer. */
export interface Contribution {
  readonly matter: Matter;
  /** Responder's port to file it under. */
  readonly port: number;
  readonly confidence: number;
  /** What the sentence gives as the reason, after "…: ". */
  readonly why: string;
  /** Rows kept from when the records came, where the decision fell later and the record's own row is gone (−1). */
  readonly evidence?: readonly EvidenceRow[];
}

/** Units of what is observed and expected. */
export const FINDING_UNITS = [
  'octets',
  'packets',
  'flows',
  'attempts',
  'peers',
  'assets',
  'ports',
  'queries',
  'seconds',
  'minutes',
  'σ',
  'score',
  '%',
] as const;
export type FindingUnit = (typeof FINDING_UNITS)[number];

/** What was measured over a window: a sum that passed its limit, a rhythm, a number of peers. */
export interface Measurement {
  readonly matter: Matter;
  readonly observed: number;
  readonly expected: number;
  readonly unit: FindingUnit;
  /** Set: the finding is about the record's peer, filed under this responder's port; a finding each. Left out: about no single peer. */
  readonly peerPort?: number;
  /** Calendar period to file it under. */
  readonly periodFromMs: number;
  readonly periodToMs: number;
  readonly windowFromMs: number;
  readonly windowToMs: number;
  readonly confidence: number;
  readonly why: string;
  /** Totals of the window so far, this record included. */
  readonly totals: Totals;
  /** How far the furthest of what was measured came (`Level`). Left out: as far as the record at hand. */
  readonly level?: number;
  /** Rows kept from before, where the record at hand alone does not show it. */
  readonly evidence?: readonly EvidenceRow[];
  /** Whose finding it is, where the record that shows it is another asset's: indexes of fleet and asset (−1: the fleet as a whole). */
  readonly subject?: { readonly fleet: number; readonly asset: number };
}

export interface Totals {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly octetsOut: number;
  readonly octetsIn: number;
  readonly packetsOut: number;
  readonly packetsIn: number;
  readonly records: number;
  readonly sessions: number;
}

/** Where detections report. */
export interface FindingSink {
  /** Adds the record to the finding about its peer and port. */
  contribute(record: ObservedRecord, contribution: Contribution): void;
  /** Sets the finding of the record's asset (or fleet) and period to what was measured; evidence is the record. */
  measure(record: ObservedRecord, measurement: Measurement): void;
  /** Counts the use of an exception: the record would have broken the claim without it. */
  excuse(record: ObservedRecord, claim: number, exception: number): void;
  /** Counts a record that may be under a rule of the claim (index) and nobody can say: never a finding, and never "not there". */
  undecided(record: ObservedRecord, claim: number, code: UndecidedCode): void;
  /** Counts a record as a drill (by its name): registered, harmless, no violation. */
  drill(record: ObservedRecord, drill: string): void;
  /** Counts how far a claim about stretches of time was judged. */
  stretch(note: StretchNote): void;
  /** The record's row, to keep for a decision that falls later; undefined where it has none. */
  rowOf(record: ObservedRecord): EvidenceRow | undefined;
}
