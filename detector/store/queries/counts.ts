import type { Store } from '../store-types.js';

const COUNTED = [
  'flows',
  'asset_peer_1m',
  'asset_peer_1h',
  'findings_current',
  'coverage_minutes',
  'judgements_current',
  'verdicts_current',
] as const;
export type RowCounts = Readonly<Record<(typeof COUNTED)[number], number>>;

/** Rows of every table and view that people ask about. */
export async function rowCounts(store: Store): Promise<RowCounts> {
  const { rows } = await store.query<Record<string, string>>(
    `SELECT ${COUNTED.map((name) => `(SELECT count() FROM ${name}) AS ${name}`).join(', ')}`,
  );
  return Object.fromEntries(COUNTED.map((name) => [name, Number(rows[0]![name])])) as RowCounts;
}
