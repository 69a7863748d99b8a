import { SEVERITIES, type Severity } from '../claims/compiled.js';
import type { Decision } from '../decisions/decision.js';
import { scopeText } from '../decisions/scope.js';
import { DecisionIndex, type Standing } from '../decisions/standing.js';
import { detectionCard } from '../detections/cards.js';
import type { Finding } from '../findings/finding.js';
import { formatInstant } from '../findings/time-span.js';
import { countAssets, countFindings, type FindingCount, type ReportScope, worstFindings } from '../store/queries/report.js';
import type { Store } from '../store/store-types.js';
import { communityId, displayFilter } from './community-id.js';
import {
  type BeyondFigures,
  type DecisionFigures,
  type FindingFigures,
  type FindingList,
  REPORT_LIMITS,
  type TrailFigures,
  type UnjudgedFigures,
} from './figures.js';

/** Findings of a report with how they stand at its time. */
export interface ReadFindings {
  /** Of a claim and fleet. */
  of(claim: string, fleet: string): FindingList;
  /** Of the claims and fleets that are none of these. */
  beside(judged: readonly { readonly claim: string; readonly fleet: string }[]): UnjudgedFigures;
  readonly beyond: BeyondFigures;
}

/** Reads findings of the period; `mostOfClaim` of every claim are listed, all are counted. */
export async function readFindings(
  store: Store,
  scope: ReportScope,
  decisions: readonly Decision[],
  asOfMs: number,
  mostOfClaim: number,
): Promise<ReadFindings> {
  const index = new DecisionIndex(decisions);
  const told = (finding: Finding): FindingFigures => findingFigures(finding, index, asOfMs);
  const counts = await countFindings(store, scope);
  const worst = await worstFindings(store, scope, false, mostOfClaim, REPORT_LIMITS.findings);
  const learned = await worstFindings(store, scope, true, REPORT_LIMITS.findingsOfClaim, REPORT_LIMITS.findings / 4);
  const assets = await countAssets(store, scope);
  const listOf = (isHere: (one: ClaimOfFleet) => boolean): FindingList => {
    const here = counts.filter((count) => count.claim !== '' && isHere(count));
    return { total: sumOf(here), bySeverity: bySeverity(here), listed: worst.filter(isHere).map(told) };
  };
  return {
    of(claim, fleet) {
      return listOf((one) => one.claim === claim && one.fleet === fleet);
    },
    beside(judged) {
      const keys = new Set(judged.map(keyOf));
      const list = listOf((one) => !keys.has(keyOf(one)));
      const sums = new Map<string, { claim: string; fleet: string; findings: number }>();
      for (const { claim, fleet, findings } of counts) {
        const key = keyOf({ claim, fleet });
        if (claim !== '' && !keys.has(key)) sums.set(key, { claim, fleet, findings: findings + (sums.get(key)?.findings ?? 0) });
      }
      return { ...list, claims: [...sums.values()] };
    },
    beyond: beyondOf(
      counts.filter(({ claim }) => claim === ''),
      learned.map(told),
      assets,
    ),
  };
}

interface ClaimOfFleet {
  readonly claim: string;
  readonly fleet: string;
}

function keyOf({ claim, fleet }: ClaimOfFleet): string {
  return `${claim}\u0000${fleet}`;
}

function beyondOf(counts: readonly FindingCount[], listed: readonly FindingFigures[], assets: ReadonlyMap<string, number>): BeyondFigures {
  const byDetection = [...new Set(counts.map(({ detection }) => detection))].map((detection) => {
    const here = counts.filter((count) => count.detection === detection);
    const worst = SEVERITIES.findLast((severity) => here.some((count) => count.severity === severity)) ?? '';
    return {
      detection,
      title: detectionCard(detection)?.title ?? detection,
      findings: sumOf(here),
      assets: assets.get(detection) ?? 0,
      worst,
    };
  });
  return { total: sumOf(counts), byDetection, listed };
}

function sumOf(counts: readonly FindingCount[]): number {
  return counts.reduce((sum, { findings }) => sum + findings, 0);
}

function bySeverity(counts: readonly FindingCount[]): Partial<Record<Severity, number>> {
  const sums: Partial<Record<Severity, number>> = {};
  for (const severity of [...SEVERITIES].reverse()) {
    const findings = sumOf(counts.filter((count) => count.severity === severity));
    if (findings > 0) sums[severity] = findings;
  }
  return sums;
}

function findingFigures(finding: Finding, index: DecisionIndex, asOfMs: number): FindingFigures {
  const { protocol } = finding;
  const number = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    id: finding.id,
    detection: finding.detection,
    title: detectionCard(finding.detection)?.title ?? finding.detection,
    severity: finding.severity,
    confidence: finding.confidence,
    fleet: finding.fleet,
    asset: finding.asset,
    protocol,
    port: finding.port,
    peerAddress: finding.peerAddress,
    firstSeenMs: finding.firstSeenMs,
    lastSeenMs: finding.lastSeenMs,
    observed: number(finding.observed),
    expected: number(finding.expected),
    unit: finding.unit,
    records: finding.records,
    rule: finding.rule,
    sentence: finding.sentence,
    standing: standingText(index.standing(finding, asOfMs)),
    decisions: index.all.filter((decision) => decision.finding === finding.id).map((decision) => decisionFigures(decision, index.all)),
    evidence: finding.evidence
      .slice(0, REPORT_LIMITS.evidence)
      .map((row) => ({ ...row, communityId: communityId({ ...row, protocol }), displayFilter: displayFilter({ ...row, protocol }) })),
    evidenceRows: finding.evidence.length,
  };
}

function standingText({ state, word, muted, why, decision }: Standing): string {
  if (decision === undefined) return state;
  const until = decision.untilMs === 0 ? '' : ` until ${formatInstant(decision.untilMs)}`;
  if (state === 'open') return `open (${why})`;
  return `${state}${word === '' ? '' : ` as ${word}`} by ${decision.author}${until}${muted ? ', by a scope that it lies in' : ''}`;
}

function decisionFigures(decision: Decision, all: readonly Decision[]): DecisionFigures {
  const { id, atMs, author, verb, reason, untilMs, finding } = decision;
  const wide = verb === 'noise' || verb === 'expected';
  return {
    ...{ id, atMs, author, verb, reason, untilMs, finding },
    scope: wide ? scopeText(decision) : verb === 'approve' ? decision.asset : '',
    takenBack: all.some(({ revokes }) => revokes === id),
  };
}

/**
 * What people decided since the period began, and of findings that the report shows, whenever they did; oldest first. And what is muted at the time of the report.
 * `decisions`: those up to then.
 */
export function trailFigures(decisions: readonly Decision[], shown: ReadonlySet<string>, fromMs: number, asOfMs: number): TrailFigures {
  const index = new DecisionIndex(decisions);
  const since = index.all.filter(({ atMs, finding }) => atMs >= fromMs || shown.has(finding));
  const told = (decision: Decision): DecisionFigures => decisionFigures(decision, index.all);
  return {
    decisions: since.slice(0, REPORT_LIMITS.decisions).map(told),
    decisionsLeftOut: Math.max(0, since.length - REPORT_LIMITS.decisions),
    mutes: index.mutes(asOfMs).slice(0, REPORT_LIMITS.decisions).map(told),
  };
}
