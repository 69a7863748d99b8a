import { MINUTE_MS } from '../../flow/time.js';
import type { Interval } from './intervals.js';
import { type CoverageMinute, isCapture } from './observed-time.js';
import { reason } from './reason.js';
import type { Reason } from './verdict-types.js';
import { countText, shareText } from './words.js';

/** What a sensor's rows say of records that never came to be judged. */
export interface Loss {
  /** Records as far as sequence numbers tell, else messages (captures: packets). */
  readonly sent: number;
  readonly lost: number;
  /** Records that arrived and that nobody could read, those that still wait for a template included. */
  readonly unread: number;
  readonly received: number;
}

/**
 * Adds up rows of one sensor. Lost is what sequence numbers miss and what the exporter says that it made and did not send (RFC 7011 §4.3), which no
 * number shows. Messages dropped unread for want of room are in the sequence numbers too, once the next message has come: the larger of both counts.
 */
export function lossOf(rows: readonly CoverageMinute[]): Loss {
  let sent = 0;
  let lost = 0;
  let unread = 0;
  let waiting = 0;
  let received = 0;
  let messages = 0;
  let overrun = 0;
  for (const row of rows) {
    const records = !isCapture(row) && row.recordsSent > 0;
    sent += (records ? row.recordsSent : row.messagesSent) + row.recordsNotExported;
    lost += (records ? row.recordsLost : row.messagesLost) + row.recordsNotExported;
    received += row.recordsReceived;
    messages += row.messagesReceived;
    overrun += row.messagesOverrun;
    unread += row.recordsUndecodable + row.recordsMalformed;
    waiting += row.recordsHeld - row.recordsReleased;
  }
  const dropped = Math.round(overrun * (messages > 0 && received > 0 ? received / messages : 1));
  if (dropped > lost) {
    sent += dropped - lost;
    lost = dropped;
  }
  return { sent, lost, unread: unread + Math.max(0, waiting), received };
}

export function lostShare({ sent, lost }: Loss): number {
  return sent > 0 ? Math.min(1, lost / sent) : 0;
}

/** Minutes that lost more than `maxLost` of what was sent. */
export function lossyMinutes(rows: readonly CoverageMinute[], maxLost: number): Interval[] {
  const byMinute = new Map<number, CoverageMinute[]>();
  for (const row of rows) {
    const list = byMinute.get(row.minute);
    if (list === undefined) byMinute.set(row.minute, [row]);
    else list.push(row);
  }
  const lossy: Interval[] = [];
  for (const [minute, list] of byMinute) {
    const { sent, lost } = lossOf(list);
    if (lost > 0 && lost > maxLost * sent) lossy.push({ fromMs: minute, toMs: minute + MINUTE_MS });
  }
  return lossy;
}

/** Why losses, unread records and what the sensor itself missed keep it from carrying a claim; `unit` is what it counts. */
export function lossReasons(name: string, rows: readonly CoverageMinute[], loss: Loss, maxLost: number, unit: string): Reason[] {
  const reasons: Reason[] = [];
  const most = `${shareText(maxLost)} at most are allowed`;
  const lost = lostShare(loss);
  if (lost > maxLost)
    reasons.push(reason('records-lost', name, lost, maxLost, 'share', `${shareText(lost)} of the ${unit} of ${name} were lost, ${most}`));
  reasons.push(...unreadReasons(name, rows, loss, maxLost));
  const { missed, share } = missedOf(rows);
  if (share > maxLost) {
    const sentence = `${name} says that it did not look at ${countText(missed)} packets, up to ${shareText(share)} of what passed, ${most}`;
    reasons.push(reason('packets-missed', name, share, maxLost, 'share', sentence));
  }
  const changed = sumOf(rows, 'templatesChanged');
  if (changed > 0) {
    const sentence = `${countText(changed)} templates of ${name} were redefined in flight: records may have been read by the wrong one, or somebody forged it`;
    reasons.push(reason('template-changed', name, changed, 0, 'templates', sentence));
  }
  return reasons;
}

function unreadReasons(name: string, rows: readonly CoverageMinute[], { unread, received }: Loss, maxLost: number): Reason[] {
  const share = received > 0 ? Math.min(1, unread / received) : unread > 0 ? 1 : 0;
  const missing = sumOf(rows, 'templatesMissing');
  // An exporter that numbers its messages only does not tell how many records an unread set held: where nothing else came, that is all there is to know.
  const uncounted = missing > 0 && received === 0;
  const reasons: Reason[] = [];
  if (share > maxLost) {
    const sentence = `${shareText(share)} of the records of ${name} arrived and could not be read, ${shareText(maxLost)} at most are allowed`;
    reasons.push(reason('undecodable', name, share, maxLost, 'share', sentence));
  }
  if (missing > 0 && (share > maxLost || uncounted)) {
    const sentence = `${countText(missing)} data sets of ${name} came without their template`;
    reasons.push(reason('templates-missing', name, missing, 0, 'sets', sentence));
  }
  return reasons;
}

/**
 * Packets that the sensor says it did not look at, and their share of all. Where no pool is told, every record stands for one packet (captures and
 * logs: every message), so that the share is an upper bound.
 */
function missedOf(rows: readonly CoverageMinute[]): { readonly missed: number; readonly share: number } {
  const missed = sumOf(rows, 'packetsMissed');
  if (missed === 0) return { missed, share: 0 };
  let seen = 0;
  for (const row of rows) seen += row.packetsPool > 0 ? row.packetsPool : isCapture(row) ? row.messagesReceived : row.recordsReceived;
  return { missed, share: missed / (missed + seen) };
}

export function sumOf(rows: readonly CoverageMinute[], column: Exclude<keyof CoverageMinute, 'sensor' | 'exportProtocol'>): number {
  let sum = 0;
  for (const row of rows) sum += row[column];
  return sum;
}
