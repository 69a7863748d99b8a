import type { IncomingMessage } from 'node:http';
import { RequestError } from './library.js';
import type { QueryRequest } from './model.js';

/** A request names a query and the chosen values; a few long names fit, a flood does not. */
export const MAX_BODY_BYTES = 256 * 1024;
/** Values that may be chosen of one variable; more make a query that ClickHouse would not parse anyway (max_query_size). */
export const MAX_CHOSEN_VALUES = 500;
const MAX_TIME_TEXT = 40;

export class BodyTooLarge extends Error {}

/** The body of a request, at most `most` bytes. Throws BodyTooLarge as soon as it is longer. */
export async function readBody(request: IncomingMessage, most = MAX_BODY_BYTES): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > most) throw new BodyTooLarge(`the request is longer than ${most} bytes; send less`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Reads and checks the body of POST /api/query. Throws RequestError for anything that the page would not send. */
export function parseQueryRequest(body: string): QueryRequest {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new RequestError('the request is not JSON');
  }
  if (!isObject(value)) throw new RequestError('the request is not a JSON object');
  const { dashboard, from, to, variables, source } = value;
  if (!isText(dashboard, 100) || !isText(from, MAX_TIME_TEXT) || !isText(to, MAX_TIME_TEXT)) {
    throw new RequestError('the request needs dashboard, from and to');
  }
  return { dashboard, from, to, variables: parseSelection(variables), source: parseSource(source) };
}

function parseSelection(value: unknown): Record<string, string[]> {
  if (!isObject(value)) throw new RequestError('the request needs variables');
  return Object.fromEntries(
    Object.entries(value).map(([name, chosen]) => {
      if (!Array.isArray(chosen) || chosen.length > MAX_CHOSEN_VALUES || !chosen.every((item) => typeof item === 'string')) {
        throw new RequestError(`the variable ${name.slice(0, 40)} needs a list of at most ${MAX_CHOSEN_VALUES} texts; choose fewer or All`);
      }
      return [name, chosen as string[]];
    }),
  );
}

function parseSource(value: unknown): QueryRequest['source'] {
  if (isObject(value)) {
    const { kind, panel, refId, name } = value;
    if (kind === 'panel' && typeof panel === 'number' && isText(refId, 20)) return { kind, panel, refId };
    if ((kind === 'variable' || kind === 'annotation') && isText(name, 100)) return { kind, name };
  }
  throw new RequestError('the request names no panel, variable or annotation');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown, most: number): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= most;
}
