import { formatDuration } from '../../flow/time.js';
import type { CompiledClaim } from '../claims/compiled.js';
import { type Interval, intersectionOf, longestMs, totalMs, unionOf } from './intervals.js';
import { reason } from './reason.js';
import type { SensorFacts } from './sensor-facts.js';
import type { Reason } from './verdict-types.js';
import { shareText } from './words.js';

/** What the sensors of a claim observed of [fromMs, toMs) together. */
export interface ClaimCoverage {
  /** The sensors that the verdict rests on. */
  readonly counted: readonly SensorFacts[];
  readonly reasons: readonly Reason[];
  readonly blind: readonly Interval[];
}

/**
 * `all`: every sensor must carry the claim by itself, and a moment counts as observed when all observed it. `any`: sensors that can carry the claim
 * stand in for each other; when none can, all are told.
 */
export function claimCoverage(claim: CompiledClaim, sensors: readonly SensorFacts[], fromMs: number, toMs: number): ClaimCoverage {
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
    const sentence = `${shareText(observed)} of the time was observed, ${shareText(demand.time)} at least are demanded`;
    reasons.push(reason('coverage-time', '', observed, demand.time, 'share', sentence));
  }
  if (longest > demand.maxGapMs) {
    const sentence = `nothing was seen for ${formatDuration(longest)} on end, ${formatDuration(demand.maxGapMs)} at most are allowed`;
    reasons.push(reason('coverage-gap', '', longest, demand.maxGapMs, 'ms', sentence));
  }
  // Sensors without interface counters are no fault, unless none of them has any.
  if (!Number.isNaN(demand.reconcile) && !counted.some(({ reconciliation }) => reconciliation.interfaceOctets > 0)) {
    const sentence = 'the claim demands reconciliation with interface counters, and none of its sensors told any';
    reasons.push(reason('demand-not-judged', 'reconcile', 0, demand.reconcile, 'share', sentence));
  }
  return { counted, reasons, blind: combine(counted) };
}

/** `all`: what the worst of the sensors could overlook; `any`: the best of them. Silent sensors do not count, the verdict is not VERIFIED by them. */
export function hideableOf(claim: CompiledClaim, sensors: readonly SensorFacts[]): number {
  const known = sensors.filter((sensor) => !sensor.silent).map((sensor) => sensor.hideable);
  if (known.length === 0 || known.some(Number.isNaN)) return Number.NaN;
  return claim.coverage.mode === 'all' ? Math.max(...known) : Math.min(...known);
}
