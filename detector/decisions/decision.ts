import { createHash } from 'node:crypto';
import type { ColumnTable } from '../../flow/column-kinds.js';
import { SEVERITIES, type Severity } from '../claims/compiled.js';

/**
 * What people decide. `acknowledge`: somebody looks after it. The three closing words: `expected` (it is to be so: a rule goes into the claim draft),
 * `incident` (it is what it looks like: learning detections forget the relation, so that it is reported again), `noise` (a scope is muted). `reopen`
 * takes back what was decided of a finding, `revoke` one decision. `approve` agrees to what an asset has learned.
 */
export const VERBS = ['acknowledge', 'expected', 'incident', 'noise', 'reopen', 'revoke', 'approve'] as const;
export type Verb = (typeof VERBS)[number];
export const CLOSING_WORDS = ['expected', 'incident', 'noise'] as const satisfies readonly Verb[];
export type ClosingWord = (typeof CLOSING_WORDS)[number];

/** What a decision is about. Empty text and 0 leave a part open; parts that are given must all hold. */
export interface Scope {
  readonly detection: string;
  readonly claim: string;
  readonly fleet: string;
  readonly asset: string;
  /** An address or a prefix. */
  readonly peer: string;
  /** Declared set of the peer. */
  readonly peerName: string;
  readonly peerAsn: number;
  readonly protocol: number;
  /** Responder's port. */
  readonly port: number;
  /** IANA name; '' where no time of day is given. */
  readonly timezone: string;
  /** Minutes of the local day, [from, until); until ≤ from runs over midnight. Both 0: the whole day. */
  readonly minuteFrom: number;
  readonly minuteUntil: number;
}

export const EVERYTHING: Scope = {
  detection: '',
  claim: '',
  fleet: '',
  asset: '',
  peer: '',
  peerName: '',
  peerAsn: 0,
  protocol: 0,
  port: 0,
  timezone: '',
  minuteFrom: 0,
  minuteUntil: 0,
};

/** One decision: never changed, only followed by another. */
export interface Decision extends Scope {
  /** 32 hex digits derived from everything below. */
  readonly id: string;
  /** Clock of the machine that took it, ms since the epoch. */
  readonly atMs: number;
  /** Record time from which on the detector follows it. */
  readonly effectiveMs: number;
  readonly verb: Verb;
  readonly author: string;
  readonly reason: string;
  /** Id of the finding that it was taken on; '' for none. */
  readonly finding: string;
  /** How that finding stood then. */
  readonly findingRevision: number;
  readonly severity: Severity;
  readonly sentence: string;
  /** Holds until then (clock time); 0: for good. */
  readonly untilMs: number;
  /** Of `approve`: prefixes outside that the asset may go on talking to. */
  readonly accepted: readonly string[];
  /** Of `revoke`: the decision that is taken back. */
  readonly revokes: string;
}

/** How decisions are stored. Times that are not set are the epoch. */
export const DECISION_COLUMNS = {
  id: { kind: 'text', meaning: '32 hex digits derived from the rest of the row' },
  at: { kind: 'time', meaning: 'when it was taken, by the clock of that machine' },
  effective: { kind: 'time', meaning: 'record time from which on the detector follows it' },
  verb: { kind: 'enum', values: VERBS, meaning: 'what was decided' },
  author: { kind: 'text', meaning: 'who decided' },
  reason: { kind: 'text', meaning: 'why' },
  finding: { kind: 'text', meaning: 'finding that it was taken on, empty for none' },
  findingRevision: { kind: 'u64', meaning: 'revision of that finding then' },
  severity: { kind: 'enum', values: SEVERITIES, meaning: 'severity of that finding then' },
  sentence: { kind: 'text', meaning: 'sentence of that finding then' },
  detection: { kind: 'symbol', meaning: 'scope: detection id, empty for any' },
  claim: { kind: 'symbol', meaning: 'scope: claim id, empty for any' },
  fleet: { kind: 'symbol', meaning: 'scope: fleet, empty for any' },
  asset: { kind: 'symbol', meaning: 'scope: asset, empty for any' },
  peer: { kind: 'text', meaning: 'scope: address or prefix of the peer, empty for any' },
  peerName: { kind: 'symbol', meaning: 'scope: declared set of the peer, empty for any' },
  peerAsn: { kind: 'u32', meaning: 'scope: AS of the peer, 0 for any' },
  protocol: { kind: 'u8', meaning: 'scope: IP protocol number, 0 for any' },
  port: { kind: 'u16', meaning: "scope: responder's port, 0 for any" },
  timezone: { kind: 'symbol', meaning: 'scope: time zone of the time of day, empty where none is given' },
  minuteFrom: { kind: 'u16', meaning: 'scope: first minute of the local day' },
  minuteUntil: { kind: 'u16', meaning: 'scope: minute of the local day that it ends before; not later than minuteFrom: over midnight' },
  until: { kind: 'time', meaning: 'holds until then by the clock; the epoch: for good' },
  accepted: { kind: 'text', meaning: 'approve: JSON list of prefixes outside that were accepted' },
  revokes: { kind: 'text', meaning: 'revoke: id of the decision that is taken back' },
} as const satisfies ColumnTable;

/** The decision with its id: the first half of the SHA-256 over the JSON list of its words in the order of the columns, so that any program can recompute it. */
export function withId(decision: Omit<Decision, 'id'>): Decision {
  const { atMs, effectiveMs, verb, author, reason, finding, findingRevision, severity, sentence, untilMs, accepted, revokes } = decision;
  const { detection, claim, fleet, asset, peer, peerName, peerAsn, protocol, port, timezone, minuteFrom, minuteUntil } = decision;
  const words = [
    ...[atMs, effectiveMs, verb, author, reason, finding, findingRevision, severity, sentence, detection, claim, fleet, asset],
    ...[peer, peerName, peerAsn, protocol, port, timezone, minuteFrom, minuteUntil, untilMs, accepted, revokes],
  ];
  return { id: createHash('sha256').update(JSON.stringify(words)).digest('hex').slice(0, 32), ...decision };
}

/** Order of decisions wherever they are listed or followed: by time, then id. */
export function compareDecisions(a: Decision, b: Decision): number {
  return a.atMs - b.atMs || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
