import { isMappedIPv4 } from '../../flow/address.js';
import { formatDuration, formatTime, MINUTE_MS } from '../../flow/time.js';
import { createTimeZone, localDate, type Period, type TimeZone } from '../claims/calendar.js';
import type { CompiledClaim, CompiledClaims } from '../claims/compiled.js';
import { type Interval, intersectionOf, longestMs, totalMs, unionOf } from './intervals.js';
import type { CoverageMinute } from './observed-time.js';
import { reason, type SensorFacts, sensorFacts } from './sensor-facts.js';
import { type ClaimFinding, type ExcusedTraffic, findingsText, periodText, sentenceOf } from './verdict-sentence.js';
import { REASON_CODES, type Reason, type Verdict, type VerdictWord } from './verdict-types.js';
import { shareText } from './words.js';

export type { ClaimFinding, ExcusedTraffic };

/** Records may come this much after the time they tell of, transport and queues included (reference: assurance.md §2.5). */
export const LATENESS_MS = 5 * MINUTE_MS;
/** Of sensors that declare no active timeout: the longest that routers come with. */
export const DEFAULT_ACTIVE_TIMEOUT_MS = 30 * MINUTE_MS;

/** How many flow records about a fleet were judged in a period; entries of one fleet and period add up. */
export interface JudgedRecords {
  readonly fleet: string;
  readonly periodFromMs: number;
  readonly records: number;
}

export interface PeriodFacts {
  readonly claims: CompiledClaims;
  readonly period: Period;
  /** Latest revisions; those of other periods and of no claim are passed over, as are counts of other periods. */
  readonly findings: readonly ClaimFinding[];
  /** Rows of `coverage_minutes` of the period, better with two heartbeats of time on either side. */
  readonly coverage: readonly CoverageMinute[];
  readonly judged: readonly JudgedRecords[];
  readonly excused: readonly ExcusedTraffic[];
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
  return facts.claims.claims.map((claim) => judgeClaim(facts, claim, bySensor, zone));
}

interface Judgement {
  readonly findings: readonly ClaimFinding[];
  readonly records: number;
  readonly sensors: readonly SensorFacts[];
  readonly blind: readonly Interval[];
  readonly reasons: readonly Reason[];
  readonly excused: readonly ExcusedTraffic[];
}

function judgeClaim(
  facts: PeriodFacts,
  claim: CompiledClaim,
  bySensor: ReadonlyMap<string, readonly CoverageMinute[]>,
  zone: TimeZone,
): Verdict {
  const { claims } = facts;
  const fleet = claims.fleets[claim.subject]!;
  // A claim that comes into force or ends within the period is judged for its part of it.
  const fromMs = Math.max(facts.period.fromMs, claims.effectiveFromMs);
  const toMs = Math.min(facts.period.toMs, claims.effectiveUntilMs);
  if (fromMs >= toMs) return outsideVerdict(facts, claim, zone);
  const findings = facts.findings.filter(
    (finding) =>
      finding.claim === claim.id &&
      finding.records > 0 &&
      finding.windowToMs > facts.period.fromMs &&
      finding.windowToMs <= facts.period.toMs,
  );
  const ipv6 = fleet.members.some((member) =>
    claims.watchList.assets[member]!.prefixes.some((prefix) => prefix.length < 96 || !isMappedIPv4(prefix.bytes)),
  );
  const sensors = claim.coverage.sensors.map((index) => {
    const sensor = claims.sensors[index]!;
    return sensorFacts(sensor, bySensor.get(sensor.name) ?? [], claim.coverage, fromMs, toMs, ipv6);
  });
  const records = facts.judged.reduce(
    (sum, judged) => (judged.fleet === fleet.name && judged.periodFromMs === facts.period.fromMs ? sum + judged.records : sum),
    0,
  );
  const excused = excusedOf(facts, claim);
  const coverage = judgeCoverage(claim, sensors, fromMs, toMs);
  const reasons = [...coverage.reasons, ...otherReasons(facts, claim, records, toMs)];
  const judgement: Judgement = {
    findings,
    records,
    sensors: coverage.counted,
    blind: coverage.blind,
    excused,
    reasons: withConclusion(reasons, findings),
  };
  const word: VerdictWord = findings.length > 0 ? 'VIOLATED' : reasons.length > 0 ? 'NOT_PROVEN' : 'VERIFIED';
  return verdictOf(facts, claim, { fromMs, toMs }, word, judgement, zone);
}

/** Traffic that the claim's exceptions excused in the period, one entry for each exception in the order of the file: units count for themselves. */
function excusedOf({ excused, period }: PeriodFacts, claim: CompiledClaim): ExcusedTraffic[] {
  return claim.exceptions.flatMap(({ id }) => {
    const uses = excused.filter((use) => use.claim === claim.id && use.exception === id && use.periodFromMs === period.fromMs);
    const sum = (field: 'flows' | 'octets'): number => uses.reduce((total, use) => total + use[field], 0);
    return uses.length === 0
      ? []
      : [{ claim: claim.id, exception: id, periodFromMs: period.fromMs, flows: sum('flows'), octets: sum('octets') }];
  });
}

/**
 * `all`: every sensor must carry the claim by itself, and a moment counts as observed when all observed it. `any`: sensors that can carry the claim
 * stand in for each other; when none can, all are told.
 */
function judgeCoverage(claim: CompiledClaim, sensors: readonly SensorFacts[], fromMs: number, toMs: number) {
  const demand = claim.coverage;
  const able = sensors.filter((sensor) => sensor.reasons.length === 0);
  const counted = demand.mode === 'any' && able.length > 0 ? able : sensors;
  const combine = (list: readonly SensorFacts[]): Interval[] =>
    demand.mode === 'all' || list.length === 0
      ? unionOf(
          list.flatMap((sensor) => sensor.blind),
          fromMs,
          toMs,
        )
      : list.map((sensor) => sensor.blind).reduce<Interval[]>((shared, blind) => intersectionOf(shared, blind), [{ fromMs, toMs }]);
  const reasons = counted.flatMap((sensor) => sensor.reasons);
  // A silent sensor is told as such; how long the others were blind is told of those that delivered.
  const told = combine(counted.filter((sensor) => !sensor.silent));
  const observed = 1 - totalMs(told) / (toMs - fromMs);
  const longest = longestMs(told);
  if (observed < demand.time) {
    reasons.push(
      reason(
        'coverage-time',
        '',
        observed,
        demand.time,
        'share',
        `${shareText(observed)} of the time was observed, ${shareText(demand.time)} at least are demanded`,
      ),
    );
  }
  if (longest > demand.maxGapMs) {
    reasons.push(
      reason(
        'coverage-gap',
        '',
        longest,
        demand.maxGapMs,
        'ms',
        `nothing was seen for ${formatDuration(longest)} on end, ${formatDuration(demand.maxGapMs)} at most are allowed`,
      ),
    );
  }
  return { counted, reasons, blind: combine(counted) };
}

function otherReasons(facts: PeriodFacts, claim: CompiledClaim, records: number, toMs: number): Reason[] {
  const { claims } = facts;
  const demand = claim.coverage;
  const reasons: Reason[] = [];
  if (claim.notJudged !== undefined) reasons.push(reason('kind-not-judged', '', 0, 1, 'claims', claim.notJudged));
  if (records === 0) {
    const fleet = claims.fleets[claim.subject]!.name;
    reasons.push(
      reason(
        'no-subject',
        fleet,
        0,
        1,
        'records',
        `no record of ${fleet} was seen: equipment that is switched off or not seen proves nothing`,
      ),
    );
  }
  if (!Number.isNaN(demand.canaryMs)) {
    reasons.push(
      reason('demand-not-judged', 'canary', 0, demand.canaryMs, 'ms', 'the claim demands canaries, which this version does not send'),
    );
  }
  if (!Number.isNaN(demand.reconcile)) {
    reasons.push(
      reason(
        'demand-not-judged',
        'reconcile',
        0,
        demand.reconcile,
        'share',
        'the claim demands reconciliation with interface counters, which this version does not read',
      ),
    );
  }
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

/** Adds the reason that carries the word, and puts all in the order of REASON_CODES and then of what they are about. */
function withConclusion(reasons: readonly Reason[], findings: readonly ClaimFinding[]): Reason[] {
  const all = [...reasons];
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

function verdictOf(
  facts: PeriodFacts,
  claim: CompiledClaim,
  period: Period,
  verdict: VerdictWord,
  judgement: Judgement,
  zone: TimeZone,
): Verdict {
  const { findings, records, sensors, blind, excused, reasons } = judgement;
  const assets = facts.claims.fleets[claim.subject]!.members.length;
  const lengthMs = period.toMs - period.fromMs;
  const hideable = hideableOf(claim, sensors);
  const numbers: Record<string, number> = {
    assetMinutes: Math.round((assets * lengthMs) / MINUTE_MS),
    exceptionsUsed: excused.length,
    findings: findings.length,
    longestBlindMs: longestMs(blind),
    observedShare: 1 - totalMs(blind) / lengthMs,
    recordsJudged: records,
    recordsLost: sensors.reduce((sum, sensor) => sum + sensor.lost, 0),
    recordsSent: sensors.reduce((sum, sensor) => sum + sensor.sent, 0),
  };
  // No number where no size would be certain to be seen, or nothing is known.
  if (Number.isFinite(hideable)) numbers.hideableOctets = hideable;
  return {
    ...identityOf(facts, claim, period),
    verdict,
    reasons,
    numbers,
    residual: claim.residual,
    sentence: sentenceOf({
      claim,
      fleet: facts.claims.fleets[claim.subject]!,
      period: periodText(period, zone),
      verdict,
      findings,
      records,
      sensors,
      excused,
      reasons,
      numbers,
      hideable,
    }),
  };
}

/** `all`: what the worst of the sensors could overlook; `any`: the best of them. Silent sensors do not count, the verdict is not VERIFIED by them. */
function hideableOf(claim: CompiledClaim, sensors: readonly SensorFacts[]): number {
  const known = sensors.filter((sensor) => !sensor.silent).map((sensor) => sensor.hideable);
  if (known.length === 0 || known.some(Number.isNaN)) return Number.NaN;
  return claim.coverage.mode === 'all' ? Math.max(...known) : Math.min(...known);
}
