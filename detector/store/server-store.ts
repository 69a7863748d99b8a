import { Readable } from 'node:stream';
import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { INSERT_SETTINGS } from './insert-settings.js';
import { migrate } from './migrate.js';
import { insertFailure, queryFailure, StoreError } from './store-error.js';
import { DATABASE, type QueryParams, type QueryResult, type Retention, type Store } from './store-types.js';
import type { StoreTable } from './tables.js';

export interface ServerStoreOptions {
  /** http:// or https:// and port. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly database?: string;
  /** How long one insert or query may take before the connection is given up. */
  readonly requestTimeoutMs?: number;
  readonly retention?: Retention | 'keep';
}

export const defaultRequestTimeoutMs = 120_000;

const AUTHENTICATION_CODES = new Set([192, 193, 194, 516]); // UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, AUTHENTICATION_FAILED

/** A ClickHouse server over HTTP, by the official client. */
export function createServerStore(options: ServerStoreOptions): Store {
  const database = options.database ?? DATABASE;
  let client: ClickHouseClient | undefined;

  const connect = (name: string): ClickHouseClient =>
    createClient({
      url: options.url,
      username: options.username,
      password: options.password,
      database: name,
      application: 'cordon',
      log: { level: ClickHouseLogLevel.OFF }, // it prints whole queries to the console; errors reach the caller
      request_timeout: options.requestTimeoutMs ?? defaultRequestTimeoutMs,
      compression: { request: false, response: true },
      clickhouse_settings: {
        output_format_json_quote_64bit_integers: 1,
        output_format_json_quote_denormals: 1,
        date_time_output_format: 'simple',
      },
    });
  const live = (): ClickHouseClient => {
    if (client === undefined) throw new StoreError('not-started', 'the store is not started');
    return client;
  };
  const failure = (error: unknown, what: string): StoreError => serverFailure(error, what, options);

  const store: Store = {
    start: async () => {
      if (client !== undefined) return;
      // The database may not exist yet, and a request that names a missing one fails: the first goes without.
      const first = connect('system');
      try {
        await first.command({ query: `CREATE DATABASE IF NOT EXISTS ${identifier(database)} ENGINE = Atomic` });
      } catch (error) {
        throw failure(error, 'the database could not be made');
      } finally {
        await first.close();
      }
      client = connect(database);
    },

    migrate: () => migrate(store, options.retention),

    insertNative: async (table: StoreTable, payloads, token) => {
      try {
        const { stream } = await live().exec({
          query: `INSERT INTO ${table} FORMAT Native`,
          values: Readable.from(payloads, { objectMode: false }),
          clickhouse_settings: { ...INSERT_SETTINGS, insert_deduplication_token: token },
        });
        stream.resume();
        await new Promise<void>((resolve, reject) => stream.once('end', resolve).once('error', reject));
      } catch (error) {
        if (error instanceof ClickHouseError) throw insertFailure(asException(error), table);
        throw failure(error, `the insert into ${table} failed`);
      }
    },

    query: async <T>(sql: string, params: QueryParams = {}) => {
      try {
        const result = await live().query({ query: sql, format: 'JSON', query_params: { ...params } });
        const { data, meta } = await result.json<T>();
        return { rows: data, meta: meta ?? [] } satisfies QueryResult<T>;
      } catch (error) {
        throw failure(error, 'the query failed');
      }
    },

    command: async (sql, params = {}) => {
      try {
        await live().command({ query: sql, query_params: { ...params } });
      } catch (error) {
        throw failure(error, 'the statement failed');
      }
    },

    ping: async () => void (await store.query('SELECT 1')),
    version: async () => (await store.query<{ version: string }>('SELECT version() AS version')).rows[0]!.version,

    close: async () => {
      const closing = client;
      client = undefined;
      await closing?.close();
    },
  };
  return store;
}

/** The client takes 'Code: N. DB::Exception:' off the text; put back, one reader of exceptions serves both kinds of store. */
function asException(error: ClickHouseError): Error {
  return new Error(`Code: ${error.code}. DB::Exception: ${error.message} (${error.type ?? 'UNKNOWN'})`, { cause: error });
}

function serverFailure(error: unknown, what: string, { url, username }: ServerStoreOptions): StoreError {
  if (error instanceof StoreError) return error;
  if (error instanceof ClickHouseError) {
    if (AUTHENTICATION_CODES.has(Number(error.code))) {
      return new StoreError(
        'authentication-failed',
        `ClickHouse at ${shown(url)} refuses user '${username}': check the user name and the password`,
        {
          cause: error,
          clickhouseCode: Number(error.code),
          clickhouseName: error.type,
        },
      );
    }
    return queryFailure(asException(error), what);
  }
  const reason = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
  return new StoreError(
    'server-unreachable',
    `ClickHouse at ${shown(url)} does not answer (${reason}): is it running, and is the address right?`,
    { cause: error },
  );
}

/** The address without a user or password that may stand in it. */
function shown(url: string): string {
  try {
    return new URL(url).origin;
  } catch {
    return 'an address that is no URL';
  }
}

function identifier(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw new StoreError('query-failed', `'${name}' is no name for a database: letters, digits and _ only, not beginning with a digit`);
  }
  return name;
}
