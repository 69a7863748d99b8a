import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, BlockList, isIP } from 'node:net';
import type { ChdbStore } from '../chdb/chdb-store.js';
import { StoreError } from '../store-error.js';
import { type Credentials, credentialsOf, sameCredentials } from './authentication.js';
import { helloBlock, isHello } from './hello.js';
import { type FrontRequest, RequestError, readRequest } from './request.js';
import { sendFailure, sendResult } from './response.js';
import { createSqlGuard, type GuardedQuery, isReading } from './sql-guard.js';
import { writeStatement } from './write-mode.js';

/** Bounds of what one client can make the front do. What one query may cost is bounded by the store's guest limits. */
export interface HttpFrontLimits {
  /** SQL and data of one request, packed and unpacked. */
  readonly maxBodyBytes: number;
  readonly maxHeaderBytes: number;
  readonly maxConnections: number;
  /** Time for the whole request to arrive. */
  readonly requestMs: number;
  /** A connection on which nothing moves, in either direction, is closed. */
  readonly idleMs: number;
  /** Time from the first byte of a request to the last of its answer: a client that reads a byte now and then holds no memory for long. */
  readonly answerMs: number;
}

export const defaultHttpFrontLimits: HttpFrontLimits = {
  maxBodyBytes: 1 << 20,
  maxHeaderBytes: 64 << 10, // SQL may stand in the URL
  maxConnections: 64,
  requestMs: 15_000,
  idleMs: 60_000,
  answerMs: 120_000,
};

export interface HttpFrontOptions {
  /** Started, with at least one guest session. */
  readonly store: ChdbStore;
  readonly username: string;
  /** Not empty: other users of the machine reach loopback too. */
  readonly password: string;
  /** Default 127.0.0.1. Beyond loopback the password would cross the network: `tls` is needed there. */
  readonly host?: string;
  /** PEM. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
  /** 0 takes a free one. */
  readonly port?: number;
  readonly limits?: Partial<HttpFrontLimits>;
  /** For tests that need a server to write to; never for people. */
  readonly allowWrites?: boolean;
}

export interface HttpFront {
  /** Listens. Throws StoreError 'port-in-use'. */
  start(): Promise<{ readonly host: string; readonly port: number; readonly url: string }>;
  /** Lets running answers end, then closes every connection. Safe to call twice. */
  stop(): Promise<void>;
  readonly counters: Readonly<{ requests: number; refused: number; failed: number }>;
}

export const defaultFrontHost = '127.0.0.1';
export const defaultFrontPort = 8123;
const formats = /^[A-Z][A-Za-z0-9]{2,60}$/;

/**
 * Speaks enough of ClickHouse's HTTP interface for @clickhouse/client and for Grafana's ClickHouse plugin (protocol http), read-only, in
 * front of the embedded engine. Settings in the URL are not applied: a readonly session takes none, its limits are ours.
 */
export function createHttpFront(options: HttpFrontOptions): HttpFront {
  const { store } = options;
  if (options.password === '')
    throw new StoreError('authentication-failed', 'the HTTP front needs a password: other users of this machine reach it too');
  if (options.tls === undefined && !isLoopback(options.host ?? defaultFrontHost)) {
    throw new StoreError(
      'authentication-failed',
      `the HTTP front on ${options.host} would send its password over the network; name a certificate and its key in front.tls, or listen on 127.0.0.1`,
    );
  }
  const expected: Credentials = { username: options.username, password: options.password };
  const limits = { ...defaultHttpFrontLimits, ...options.limits };
  const host = options.host ?? defaultFrontHost;
  const counters = { requests: 0, refused: 0, failed: 0 };
  let guard: ((sql: string) => GuardedQuery) | undefined;
  let version = '';
  let server: Server | undefined;

  const read = async (request: FrontRequest, response: ServerResponse): Promise<void> => {
    const queryId = request.queryId ?? randomUUID();
    if (isHello(request.sql)) {
      const bytes = helloBlock(version, request.revision);
      return sendResult(response, {
        result: { bytes, rowsRead: 1, bytesRead: 0, elapsedSeconds: 0 },
        format: 'Native',
        queryId,
        gzip: request.wantsGzip,
      });
    }
    const query = guard!(request.sql);
    const format = query.format ?? request.format;
    if (!formats.test(format)) throw new RequestError(400, 73, 'UNKNOWN_FORMAT', 'unknown output format');
    // A client that hangs up (Grafana: a new time range, a closed tab) must not hold a session until the time limit.
    const away = new AbortController();
    response.once('close', () => away.abort());
    if (response.destroyed) return;
    const result = await store.guestQuery(query.sql, format, request.params, away.signal);
    await sendResult(response, { result, format, queryId, gzip: request.wantsGzip });
  };

  const write = async (request: FrontRequest, response: ServerResponse): Promise<void> => {
    await writeStatement(store, request);
    const result = { bytes: new Uint8Array(), rowsRead: 0, bytesRead: 0, elapsedSeconds: 0 };
    await sendResult(response, { result, format: 'Null', queryId: request.queryId ?? randomUUID(), gzip: false });
  };

  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (incoming.method !== 'GET' && incoming.method !== 'POST') {
      throw new RequestError(405, 501, 'NOT_IMPLEMENTED', 'GET and POST are answered here');
    }
    const path = (incoming.url ?? '/').split('?', 1)[0];
    if (path === '/ping' || (incoming.url === '/' && incoming.method === 'GET')) {
      response.writeHead(200, { 'Content-Type': 'text/plain; charset=UTF-8' }).end('Ok.\n');
      return;
    }
    const given = credentialsOf(incoming);
    if (given === undefined || !sameCredentials(given, expected)) {
      throw new RequestError(
        403,
        516,
        'AUTHENTICATION_FAILED',
        'Authentication failed: password is incorrect, or there is no user with such name.',
      );
    }
    const request = await readRequest(incoming, limits.maxBodyBytes);
    if (request.path !== '/') throw new RequestError(404, 5, 'NO_SUCH_PATH', 'there is nothing here');
    if (options.allowWrites === true && !isReading(request.sql)) await write(request, response);
    else await read(request, response);
  };

  const serve = (incoming: IncomingMessage, response: ServerResponse): void => {
    counters.requests++;
    const deadline = setTimeout(() => response.destroy(), limits.answerMs);
    response.once('close', () => clearTimeout(deadline));
    answer(incoming, response).catch((error: unknown) => {
      if (error instanceof RequestError) counters.refused++;
      else counters.failed++;
      if (response.headersSent || response.destroyed) response.destroy();
      else sendFailure(response, error, !incoming.complete);
    });
  };

  return {
    counters,

    start: async () => {
      const { rows } = await store.query<{ name: string }>('SELECT name FROM system.table_functions');
      guard = createSqlGuard(rows.map((row) => row.name));
      version = await store.version();
      const settings: ServerOptions = {
        maxHeaderSize: limits.maxHeaderBytes,
        headersTimeout: limits.requestMs,
        requestTimeout: limits.requestMs,
        connectionsCheckingInterval: Math.min(limits.requestMs, 5000),
      };
      const listening = options.tls === undefined ? createServer(settings, serve) : createTlsServer({ ...settings, ...options.tls }, serve);
      listening.maxConnections = limits.maxConnections;
      listening.setTimeout(limits.idleMs, (socket) => socket.destroy());
      await listen(listening, host, options.port ?? defaultFrontPort);
      server = listening;
      const { port } = listening.address() as AddressInfo;
      return { host, port, url: `${options.tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}` };
    },

    stop: async () => {
      const closing = server;
      server = undefined;
      if (closing === undefined) return;
      const closed = new Promise<void>((resolve) => closing.close(() => resolve()));
      closing.closeIdleConnections();
      const giveUp = setTimeout(() => closing.closeAllConnections(), stopWaitMs);
      await closed;
      clearTimeout(giveUp);
    },
  };
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

function isLoopback(host: string): boolean {
  const version = isIP(host);
  return host === 'localhost' || (version !== 0 && LOOPBACK.check(host, version === 4 ? 'ipv4' : 'ipv6'));
}

/** How long `stop` waits for answers under way. */
const stopWaitMs = 2_000;

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const text =
        error.code === 'EADDRINUSE'
          ? `port ${port} on ${host} is in use: stop the program that has it, or choose another port`
          : `cannot listen on ${host}:${port} (${error.code ?? error.message})`;
      reject(new StoreError('port-in-use', text, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
}
