import { join } from 'node:path';
import type { QueryResult } from '../../dashboards/console/frame.js';
import { createStore, type Retention, type Store } from '../../detector/store/store.js';
import type { Config } from '../../flow/service/config.js';
import { environment } from '../environment.js';
import { makeDataFolder } from './data-folder.js';

/** How long rows are kept, as configured. */
export function configuredRetention({ retention }: Config): Retention {
  return { flows: retention.flowsDays, minutes: retention.minutesDays, hours: retention.hoursDays };
}

/**
 * The database that the configuration names: a server where there is a URL, else the embedded engine under the data folder. Not started. Who only
 * reads says 'keep': looking into the folder of a replay must not shorten the life of its rows.
 */
export function configuredStore(config: Config, retention: Retention | 'keep'): Store {
  const { url, username, database } = config.clickhouse;
  if (url !== undefined) {
    return createStore({ kind: 'server', url, username, password: environment('CORDON_CLICKHOUSE_PASSWORD') ?? '', database, retention });
  }
  makeDataFolder(config.data);
  return createStore({ kind: 'chdb', path: join(config.data, 'store'), retention });
}

/** What the console asks the store: rows in the order of the columns. */
export function consoleQuery(store: Store): (sql: string) => Promise<QueryResult> {
  return async (sql) => {
    const { meta, rows } = await store.query<Record<string, unknown>>(sql);
    return { meta, data: rows.map((row) => meta.map(({ name }) => row[name])) };
  };
}
