import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { QueryParams } from '../store-types.js';
import { parameters } from './parameters.js';

/** What one HTTP request asks of the database (ClickHouse HTTP interface). */
export interface FrontRequest {
  readonly path: string;
  readonly sql: string;
  /** Data behind the SQL, when the SQL came in the URL. */
  readonly body: Uint8Array;
  readonly format: string;
  readonly queryId: string | undefined;
  readonly params: QueryParams;
  /** True for clickhouse-go's first query, which is decoded by the protocol revision it names here. */
  readonly revision: number;
  readonly wantsGzip: boolean;
  readonly settings: Readonly<Record<string, string>>;
}

/** A request that is answered with an HTTP status and ClickHouse's way of saying why. */
export class RequestError extends Error {
  readonly status: number;
  /** ClickHouse exception code, so that clients map it as they map a server's. */
  readonly code: number;
  readonly codeName: string;

  constructor(status: number, code: number, codeName: string, message: string) {
    super(message);
    this.name = 'RequestError';
    this.status = status;
    this.code = code;
    this.codeName = codeName;
  }
}

/** URL parameters of the interface itself; every other one is a setting. */
const OWN = new Set([
  'query',
  'database',
  'default_format',
  'query_id',
  'session_id',
  'session_timeout',
  'user',
  'password',
  'client_protocol_version',
  'role',
  'compress',
  'decompress',
  'stacktrace',
]);
const DATABASES = new Set(['cordon', 'system', '']);

/** Reads a request whole; throws RequestError for what is too large, cut off, or asks for a database that is not here. */
export async function readRequest(request: IncomingMessage, maxBodyBytes: number): Promise<FrontRequest> {
  const url = new URL(request.url ?? '/', 'http://front');
  const raw = await readBody(request, maxBodyBytes);
  const body = await unpacked(raw, request.headers['content-encoding'], maxBodyBytes);
  for (const name of ['compress', 'decompress'])
    if (url.searchParams.get(name) === '1')
      throw new RequestError(400, 48, 'NOT_IMPLEMENTED', `${name}=1 is not served here: compress by gzip`);
  const inUrl = url.searchParams.get('query');
  const database = url.searchParams.get('database') ?? String(request.headers['x-clickhouse-database'] ?? '');
  if (!DATABASES.has(database))
    throw new RequestError(404, 81, 'UNKNOWN_DATABASE', `Database ${database} does not exist. It is called cordon`);
  const params = new Map<string, string>();
  const settings: Record<string, string> = {};
  for (const [name, value] of url.searchParams) {
    if (name.startsWith('param_')) params.set(name.slice('param_'.length), value);
    else if (!OWN.has(name)) settings[name] = value;
  }
  const sql = inUrl ?? Buffer.from(body).toString('utf8');
  return {
    path: url.pathname,
    sql,
    body: inUrl === null ? new Uint8Array() : body,
    format: url.searchParams.get('default_format') ?? String(request.headers['x-clickhouse-format'] ?? 'TabSeparated'),
    queryId: url.searchParams.get('query_id') ?? undefined,
    params: parameters(params, sql),
    revision: Number(url.searchParams.get('client_protocol_version') ?? 0),
    // On unless it is switched off, as in ClickHouse: clickhouse-go asks by Accept-Encoding alone.
    wantsGzip: settings.enable_http_compression !== '0' && acceptsGzip(String(request.headers['accept-encoding'] ?? '')),
    settings,
  };
}

async function readBody(request: IncomingMessage, most: number): Promise<Uint8Array> {
  const tooLarge = () => new RequestError(413, 307, 'TOO_MANY_BYTES', `the request is larger than ${most} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > most) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > most) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** RFC 9110 §12.5.3; a weight of 0 refuses. */
function acceptsGzip(acceptEncoding: string): boolean {
  const weight = /(?:^|,)\s*gzip\s*(?:;\s*q=([\d.]+))?\s*(?=,|$)/i.exec(acceptEncoding);
  return weight !== null && Number(weight[1] ?? 1) > 0;
}

async function unpacked(raw: Uint8Array, encoding: string | undefined, most: number): Promise<Uint8Array> {
  if (encoding === undefined || encoding === 'identity') return raw;
  if (encoding === 'gzip') return unzip(raw, most);
  throw new RequestError(400, 89, 'UNKNOWN_COMPRESSION_METHOD', 'a body comes plain or with Content-Encoding: gzip');
}

async function unzip(bytes: Uint8Array, most: number): Promise<Uint8Array> {
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: most });
  } catch (error) {
    throw new RequestError(
      400,
      271,
      'CANNOT_DECOMPRESS',
      `the gzip body cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
