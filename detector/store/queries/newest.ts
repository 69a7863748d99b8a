import { MINUTE_MS } from '../../../flow/time.js';
import type { Store } from '../store-types.js';

/** End of the newest minute with flow records in the store, ms since the epoch; −Infinity when there are none. */
export async function newestStoredMs(store: Store): Promise<number> {
  const { rows } = await store.query<{ records: string; newest: string }>(
    'SELECT count() AS records, toUnixTimestamp(max(m.bucket)) AS newest FROM asset_peer_1m AS m',
  );
  return Number(rows[0]?.records ?? 0) === 0 ? Number.NEGATIVE_INFINITY : Number(rows[0]!.newest) * 1000 + MINUTE_MS - 1;
}
