import type { Verdict } from '../../detector/coverage/verdict-types.js';
import type { ClaimVersion } from '../../detector/engine/claim-version.js';
import type { Store } from '../../detector/store/store.js';
import { judgeStored, type Range, storeWindows } from './judging.js';

/** Verdicts of a version for the parts of the ranges in which it was in force; none where it was not. `tell` hears how many periods are left out. */
export async function judgeVersion(
  store: Store,
  version: ClaimVersion,
  ranges: readonly Range[],
  watermarkMs: number,
  tell?: (sentence: string) => void,
): Promise<Verdict[]> {
  return judgeStored(store, version.claims, partsOf(version, ranges), watermarkMs, tell);
}

/** Stores the windows of a version in the part of the range in which it was in force. */
export async function storeVersionWindows(store: Store, version: ClaimVersion, range: Range, nowMs: number): Promise<void> {
  await storeWindows(store, version.claims, partsOf(version, [range]), nowMs);
}

function partsOf({ fromMs, untilMs }: ClaimVersion, ranges: readonly Range[]): Range[] {
  return ranges
    .map((range) => ({ fromMs: Math.max(range.fromMs, fromMs), toMs: Math.min(range.toMs, untilMs) }))
    .filter((part) => part.fromMs < part.toMs);
}

/** Takes away the running verdicts of a period that was split since: they were not final, and told of time in which other claims are in force. */
export async function forgetRunningVerdicts(store: Store, { claims, untilMs }: ClaimVersion): Promise<void> {
  const where =
    'claimsId = {id:String} AND claimsHash = {hash:String} AND ' +
    'periodFrom < fromUnixTimestamp64Milli({untilMs:Int64}) AND periodTo > fromUnixTimestamp64Milli({untilMs:Int64})';
  const params = { id: claims.id, hash: claims.hash, untilMs };
  const { rows } = await store.query<{ verdicts: string }>(`SELECT count() AS verdicts FROM verdicts WHERE ${where}`, params);
  // A deletion rewrites parts of the table: it is asked for where there is something to delete only.
  if (Number(rows[0]?.verdicts ?? 0) > 0) await store.command(`DELETE FROM verdicts WHERE ${where}`, params);
}
