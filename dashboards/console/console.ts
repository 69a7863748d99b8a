import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { join } from 'node:path';
import { StoreError } from '../../detector/store/store-error.js';
import type { Log } from '../../flow/service/log.js';
import { packageRoot } from '../../flow/service/paths.js';
import { ConsoleError } from './console-error.js';
import type { DecisionDesk } from './decisions/decision-desk.js';
import { createDecisionRoutes } from './decisions/decision-routes.js';
import { type QueryResult, toFrame } from './frame.js';
import { hostIsOurs, isLoopback, originIsOurs, type Role, roleOf, setSecurityHeaders, type Tokens, tokenLogin } from './http-policy.js';
import { type Library, loadLibrary, RequestError } from './library.js';
import { listen } from './listen.js';
import type { ConsoleSettings } from './model.js';
import { loadPageFiles, type PageFile } from './page-files.js';
import { createQueryGate, TooBusy } from './query-gate.js';
import { BodyTooLarge, parseQueryRequest, readBody } from './query-request.js';
import { rowLimit } from './row-limit.js';

/** Port when the caller names none; if it is taken, the system chooses a free one. */
export const DEFAULT_PORT = 3080;
/** Longest that one panel may keep the store busy. */
export const QUERY_TIMEOUT_MS = 15_000;
/** Open connections; a browser uses six. */
const MAX_CONNECTIONS = 128;
const LIMITS = { requestTimeout: 20_000, headersTimeout: 10_000, keepAliveTimeout: 5_000 } as const;

export interface ConsoleOptions {
  /** Runs one read-only query; rejects with the store's message. */
  readonly query: (sql: string, options: { readonly timeoutMs: number }) => Promise<QueryResult>;
  readonly log: Log;
  /** Milliseconds since the epoch: what 'now' means in a time range. */
  readonly now: () => number;
  /** Folder of the generated dashboards; default dashboards/generated/. */
  readonly dashboardsFolder?: string;
  /** Takes decisions and tells how findings stand; without it the console only shows. */
  readonly desk?: DecisionDesk;
  /** Address to listen on; default 127.0.0.1. Any that is not loopback needs a token and TLS. */
  readonly host?: string;
  /** 0: any free port. Not given: 3080, or a free one when that is taken. Given and taken: start() rejects. */
  readonly port?: number;
  /** Secret that opens the console: `/?token=…` once in a browser, `Authorization: Bearer` from a program. */
  readonly token?: string;
  /** The same for those who look and do not decide; only beside `token`. */
  readonly readToken?: string;
  /** Certificate and private key, PEM: the console is served over HTTPS. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
  /** Range to open with instead of the dashboard's own ('now-24h', or instants such as 2026-12-03T00:00:00Z). */
  readonly defaultRange?: { readonly from: string; readonly to: string };
  /** Folder of the compiled page; default dist/dashboards/console/web. */
  readonly webFolder?: string;
}

export interface Console {
  /** Begins to listen. Rejects when the page is not built, a dashboard cannot be drawn, or the port is taken. */
  start(): Promise<{ readonly url: string }>;
  stop(): Promise<void>;
}

/**
 * The built-in viewer: serves a page that draws the generated Grafana dashboards, and answers that page's queries by dashboard, panel and reference id.
 * SQL never comes from the browser.
 */
export function createConsole(options: ConsoleOptions): Console {
  const host = options.host ?? '127.0.0.1';
  let server: Server | undefined;
  return {
    async start() {
      checkDoors(host, options);
      const root = packageRoot();
      const library = loadLibrary(options.dashboardsFolder ?? join(root, 'dashboards', 'generated'));
      const files = loadPageFiles(
        join(root, 'dashboards', 'console', 'web'),
        options.webFolder ?? join(root, 'dist', 'dashboards', 'console', 'web'),
      );
      const handle = createHandler(options, host, library, files);
      const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
        handle(request, response).catch((error: unknown) => answerError(response, error, options.log));
      };
      const { tls } = options;
      server = tls === undefined ? createServer(LIMITS, onRequest) : createTlsServer({ ...LIMITS, ...tls }, onRequest);
      server.maxConnections = MAX_CONNECTIONS;
      const port = await listen(server, host, options.port ?? DEFAULT_PORT, options.port === undefined);
      const name = host.includes(':') ? `[${host}]` : host;
      return { url: `${tls === undefined ? 'http' : 'https'}://${name}:${port}/` };
    },
    async stop() {
      const stopping = server;
      server = undefined;
      if (stopping === undefined) return;
      stopping.closeAllConnections();
      await new Promise<void>((resolve) => stopping.close(() => resolve()));
    },
  };
}

/** Throws ConsoleError where the console would be open to more than it should. */
function checkDoors(host: string, { token, readToken, tls }: ConsoleOptions): void {
  if (readToken !== undefined && token === undefined)
    throw new ConsoleError('CORDON_CONSOLE_READ_TOKEN is for those who only look; set CORDON_CONSOLE_TOKEN too, for those who decide');
  if (readToken !== undefined && readToken === token)
    throw new ConsoleError('CORDON_CONSOLE_READ_TOKEN and CORDON_CONSOLE_TOKEN are the same: whoever looks could decide; choose two');
  if (isLoopback(host)) return;
  if (token === undefined)
    throw new ConsoleError(`the console listens on ${host} only with a token: set CORDON_CONSOLE_TOKEN, or use 127.0.0.1`);
  if (tls === undefined)
    throw new ConsoleError(
      `the console listens on ${host} only with TLS, for its token would travel as clear text: name console.tls.cert and console.tls.key, or use 127.0.0.1 behind a proxy with TLS`,
    );
}

function createHandler(
  options: ConsoleOptions,
  host: string,
  library: Library,
  files: ReadonlyMap<string, PageFile>,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const gate = createQueryGate();
  const decisions = createDecisionRoutes({ desk: options.desk, now: options.now, gate });
  const tokens: Tokens = {
    ...(options.token === undefined ? {} : { decide: options.token }),
    ...(options.readToken === undefined ? {} : { read: options.readToken }),
  };
  const settings = (role: Role): ConsoleSettings => ({
    ...(options.defaultRange === undefined ? {} : { defaultRange: options.defaultRange }),
    dashboards: library.dashboards.map(({ uid, title }) => ({ uid, title })),
    decisions: decisions.settings(role),
  });

  const query = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!originIsOurs(request)) return answer(response, 403, { error: 'queries are answered to the console itself only' });
    if (!/^application\/json\b/.test(request.headers['content-type'] ?? ''))
      return answer(response, 415, { error: 'the request must be JSON' });
    const { sql, ...range } = library.expand(parseQueryRequest(await readBody(request)), options.now());
    const result = await gate(() => options.query(sql, { timeoutMs: QUERY_TIMEOUT_MS }).catch(refused));
    answer(response, 200, toFrame(result, range, rowLimit(sql)));
  };

  return async (request, response) => {
    setSecurityHeaders(response);
    const url = new URL(request.url ?? '/', 'http://console');
    if (!hostIsOurs(request, host)) return answer(response, 421, { error: 'this address does not belong to the console' });
    if (url.pathname === '/healthz') return answer(response, 200, { status: 'ok' });
    const login = tokenLogin(url, tokens, options.tls !== undefined);
    if (login !== undefined) {
      response.writeHead(303, { Location: login.location, 'Set-Cookie': login.cookie }).end();
      return;
    }
    const role = roleOf(request, tokens);
    if (role === undefined) {
      return answer(response, 401, { error: 'open the console with ?token=… at the end of its address' });
    }
    if (url.pathname === '/api/query') {
      return request.method === 'POST' ? query(request, response) : answer(response, 405, { error: 'POST a query' });
    }
    const decided = await decisions.answer(request, url, role);
    if (decided !== undefined) return answer(response, decided.status, decided.body);
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, { error: 'only GET' });
    if (url.pathname === '/api/settings') return answer(response, 200, settings(role));
    const uid = /^\/api\/dashboards\/([\w-]{1,100})$/.exec(url.pathname)?.[1];
    const json = uid === undefined ? undefined : library.json(uid);
    if (json !== undefined) return send(response, 200, 'application/json; charset=utf-8', json);
    const file = files.get(url.pathname);
    if (file === undefined) return answer(response, 404, { error: 'there is nothing at this address' });
    sendFile(request, response, file);
  };
}

class StoreRefused extends Error {}

function refused(error: unknown): never {
  throw new StoreRefused(error instanceof Error ? error.message : String(error));
}

function answerError(response: ServerResponse, error: unknown, log: Log): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (error instanceof RequestError) return answer(response, 400, { error: error.message });
  if (error instanceof BodyTooLarge) {
    response.setHeader('Connection', 'close');
    return answer(response, 413, { error: error.message });
  }
  if (error instanceof TooBusy) return answer(response, 503, { error: error.message });
  const message = error instanceof Error ? error.message : String(error);
  log.warn({ error: message.slice(0, 500) }, 'a request got no answer');
  if (error instanceof StoreRefused || error instanceof StoreError)
    return answer(response, 502, { error: `The store did not answer: ${message.slice(0, 300)}` });
  answer(response, 500, { error: 'the console failed; its log says why' });
}

function answer(response: ServerResponse, status: number, body: object): void {
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(body));
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' });
  response.end(body);
}

function sendFile(request: IncomingMessage, response: ServerResponse, file: PageFile): void {
  if (request.headers['if-none-match'] === file.etag) {
    response.writeHead(304).end();
    return;
  }
  response.writeHead(200, { 'Content-Type': file.type, 'Content-Length': file.body.length, ETag: file.etag, 'Cache-Control': 'no-cache' });
  response.end(request.method === 'HEAD' ? undefined : file.body);
}
