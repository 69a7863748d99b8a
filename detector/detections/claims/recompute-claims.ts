import { type CompiledClaims, type CompiledRule, Truth } from '../../claims/compiled.js';
import type { Finding } from '../../findings/finding.js';
import type { FindingFlow } from '../detection.js';
import { Began, type ObservedRecord } from '../observed-record.js';
import { beginsWithin, estimateOf, recordsOf, sumOf } from '../recompute.js';
import { breaksForCertain, exceptionFor, isInside, isWithinAgreedTime, type Plan, planFor } from './claim-plan.js';

/* What the claims say of stored rows: the sums of claim-violation, and what learned detections leave to it. */

/** The record's plans: one, or both where nobody knows who began. */
function plansFor(record: ObservedRecord, claims: CompiledClaims): { plan: Plan; port: number }[] {
  const peer = { atom: claims.atomOf(record.peerBytes, record.peerOffset), facts: record.peerFacts };
  const sides = record.initiator === Began.unknown ? [Began.asset, Began.peer] : [record.initiator];
  return sides.map((began) => {
    const port = began === Began.asset ? record.peerPort : record.assetPort;
    return { port, plan: planFor(claims, record.fleet, peer, record.protocol, port, began) };
  });
}

function isInForce({ startMs }: ObservedRecord, claims: CompiledClaims): boolean {
  return startMs >= claims.effectiveFromMs && startMs < claims.effectiveUntilMs;
}

/** The port under which the record breaks the claim (index), or any claim; undefined where it breaks none. */
export function brokenPort(record: ObservedRecord, claims: CompiledClaims, claim?: number): number | undefined {
  if (!isInForce(record, claims)) return undefined;
  const broken = plansFor(record, claims).map(({ plan, port }) => ({ port, claims: brokenClaims(plan, record) }));
  // In a tie the claim must be broken whoever began.
  const isBrokenFor = (index: number): boolean =>
    (claim ?? index) === index && (!record.isTied || broken.every((reading) => reading.claims.includes(index)));
  const ports = broken.flatMap(({ port, claims }) => (claims.some(isBrokenFor) ? [port] : []));
  return ports.length === 0 ? undefined : Math.min(...ports);
}

function brokenClaims(plan: Plan, record: ObservedRecord): number[] {
  return plan.steps.filter((step) => breaksForCertain(step, record)).map((step) => step.claim);
}

/** True where an agreed time is what allows the record: maintenance and backups, whose volumes are agreed on and teach nothing of the usual. */
export function isAgreed(record: ObservedRecord, claims: CompiledClaims): boolean {
  if (!isInForce(record, claims)) return false;
  return plansFor(record, claims).some(({ plan }) => plan.steps.some((step) => isWithinAgreedTime(step, record)));
}

/** `observed` of a finding of claim-violation. */
export function recomputeViolation(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  const claim = claims.claims.find(({ id }) => id === finding.claim);
  if (claim === undefined) return Number.NaN;
  const records = recordsOf(rows, claims);
  if (finding.peerAddress !== '::') {
    const breaking = records.filter((record) => beginsWithin(record, finding) && brokenPort(record, claims, claim.index) === finding.port);
    return sumOf(breaking, estimateOf);
  }
  const rule = claim.rules.find(({ text, budget }) => text === finding.rule && budget !== undefined);
  return rule === undefined ? Number.NaN : budgetSum(finding, records, rule, claims);
}

function budgetSum(finding: Finding, records: readonly ObservedRecord[], rule: CompiledRule, claims: CompiledClaims): number {
  const { octets, direction, calendar } = rule.budget!;
  const counted = records.filter((record) => isInForce(record, claims) && isCounted(record, rule, claims));
  const { windowFromMs, windowToMs } = finding;
  // Calendar budgets count a record over a border in both periods, sliding ones at its end (budget-window.ts).
  const inside = counted.filter(({ startMs, endMs }) =>
    calendar ? endMs >= windowFromMs && startMs < windowToMs : endMs >= windowFromMs && endMs < windowToMs,
  );
  if (finding.unit === 'flows') return inside.filter(({ sessionStarts }) => sessionStarts).length;
  return octets === Number.POSITIVE_INFINITY ? Number.NaN : sumOf(inside, (record) => estimateOf(record, direction));
}

function isCounted(record: ObservedRecord, rule: CompiledRule, claims: CompiledClaims): boolean {
  const atom = claims.atomOf(record.peerBytes, record.peerOffset);
  if (rule.peerTruth(atom, record.peerFacts) !== Truth.yes) return false;
  if (rule.during !== undefined && !rule.during.some((window) => isInside(window, record))) return false;
  return plansFor(record, claims).some(({ plan }) =>
    plan.budgets.some((budget) => budget.rule === rule && exceptionFor(budget.exceptions, record) === undefined),
  );
}
