import type { StoredRecords } from '../../watches/sensor-sight.js';
import type { Store } from '../store-types.js';

/** How many flow rows of [fromMs, toMs) are stored, by sensor and start of the five minutes that they were exported in; of logs nothing is known. */
export async function storedRecords(store: Store, fromMs: number, toMs: number): Promise<StoredRecords> {
  const { rows } = await store.query<{ sensor: string; bucket: string | number; records: string | number }>(
    `SELECT l.sensor AS sensor, toUnixTimestamp(l.bucket) AS bucket, sum(l.records) AS records
     FROM exporter_lag_5m AS l WHERE l.bucket >= fromUnixTimestamp({from:Int64}) AND l.bucket < fromUnixTimestamp({to:Int64})
     GROUP BY l.sensor, l.bucket ORDER BY sensor, bucket`,
    { from: Math.floor(fromMs / 1000), to: Math.floor(toMs / 1000) },
  );
  const stored = new Map<string, Map<number, number>>();
  for (const { sensor, bucket, records } of rows) {
    const buckets = stored.get(sensor) ?? new Map<number, number>();
    stored.set(sensor, buckets);
    buckets.set(Number(bucket) * 1000, Number(records));
  }
  return stored;
}
