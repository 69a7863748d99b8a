import type { Store } from '../store-types.js';

const COUNTED = ['flows', 'asset_peer_1m', 'asset_peer_1h', 'findings_current', 'coverage_minutes', 'verdicts_current'] as const;
export type RowCounts = Readonly<Record<(typeof COUNTED)[number], number>>;

/** Rows of every table and view that people ask about. */
export async function rowCounts(store: Store): Promise<RowCounts> {
  const { rows } = await store.query<Record<string, string>>(
    `SELECT ${COUNTED.map((name) => `(SELECT count() FROM ${name}) AS ${name}`).join(', ')}`,
  );
  return Object.fromEntries(COUNTED.map((name) => [name, Number(rows[0]![name])])) as RowCounts;
}

export interface StoredRows {
  readonly records: number;
  readonly octetsOut: number;
  readonly octetsIn: number;
  /** Coarsest sampling interval among them; 0 not known. */
  readonly samplingInterval: number;
}

/**
 * What is stored of a fleet's records that began in [fromMs, toMs), whole minutes, both sides of records between two assets
 * included (as they were judged). From the minute rollup, which outlives the flow records.
 */
export async function storedRows(store: Store, fleet: string, fromMs: number, toMs: number): Promise<StoredRows> {
  const { rows } = await store.query<Record<keyof StoredRows, string>>(
    `SELECT sum(r.records) AS records, sum(r.octetsOut) AS octetsOut, sum(r.octetsIn) AS octetsIn, max(r.samplingInterval) AS samplingInterval
     FROM asset_peer_1m AS r
     WHERE r.fleet = {fleet:String} AND r.bucket >= fromUnixTimestamp64Milli({fromMs:Int64}) AND r.bucket < fromUnixTimestamp64Milli({toMs:Int64})`,
    { fleet, fromMs, toMs },
  );
  const row = rows[0]!;
  return {
    records: Number(row.records),
    octetsOut: Number(row.octetsOut),
    octetsIn: Number(row.octetsIn),
    samplingInterval: Number(row.samplingInterval),
  };
}
