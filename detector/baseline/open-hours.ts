import { HOUR_MS, MINUTE_MS } from '../../flow/time.js';
import type { StateReader, StateWriter } from './state.js';

/** An hour is closed when record time is this much past it: the longest active timeout in the field (30 min) and a minute. */
export const HOUR_SETTLE_MS = 31 * MINUTE_MS;

/** No record has a time so long before the epoch. */
const NOT_BEGUN = -(2 ** 30);

/**
 * Which hours of one asset are open, driven by record time: at most two, the one at hand and the one before. Hours are numbered from the epoch;
 * what is kept of an open hour lies at `hour & 1`.
 */
export class OpenHours {
  /** Oldest open hour; NOT_BEGUN before the first record. A whole number always: V8 keeps others in an object of their own. */
  oldest = NOT_BEGUN;

  /** Record time at which the oldest open hour closes. */
  get dueMs(): number {
    return this.oldest === NOT_BEGUN ? Number.NEGATIVE_INFINITY : (this.oldest + 1) * HOUR_MS + HOUR_SETTLE_MS;
  }

  /**
   * Moves on to record time `ms` (which has come to `dueMs`). Each open hour that ends goes to `close`, with true for the last before a gap of
   * hours of which no record told: those are skipped, nobody knows whether they were silent or unseen.
   */
  advance(ms: number, close: (hour: number, gap: boolean) => void): void {
    const oldest = Math.floor((ms - HOUR_SETTLE_MS) / HOUR_MS);
    if (this.oldest === NOT_BEGUN) this.oldest = oldest;
    const gap = oldest - this.oldest > 2;
    for (let hour = this.oldest; hour < oldest && hour < this.oldest + 2; hour++) close(hour, gap && hour === this.oldest + 1);
    this.oldest = oldest;
  }

  save(writer: StateWriter): void {
    writer.f64(this.oldest);
  }

  load(reader: StateReader): void {
    this.oldest = reader.f64();
  }
}

/** Share of [startMs, endMs] that lies in the hour; a record without length lies at its instant. */
export function shareOfHour(startMs: number, endMs: number, hour: number): number {
  const fromMs = hour * HOUR_MS;
  if (endMs <= startMs) return startMs >= fromMs && startMs < fromMs + HOUR_MS ? 1 : 0;
  const overlap = Math.min(endMs, fromMs + HOUR_MS) - Math.max(startMs, fromMs);
  return overlap <= 0 ? 0 : overlap / (endMs - startMs);
}
