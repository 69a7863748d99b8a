import type { Severity } from '../claims/compiled.js';
import type { Interval } from '../coverage/intervals.js';
import type { Reason, VerdictWord } from '../coverage/verdict-types.js';
import type { EvidenceRow } from '../findings/finding.js';

/** What is asked for. Times in ms since the epoch. */
export interface ReportQuestion {
  /** '2026-11', 'P1M', … (period.ts); in place of both instants. */
  readonly period?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly fleet?: string;
  readonly claim?: string;
  /** Time of the report: decisions after it are left out, and mutes that ended before it have ended. Left out: the last that the store tells of. */
  readonly asOfMs?: number;
}

/** How much one report holds at most, whatever the store holds: beyond that it counts, and says so. */
export const REPORT_LIMITS = {
  /** Claims that get pages of their own; all are in the summary. */
  claims: 500,
  /** Verdicts listed of all claims together, and of one: those that are not VERIFIED first. */
  verdicts: 20_000,
  verdictsOfClaim: 400,
  /** Findings listed of all claims together, and of one; as many of what lies beyond claims. */
  findings: 2000,
  findingsOfClaim: 50,
  /** Rows of evidence of one finding. */
  evidence: 5,
  /** Blind stretches of one claim, the longest. */
  blind: 100,
  /** Periods whose verdicts are computed anew. */
  recomputed: 400,
  exporters: 200,
  decisions: 500,
} as const;

/**
 * Everything that a report says, as plain values of JSON (a number that is none is null): the HTML is made from this and nothing else, so that both say the
 * same. Times in ms since the epoch, shares from 0 to 1, amounts in octets.
 */
export interface ReportFigures {
  readonly format: 'cordon-report/1';
  /** Of the program that read the store. */
  readonly version: string;
  readonly period: { readonly fromMs: number; readonly toMs: number; readonly timezone: string; readonly asked: string };
  readonly asOf: { readonly ms: number; readonly by: 'argument' | 'store' };
  readonly fleet: string;
  readonly claim: string;
  readonly claimFiles: readonly ClaimFileFigures[];
  readonly claims: readonly ClaimFigures[];
  readonly unjudged: UnjudgedFigures;
  readonly recomputed: Recomputed;
  readonly telemetry: TelemetryFigures;
  readonly beyond: BeyondFigures;
  readonly trail: TrailFigures;
  readonly limits: typeof REPORT_LIMITS;
}

/** One version of a claim file that verdicts of the period rest on. */
export interface ClaimFileFigures {
  readonly id: string;
  /** Over the file and all that it draws on; in every finding and verdict. */
  readonly hash: string;
  readonly owner: string;
  readonly timezone: string;
  /** Files with the sha256 of their octets, as sha256sum tells it; empty where their text is not at hand. */
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
  readonly locations: readonly { readonly name: string; readonly date: string; readonly sha256: string }[];
  readonly judgedFromMs: number;
  readonly judgedToMs: number;
  readonly claims: number;
}

export interface ClaimFigures {
  readonly claimsId: string;
  readonly claim: string;
  readonly fleet: string;
  readonly severity: string;
  readonly text: string;
  readonly timezone: string;
  /** What only the claim file tells; null where it is not at hand. */
  readonly declared: DeclaredClaim | null;
  /** Of the last period. */
  readonly last: VerdictWord;
  readonly counts: Readonly<Record<VerdictWord, number>>;
  /** Every verdict of the period as a stretch, for the timeline; neighbours that say the same are one. */
  readonly states: readonly { readonly fromMs: number; readonly toMs: number; readonly verdict: VerdictWord }[];
  /** In the order of time. */
  readonly verdicts: readonly VerdictFigures[];
  readonly verdictsLeftOut: number;
  /** Periods before the claim came into force or after it ended: they count for nothing. */
  readonly notInForce: number;
  readonly seen: SeenFigures;
  readonly residual: readonly string[];
  readonly exceptions: readonly CountedFigures[];
  readonly undecided: readonly CountedFigures[];
  readonly drills: readonly CountedFigures[];
  readonly violations: FindingList;
  /** Verdicts that were computed again once they were final. */
  readonly amendments: readonly {
    readonly fromMs: number;
    readonly computedMs: number;
    readonly verdict: VerdictWord;
    readonly sentence: string;
  }[];
}

export interface DeclaredClaim {
  readonly kind: string;
  readonly rules: readonly string[];
  readonly source: { readonly who: string; readonly quote: string; readonly ref: string } | null;
  readonly supports: readonly string[];
  readonly sensors: readonly string[];
  readonly mode: string;
  /** What is demanded of the sensors; null where nothing is. */
  readonly demands: Readonly<
    Record<'time' | 'maxGapMs' | 'maxLost' | 'detectOctets' | 'detectConfidence' | 'canaryMs' | 'reconcile' | 'maxSkewMs', number | null>
  >;
  readonly assets: number;
  readonly exceptions: readonly {
    readonly id: string;
    readonly rule: string;
    readonly reason: string;
    readonly ticket: string;
    readonly fromMs: number;
    readonly expiresMs: number;
  }[];
}

export interface VerdictFigures {
  readonly fromMs: number;
  readonly toMs: number;
  readonly verdict: VerdictWord;
  readonly sentence: string;
  readonly reasons: readonly Reason[];
  readonly numbers: Readonly<Record<string, number>>;
  readonly computedMs: number;
  readonly hash: string;
  /** 'same' where computing it anew gave the same word, reasons and numbers; 'not computed' where the claim file is not at hand or the period is not over. */
  readonly anew: 'same' | 'different' | 'not computed';
}

/** How much was seen over all periods of a claim together. */
export interface SeenFigures {
  readonly assetMinutes: number;
  /** Whole asset-minutes that were observed, as the verdicts have them: rounded down in each. */
  readonly assetMinutesObserved: number;
  /** Share of the asset-minutes that was observed (0–1), to the second: the verdicts' `observedShare`, each weighing as many asset-minutes as it is about. */
  readonly observedShare: number;
  readonly recordsSent: number;
  readonly recordsLost: number;
  readonly recordsUnread: number;
  readonly flowsJudged: number;
  readonly recordsJudged: number;
  readonly longestBlindMs: number;
  /** The largest of the periods; null where no size would have been certain to be seen. */
  readonly hideableOctets: number | null;
  /** When nothing could be seen, the longest first to choose them, in the order of time; null where the claim file is not at hand. */
  readonly blind: readonly Interval[] | null;
  readonly blindCount: number;
  readonly blindMs: number;
}

/** Traffic that counted neither as held nor as broken. */
export interface CountedFigures {
  readonly about: string;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly flows: number;
  readonly records: number;
  readonly octets: number;
}

export interface FindingList {
  readonly total: number;
  readonly bySeverity: Readonly<Partial<Record<Severity, number>>>;
  /** Worst first, then the earliest. */
  readonly listed: readonly FindingFigures[];
}

export interface FindingFigures {
  readonly id: string;
  readonly detection: string;
  /** What the detection is called; its id where this version knows none. */
  readonly title: string;
  readonly severity: string;
  readonly confidence: number;
  readonly fleet: string;
  readonly asset: string;
  readonly protocol: number;
  readonly port: number;
  readonly peerAddress: string;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly observed: number | null;
  readonly expected: number | null;
  readonly unit: string;
  readonly records: number;
  readonly rule: string;
  readonly sentence: string;
  readonly standing: string;
  readonly decisions: readonly DecisionFigures[];
  readonly evidence: readonly (EvidenceRow & { readonly communityId: string; readonly displayFilter: string })[];
  readonly evidenceRows: number;
}

export interface DecisionFigures {
  readonly id: string;
  readonly atMs: number;
  readonly author: string;
  readonly verb: string;
  readonly reason: string;
  readonly scope: string;
  /** 0: for good. */
  readonly untilMs: number;
  readonly finding: string;
  readonly takenBack: boolean;
}

/** Verdicts that were computed anew from stored findings, coverage and counts, and how they compare with those that were stored. */
export interface Recomputed {
  readonly computed: number;
  readonly same: number;
  readonly notComputed: number;
  readonly differences: readonly {
    readonly claim: string;
    readonly fleet: string;
    readonly fromMs: number;
    readonly stored: VerdictWord;
    readonly anew: VerdictWord;
  }[];
}

export interface ExporterFigures {
  readonly sensor: string;
  readonly exporter: string;
  readonly domain: number;
  readonly protocol: string;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Minutes with messages. */
  readonly minutes: number;
  readonly messagesSent: number;
  readonly messagesLost: number;
  readonly recordsSent: number;
  readonly recordsReceived: number;
  readonly recordsLost: number;
  readonly lossEstimated: boolean;
  readonly recordsUnread: number;
  readonly templatesChanged: number;
  readonly restarts: number;
  readonly dropped: number;
  /** 1 in N, 0 not told. */
  readonly samplingLeast: number;
  readonly samplingMost: number;
  /** Arrival minus export time; null where arrival is not known (a replay). */
  readonly clockLeastMs: number | null;
  readonly clockMostMs: number | null;
}

export interface TelemetryFigures {
  readonly exporters: readonly ExporterFigures[];
  readonly exportersLeftOut: number;
  /** Length of a step of both series. */
  readonly stepMs: number;
  /** Of each sensor: minutes with messages and share of what it sent that arrived, by step; steps without messages are left out. */
  readonly sensors: readonly {
    readonly sensor: string;
    readonly steps: readonly { readonly fromMs: number; readonly minutes: number; readonly received: number }[];
  }[];
  /** Of each fleet, by step: octets from and to its assets, times the sampling interval. */
  readonly volumes: readonly {
    readonly fleet: string;
    readonly sampled: boolean;
    readonly steps: readonly { readonly fromMs: number; readonly out: number; readonly in: number }[];
  }[];
}

/** Findings that break a claim and fleet of which no verdict is stored for the period: the period is not over, or the store that computes verdicts is behind. */
export interface UnjudgedFigures extends FindingList {
  /** By name. */
  readonly claims: readonly { readonly claim: string; readonly fleet: string; readonly findings: number }[];
}

export interface BeyondFigures {
  readonly total: number;
  readonly byDetection: readonly {
    readonly detection: string;
    readonly title: string;
    readonly findings: number;
    readonly assets: number;
    readonly worst: string;
  }[];
  readonly listed: readonly FindingFigures[];
}

export interface TrailFigures {
  readonly decisions: readonly DecisionFigures[];
  readonly decisionsLeftOut: number;
  /** Scopes that nobody is told of at the time of the report. */
  readonly mutes: readonly DecisionFigures[];
}
