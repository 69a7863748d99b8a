import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../../../detector/store/store.js';
import type { Config } from '../../../flow/service/config.js';
import { UsageError } from '../../errors.js';
import { configuredStore } from '../../wiring/stores.js';

/** Opens the store that the configuration, or `clickhouse`, names, for reading. Throws UsageError where there is none: an empty one would look like good news. */
export async function openStore(config: Config, clickhouse?: string): Promise<Store> {
  if (clickhouse !== undefined && !URL.canParse(clickhouse))
    throw new UsageError(`--clickhouse ${clickhouse} is no address; write http://127.0.0.1:8123`);
  const named = clickhouse === undefined ? config : { ...config, clickhouse: { ...config.clickhouse, url: clickhouse } };
  if (named.clickhouse.url === undefined && !existsSync(join(named.data, 'store')))
    throw new UsageError(
      `there is no store in ${named.data}; name the folder that run or replay wrote with --data, or a ClickHouse server`,
    );
  const store = configuredStore(named, 'keep');
  try {
    await store.start();
    await store.migrate();
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}
