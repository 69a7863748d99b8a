import { SEVERITIES } from '../claims/compiled.js';
import type { Finding } from '../findings/finding.js';
import { type ClosingWord, compareDecisions, type Decision } from './decision.js';
import { isInScope } from './scope.js';

export const FINDING_STATES = ['open', 'acknowledged', 'closed'] as const;
export type FindingStateName = (typeof FINDING_STATES)[number];

/** How a finding stands: what was decided of it, or of a scope that it lies in. */
export interface Standing {
  readonly state: FindingStateName;
  readonly word: ClosingWord | '';
  /** True where the decision was taken on another finding and reaches this one by its scope. */
  readonly muted: boolean;
  /** Why it stands so, where the last decision alone does not tell: 'seen again since', 'expired'. */
  readonly why: string;
  /** The decision that it stands by; undefined where nobody has decided. */
  readonly decision: Decision | undefined;
}

const OPEN: Standing = { state: 'open', word: '', muted: false, why: '', decision: undefined };

/** Decisions in the order in which they were taken, looked up by finding. Those that were revoked are left out of everything but `all`. */
export class DecisionIndex {
  readonly all: readonly Decision[];
  private readonly byFinding = new Map<string, Decision[]>();
  private readonly muting: readonly Decision[];

  constructor(decisions: readonly Decision[]) {
    this.all = [...decisions].sort(compareDecisions);
    const revoked = new Set(this.all.flatMap(({ revokes }) => (revokes === '' ? [] : [revokes])));
    const inForce = this.all.filter(({ id, verb }) => verb !== 'revoke' && !revoked.has(id));
    for (const decision of inForce) {
      const { finding } = decision;
      if (finding !== '') this.byFinding.set(finding, [...(this.byFinding.get(finding) ?? []), decision]);
    }
    this.muting = inForce.filter(
      (decision) => (decision.verb === 'noise' || decision.verb === 'expected') && this.reopenedMs(decision.finding) < decision.atMs,
    );
  }

  /** What was decided of this finding, oldest first. */
  of(finding: string): readonly Decision[] {
    return this.byFinding.get(finding) ?? [];
  }

  /** Mutes in force at `nowMs`, or all that ever were and were not revoked. */
  mutes(nowMs: number, expired = false): readonly Decision[] {
    return this.muting.filter(({ untilMs }) => expired || untilMs > nowMs);
  }

  /** How the finding stands at `nowMs` (clock time: mutes expire by it). */
  standing(finding: Finding, nowMs: number): Standing {
    const own = this.of(finding.id).at(-1);
    const mute = this.muting.find(
      (decision) => decision.untilMs > nowMs && decision.atMs > this.reopenedMs(finding.id) && isInScope(finding, decision),
    );
    if (mute !== undefined && mute.id !== own?.id)
      return { state: 'closed', word: mute.verb as ClosingWord, muted: mute.finding !== finding.id, why: '', decision: mute };
    return own === undefined ? OPEN : ownStanding(finding, own, nowMs);
  }

  private reopenedMs(finding: string): number {
    return finding === '' ? Number.NEGATIVE_INFINITY : (this.of(finding).findLast(({ verb }) => verb === 'reopen')?.atMs ?? -1);
  }
}

function ownStanding(finding: Finding, decision: Decision, nowMs: number): Standing {
  const open = (why: string): Standing => ({ state: 'open', word: '', muted: false, why, decision });
  switch (decision.verb) {
    case 'acknowledge':
      return SEVERITIES.indexOf(finding.severity) > SEVERITIES.indexOf(decision.severity)
        ? open(`graver than when it was acknowledged: ${finding.severity}, then ${decision.severity}`)
        : { state: 'acknowledged', word: '', muted: false, why: '', decision };
    case 'incident':
      // Records of a clock that is ahead, or of a scenario of next month, are later than any decision: what has not changed since was not seen again.
      return finding.lastSeenMs >= decision.effectiveMs && finding.revision > decision.findingRevision
        ? open('seen again since it was closed as incident')
        : { state: 'closed', word: 'incident', muted: false, why: '', decision };
    case 'expected':
    case 'noise':
      if (decision.untilMs <= nowMs) return open(`closed as ${decision.verb} until a date that has passed`);
      return isInScope(finding, decision)
        ? { state: 'closed', word: decision.verb, muted: false, why: '', decision }
        : open(`closed as ${decision.verb}; it has since left the scope of that`);
    default:
      return open('reopened');
  }
}
