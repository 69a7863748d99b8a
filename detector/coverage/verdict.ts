import { isIPv6Prefix } from '../../flow/address.js';
import { formatTime, MINUTE_MS } from '../../flow/time.js';
import { createTimeZone, localDate, type Period, type TimeZone } from '../claims/calendar.js';
import type { CompiledClaim, CompiledClaims, CompiledLocation } from '../claims/compiled.js';
import type { Judgement } from '../findings/judgement.js';
import { holeReasons } from './bus-holes.js';
import { claimCoverage, hideableOf } from './claim-coverage.js';
import { kernelDropReasons, kernelDropsOf } from './kernel-drops.js';
import type { CoverageMinute } from './observed-time.js';
import { reason } from './reason.js';
import { maxLostOf, sensorFacts } from './sensor-facts.js';
import { stretchReasons } from './stretch-facts.js';
import { indexJudgements, type JudgementIndex, subjectFacts, subjectReasons } from './subject-facts.js';
import { verdictNumbers } from './verdict-numbers.js';
import { type ClaimFinding, findingsText, locationText, periodText, sentenceOf } from './verdict-sentence.js';
import { REASON_CODES, type Reason, type Verdict, type VerdictWord } from './verdict-types.js';

export type { ClaimFinding };

/** Records may come this much after the time they tell of, transport and queues included (reference: assurance.md §2.5). */
export const LATENESS_MS = 5 * MINUTE_MS;
/** Of sensors that declare no active timeout: the longest that routers come with. */
export const DEFAULT_ACTIVE_TIMEOUT_MS = 30 * MINUTE_MS;

export interface PeriodFacts {
  readonly claims: CompiledClaims;
  readonly period: Period;
  /** Latest revisions; those of other periods and of no claim are passed over, as are judgements of other periods. */
  readonly findings: readonly ClaimFinding[];
  /** Rows of `coverage_minutes` of the period, better with two heartbeats of time on either side; of other senders too, see kernel-drops.ts. */
  readonly coverage: readonly CoverageMinute[];
  /** What the detector counted under these claims. */
  readonly judgements: readonly Judgement[];
  /** All telemetry up to this record time has been judged; Infinity when the input has ended and nothing can follow. */
  readonly watermarkMs: number;
}

/**
 * The verdict of every claim about one period (reference: assurance.md §2.6). A pure function: the same facts give the same verdicts, byte for byte.
 * VIOLATED when a finding of the claim stands, whatever the coverage. Otherwise NOT_PROVEN when anything that the claim demands of its sensors was not
 * met or cannot be judged, and VERIFIED only when nothing is left.
 */
export function judgePeriod(facts: PeriodFacts): Verdict[] {
  const zone = createTimeZone(facts.claims.timezone);
  const bySensor = new Map<string, CoverageMinute[]>();
  for (const row of facts.coverage) {
    const list = bySensor.get(row.sensor);
    if (list === undefined) bySensor.set(row.sensor, [row]);
    else list.push(row);
  }
  const shared: Shared = {
    facts,
    zone,
    bySensor,
    judgements: indexJudgements(facts.judgements, facts.period),
  };
  return facts.claims.claims.map((claim) => judgeClaim(shared, claim));
}

/** What the claims of one period have in common. */
interface Shared {
  readonly facts: PeriodFacts;
  readonly zone: TimeZone;
  readonly bySensor: ReadonlyMap<string, readonly CoverageMinute[]>;
  readonly judgements: JudgementIndex;
}

function judgeClaim({ facts, zone, bySensor, judgements }: Shared, claim: CompiledClaim): Verdict {
  const { claims } = facts;
  const fleet = claims.fleets[claim.subject]!;
  // A claim that comes into force or ends within the period is judged for its part of it.
  const fromMs = Math.max(facts.period.fromMs, claims.effectiveFromMs);
  const toMs = Math.min(facts.period.toMs, claims.effectiveUntilMs);
  if (fromMs >= toMs) return outsideVerdict(facts, claim, zone);
  const part = { fromMs, toMs };
  const findings = facts.findings.filter(
    (finding) =>
      finding.claim === claim.id &&
      finding.records > 0 &&
      finding.windowToMs > facts.period.fromMs &&
      finding.windowToMs <= facts.period.toMs,
  );
  // Who is known by a MAC address has whatever IP addresses it takes: IPv6 counts where the claim speaks of it.
  const ipv6 = fleet.members.some((member) => {
    const { prefixes, macAddresses } = claims.watchList.assets[member]!;
    return prefixes.some(isIPv6Prefix) || (claim.namesIPv6 && macAddresses.length > 0);
  });
  const sensors = claim.coverage.sensors.map((index) => {
    const sensor = claims.sensors[index]!;
    return sensorFacts(sensor, bySensor.get(sensor.name) ?? [], claim.coverage, fromMs, toMs, ipv6);
  });
  const subject = subjectFacts(claims, claim, judgements, part);
  const coverage = claimCoverage(claim, sensors, fromMs, toMs);
  // Kernel drops are of sockets: captures and logs have none.
  const hasSockets = coverage.counted.some(({ unit }) => unit === 'records');
  const drops = kernelDropsOf(hasSockets ? facts.coverage : [], fromMs, toMs);
  const shortfalls = [
    ...coverage.reasons,
    ...kernelDropReasons(drops, maxLostOf(claim.coverage)),
    ...holeReasons(facts.coverage, fromMs, toMs),
    ...subjectReasons(claims, claim, subject),
    ...stretchReasons(claims, claim, judgements.byClaim.get(claim.id) ?? [], part, new Set(findings.map(({ asset }) => asset))),
    ...otherReasons(facts, claim, toMs),
  ];
  const reasons = withConclusion(shortfalls, findings, claim.locations.map(locationReason));
  const verdict: VerdictWord = findings.length > 0 ? 'VIOLATED' : shortfalls.length > 0 ? 'NOT_PROVEN' : 'VERIFIED';
  const hideable = hideableOf(claim, coverage.counted);
  const numbers = verdictNumbers({
    claim,
    assets: fleet.members.length,
    part,
    findings: findings.length,
    subject,
    coverage,
    drops,
    hideable,
  });
  return {
    ...identityOf(facts, claim, part),
    verdict,
    reasons,
    numbers,
    residual: claim.residual,
    sentence: sentenceOf({
      claim,
      fleet,
      period: periodText(part, zone),
      verdict,
      findings,
      subject,
      sensors: coverage.counted,
      reasons,
      numbers,
      hideable,
    }),
  };
}

function otherReasons(facts: PeriodFacts, claim: CompiledClaim, toMs: number): Reason[] {
  const { claims } = facts;
  const demand = claim.coverage;
  const reasons: Reason[] = [];
  if (claim.notJudged !== undefined) reasons.push(reason('kind-not-judged', '', 0, 1, 'claims', claim.notJudged));
  const activeTimeoutMs = Math.max(...demand.sensors.map((index) => claims.sensors[index]!.activeTimeoutMs || DEFAULT_ACTIVE_TIMEOUT_MS));
  const finalMs = toMs + activeTimeoutMs + LATENESS_MS;
  if (facts.watermarkMs < finalMs) {
    reasons.push(
      reason(
        'not-final',
        '',
        Math.max(0, facts.watermarkMs),
        finalMs,
        'ms',
        `records of this period may still come until ${formatTime(finalMs)}`,
      ),
    );
  }
  return reasons;
}

/** What the verdict rests on beside records: enough to get the same data again. */
function locationReason(location: CompiledLocation): Reason {
  return reason('location-data', location.key, 1, 1, 'files', locationText(location, location.sha256));
}

/** Adds what the verdict rests on and the reason that carries the word, and puts all in the order of REASON_CODES and then of what they are about. */
function withConclusion(reasons: readonly Reason[], findings: readonly ClaimFinding[], grounds: readonly Reason[]): Reason[] {
  const all = [...reasons, ...grounds];
  if (findings.length > 0) all.push(reason('violated', '', findings.length, 0, 'findings', `${findingsText(findings)} of this claim`));
  if (reasons.length === 0) all.push(reason('coverage-met', '', 1, 1, 'share', 'everything that the claim demands of its sensors was met'));
  const rank = (one: Reason): number => REASON_CODES.indexOf(one.code);
  return all.sort(
    (a, b) => rank(a) - rank(b) || (a.about < b.about ? -1 : a.about > b.about ? 1 : 0) || (a.unit < b.unit ? -1 : a.unit > b.unit ? 1 : 0),
  );
}

function outsideVerdict(facts: PeriodFacts, claim: CompiledClaim, zone: TimeZone): Verdict {
  const { effectiveFromMs, effectiveUntilMs } = facts.claims;
  const before = facts.period.toMs <= effectiveFromMs;
  const sentence = before
    ? `the claims come into force on ${localDate(zone, effectiveFromMs)}`
    : `the claims ended on ${localDate(zone, effectiveUntilMs)}`;
  const why = reason(
    'outside-effective-period',
    '',
    before ? facts.period.toMs : facts.period.fromMs,
    before ? effectiveFromMs : effectiveUntilMs,
    'ms',
    sentence,
  );
  return {
    ...identityOf(facts, claim, facts.period),
    verdict: 'NOT_PROVEN',
    reasons: [why],
    numbers: {},
    residual: claim.residual,
    sentence: `${claim.id} ${periodText(facts.period, zone)} NOT_PROVEN: ${sentence}.`,
  };
}

function identityOf({ claims }: PeriodFacts, claim: CompiledClaim, period: Period) {
  return {
    claimsId: claims.id,
    claimsHash: claims.hash,
    claim: claim.id,
    fleet: claims.fleets[claim.subject]!.name,
    severity: claim.severity,
    text: claim.text,
    fromMs: period.fromMs,
    toMs: period.toMs,
  } as const;
}
