import type { StoreTable } from './tables.js';

/** The database that everything of ours lives in: Atomic, and never `default`, which in chdb reads files of the machine. */
export const DATABASE = 'cordon';

/** A value bound to a `{name:Type}` placeholder: it never becomes part of the SQL text. */
export type QueryParam = string | number | boolean | null | readonly string[] | readonly number[];
export type QueryParams = Readonly<Record<string, QueryParam>>;

export interface QueryResult<T> {
  /** 64-bit integers arrive as text, DateTime and DateTime64 as 'YYYY-MM-DD hh:mm:ss[.mmm]' in UTC, NaN and infinities as text. */
  readonly rows: T[];
  readonly meta: readonly { readonly name: string; readonly type: string }[];
}

export interface AppliedMigrations {
  /** Names of the migrations that this call applied; empty when the schema was up to date. */
  readonly applied: readonly string[];
  /** Number of the newest migration in the database. */
  readonly version: number;
}

/** One database, in process or on a server. Inert until `start`. Errors are StoreError. */
export interface Store {
  /**
   * Opens the engine or reaches the server, and makes the database if it is missing. Throws 'directory-locked', 'directory-not-writable',
   * 'engine-missing', 'server-unreachable', 'authentication-failed', each with what to do.
   */
  start(): Promise<void>;
  /** Brings the schema to this version. Throws 'migration-changed', 'database-newer', 'migration-failed'. */
  migrate(): Promise<AppliedMigrations>;
  /**
   * Inserts frames' payloads (Native blocks of the table's columns), glued together as one insert. Resolves when the rows are in the table and in every
   * rollup. Repeating a token with the same payloads adds nothing anywhere; a crash half-way is completed by the repetition.
   * Throws 'insert-refused' when the bytes can never be taken, 'query-failed' otherwise.
   */
  insertNative(table: StoreTable, payloads: readonly Uint8Array[], token: string): Promise<void>;
  /** Runs a SELECT in a read-only session, with bounded time and result. */
  query<T>(sql: string, params?: QueryParams): Promise<QueryResult<T>>;
  /** Runs a statement that changes something. Ours alone: no text from outside belongs in `sql`. */
  command(sql: string, params?: QueryParams): Promise<void>;
  /** Resolves when the database answers; throws 'server-unreachable' or 'not-started'. */
  ping(): Promise<void>;
  /** Version of the database, for people. */
  version(): Promise<string>;
  /** Waits for running work and lets go of the engine. Safe to call twice. */
  close(): Promise<void>;
}

/** How long rows are kept, in days by their own time; 0 keeps them for ever (what a replay of an old capture wants). */
export interface Retention {
  readonly flows: number;
  readonly minutes: number;
  readonly hours: number;
}

export const defaultRetention: Retention = { flows: 7, minutes: 30, hours: 400 };
/** What a replay wants: the capture may be older than any retention. */
export const KEEP_FOREVER: Retention = { flows: 0, minutes: 0, hours: 0 };
