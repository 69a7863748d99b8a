import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { RawResult } from '../chdb/chdb-store.js';
import { parseException, StoreError } from '../store-error.js';
import { RequestError } from './request.js';
import { SqlError } from './sql-tokens.js';

const CONTENT_TYPES: readonly (readonly [RegExp, string])[] = [
  [/^JSON(Compact|Strings|CompactStrings)?EachRow/, 'application/x-ndjson; charset=UTF-8'],
  [/^JSON/, 'application/json; charset=UTF-8'],
  [/^(TabSeparated|TSV)/, 'text/tab-separated-values; charset=UTF-8'],
  [/^CSV/, 'text/csv; charset=UTF-8; header=absent'],
  [/^(Native|RowBinary)/, 'application/octet-stream'],
];

export interface Answer {
  readonly result: RawResult;
  readonly format: string;
  readonly queryId: string;
  readonly gzip: boolean;
}

/** Sends a result with the headers that ClickHouse sends. */
export async function sendResult(response: ServerResponse, { result, format, queryId, gzip: packed }: Answer): Promise<void> {
  const summary = {
    read_rows: String(result.rowsRead),
    read_bytes: String(result.bytesRead),
    elapsed_ns: String(Math.round(result.elapsedSeconds * 1e9)),
  };
  const body = packed ? await promisify(gzip)(result.bytes, { level: 1 }) : result.bytes;
  response.writeHead(200, {
    'Content-Type': CONTENT_TYPES.find(([pattern]) => pattern.test(format))?.[1] ?? 'text/plain; charset=UTF-8',
    'Content-Length': body.byteLength,
    'X-ClickHouse-Query-Id': queryId,
    'X-ClickHouse-Format': format,
    'X-ClickHouse-Timezone': 'UTC',
    'X-ClickHouse-Summary': JSON.stringify(summary),
    'Cache-Control': 'no-store',
    ...(packed ? { 'Content-Encoding': 'gzip' } : {}),
  });
  response.end(body);
}

/** Sends a failure as ClickHouse does: status, code in a header, one line of text. `unread`: part of the request was not read and will not be. */
export function sendFailure(response: ServerResponse, error: unknown, unread: boolean): void {
  const { status, code, name, text } = describe(error);
  const body = `Code: ${code}. DB::Exception: ${text.slice(0, maxFailureLength)} (${name})\n`;
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=UTF-8',
    'Content-Length': Buffer.byteLength(body),
    'X-ClickHouse-Exception-Code': String(code),
    'Cache-Control': 'no-store',
    ...(unread ? { Connection: 'close' } : {}),
  });
  response.end(body);
}

/** clickhouse-go reads 64 KB of a failure at most. */
const maxFailureLength = 16_000;

interface Failure {
  readonly status: number;
  readonly code: number;
  readonly name: string;
  readonly text: string;
}

const NOT_FOUND = new Set([46, 47, 60, 81]); // unknown function, identifier, table, database
const OUR_FAULT = new Set([241]); // MEMORY_LIMIT_EXCEEDED

function describe(error: unknown): Failure {
  if (error instanceof RequestError) return { status: error.status, code: error.code, name: error.codeName, text: error.message };
  if (error instanceof SqlError) return { status: 403, code: 164, name: 'READONLY', text: error.message };
  if (error instanceof StoreError) {
    if (error.code === 'busy') return { status: 503, code: 202, name: 'TOO_MANY_SIMULTANEOUS_QUERIES', text: error.message };
    const exception = error.cause instanceof Error ? parseException(error.cause.message) : undefined;
    if (exception !== undefined) {
      const status = NOT_FOUND.has(exception.code) ? 404 : OUR_FAULT.has(exception.code) ? 500 : 400;
      const text = exception.text.replace(/\s*\([A-Z][A-Z0-9_]+\)\s*$/, '');
      return { status, code: exception.code, name: exception.name || 'UNKNOWN_EXCEPTION', text };
    }
    return { status: 503, code: 210, name: 'NETWORK_ERROR', text: error.message };
  }
  return { status: 500, code: 1002, name: 'UNKNOWN_EXCEPTION', text: 'the request could not be answered' };
}
