import { formatTime } from '../../flow/time.js';
import type { CoverageMinute } from './observed-time.js';
import { reason } from './reason.js';
import type { Reason } from './verdict-types.js';
import { countText } from './words.js';

/** `sensor` of ledger rows about the bus itself: messages that were published and never delivered. No declared sensor can have this name. */
export const BUS_SENSOR = '(bus)';

/** Holes in the bus that may have held records of the period: nobody knows whose they were, so every claim rests on them. */
export function holeReasons(rows: readonly CoverageMinute[], fromMs: number, toMs: number): Reason[] {
  const holes = rows.filter(
    (row) =>
      row.sensor === BUS_SENSOR && row.messagesLost > 0 && row.firstMessageMilliseconds < toMs && row.lastMessageMilliseconds >= fromMs,
  );
  if (holes.length === 0) return [];
  const frames = holes.reduce((sum, row) => sum + row.messagesLost, 0);
  const first = Math.min(...holes.map((row) => row.firstMessageMilliseconds));
  const last = Math.max(...holes.map((row) => row.lastMessageMilliseconds));
  const sentence = `${countText(frames)} messages between ${formatTime(first)} and ${formatTime(last)} were gone from the bus before they were read`;
  return [reason('kafka-hole', '', frames, 0, 'messages', sentence)];
}
