import type { CompiledClaims } from '../claims/compiled.js';
import type { CoverageMinute } from '../coverage/observed-time.js';
import type { DetectionCard, Example, FindingFlow, ParameterTable, ParameterValues } from '../detections/detection.js';
import type { Finding } from '../findings/finding.js';
import type { Scene } from './scene.js';

/** What the sensors of an example told: a row of the ledger every minute of [from, to), with these facts. */
export interface LedgerStretch {
  readonly sensor: string;
  readonly from: string;
  readonly to: string;
  readonly facts?: Partial<CoverageMinute>;
}

/** A case that a test runs: flow rows as in a detection's example, the ledger, and up to when all is there. */
export interface WatchExample extends Example {
  readonly ledger: readonly LedgerStretch[];
  readonly from: string;
  readonly until: string;
}

/** What is stored that a finding's sum is made of: rows of its asset, or of all assets of its fleet, that overlap its window, and the ledger of the window. */
export interface WatchEvidence {
  readonly rows: readonly FindingFlow[];
  readonly minutes: readonly CoverageMinute[];
}

/**
 * A watch asks for what is *not* there, or for what happens to several assets at once: a pure function over the activity of all assets, the ledger and the
 * claims. It keeps no state: what it says follows from what is stored, so a restart changes nothing, and late data takes a finding back.
 */
export interface Watch<P extends ParameterTable = ParameterTable> extends DetectionCard<P> {
  readonly examples: {
    readonly fires: readonly [WatchExample, ...WatchExample[]];
    readonly silent: readonly [WatchExample, ...WatchExample[]];
  };
  /** Findings of what began within the scene. Their revision is 0: settle.ts gives it. */
  evaluate(scene: Scene, parameters: ParameterValues<P>): Finding[];
  /** `observed` of a finding computed anew. A test holds it against every example that fires. */
  readonly recompute: (finding: Finding, evidence: WatchEvidence, claims: CompiledClaims) => number;
  /** The sentence with which such a finding is taken back, where "there was nothing of the kind" would not fit. */
  readonly withdrawal?: (finding: Finding) => string | undefined;
}
