import type { CompiledClaims } from '../../detector/claims/compiled.js';
import { judgePeriod } from '../../detector/coverage/verdict.js';
import type { Verdict } from '../../detector/coverage/verdict-types.js';
import { writeClaimWindows } from '../../detector/store/queries/claim-windows.js';
import { readPeriodFacts } from '../../detector/store/queries/period-facts.js';
import type { Store } from '../../detector/store/store.js';
import { DAY_MS, formatTime, MINUTE_MS } from '../../flow/time.js';

export { storedFindings } from '../../detector/store/queries/period-facts.js';

/** Calendar periods that one question covers at most, the latest. */
const MAX_PERIODS = 400;
/**
 * Pauses longer than this part what is stored into stretches that have nothing to do with each other: watches look four weeks back. A capture put together from others, or one clock of 1970, leaves
 * years between records, of which nobody can say anything.
 */
const STRETCH_PAUSE_MS = 28 * DAY_MS;
/** Stretches at most, the latest: records of a hostile clock may lie anywhere. */
const MOST_STRETCHES = 64;

export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Verdicts of every calendar period of the claim set that overlaps one of the ranges, from what is stored alone: of the latest 400, and `tell` hears how many are left out. */
export async function judgeStored(
  store: Store,
  claims: CompiledClaims,
  ranges: readonly Range[],
  watermarkMs: number,
  tell: (sentence: string) => void = () => undefined,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  // Nothing is claimed of assets that are only watched.
  if (claims.claims.length === 0) return verdicts;
  const { judged, leftOut } = periodsToJudge(claims, ranges);
  if (leftOut > 0)
    tell(
      `claims ${claims.id}: the ${leftOut} calendar periods before ${formatTime(judged[0]!.fromMs)} were not judged, ` +
        `${MAX_PERIODS} are at once; cordon verdict --from … --until … judges them`,
    );
  for (const period of judged) {
    const facts = await readPeriodFacts(store, claims, period);
    verdicts.push(...judgePeriod({ ...facts, watermarkMs }));
  }
  return verdicts;
}

/** Stores the windows and exceptions of the same calendar periods, for the screens; as of `nowMs` by the clock. */
export async function storeWindows(store: Store, claims: CompiledClaims, ranges: readonly Range[], nowMs: number): Promise<void> {
  if (claims.claims.length === 0) return;
  for (const period of periodsToJudge(claims, ranges).judged) await writeClaimWindows(store, claims, period, nowMs);
}

/** When there are stored records of a claim set's fleets, whole minutes, in the order of time: the latest 64 stretches without a pause of four weeks. */
export async function storedStretches(store: Store, claims: CompiledClaims): Promise<Range[]> {
  const { rows } = await store.query<{ fromMs: string | number; toMs: string | number }>(
    `SELECT toUnixTimestamp(min(r.bucket)) * 1000 AS fromMs, toUnixTimestamp(max(r.bucket)) * 1000 AS toMs
     FROM asset_peer_1m AS r WHERE has({fleets:Array(String)}, r.fleet) GROUP BY toDate(r.bucket) ORDER BY fromMs`,
    { fleets: claims.fleets.map(({ name }) => name) },
  );
  const stretches: { fromMs: number; toMs: number }[] = [];
  for (const row of rows) {
    const fromMs = Number(row.fromMs);
    const toMs = Number(row.toMs) + MINUTE_MS;
    const last = stretches.at(-1);
    if (last !== undefined && fromMs - last.toMs <= STRETCH_PAUSE_MS) last.toMs = toMs;
    else stretches.push({ fromMs, toMs });
  }
  return stretches.slice(-MOST_STRETCHES);
}

/** What is to be judged of these stretches where somebody asks from when or until when: silence between is then asked for too. */
export function rangesAsked(stretches: readonly Range[], asked: Partial<Range>): readonly Range[] {
  if (asked.fromMs === undefined && asked.toMs === undefined) return stretches;
  const fromMs = asked.fromMs ?? stretches[0]?.fromMs;
  const toMs = asked.toMs ?? stretches.at(-1)?.toMs;
  return fromMs === undefined || toMs === undefined || fromMs >= toMs ? [] : [{ fromMs, toMs }];
}

/** The calendar periods that overlap the ranges, which do not overlap each other: in the order of time, each once, the latest 400 and how many are left out. */
export function periodsToJudge(
  claims: CompiledClaims,
  ranges: readonly Range[],
): { readonly judged: readonly Range[]; readonly leftOut: number } {
  const periods: Range[] = [];
  for (const range of ranges) {
    for (let at = Math.max(range.fromMs, periods.at(-1)?.toMs ?? Number.NEGATIVE_INFINITY); at < range.toMs; ) {
      const period = claims.periodOf(at);
      periods.push(period);
      at = period.toMs;
    }
  }
  const judged = periods.slice(-MAX_PERIODS);
  return { judged, leftOut: periods.length - judged.length };
}
