import { MINUTE_MS, minuteOf } from '../../flow/time.js';
import type { LogEvents } from '../contracts.js';
import { type CaptureLedger, createCaptureLedger } from './capture-stretch.js';
import type { OpenMinutes } from './open-minutes.js';

/** The ledger of one log, which tells line by line what was in it. */
export interface LogLedger extends LogEvents {
  /** Time of the last line that had one, in ms; NaN before the first. */
  readonly lastMs: number;
  /** Latest time that any line told, in ms; NaN before the first. */
  readonly heardMs: number;
  readonly lines: number;
  /** The last line told was one that could not be read. */
  readonly endsMalformed: boolean;
  /** A log that is followed had no line for longer than it usually has none: its sensor may be gone. In ms since the epoch. */
  silent(fromMs: number, toMs: number): void;
}

/**
 * Books a log as captures are: a line is a message, and from its first line to its last the log is taken to have run, so that quiet minutes between
 * are facts. The rows themselves are booked with Ledger.rows; here come the lines that gave none. Those without a time count in the minute of the line
 * before them; malformed ones that come before any time wait for the first.
 */
export function createLogLedger(minutes: OpenMinutes, maxEmptyMinutes: number): LogLedger {
  const stretch: CaptureLedger = createCaptureLedger(minutes, maxEmptyMinutes);
  let lastMs = Number.NaN;
  let heardMs = Number.NaN;
  let lines = 0;
  let waiting = 0;
  let endsMalformed = false;

  function heard(ms: number): void {
    if (!(ms <= heardMs)) heardMs = ms;
  }

  function at(ms: number): void {
    lines++;
    heard(ms);
    endsMalformed = false;
    stretch.packet(ms);
    lastMs = ms;
    if (waiting === 0) return;
    bookMalformed(waiting);
    waiting = 0;
  }

  function bookMalformed(count: number): void {
    const counts = minutes.at(lastMs);
    counts.messagesSent += count;
    counts.messagesReceived += count;
    counts.messagesMalformed += count;
    counts.recordsSent += count;
    counts.recordsReceived += count;
    counts.recordsMalformed += count;
  }

  return {
    get lastMs() {
      return lastMs;
    },
    get heardMs() {
      return heardMs;
    },
    get lines() {
      return lines;
    },
    get endsMalformed() {
      return endsMalformed;
    },
    record: at,
    quiet: at,
    malformed(count) {
      lines += count;
      endsMalformed = true;
      if (Number.isNaN(lastMs)) waiting += count;
      else bookMalformed(count);
    },
    other(ms) {
      lines++;
      endsMalformed = false;
      if (ms === undefined || Number.isNaN(ms)) return;
      heard(ms);
      stretch.ranUntil(ms);
    },
    packetsMissed(packets, ms) {
      minutes.at(ms).packetsMissed += packets;
    },
    silent(fromMs, toMs) {
      for (let from = fromMs; from < toMs; ) {
        const to = Math.min(toMs, minuteOf(from) + MINUTE_MS);
        minutes.at(from).silentMilliseconds += to - from;
        from = to;
      }
    },
    missing(ms) {
      at(ms);
      const counts = minutes.at(ms);
      counts.messagesLost++;
      counts.messagesSent++;
      counts.recordsLost++;
      counts.recordsSent++;
      counts.lossEstimated = 1;
    },
  };
}
