import { HOUR_MS } from '../../../flow/time.js';
import type { Period } from '../../claims/calendar.js';
import type { CompiledClaims } from '../../claims/compiled.js';
import type { PeriodFacts } from '../../coverage/verdict.js';
import type { Finding } from '../../findings/finding.js';
import { compareFindings } from '../../findings/json.js';
import type { Store } from '../store-types.js';
import { type CoverageMinute, coverageForVerdicts } from './coverage.js';
import { listFindings } from './findings.js';
import { judgementsOf } from './judgements.js';

/** Most findings of one claim set that a verdict reads; far above what the detector's own limits let arise. */
const MAX_FINDINGS = 1_000_000;
/** Coverage is read this far beyond a period: a message shortly before its begin shows that the begin was observed. */
const COVERAGE_MARGIN_MS = 2 * HOUR_MS;

/** What the verdicts of one calendar period rest on, beside the watermark. */
export type StoredFacts = Omit<PeriodFacts, 'watermarkMs' | 'coverage'> & { readonly coverage: readonly CoverageMinute[] };

/** Reads it: findings, coverage and counts of a claim set in a period of its calendar. */
export async function readPeriodFacts(store: Store, claims: CompiledClaims, period: Period): Promise<StoredFacts> {
  const around = { fromMs: period.fromMs - COVERAGE_MARGIN_MS, toMs: period.toMs + COVERAGE_MARGIN_MS };
  const stored = await storedFindings(store, claims, around);
  // The same text can be in force twice in one period, with another in between: each time has the findings that were seen in it.
  const findings = stored.filter(
    ({ firstSeenMs, lastSeenMs }) => firstSeenMs < claims.effectiveUntilMs && lastSeenMs >= claims.effectiveFromMs,
  );
  const coverage = await coverageForVerdicts(store, { ...around, sensors: claims.sensors.map(({ name }) => name) });
  return { claims, period, findings, coverage, judgements: await judgementsOf(store, claims.hash, period.fromMs) };
}

/** Current findings of a claim set, oldest first. */
export async function storedFindings(store: Store, claims: CompiledClaims, range?: Period): Promise<Finding[]> {
  const findings = await listFindings(store, { claimsHash: claims.hash, limit: MAX_FINDINGS, ...range });
  return findings.sort(compareFindings);
}
