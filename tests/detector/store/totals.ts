import type { Store } from '../../../detector/store/store.js';

export interface Totals {
  readonly rows: number;
  readonly octets: string;
}

const OUT_AND_IN = 'octetDeltaCount + reverseOctetDeltaCount';

/** Rows and octets as the raw table and its rollups tell them: all must always agree. */
export async function totals(store: Store): Promise<{ flows: Totals; minutes: Totals; hours: Totals; days: Totals }> {
  const one = async (sql: string): Promise<Totals> => {
    const row = (await store.query<{ rows: string; octets: string }>(sql)).rows[0]!;
    return { rows: Number(row.rows), octets: row.octets };
  };
  return {
    flows: await one(`SELECT count() AS rows, sum(${OUT_AND_IN}) AS octets FROM flows`),
    minutes: await one('SELECT sum(records) AS rows, sum(octetsOut + octetsIn) AS octets FROM asset_peer_1m'),
    hours: await one('SELECT sum(records) AS rows, sum(octetsOut + octetsIn) AS octets FROM asset_peer_1h'),
    days: await one('SELECT sum(records) AS rows, sum(octetsOut + octetsIn) AS octets FROM asset_peer_1d'),
  };
}
