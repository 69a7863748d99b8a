import type { CompiledClaims } from '../../detector/claims/compiled.js';
import { judgePeriod } from '../../detector/coverage/verdict.js';
import type { Verdict } from '../../detector/coverage/verdict-types.js';
import { writeClaimWindows } from '../../detector/store/queries/claim-windows.js';
import { readPeriodFacts } from '../../detector/store/queries/period-facts.js';
import type { Store } from '../../detector/store/store.js';
import { MINUTE_MS } from '../../flow/time.js';

export { storedFindings } from '../../detector/store/queries/period-facts.js';

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
    const facts = await readPeriodFacts(store, claims, period);
    verdicts.push(...judgePeriod({ ...facts, watermarkMs }));
  }
  return verdicts;
}

/** Stores the windows and exceptions of every calendar period of the claim set that overlaps the range, for the screens; as of `nowMs` by the clock. */
export async function storeWindows(store: Store, claims: CompiledClaims, range: Range, nowMs: number): Promise<void> {
  for (const period of periodsOf(claims, range)) await writeClaimWindows(store, claims, period, nowMs);
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
