/** What can go wrong between us and the database. A closed list: callers decide by code, people read the message. */
export type StoreErrorCode =
  | 'directory-locked'
  | 'directory-not-writable'
  | 'engine-missing'
  | 'engine-failed'
  | 'server-unreachable'
  | 'authentication-failed'
  | 'migration-changed'
  | 'migration-failed'
  | 'database-newer'
  | 'query-failed'
  | 'insert-refused'
  | 'port-in-use'
  | 'busy'
  | 'not-started';

export interface StoreErrorDetails extends ErrorOptions {
  /** ClickHouse's own exception code and name, where the database answered at all. */
  readonly clickhouseCode?: number | undefined;
  readonly clickhouseName?: string | undefined;
}

export class StoreError extends Error {
  readonly code: StoreErrorCode;
  readonly clickhouseCode: number | undefined;
  readonly clickhouseName: string | undefined;

  constructor(code: StoreErrorCode, message: string, details: StoreErrorDetails = {}) {
    super(message, details);
    this.name = 'StoreError';
    this.code = code;
    this.clickhouseCode = details.clickhouseCode;
    this.clickhouseName = details.clickhouseName;
  }
}

/**
 * ClickHouse exceptions that say "these bytes will never fit", so that repeating the insert is pointless and the frames go to
 * quarantine. Everything else (memory, disk, too many parts, network) may pass and is repeated.
 */
const REFUSED_BYTES: ReadonlySet<number> = new Set([
  8, // THERE_IS_NO_COLUMN
  10, // NOT_FOUND_COLUMN_IN_BLOCK
  16, // NO_SUCH_COLUMN_IN_TABLE
  27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  32, // ATTEMPT_TO_READ_AFTER_EOF
  33, // CANNOT_READ_ALL_DATA
  44, // ILLEGAL_COLUMN
  50, // UNKNOWN_TYPE
  53, // TYPE_MISMATCH
  62, // SYNTAX_ERROR (a type name that cannot be parsed)
  70, // CANNOT_CONVERT_TYPE
  117, // INCORRECT_DATA
  128, // TOO_LARGE_ARRAY_SIZE
  131, // TOO_LARGE_STRING_SIZE
  246, // CORRUPTED_DATA
  271, // CANNOT_DECOMPRESS
  349, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  691, // UNKNOWN_ELEMENT_OF_ENUM
]);
const TOO_MANY_PARTS = 252;

/** True when the database will refuse the same bytes again. */
export function refusesBytes(error: StoreError): boolean {
  if (error.clickhouseCode === undefined) return false;
  if (REFUSED_BYTES.has(error.clickhouseCode)) return true;
  // One block over more days than a table takes partitions at once: records with nonsense times. The other use of this code passes.
  return error.clickhouseCode === TOO_MANY_PARTS && error.message.includes('Too many partitions');
}

/** ClickHouse's exception text as it comes through chdb: 'Query failed: Code: 62. DB::Exception: … (SYNTAX_ERROR)'. */
const EXCEPTION = /Code: (\d+)\. DB::Exception: (?:Code: \d+\. DB::Exception: )?([\s\S]*)$/;

export interface ClickhouseException {
  readonly code: number;
  readonly name: string;
  readonly text: string;
}

/** Takes ClickHouse's code, name and text out of an error message; undefined when it holds none. */
export function parseException(message: string): ClickhouseException | undefined {
  const match = EXCEPTION.exec(message);
  if (match === null) return undefined;
  const text = match[2]!
    .replace(/\s*\(version [^)]*\)/g, '')
    .replace(/\s*(\([A-Z0-9_]+\))\.?(?:\s*\1)?\s*$/, ' $1')
    .trim();
  const name = /\(([A-Z][A-Z0-9_]+)\)/.exec(match[2]!)?.[1] ?? '';
  return { code: Number(match[1]), name, text };
}

/** A StoreError for whatever the engine threw while it ran `what`. */
export function queryFailure(error: unknown, what: string, code: StoreErrorCode = 'query-failed'): StoreError {
  if (error instanceof StoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const exception = parseException(message);
  return new StoreError(code, `${what}: ${exception?.text ?? message}`, {
    cause: error,
    clickhouseCode: exception?.code,
    clickhouseName: exception?.name,
  });
}

/** A StoreError for a failed insert: 'insert-refused' when the bytes will never be taken. */
export function insertFailure(error: unknown, table: string): StoreError {
  const failure = queryFailure(error, `the insert into ${table} failed`);
  if (!refusesBytes(failure)) return failure;
  return queryFailure(error, `the bytes for ${table} were refused`, 'insert-refused');
}
