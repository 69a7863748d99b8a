import { MINUTE_MS } from '../../flow/time.js';
import { BUS_SENSOR } from '../coverage/bus-holes.js';
import { kernelDropsOf } from '../coverage/kernel-drops.js';
import { lossOf, lostShare } from '../coverage/loss.js';
import { type CoverageMinute, isCapture } from '../coverage/observed-time.js';
import { countText, shareText } from '../coverage/words.js';
import { formatSpan } from '../findings/time-span.js';
import { type Blindness, COLLECTOR, type Parameters, spanOf } from './blindness.js';
import type { SensorSight } from './sensor-sight.js';

const LOSS_WINDOW_MS = 5 * MINUTE_MS;

/** The five minutes that lost most, and packets that the sensor itself did not look at. */
export function lossesOf(sensor: SensorSight, rows: readonly CoverageMinute[], fromMs: number, parameters: Parameters): Blindness[] {
  const windows = new Map<number, CoverageMinute[]>();
  for (const row of rows) {
    const window = fromMs + Math.floor((row.minute - fromMs) / LOSS_WINDOW_MS) * LOSS_WINDOW_MS;
    windows.set(window, [...(windows.get(window) ?? []), row]);
  }
  const found: Blindness[] = [];
  for (const kind of ['loss', 'missed'] as const) {
    const over = [...windows]
      .map(([window, list]) => ({ window, ...shareOf(kind, list) }))
      .filter(({ percent, count }) => percent >= parameters.lossPercent! && count >= parameters.leastLost!)
      .sort((a, b) => a.window - b.window);
    if (over.length === 0) continue;
    const worst = over.reduce((best, one) => (one.percent > best.percent ? one : best));
    const what =
      kind === 'loss'
        ? `${sensor.name} lost ${countText(worst.count)} of what it sent`
        : `${sensor.name} did not look at ${countText(worst.count)} packets`;
    found.push({
      kind,
      sensor: sensor.name,
      severity: worst.percent >= parameters.heavyLossPercent! ? 'high' : 'info',
      observed: worst.percent,
      expected: parameters.lossPercent!,
      unit: '%',
      firstSeenMs: over[0]!.window,
      lastSeenMs: over.at(-1)!.window + LOSS_WINDOW_MS,
      windowFromMs: worst.window,
      windowToMs: worst.window + LOSS_WINDOW_MS,
      records: over.reduce((sum, one) => sum + one.count, 0),
      sessions: over.length,
      rule: `at least ${parameters.lossPercent} % in five minutes`,
      sentence: `${what} (${shareText(worst.percent / 100)}), ${formatSpan(worst.window, worst.window + LOSS_WINDOW_MS)}${over.length > 1 ? `, the worst of ${over.length} such five minutes that day` : ''}: sessions may be missing.`,
    });
  }
  return found;
}

export function shareOf(kind: 'loss' | 'missed', rows: readonly CoverageMinute[]): { readonly percent: number; readonly count: number } {
  if (kind === 'loss') {
    const loss = lossOf(rows);
    return { percent: 100 * lostShare(loss), count: loss.lost };
  }
  let missed = 0;
  let seen = 0;
  for (const row of rows) {
    missed += row.packetsMissed;
    seen += row.packetsPool > 0 ? row.packetsPool : isCapture(row) ? row.messagesReceived : row.recordsReceived;
  }
  return { percent: missed === 0 ? 0 : (100 * missed) / (missed + seen), count: missed };
}

export function dropsOf(rows: readonly CoverageMinute[], fromMs: number, toMs: number, parameters: Parameters): Blindness[] {
  const { unexplained, received } = kernelDropsOf(rows, fromMs, toMs);
  const percent = unexplained === 0 ? 0 : (100 * unexplained) / (unexplained + received);
  if (percent < parameters.lossPercent! || unexplained < parameters.leastLost!) return [];
  const at = rows.filter((row) => row.kernelDrops > 0 && row.minute >= fromMs && row.minute < toMs);
  return [
    {
      kind: 'kernel-drops',
      sensor: COLLECTOR,
      severity: percent >= parameters.heavyLossPercent! ? 'high' : 'info',
      observed: unexplained,
      expected: 0,
      unit: 'packets',
      ...spanOf(at, fromMs),
      windowFromMs: fromMs,
      windowToMs: toMs,
      records: unexplained,
      sessions: at.length,
      rule: `at least ${parameters.lossPercent} % of all datagrams dropped before they were read`,
      sentence: `The kernel dropped ${countText(unexplained)} datagrams (${shareText(percent / 100)}) that no known exporter misses: the records of somebody else were in them.`,
    },
  ];
}

export function holesOf(rows: readonly CoverageMinute[], fromMs: number, toMs: number): Blindness[] {
  const holes = rows.filter((row) => isHole(row) && row.firstMessageMilliseconds >= fromMs && row.firstMessageMilliseconds < toMs);
  if (holes.length === 0) return [];
  const frames = holes.reduce((sum, row) => sum + row.messagesLost, 0);
  const first = Math.min(...holes.map((row) => row.firstMessageMilliseconds));
  const last = Math.max(...holes.map((row) => row.lastMessageMilliseconds));
  return [
    {
      kind: 'bus-hole',
      sensor: BUS_SENSOR,
      severity: 'high',
      observed: frames,
      expected: 0,
      unit: 'messages',
      firstSeenMs: first,
      lastSeenMs: last,
      windowFromMs: first,
      windowToMs: last,
      records: frames,
      sessions: holes.length,
      rule: 'messages that were published and never delivered',
      sentence: `${countText(frames)} messages ${formatSpan(first, last)} were gone from the bus before they were read: whose records they held is not known.`,
    },
  ];
}

export function isHole(row: CoverageMinute): boolean {
  return row.sensor === BUS_SENSOR && row.messagesLost > 0;
}
