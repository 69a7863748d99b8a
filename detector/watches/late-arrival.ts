import { MINUTE_MS } from '../../flow/time.js';
import type { CoverageMinute } from '../coverage/observed-time.js';

/** Queues add to a delay, never take away: what a clock is off by is the smallest of so long (reference: assurance.md §2.5). */
const OFFSET_WINDOW_MS = 10 * MINUTE_MS;

/**
 * Minutes in which the messages of all exporters whose arrival is known, two at least, came late by more than `limitMs` over ten minutes, or all early: several clocks
 * are not wrong at once, the collector's is, or it reads what has waited. The value is the least of their offsets, in ms, late above 0. `sensors`: the rows of each.
 */
export function lateMinutes(sensors: readonly (readonly CoverageMinute[])[], limitMs: number): ReadonlyMap<number, number> {
  const known = sensors.map((rows) => rows.filter(isKnown).sort((a, b) => a.minute - b.minute));
  const minutes = [...new Set(known.flatMap((rows) => rows.map(({ minute }) => minute)))].sort((a, b) => a - b);
  const least = known.map((rows) => leastOffsets(rows, minutes));
  const late = new Map<number, number>();
  minutes.forEach((minute, index) => {
    const offsets = least.map((of) => of[index]!).filter((offset) => Number.isFinite(offset));
    if (offsets.length < 2) return;
    const [lowest, highest] = [Math.min(...offsets), Math.max(...offsets)];
    if (lowest > limitMs) late.set(minute, lowest);
    else if (highest < -limitMs) late.set(minute, highest);
  });
  return late;
}

function isKnown({ clockOffsetMilliseconds }: CoverageMinute): boolean {
  return Number.isFinite(clockOffsetMilliseconds);
}

/** The smallest arrival − export time of the ten minutes up to each of these; infinite where none is known. Both in the order of time. */
function leastOffsets(rows: readonly CoverageMinute[], minutes: readonly number[]): number[] {
  let next = 0;
  return minutes.map((minute) => {
    while (next < rows.length && rows[next]!.minute <= minute) next++;
    let smallest = Number.POSITIVE_INFINITY;
    for (let at = next - 1; at >= 0 && rows[at]!.minute > minute - OFFSET_WINDOW_MS; at--)
      smallest = Math.min(smallest, rows[at]!.clockOffsetMilliseconds);
    return smallest;
  });
}
