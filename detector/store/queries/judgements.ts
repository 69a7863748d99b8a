import { JUDGEMENT_COLUMNS, type Judgement, type JudgementKind } from '../../findings/judgement.js';
import type { Store } from '../store-types.js';
import { decodeRow, selectList } from './rows.js';

/** What the detector counted under a version of a claim file in the calendar period that began at `periodFromMs`. */
export async function judgementsOf(store: Store, claimsHash: string, periodFromMs: number): Promise<Judgement[]> {
  const { rows } = await store.query<Record<string, string | number>>(
    `SELECT ${selectList(JUDGEMENT_COLUMNS, 'j')} FROM judgements_current AS j
     WHERE j.claimsHash = {claimsHash:String} AND j.periodFrom = fromUnixTimestamp64Milli({periodFromMs:Int64})
     ORDER BY j.unit, j.kind, j.claim, j.about`,
    { claimsHash, periodFromMs },
  );
  return rows.map((row) => {
    const { periodFrom, first, last, kind, ...same } = decodeRow(JUDGEMENT_COLUMNS, row);
    return { ...same, kind: kind as JudgementKind, periodFromMs: periodFrom, firstMs: first, lastMs: last };
  });
}
