import { randomUUID } from 'node:crypto';
import type { Session } from 'chdb';
import { INSERT_SETTINGS } from '../insert-settings.js';
import { migrate } from '../migrate.js';
import { insertFailure, queryFailure, StoreError } from '../store-error.js';
import { type AppliedMigrations, DATABASE, type QueryParams, type QueryResult, type Retention, type Store } from '../store-types.js';
import type { StoreTable } from '../tables.js';
import { openEngine } from './engine.js';
import { execute } from './execute.js';
import { SessionLane } from './sessions.js';
import { quoted, Spool } from './spool.js';

export interface ChdbStoreOptions {
  /** Data directory; made if missing. One process at a time. */
  readonly path: string;
  /** Sessions for our own reading. */
  readonly readers?: number;
  /** Sessions for queries that come from outside (the HTTP front); 0 when there is no front. */
  readonly guests?: number;
  readonly readerLimits?: ReadLimits;
  readonly guestLimits?: ReadLimits;
  /** Bound for the engine's queries, inserts and merges together. */
  readonly maxMemoryBytes?: number;
  /** 'keep': as the tables have it, for those who only read. */
  readonly retention?: Retention | 'keep';
}

/** What one query of a reading session may cost; past it the query fails with ClickHouse's own message. */
export interface ReadLimits {
  readonly maxSeconds: number;
  readonly maxResultRows: number;
  readonly maxResultBytes: number;
  readonly maxMemoryBytes: number;
}

export const defaultReaderLimits: ReadLimits = {
  maxSeconds: 60,
  maxResultRows: 1_000_000,
  maxResultBytes: 256 << 20, // the result is in memory twice for a moment
  maxMemoryBytes: 1 << 30,
};
export const defaultGuestLimits: ReadLimits = {
  maxSeconds: 30,
  maxResultRows: 200_000, // far more than a panel draws
  maxResultBytes: 64 << 20,
  maxMemoryBytes: 512 << 20, // a guest's query fails before it takes the memory inserts need
};
export const defaultChdbOptions = { readers: 2, guests: 0, maxMemoryBytes: 1_500_000_000 };

export interface RawResult {
  readonly bytes: Uint8Array;
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly elapsedSeconds: number;
}

/** The embedded store offers more than the common interface: raw results for the HTTP front. */
export interface ChdbStore extends Store {
  /**
   * Runs SQL from outside in a guest session (readonly, limited), result in any output format. Check the text first (sql-guard.ts). Once `signal` is aborted the
   * query does not begin, or is killed, and StoreError 'query-failed' is thrown: who asked is gone, and the session serves others.
   */
  guestQuery(sql: string, format: string, params: QueryParams, signal?: AbortSignal): Promise<RawResult>;
  /** Runs any statement with the bytes of `body` as its FROM INFILE file. For tests that play a server; nothing else writes this way. */
  writeFrom(body: Uint8Array, statement: (infile: string) => string): Promise<void>;
}

/** ClickHouse's output format JSON, as far as it is read. */
interface JsonResult<T> {
  readonly data: T[];
  readonly meta: QueryResult<T>['meta'];
}

interface Lanes {
  readonly writer: SessionLane;
  readonly readers: SessionLane;
  readonly guests: SessionLane;
}

/** ClickHouse inside this process (chdb): the main thread of one process only, never a worker thread. */
export function createChdbStore(options: ChdbStoreOptions): ChdbStore {
  const spool = new Spool(options.path);
  let lanes: Lanes | undefined;

  const live = (): Lanes => {
    if (lanes === undefined) throw new StoreError('not-started', 'the store is not started');
    return lanes;
  };
  const store: ChdbStore = {
    start: async () => {
      if (lanes !== undefined) return;
      const readers = options.readers ?? defaultChdbOptions.readers;
      const guests = options.guests ?? defaultChdbOptions.guests;
      const sessions = await openEngine({
        path: options.path,
        database: DATABASE,
        maxMemoryBytes: options.maxMemoryBytes ?? defaultChdbOptions.maxMemoryBytes,
        sessions: 1 + readers + guests,
      });
      for (const session of sessions) session.query(`SET max_threads_min_free_memory_per_thread = ${freeMemoryPerThread}`);
      sessions[0]!.query(`SET max_threads = ${insertThreads}`);
      const reading = sessions.slice(1, 1 + readers);
      const visiting = sessions.slice(1 + readers);
      for (const session of reading) restrict(session, options.readerLimits ?? defaultReaderLimits);
      for (const session of visiting) restrict(session, options.guestLimits ?? defaultGuestLimits);
      await spool.start();
      lanes = { writer: new SessionLane(sessions.slice(0, 1)), readers: new SessionLane(reading), guests: new SessionLane(visiting) };
    },

    migrate: (): Promise<AppliedMigrations> => migrate(store, options.retention),

    insertNative: async (table: StoreTable, payloads, token) => {
      await live().writer.run((session) =>
        spool.with(payloads, async (path) => {
          const settings = Object.entries(INSERT_SETTINGS).map(([name, value]) => `${name} = ${value}`);
          const sql = `INSERT INTO ${table} FROM INFILE ${quoted(path)} SETTINGS insert_deduplication_token = ${quoted(token)}, ${settings.join(', ')} FORMAT Native`;
          try {
            await execute(session, sql, 'Null');
          } catch (error) {
            throw insertFailure(error, table);
          }
        }),
      );
    },

    query: async <T>(sql: string, params: QueryParams = {}) =>
      live().readers.run(async (session) => {
        try {
          const { data, meta } = JSON.parse((await execute(session, sql, 'JSON', params)).text()) as JsonResult<T>;
          return { rows: data, meta };
        } catch (error) {
          throw queryFailure(error, 'the query failed');
        }
      }),

    command: async (sql, params = {}) =>
      live().writer.run(async (session) => {
        try {
          await execute(session, sql, 'Null', params);
        } catch (error) {
          throw queryFailure(error, 'the statement failed');
        }
      }),

    ping: async () => void (await store.query('SELECT 1')),
    version: async () => (await store.query<{ version: string }>('SELECT version() AS version')).rows[0]!.version,

    guestQuery: async (sql, format, params, signal) =>
      live().guests.run(async (session) => {
        if (signal?.aborted === true) throw new StoreError('query-failed', 'nobody waits for the query any more');
        // chdb gives no query id, so the text carries one, behind it: positions in error messages stay right.
        const mark = `/* guest ${randomUUID()} */`;
        // The session itself is readonly and busy. A kill that comes before the query has begun finds nothing: then its time limit ends it.
        const kill = () => void store.command(`KILL QUERY WHERE endsWith(query, ${quoted(mark)}) ASYNC`).catch(() => undefined);
        signal?.addEventListener('abort', kill, { once: true });
        try {
          const result = await execute(session, `${sql} ${mark}`, format, params);
          return { bytes: result.bytes(), rowsRead: result.rowsRead, bytesRead: result.bytesRead, elapsedSeconds: result.elapsed };
        } catch (error) {
          if (error instanceof Error) error.message = error.message.replaceAll(` ${mark}`, '');
          throw queryFailure(error, 'the query failed');
        } finally {
          signal?.removeEventListener('abort', kill);
        }
      }),

    writeFrom: async (body, statement) =>
      live().writer.run((session) =>
        spool.with([body], async (path) => {
          try {
            await execute(session, statement(quoted(path)), 'Null');
          } catch (error) {
            throw queryFailure(error, 'the insert failed');
          }
        }),
      ),

    close: async () => {
      if (lanes === undefined) return;
      const closing = lanes;
      lanes = undefined;
      await closing.guests.close();
      await closing.readers.close();
      await closing.writer.close();
    },
  };
  return store;
}

/**
 * Free memory for each thread of a query or an insert. ClickHouse's own 1 GiB is for servers: within the budget of an embedded engine every query would run on one
 * thread, however many cores there are, and the views of an insert one after the other. A month of rollups in groups takes less than 100 MB on each of two.
 */
const freeMemoryPerThread = 256 << 20;
/** Threads of an insert, whatever the machine has: each more takes memory for the parts that it writes. */
const insertThreads = 2;

/** Limits first, then readonly: after it a session takes no setting any more. */
function restrict(session: Session, limits: ReadLimits): void {
  session.query('SET output_format_json_quote_64bit_integers = 1, output_format_json_quote_denormals = 1');
  session.query(
    `SET max_execution_time = ${limits.maxSeconds}, max_result_rows = ${limits.maxResultRows}, max_result_bytes = ${limits.maxResultBytes}, ` +
      `max_memory_usage = ${limits.maxMemoryBytes}, result_overflow_mode = 'throw'`,
  );
  session.query('SET readonly = 1');
}
