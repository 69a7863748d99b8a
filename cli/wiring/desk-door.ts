import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import type { FindingsDesk } from '../../detector/decisions/desk.js';
import { DecisionError } from '../../detector/decisions/request.js';
import type { ReportFigures, ReportQuestion } from '../../detector/report/figures.js';
import type { Lifecycle } from '../../flow/service/lifecycle.js';
import type { Log } from '../../flow/service/log.js';
import { replaceFile } from '../../flow/service/replace-file.js';
import { sentenceOf } from '../failures.js';
import { isAlive } from './process-status.js';

/*
 * The embedded engine belongs to one process. While `cordon run` or `cordon store` has it, `cordon findings` and `cordon report` ask that process, and `cordon detect` for people's
 * decisions: a door on loopback, open to whoever can read a file in the data folder that only its owner can read. One request is one call of the desk: POST /desk {"method", "arguments"} → {"answer"} or {"error"}.
 */

/** What is asked through the door: the desk, and reports over the same store. */
export interface ServedDesk extends FindingsDesk {
  report(question: ReportQuestion): Promise<ReportFigures>;
}

/** Methods that can be asked for. */
const METHODS = [
  'list',
  'show',
  'incidents',
  'mutes',
  'trail',
  'decide',
  'reviews',
  'report',
] as const satisfies readonly (keyof ServedDesk)[];
type Method = (typeof METHODS)[number];

/** A request is a question, not a file. */
const MAX_REQUEST_OCTETS = 1 << 20;
const ANSWER_MS = 120_000;

interface DoorFile {
  readonly pid: number;
  readonly url: string;
  readonly token: string;
}

const pathOf = (data: string): string => join(data, 'processes', 'desk.json');

/** Opens the door of a process that holds the embedded store, until the lifecycle stops. */
export async function serveDesk(desk: ServedDesk, data: string, log: Log, lifecycle: Lifecycle): Promise<void> {
  const token = randomBytes(32).toString('hex');
  const server = createServer((request, response) => {
    answer(desk, token, request, response).catch((error: unknown) => {
      const sentence = sentenceOf(error);
      if (sentence === undefined) log.error({ error: String(error) }, 'a question about findings could not be answered');
      send(response, sentence === undefined ? 500 : 400, { error: sentence ?? String(error) });
    });
  });
  await lifecycle.start({
    name: 'findings desk',
    async start() {
      await listen(server);
      const { port } = server.address() as AddressInfo;
      await writePrivately(pathOf(data), JSON.stringify({ pid: process.pid, url: `http://127.0.0.1:${port}`, token } satisfies DoorFile));
    },
    async stop() {
      await rm(pathOf(data), { force: true });
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  });
}

/** The desk of the process that holds the store of this data folder; undefined where none says so, or it is gone. */
export function deskOfProcess(data: string): ServedDesk | undefined {
  const file = readDoorFile(pathOf(data));
  if (file === undefined || !isAlive(file.pid)) return undefined;
  const ask =
    <M extends Method>(method: M) =>
    async (...args: Parameters<ServedDesk[M]>): Promise<Awaited<ReturnType<ServedDesk[M]>>> => {
      const response = await fetch(`${file.url}/desk`, {
        method: 'POST',
        headers: { authorization: `Bearer ${file.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ method, arguments: args }),
        signal: AbortSignal.timeout(ANSWER_MS),
      }).catch((error: unknown) => {
        throw new DecisionError(
          `process ${file.pid} holds the store of ${data} and does not answer (${String(error)}); look whether it still runs`,
        );
      });
      const told = (await response.json()) as { answer?: unknown; error?: string };
      if (told.error !== undefined) throw new DecisionError(told.error);
      return told.answer as Awaited<ReturnType<ServedDesk[M]>>;
    };
  return {
    list: ask('list'),
    show: ask('show'),
    incidents: ask('incidents'),
    mutes: ask('mutes'),
    trail: ask('trail'),
    decide: ask('decide'),
    reviews: ask('reviews'),
    report: ask('report'),
  };
}

async function answer(desk: ServedDesk, token: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'POST' || request.url !== '/desk') return send(response, 404, { error: 'there is POST /desk' });
  if (!isToken(request.headers.authorization, token)) return send(response, 401, { error: 'the token of the data folder is needed' });
  const { method, arguments: args } = JSON.parse(await bodyOf(request)) as { method?: Method; arguments?: unknown[] };
  if (method === undefined || !METHODS.includes(method) || !Array.isArray(args))
    return send(response, 400, { error: `there is ${METHODS.join(', ')}` });
  const call = desk[method] as (...values: unknown[]) => Promise<unknown>;
  send(response, 200, { answer: await call(...args) });
}

function isToken(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_REQUEST_OCTETS) throw new DecisionError('the question is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json; charset=utf-8' }).end(`${JSON.stringify(body)}\n`);
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
}

/** Readable by the owner alone from its first octet on. */
async function writePrivately(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await replaceFile(path, `${text}\n`, { mode: 0o600 });
}

function readDoorFile(path: string): DoorFile | undefined {
  try {
    const { pid, url, token } = JSON.parse(readFileSync(path, 'utf8')) as Partial<DoorFile>;
    return Number.isInteger(pid) && typeof url === 'string' && URL.canParse(url) && typeof token === 'string'
      ? { pid: pid!, url, token }
      : undefined;
  } catch {
    return undefined;
  }
}
