import { MINUTE_MS } from '../../flow/time.js';
import type { CoverageMinute } from './observed-time.js';
import { reason } from './reason.js';
import type { Reason } from './verdict-types.js';

/** Clock offsets are the smallest delay over this long: queues add to a delay, never take away (reference: assurance.md §2.5). */
const OFFSET_WINDOW_MS = 10 * MINUTE_MS;

/** Why the sensor's clock keeps it from carrying a claim that demands `maxSkewMs` (NaN: none). `rows` of the period, in any order. */
export function clockReasons(name: string, rows: readonly CoverageMinute[], maxSkewMs: number): Reason[] {
  if (Number.isNaN(maxSkewMs)) return [];
  const known = rows.filter((row) => !Number.isNaN(row.clockOffsetMilliseconds)).sort((a, b) => a.minute - b.minute);
  if (known.length === 0) {
    const sentence = `the clock of ${name} could not be compared with ours: these records came without arrival times`;
    return [reason('demand-not-judged', `max_skew ${name}`, 0, maxSkewMs, 'ms', sentence)];
  }
  let worst = 0;
  known.forEach((row, index) => {
    let least = row.clockOffsetMilliseconds;
    for (let i = index - 1; i >= 0 && known[i]!.minute > row.minute - OFFSET_WINDOW_MS; i--)
      least = Math.min(least, known[i]!.clockOffsetMilliseconds);
    if (Math.abs(least) > Math.abs(worst)) worst = least;
  });
  if (Math.abs(worst) <= maxSkewMs) return [];
  const sentence = `the clock of ${name} was off by ${Math.round(worst)} ms, ${maxSkewMs} ms at most are allowed`;
  return [reason('clock', name, worst, maxSkewMs, 'ms', sentence)];
}
