import type { CompiledClaims } from '../../detector/claims/compiled.js';
import { judgePeriod } from '../../detector/coverage/verdict.js';
import type { Verdict } from '../../detector/coverage/verdict-types.js';
import type { Finding } from '../../detector/findings/finding.js';
import { compareFindings } from '../../detector/findings/json.js';
import { coverageForVerdicts } from '../../detector/store/queries/coverage.js';
import { listFindings } from '../../detector/store/queries/findings.js';
import { judgementsOf } from '../../detector/store/queries/judgements.js';
import type { Store } from '../../detector/store/store.js';
import { HOUR_MS, MINUTE_MS } from '../../flow/time.js';

/** Most findings of one claim set that a verdict reads; far above what the detector's own limits let arise. */
export const MAX_FINDINGS = 1_000_000;
/** Coverage is read this far beyond a period: a message shortly before its begin shows that the begin was observed. */
const COVERAGE_MARGIN_MS = 2 * HOUR_MS;
/** Calendar periods that one question covers at most. */
const MAX_PERIODS = 400;

export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Verdicts of every calendar period of the claim set that overlaps the range, from what is stored alone. */
export async function judgeStored(store: Store, claims: CompiledClaims, range: Range, watermarkMs: number): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const period of periodsOf(claims, range)) {
    const { fromMs, toMs } = period;
    const stored = await storedFindings(store, claims, { fromMs: fromMs - COVERAGE_MARGIN_MS, toMs: toMs + COVERAGE_MARGIN_MS });
    // The same text can be in force twice in one period, with another in between: each time has the findings that were seen in it.
    const findings = stored.filter(
      ({ firstSeenMs, lastSeenMs }) => firstSeenMs < claims.effectiveUntilMs && lastSeenMs >= claims.effectiveFromMs,
    );
    const coverage = await coverageForVerdicts(store, {
      fromMs: fromMs - COVERAGE_MARGIN_MS,
      toMs: toMs + COVERAGE_MARGIN_MS,
      sensors: claims.sensors.map(({ name }) => name),
    });
    const judgements = await judgementsOf(store, claims.hash, fromMs);
    verdicts.push(...judgePeriod({ claims, period, findings, coverage, judgements, watermarkMs }));
  }
  return verdicts;
}

/** Current findings of a claim set, oldest first. */
export async function storedFindings(store: Store, claims: CompiledClaims, range?: Range): Promise<Finding[]> {
  const findings = await listFindings(store, { claimsHash: claims.hash, limit: MAX_FINDINGS, ...range });
  return findings.sort(compareFindings);
}

/** When the stored records of a claim set's fleets began, whole minutes; undefined when there are none. */
export async function storedRange(store: Store, claims: CompiledClaims): Promise<Range | undefined> {
  const { rows } = await store.query<{ records: string; fromMs: string; toMs: string }>(
    `SELECT count() AS records, toUnixTimestamp(min(r.bucket)) * 1000 AS fromMs, toUnixTimestamp(max(r.bucket)) * 1000 AS toMs
     FROM asset_peer_1m AS r WHERE has({fleets:Array(String)}, r.fleet)`,
    { fleets: claims.fleets.map(({ name }) => name) },
  );
  const row = rows[0];
  if (row === undefined || Number(row.records) === 0) return undefined;
  return { fromMs: Number(row.fromMs), toMs: Number(row.toMs) + MINUTE_MS };
}

function periodsOf(claims: CompiledClaims, range: Range): Range[] {
  const periods: Range[] = [];
  for (let at = range.fromMs; at < range.toMs && periods.length < MAX_PERIODS; ) {
    const period = claims.periodOf(at);
    periods.push(period);
    at = period.toMs;
  }
  return periods;
}
