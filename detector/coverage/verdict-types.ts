import type { ColumnTable } from '../../flow/column-kinds.js';

/** Three, never two: absence of evidence counts only with coverage (reference: assurance.md §2.6). */
export const VERDICTS = ['NOT_PROVEN', 'VERIFIED', 'VIOLATED'] as const;
export type VerdictWord = (typeof VERDICTS)[number];

/** Why a verdict is what it is; machine-readable, each with the number that decided. A closed list. */
export const REASON_CODES = [
  'violated',
  'coverage-met',
  'sensor-silent',
  'coverage-time',
  'coverage-gap',
  'records-lost',
  'undecodable',
  'templates-missing',
  'template-changed',
  'packets-missed',
  'sampled',
  'clock',
  'unreconciled',
  'kernel-drops',
  'kafka-hole',
  'no-subject',
  'subject-unseen',
  'no-ipv6-fields',
  'geo-unknown',
  'asn-unknown',
  'mac-unknown',
  'initiator-tied',
  'canary-missing',
  'never-tested',
  'kind-not-judged',
  'demand-not-judged',
  'outside-effective-period',
  'not-final',
  'location-data',
  'late-data',
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

export interface Reason {
  readonly code: ReasonCode;
  /** Sensor or other thing it is about; '' for the claim as a whole. */
  readonly about: string;
  readonly observed: number;
  readonly demanded: number;
  readonly unit: string;
  readonly sentence: string;
}

export interface Verdict {
  readonly claimsId: string;
  readonly claimsHash: string;
  readonly claim: string;
  readonly fleet: string;
  readonly severity: string;
  readonly text: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly verdict: VerdictWord;
  readonly reasons: readonly Reason[];
  /** By name: see verdictNumbers. */
  readonly numbers: Readonly<Record<string, number>>;
  readonly residual: readonly string[];
  /** The line an auditor reads. */
  readonly sentence: string;
}

/** Which claim a row is about. */
export const CLAIM_COLUMNS = {
  claimsId: { kind: 'symbol', meaning: 'id of the claim file' },
  claimsHash: { kind: 'symbol', meaning: 'sha256 of the claim file' },
  claim: { kind: 'symbol', meaning: 'claim id' },
  fleet: { kind: 'symbol', meaning: 'subject of the claim' },
} as const satisfies ColumnTable;

export const VERDICT_COLUMNS = {
  ...CLAIM_COLUMNS,
  severity: { kind: 'symbol', meaning: 'severity of the claim' },
  text: { kind: 'text', meaning: 'the claim' },
  periodFrom: { kind: 'time', meaning: 'start of the period' },
  periodTo: { kind: 'time', meaning: 'end of the period' },
  verdict: { kind: 'enum', values: VERDICTS, meaning: 'VIOLATED, VERIFIED or NOT_PROVEN' },
  reasons: { kind: 'text', meaning: 'JSON list of reasons' },
  numbers: { kind: 'text', meaning: 'JSON object of numbers' },
  residual: { kind: 'text', meaning: 'JSON list of channels these sensors cannot see' },
  sentence: { kind: 'text', meaning: 'the line an auditor reads' },
  revision: { kind: 'u64', meaning: 'ms since the epoch when it was computed; the highest is current' },
} as const satisfies ColumnTable;
