import type { CompiledClaims } from '../claims/compiled.js';
import { DEFAULT_ACTIVE_TIMEOUT_MS, LATENESS_MS } from '../coverage/verdict.js';

/** A claim set during the time that it is in force: [fromMs, untilMs) of record time, by the start of a record. */
export interface ClaimVersion {
  /** In force for that time and no longer; a calendar period that had begun before begins with it (reference: assurance.md §1.5 k). */
  readonly claims: CompiledClaims;
  readonly fromMs: number;
  readonly untilMs: number;
  /** Records of this version may come until the newest record starts here: then the verdicts of its last period are final. */
  readonly closesMs: number;
}

/**
 * The version of a claim set that is in force from `fromMs` until `untilMs`. The period that it splits gets a begin of its own, so that findings and
 * judgements of the versions before and after, which rest on the period's begin, are never taken for one another.
 */
export function claimVersion(claims: CompiledClaims, fromMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY): ClaimVersion {
  const narrowed: CompiledClaims = {
    ...claims,
    effectiveFromMs: Math.max(fromMs, claims.effectiveFromMs),
    effectiveUntilMs: Math.min(untilMs, claims.effectiveUntilMs),
    periodOf(ms) {
      const period = claims.periodOf(ms);
      return ms >= fromMs && period.fromMs < fromMs ? { fromMs, toMs: period.toMs } : period;
    },
  };
  return { claims: narrowed, fromMs, untilMs, closesMs: closesMs(claims, untilMs) };
}

function closesMs(claims: CompiledClaims, untilMs: number): number {
  if (!Number.isFinite(untilMs)) return untilMs;
  const activeTimeoutMs = Math.max(0, ...claims.sensors.map((sensor) => sensor.activeTimeoutMs || DEFAULT_ACTIVE_TIMEOUT_MS));
  return claims.periodOf(untilMs - 1).toMs + activeTimeoutMs + LATENESS_MS;
}
