import type { ColumnTable } from '../../flow/column-kinds.js';

/**
 * What a verdict needs to know of the records that were judged, beside the findings:
 * `judged` (about: the asset), `excused` (the exception), `undecided` (why nobody can say: see UndecidedCode) and `drill` (the drill).
 */
export const JUDGEMENT_KINDS = ['judged', 'excused', 'undecided', 'drill'] as const;
export type JudgementKind = (typeof JUDGEMENT_KINDS)[number];

/**
 * Why a record may be under a rule and nobody can say: what the operator's location data or the exporter does not tell. `initiator-tied`: both directions began in
 * the same millisecond on one service's port, and the claim asks who began.
 */
export const UNDECIDED_CODES = ['geo-unknown', 'asn-unknown', 'mac-unknown', 'initiator-tied'] as const;
export type UndecidedCode = (typeof UNDECIDED_CODES)[number];

/**
 * What claims of kind `works_without` leave: `judged` under the claim's id, about one of these (with the member after a space where members are judged one
 * by one). `held`: stretches without the peer in which enough was alive; `unseen`: those in which nothing was seen; `open`: `lastMs` is where the stretch
 * begins that is not judged yet.
 */
export const STRETCH = { held: 'stretch-held', unseen: 'stretch-unseen', open: 'stretch-open' } as const;

export interface StretchNote {
  /** Index into `claims.claims`. */
  readonly claim: number;
  readonly about: string;
  readonly periodFromMs: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly flows: number;
  readonly octets: number;
}

/** Records of one kind in one calendar period, summed. */
export interface Judgement {
  readonly claimsHash: string;
  /** Unit of the detector: an asset, or a fleet that is judged as a whole. */
  readonly unit: string;
  readonly fleet: string;
  readonly kind: JudgementKind;
  /** Claim id; '' where it is about the records themselves. */
  readonly claim: string;
  readonly about: string;
  readonly periodFromMs: number;
  firstMs: number;
  lastMs: number;
  flows: number;
  records: number;
  /** Estimated: times the sampling interval. */
  octets: number;
}

/** How judgements travel and are stored. The row with the most records of a key is the current one: counts only grow. */
export const JUDGEMENT_COLUMNS = {
  claimsHash: { kind: 'symbol', meaning: 'sha256 of the claim file' },
  unit: { kind: 'symbol', meaning: 'unit of the detector: an asset, or a fleet that is judged as a whole' },
  fleet: { kind: 'symbol', meaning: 'fleet' },
  kind: { kind: 'enum', values: JUDGEMENT_KINDS, meaning: 'what the records have in common' },
  claim: { kind: 'symbol', meaning: 'claim id, empty where it is about the records themselves' },
  about: { kind: 'symbol', meaning: 'asset (judged), exception (excused), code (undecided), drill' },
  periodFrom: { kind: 'time', meaning: 'start of the calendar period' },
  first: { kind: 'time', meaning: 'start of the earliest record' },
  last: { kind: 'time', meaning: 'end of the latest record' },
  flows: { kind: 'u64', meaning: 'connections, as far as they can be told apart' },
  records: { kind: 'u64', meaning: 'flow records; the highest is current' },
  octets: { kind: 'u64', meaning: 'octets both ways, times the sampling interval', unit: 'octets' },
} as const satisfies ColumnTable;

/** By period, unit, kind, claim and what it is about: an order that no partitioning changes. */
export function compareJudgements(a: Judgement, b: Judgement): number {
  return a.periodFromMs - b.periodFromMs || compareText(keyText(a), keyText(b));
}

function keyText({ unit, kind, claim, about }: Judgement): string {
  return `${unit}\u0000${kind}\u0000${claim}\u0000${about}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
