import { MINUTE_MS, SECOND_MS } from '../../flow/time.js';
import { BUS_SENSOR } from '../coverage/bus-holes.js';
import type { Interval } from '../coverage/intervals.js';
import { lossOf } from '../coverage/loss.js';
import { type CoverageMinute, isCapture } from '../coverage/observed-time.js';
import { MinuteBits, minuteNumber } from './minute-bits.js';

/** An exporter that pauses longer than this many usual pauses, and than the time below, may be blind (detection.md D19). */
export const SILENCE_PAUSES = 3;
export const LEAST_SILENCE_MS = 90 * SECOND_MS;
/** A minute that lost this share of what was sent, or could not read it, says nothing about who was silent. */
const BLIND_SHARE = 0.5;
/** The store has less than this share of the rows that were handed on in five minutes, of so many at least: the others are on their way. */
const STORED_SHARE = 0.5;
const LEAST_PRODUCED = 10;
export const STORED_BUCKET_MS = 5 * MINUTE_MS;
/** Pauses that a usual one is learned from. */
const LEAST_PAUSES = 20;

/** A stretch without any message of the sensor. */
export interface Pause extends Interval {
  /** None has come since. */
  readonly open: boolean;
  /** Before its first message: nothing is known of a time before. */
  readonly leading: boolean;
}

/** What one sensor's rows of the ledger tell about its sight. Times by the exporter's clock. */
export interface SensorSight {
  readonly name: string;
  /** In the order of time. */
  readonly rows: readonly CoverageMinute[];
  /** Captures tell how long they ran and have no pauses. */
  readonly capture: boolean;
  /** Minutes in which it cannot be said that an asset was silent. */
  readonly unknown: MinuteBits;
  /** Pauses beyond SILENCE_PAUSES usual ones and LEAST_SILENCE_MS. */
  readonly pauses: readonly Pause[];
  /** Median and second longest pause between messages of rows that follow each other, in ms; NaN where there are too few. */
  readonly usualPauseMs: number;
  readonly longPauseMs: number;
  /** Flow records that came from all whom it sees, by number of the minute. */
  readonly records: ReadonlyMap<number, number>;
  /** Its last message; −Infinity where there is none. */
  readonly lastMessageMs: number;
  /** Up to when the ledger tells of it anything at all, a message or that it was silent; −Infinity where it never did. */
  readonly toldUntilMs: number;
}

/** How many rows are stored, by sensor and start of the five minutes (STORED_BUCKET_MS) that they were exported in. */
export type StoredRecords = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** The ledger as watches read it. */
export interface Sight {
  /** By name; without the bus. */
  readonly sensors: ReadonlyMap<string, SensorSight>;
  readonly rows: readonly CoverageMinute[];
}

/**
 * What sensors saw of [fromMs, untilMs), from the ledger's rows in any order. A minute is unknown where the sensor was silent for longer than usual, where
 * nothing has come since (the next message may still tell), where half of what was sent was lost or not read, or is not stored yet by `stored` (left out: all is), around a
 * restart, and where a capture did not run.
 */
export function sightOf(rows: readonly CoverageMinute[], fromMs: number, untilMs: number, stored?: StoredRecords): Sight {
  const bySensor = new Map<string, CoverageMinute[]>();
  for (const row of rows) {
    if (row.sensor === BUS_SENSOR) continue;
    const list = bySensor.get(row.sensor);
    if (list === undefined) bySensor.set(row.sensor, [row]);
    else list.push(row);
  }
  const sensors = new Map<string, SensorSight>();
  for (const [name, list] of bySensor) {
    const sight = sensorSight(name, list, fromMs, untilMs);
    if (!sight.capture) onTheirWay(sight, stored?.get(name));
    sensors.set(name, sight);
  }
  return { sensors, rows };
}

function sensorSight(name: string, unsorted: readonly CoverageMinute[], fromMs: number, untilMs: number): SensorSight {
  const rows = [...unsorted].sort((a, b) => a.minute - b.minute || a.firstMessageMilliseconds - b.firstMessageMilliseconds);
  const capture = rows.every(isCapture);
  const unknown = new MinuteBits();
  const records = new Map<number, number>();
  let lastMessageMs = Number.NEGATIVE_INFINITY;
  let toldUntilMs = Number.NEGATIVE_INFINITY;
  for (const row of rows) {
    const minute = minuteNumber(row.minute);
    records.set(minute, (records.get(minute) ?? 0) + row.recordsReceived);
    if (isBlind(row)) unknown.set(minute);
    if (row.messagesReceived > 0) lastMessageMs = Math.max(lastMessageMs, row.lastMessageMilliseconds);
    toldUntilMs = Math.max(toldUntilMs, lastMessageMs, silentUntil(row));
  }
  const known = { name, rows, capture, unknown, records, lastMessageMs, toldUntilMs };
  if (capture) {
    uncaptured(rows, unknown, minuteNumber(fromMs), minuteNumber(untilMs - 1));
    return { ...known, pauses: [], usualPauseMs: Number.NaN, longPauseMs: Number.NaN };
  }
  const all = pausesOf(rows, fromMs, untilMs);
  const lengths = all.filter(({ open, leading }) => !open && !leading).map(({ fromMs: from, toMs }) => toMs - from);
  lengths.sort((a, b) => a - b);
  const enough = lengths.length >= LEAST_PAUSES;
  const usualPauseMs = enough ? lengths[lengths.length >> 1]! : Number.NaN;
  const limitMs = Math.max(LEAST_SILENCE_MS, enough ? SILENCE_PAUSES * usualPauseMs : 0);
  const pauses = all.filter(({ fromMs: from, toMs }) => toMs - from > limitMs);
  // Of the time before its first row, the ledger that was read tells nothing.
  for (const pause of pauses) if (!pause.leading) blacken(unknown, pause);
  // What the last message does not reach is not known yet, however short.
  for (const pause of all) if (pause.open && !pause.leading) blacken(unknown, pause);
  restarts(rows, unknown);
  return { ...known, pauses, usualPauseMs, longPauseMs: enough ? lengths.at(-2)! : Number.NaN };
}

/** A collector books an exporter's silence minute by minute while it lasts: so far the row says that nothing came. */
function silentUntil({ minute, silentMilliseconds }: CoverageMinute): number {
  return silentMilliseconds > 0 ? minute + Math.min(silentMilliseconds, MINUTE_MS) : Number.NEGATIVE_INFINITY;
}

/** Pauses between messages, that before the first and that behind the last included. */
function pausesOf(rows: readonly CoverageMinute[], fromMs: number, untilMs: number): Pause[] {
  const pauses: Pause[] = [];
  let last = fromMs;
  let seen = false;
  for (const row of rows) {
    if (row.messagesReceived === 0) continue;
    if (row.firstMessageMilliseconds > last) pauses.push({ fromMs: last, toMs: row.firstMessageMilliseconds, open: false, leading: !seen });
    last = Math.max(last, row.lastMessageMilliseconds);
    seen = true;
  }
  if (untilMs > last) pauses.push({ fromMs: last, toMs: untilMs, open: true, leading: !seen });
  return pauses;
}

/** Every minute that the pause touches. */
function blacken(unknown: MinuteBits, { fromMs, toMs }: Interval): void {
  unknown.setRange(minuteNumber(fromMs), minuteNumber(toMs - 1));
}

function isBlind(row: CoverageMinute): boolean {
  const { sent, lost, unread, received } = lossOf([row]);
  return (
    (lost > 0 && lost >= BLIND_SHARE * sent) ||
    (unread > 0 && unread >= BLIND_SHARE * received) ||
    (row.templatesMissing > 0 && received === 0)
  );
}

/**
 * Rows that the collector handed on and the store does not have. They tell of the minutes before their export as well: their five minutes are unknown, and those before. The
 * store may have begun to count after the ledger did.
 */
function onTheirWay({ rows, unknown }: SensorSight, stored: ReadonlyMap<number, number> | undefined): void {
  if (stored === undefined || stored.size === 0) return;
  const firstMs = Math.min(...stored.keys());
  const produced = new Map<number, number>();
  for (const { minute, recordsProduced } of rows) {
    const bucket = Math.floor(minute / STORED_BUCKET_MS) * STORED_BUCKET_MS;
    if (bucket >= firstMs) produced.set(bucket, (produced.get(bucket) ?? 0) + recordsProduced);
  }
  for (const [bucket, count] of produced)
    if (count >= LEAST_PRODUCED && (stored.get(bucket) ?? 0) < STORED_SHARE * count)
      blacken(unknown, { fromMs: bucket - STORED_BUCKET_MS, toMs: bucket + STORED_BUCKET_MS });
}

/** What was metered when the exporter went down is gone: nobody knows what happened since its last message. */
function restarts(rows: readonly CoverageMinute[], unknown: MinuteBits): void {
  rows.forEach((row, index) => {
    if (row.restarts === 0) return;
    const before = rows[index - 1]?.lastMessageMilliseconds ?? row.firstMessageMilliseconds;
    blacken(unknown, { fromMs: before, toMs: row.lastMessageMilliseconds + 1 });
  });
}

function uncaptured(rows: readonly CoverageMinute[], unknown: MinuteBits, first: number, last: number): void {
  const captured = new Map<number, number>();
  for (const row of rows) {
    const minute = minuteNumber(row.minute);
    captured.set(minute, (captured.get(minute) ?? 0) + row.observedMilliseconds);
  }
  for (let minute = first; minute <= last; minute++) if ((captured.get(minute) ?? 0) < MINUTE_MS) unknown.set(minute);
}
