import type { Retention, Store } from './store-types.js';

/** The column that a table's age is told by. */
const AGE = {
  flows: 'toDateTime(flowStartMilliseconds)',
  asset_peer_1m: 'bucket',
  asset_peer_1h: 'bucket',
  asset_peer_1d: 'bucket',
  asset_peers: 'lastMet',
  peer_places: 'toDateTime(located)',
  asset_activity: 'hour',
  exporter_lag_5m: 'bucket',
} as const;

/**
 * Sets how long rows are kept, where it differs from what the table has: configuration may change between starts, migrations may not.
 * Whole parts are dropped (ttl_only_drop_parts), nothing is rewritten now.
 */
export async function applyRetention(store: Store, retention: Retention): Promise<void> {
  const days = {
    flows: retention.flows,
    asset_peer_1m: retention.minutes,
    asset_peer_1h: retention.hours,
    asset_peer_1d: retention.hours,
    asset_peers: retention.hours,
    peer_places: retention.hours,
    asset_activity: retention.minutes,
    exporter_lag_5m: retention.minutes,
  };
  for (const [table, age] of Object.entries(AGE)) {
    const wanted = days[table as keyof typeof AGE];
    const { rows } = await store.query<{ days: string }>(
      `SELECT extract(engine_full, 'TTL .* \\\\+ toIntervalDay\\\\((\\\\d+)\\\\)') AS days FROM system.tables WHERE database = currentDatabase() AND name = {table:String}`,
      { table },
    );
    // A schema on its way from an older version has not all of them yet.
    if (rows.length === 0) continue;
    const current = Number(rows[0]?.days ?? '');
    if (current === wanted) continue;
    const change = wanted > 0 ? `MODIFY TTL ${age} + toIntervalDay(${Math.trunc(wanted)})` : 'REMOVE TTL';
    await store.command(`ALTER TABLE ${table} ${change} SETTINGS materialize_ttl_after_modify = 0`);
  }
}
