import { CLOSING_WORDS, type ClosingWord } from '../../../detector/decisions/decision.js';
import type { DecisionRequest } from '../../../detector/decisions/desk.js';
import type { Widening } from '../../../detector/decisions/request.js';
import { DAY_MS } from '../../../flow/time.js';
import { RequestError } from '../library.js';

/** A decision is a few words. */
export const MAX_DECISION_BYTES = 16 * 1024;
/** Longest reason and name; the desk has the same limits. */
export const MAX_REASON = 300;
export const MAX_AUTHOR = 100;
/** Longest that a closing word may hold when days are counted. */
const MAX_DAYS = 3650;

export const DECIDING = ['acknowledge', 'close', 'reopen'] as const;
export type Deciding = (typeof DECIDING)[number];

/** How a scope may be widened, by the names that the API takes. */
export const WIDENINGS = ['fleet', 'peerGroup', 'anyPeer', 'anyPort', 'anyDetection'] as const satisfies readonly (keyof Widening)[];

/** What each request may say; `author` is left out where a proxy in front names the user. */
const PARAMETERS: Readonly<Record<Deciding, readonly string[]>> = {
  acknowledge: ['author', 'reason'],
  reopen: ['author', 'reason'],
  close: ['author', 'reason', 'as', 'days', 'until', 'widen', 'between'],
};

/**
 * Reads a decision from the JSON body and the parameters of the address, which say the same things: Grafana's actions escape what a person typed in the
 * address only. A parameter that still reads `$name` is a field that was not filled in there.
 * Throws RequestError with a sentence for the person at the screen.
 */
export function parseDecision(
  deciding: Deciding,
  body: string,
  address: URLSearchParams,
  user: string | undefined,
  nowMs: number,
): Omit<DecisionRequest, 'target'> {
  const given = { ...addressParameters(address), ...bodyParameters(body) };
  for (const name of Object.keys(given)) {
    if (!PARAMETERS[deciding].includes(name))
      throw new RequestError(`'${name.slice(0, 40)}' says nothing here; ${deciding} takes ${PARAMETERS[deciding].join(', ')}`);
  }
  const author = line('author', given.author ?? user, MAX_AUTHOR, 'who decides; write your name');
  const reason = line('reason', given.reason, MAX_REASON, 'a reason, for those who read it later');
  if (deciding !== 'close') return { verb: deciding, author, reason };
  const verb = closingWord(given.as);
  const untilMs = holdsUntil(verb, given, nowMs);
  const widening = parseWidening(given);
  if (verb === 'incident' && Object.keys(widening).length > 0)
    throw new RequestError('an incident is about this finding alone; leave out widen and between');
  return { verb, author, reason, ...(untilMs === undefined ? {} : { untilMs }), widening };
}

function bodyParameters(body: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body === '' ? '{}' : body);
  } catch {
    throw new RequestError('the request is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new RequestError('the request is not a JSON object');
  return value as Record<string, unknown>;
}

function addressParameters(address: URLSearchParams): Record<string, string> {
  const given: Record<string, string> = {};
  for (const [name, value] of address) {
    if (Object.hasOwn(given, name)) throw new RequestError(`'${name.slice(0, 40)}' is given twice; give it once`);
    if (value !== '' && value !== `$${name}`) given[name] = value;
  }
  return given;
}

function line(name: string, value: unknown, most: number, needs: string): string {
  const text = typeof value === 'string' ? value.trim() : '';
  if (value !== undefined && typeof value !== 'string') throw new RequestError(`${name} is a text`);
  if (text === '') throw new RequestError(`a decision needs ${needs}`);
  if (text.length > most) throw new RequestError(`the ${name} is longer than ${most} characters; shorten it`);
  return text;
}

function closingWord(value: unknown): ClosingWord {
  const word = CLOSING_WORDS.find((one) => one === (typeof value === 'string' ? value.trim().toLowerCase() : value));
  if (word === undefined) throw new RequestError(`a finding is closed as ${CLOSING_WORDS.join(', ')}; choose one`);
  return word;
}

function holdsUntil(word: ClosingWord, { days, until }: Readonly<Record<string, unknown>>, nowMs: number): number | undefined {
  const given = [days, until].filter((value) => value !== undefined && value !== null && value !== '');
  if (word === 'incident') {
    if (given.length > 0) throw new RequestError('an incident has no end date; leave it out');
    return undefined;
  }
  if (given.length === 0) throw new RequestError(`'${word}' holds until a date, so that somebody looks again; name days or a date`);
  if (given.length > 1) throw new RequestError('days and until say the same; give one');
  if (days !== undefined && days !== null && days !== '') {
    const count = Number(days);
    if (!Number.isInteger(count) || count < 1 || count > MAX_DAYS) throw new RequestError(`days is a whole number from 1 to ${MAX_DAYS}`);
    return nowMs + count * DAY_MS;
  }
  const untilMs = instant(until);
  if (untilMs === undefined) throw new RequestError('until is a date such as 2026-12-31, or an instant such as 2026-12-31T18:00:00Z');
  if (untilMs <= nowMs) throw new RequestError('that date has passed; name a later one');
  return untilMs;
}

/** An instant, or the end of a day in UTC. */
function instant(value: unknown): number | undefined {
  const match = typeof value === 'string' ? /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z)?$/.exec(value.trim()) : null;
  if (match === null) return undefined;
  const ms = Date.parse(match[0]);
  if (Number.isNaN(ms)) return undefined;
  return match[1] === undefined ? ms + DAY_MS : ms;
}

function parseWidening({ widen, between }: Readonly<Record<string, unknown>>): Widening {
  const names = typeof widen === 'string' ? widen.split(',').map((name) => name.trim()) : (widen ?? []);
  if (!Array.isArray(names)) throw new RequestError(`widen is a list of ${WIDENINGS.join(', ')}`);
  const widening: { -readonly [K in keyof Widening]: Widening[K] } = {};
  for (const name of names) {
    const known = WIDENINGS.find((one) => one === name);
    if (known === undefined) throw new RequestError(`widen knows ${WIDENINGS.join(', ')}`);
    widening[known] = true;
  }
  if (widening.anyPeer === true && widening.peerGroup === true)
    throw new RequestError('any peer and the network of the peer say different things; choose one');
  if (between !== undefined && between !== null) widening.between = parseBetween(between);
  return widening;
}

/** `22:00-06:00 Europe/Berlin`; UTC where no zone is named. */
function parseBetween(value: unknown): NonNullable<Widening['between']> {
  const match =
    typeof value === 'string' ? /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)(?: ([\w/+-]{1,60}))?$/.exec(value.trim()) : null;
  if (match === null) throw new RequestError('between is a time of day such as 22:00-06:00 Europe/Berlin');
  const [, fromHour, fromMinute, untilHour, untilMinute, timezone = 'UTC'] = match;
  return {
    timezone,
    minuteFrom: Number(fromHour) * 60 + Number(fromMinute),
    minuteUntil: Number(untilHour) * 60 + Number(untilMinute),
  };
}
