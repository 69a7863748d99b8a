import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { QueryResult } from '../../dashboards/console/frame.js';
import { createStore, type Store } from '../../detector/store/store.js';
import type { Config } from '../../flow/service/config.js';
import { environment } from '../environment.js';

/** The database that the configuration names: a server where there is a URL, else the embedded engine under the data folder. Not started. */
export function configuredStore(config: Config): Store {
  const { url, username, database } = config.clickhouse;
  if (url !== undefined) {
    return createStore({ kind: 'server', url, username, password: environment('CORDON_CLICKHOUSE_PASSWORD') ?? '', database });
  }
  mkdirSync(config.data, { recursive: true });
  return createStore({ kind: 'chdb', path: join(config.data, 'store') });
}

/** What the console asks the store: rows in the order of the columns. */
export function consoleQuery(store: Store): (sql: string) => Promise<QueryResult> {
  return async (sql) => {
    const { meta, rows } = await store.query<Record<string, unknown>>(sql);
    return { meta, data: rows.map((row) => meta.map(({ name }) => row[name])) };
  };
}
