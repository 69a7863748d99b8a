import type { COVERAGE_COLUMNS } from '../../flow/coverage.js';
import { MINUTE_MS } from '../../flow/time.js';
import { type Interval, intersectionOf, unionOf } from './intervals.js';

type CountColumn =
  | 'observedMilliseconds'
  | 'messagesSent'
  | 'messagesReceived'
  | 'messagesLost'
  | 'recordsSent'
  | 'recordsReceived'
  | 'recordsLost'
  | 'recordsUndecodable'
  | 'recordsMalformed'
  | 'recordsProduced'
  | 'recordsHeld'
  | 'recordsReleased'
  | 'templatesMissing'
  | 'templatesChanged'
  | 'restarts'
  | 'kernelDrops'
  | 'samplingInterval'
  | 'clockOffsetMilliseconds'
  | 'recordsNotExported'
  | 'packetsMissed'
  | 'packetsSelected'
  | 'packetsPool'
  | 'interfaceOctets'
  | 'estimatedOctets'
  | 'messagesOverrun'
  | 'silentMilliseconds'
  | 'observationDomainId'
  | 'ipv6Fields';

/** What the verdict reads of a row of `coverage_minutes`: the deltas of one sensor and minute, summed. Times in ms since the epoch. */
export type CoverageMinute = { readonly sensor: string; readonly exportProtocol: string } & {
  readonly [name in Extract<
    keyof typeof COVERAGE_COLUMNS,
    CountColumn | 'minute' | 'firstMessageMilliseconds' | 'lastMessageMilliseconds'
  >]: number;
};

/** An exporter is alive as long as its messages are no further apart than this many heartbeats (reference: assurance.md §2.5). */
export const HEARTBEATS_OF_SILENCE = 2;

/** Captures tell how long they ran; everything else is known to be alive by its messages. */
export function isCapture(row: CoverageMinute): boolean {
  return row.observedMilliseconds > 0 || row.exportProtocol === 'pcap' || row.exportProtocol === 'pcapng';
}

/**
 * When a sensor was blind in [fromMs, toMs): from its last message on where the next came more than two heartbeats later, in the minutes `lossy`,
 * which lost more than is allowed, and around a restart; a capture, whenever it did not run. `rows` are the sensor's, and may reach beyond the period:
 * a message shortly before it shows that its begin was observed.
 */
export function blindTimes(
  rows: readonly CoverageMinute[],
  fromMs: number,
  toMs: number,
  heartbeatMs: number,
  lossy: readonly Interval[],
): Interval[] {
  const captured = rows.filter(isCapture);
  const exported = rows.filter((row) => !isCapture(row));
  const asExporter =
    exported.length === 0 && captured.length > 0 ? undefined : unionOf(silences(exported, fromMs, toMs, heartbeatMs), fromMs, toMs);
  const asCapture = captured.length === 0 ? undefined : unionOf(uncaptured(captured, fromMs, toMs), fromMs, toMs);
  const unseen =
    asExporter !== undefined && asCapture !== undefined ? intersectionOf(asExporter, asCapture) : (asExporter ?? asCapture ?? []);
  return unionOf([...unseen, ...lossy], fromMs, toMs);
}

function silences(rows: readonly CoverageMinute[], fromMs: number, toMs: number, heartbeatMs: number): Interval[] {
  const alive = rows.filter((row) => row.messagesReceived > 0).sort((a, b) => a.firstMessageMilliseconds - b.firstMessageMilliseconds);
  const longest = HEARTBEATS_OF_SILENCE * heartbeatMs;
  const blind: Interval[] = [];
  // Nothing is known of the time before the first row: it is judged as if a message had come at the begin.
  let last = fromMs;
  let seen = false;
  for (const row of alive) {
    if (seen && row.restarts > 0) blind.push({ fromMs: last, toMs: row.lastMessageMilliseconds });
    if (row.firstMessageMilliseconds - last > longest) blind.push({ fromMs: last, toMs: row.firstMessageMilliseconds });
    last = seen ? Math.max(last, row.lastMessageMilliseconds) : row.lastMessageMilliseconds;
    seen = true;
  }
  if (!seen || toMs - last > longest) blind.push({ fromMs: seen ? last : fromMs, toMs });
  return blind;
}

/**
 * A row says how much of its minute was captured, not which part: at the begin of a capture the first part is missing, otherwise the last.
 */
function uncaptured(rows: readonly CoverageMinute[], fromMs: number, toMs: number): Interval[] {
  const observed = new Map<number, number>();
  for (const row of rows) observed.set(row.minute, Math.min(MINUTE_MS, (observed.get(row.minute) ?? 0) + row.observedMilliseconds));
  const blind: Interval[] = [];
  for (let minute = Math.floor(fromMs / MINUTE_MS) * MINUTE_MS; minute < toMs; minute += MINUTE_MS) {
    const missing = MINUTE_MS - (observed.get(minute) ?? 0);
    if (missing <= 0) continue;
    const begins = missing < MINUTE_MS && (observed.get(minute - MINUTE_MS) ?? 0) === 0;
    blind.push(begins ? { fromMs: minute, toMs: minute + missing } : { fromMs: minute + MINUTE_MS - missing, toMs: minute + MINUTE_MS });
  }
  return blind;
}
