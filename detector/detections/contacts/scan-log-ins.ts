import { MINUTE_MS } from '../../../flow/time.js';
import type { AttemptTotals } from '../../baseline/attempt-table.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import { Protocol } from '../../sessions/orientation.js';
import { responderPort } from '../exchange-traits.js';
import { Began, Level, type ObservedRecord } from '../observed-record.js';

/*
 * Passwords that are guessed: the door opens each time, somebody says a few words and is sent away; one short session follows the other, all of one small size (Hofstede
 * et al., SSH compromise detection using NetFlow/IPFIX, 2014: the flat traffic of the brute-force phase).
 */

/** FTP, SSH, telnet (and where Mirai looks for it), RDP, VNC: where people or scripts log in, and each connection is one log-in. */
const LOG_IN_PORTS = new Set([21, 22, 23, 2323, 3389, 5900]);
export const LOG_IN_WINDOW_MS = 10 * MINUTE_MS;
/** A session that is longer, or carries more, had somebody let in. */
const MOST_MS = MINUTE_MS;
const MOST_OCTETS = 20_000;
/** Pairs of one unit that are counted at a time; one more makes room of the one silent longest. */
const MOST_PAIRS = 32;

/** True for a kind of exchange in which passwords are guessed. */
export function isLogIn(record: ObservedRecord): boolean {
  return record.protocol === Protocol.tcp && record.initiator !== Began.unknown && LOG_IN_PORTS.has(responderPort(record));
}

/** A session that was answered, and so short that nobody did anything in it. */
export function isShortSession({
  level,
  octets,
  lengthMs,
}: {
  readonly level: number;
  readonly octets: number;
  readonly lengthMs: number;
}): boolean {
  return level >= Level.established && octets <= MOST_OCTETS && lengthMs <= MOST_MS;
}

/** Short sessions of one pair on one port, by the ten minutes in which they began. */
export interface LogIns {
  readonly asset: number;
  /** Hashes of the peer's address; responder's port and who began. */
  readonly a: number;
  readonly b: number;
  readonly door: number;
  windowFromMs: number;
  count: number;
  /** The latest session that was counted: numbers grow, so none is counted twice. */
  session: number;
  periodFromMs: number;
  /** Sessions of the window that stands in the period's finding. */
  told: number;
  totals: AttemptTotals;
}

export class LogInTable {
  private readonly list: LogIns[] = [];

  /** Counts the record's session; undefined where it is none to count, or was counted. `a`, `b`: hashes of the peer's address. */
  take(record: ObservedRecord, a: number, b: number): LogIns | undefined {
    const { level, sessionOctetsOut, sessionOctetsIn, sessionStartMs, endMs, session, periodFromMs } = record;
    if (!isShortSession({ level, octets: sessionOctetsOut + sessionOctetsIn, lengthMs: endMs - sessionStartMs })) return undefined;
    const pair = this.find(record.asset, a, b, (responderPort(record) << 2) | record.initiator, sessionStartMs);
    const windowFromMs = Math.floor(sessionStartMs / LOG_IN_WINDOW_MS) * LOG_IN_WINDOW_MS;
    if (session <= pair.session || windowFromMs < pair.windowFromMs || periodFromMs < pair.periodFromMs) return undefined;
    pair.session = session;
    if (windowFromMs > pair.windowFromMs) Object.assign(pair, { windowFromMs, count: 0, totals: noTotals() });
    if (periodFromMs > pair.periodFromMs) Object.assign(pair, { periodFromMs, told: 0 });
    pair.count += 1;
    addTo(pair.totals, record);
    return pair;
  }

  save(writer: StateWriter): void {
    writer.text(JSON.stringify(this.list));
  }

  load(reader: StateReader): void {
    this.list.push(...(JSON.parse(reader.text()) as LogIns[]));
  }

  private find(asset: number, a: number, b: number, door: number, ms: number): LogIns {
    let oldest = 0;
    for (let i = 0; i < this.list.length; i++) {
      const known = this.list[i]!;
      if (known.a === a && known.b === b && known.asset === asset && known.door === door) return known;
      if (known.totals.lastMs < this.list[oldest]!.totals.lastMs) oldest = i;
    }
    if (this.list.length >= MOST_PAIRS) this.list.splice(oldest, 1);
    const pair = {
      asset,
      a,
      b,
      door,
      windowFromMs: 0,
      count: 0,
      session: 0,
      periodFromMs: 0,
      told: 0,
      totals: { ...noTotals(), lastMs: ms },
    };
    this.list.push(pair);
    return pair;
  }
}

function noTotals(): AttemptTotals {
  return { firstMs: 0, lastMs: 0, octetsOut: 0, octetsIn: 0, packetsOut: 0, packetsIn: 0, records: 0, sessions: 0 };
}

/** All that the session has counted so far. */
function addTo(totals: AttemptTotals, record: ObservedRecord): void {
  totals.firstMs = totals.sessions === 0 ? record.sessionStartMs : Math.min(totals.firstMs, record.sessionStartMs);
  totals.lastMs = Math.max(totals.lastMs, record.endMs);
  totals.octetsOut += record.sessionOctetsOut;
  totals.octetsIn += record.sessionOctetsIn;
  totals.packetsOut += record.sessionPacketsOut;
  totals.packetsIn += record.sessionPacketsIn;
  totals.records += record.sessionRecords;
  totals.sessions += 1;
}
