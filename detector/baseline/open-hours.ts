import { HOUR_MS, MINUTE_MS } from '../../flow/time.js';
import type { StateReader, StateWriter } from './state.js';

/** An hour is closed when record time is this much past it: the longest active timeout in the field (30 min) and a minute. */
export const HOUR_SETTLE_MS = 31 * MINUTE_MS;

/**
 * Which hours of one asset are open, driven by record time: at most two, the one at hand and the one before. Hours are numbered from the epoch;
 * what is kept of an open hour lies at `hour & 1`.
 */
export class OpenHours {
  /** Oldest open hour; NaN before the first record. */
  oldest = Number.NaN;
  /** Record time at which the oldest open hour closes; comparing with it is all that most records cost. */
  dueMs = Number.NEGATIVE_INFINITY;

  /**
   * Moves on to record time `ms` (which has come to `dueMs`). Each open hour that ends goes to `close`, with true for the last before a gap of
   * hours of which no record told: those are skipped, nobody knows whether they were silent or unseen.
   */
  advance(ms: number, close: (hour: number, gap: boolean) => void): void {
    const oldest = Math.floor((ms - HOUR_SETTLE_MS) / HOUR_MS);
    if (Number.isNaN(this.oldest)) this.oldest = oldest;
    const gap = oldest - this.oldest > 2;
    for (let hour = this.oldest; hour < oldest && hour < this.oldest + 2; hour++) close(hour, gap && hour === this.oldest + 1);
    this.oldest = oldest;
    this.dueMs = (oldest + 1) * HOUR_MS + HOUR_SETTLE_MS;
  }

  save(writer: StateWriter): void {
    writer.f64(this.oldest);
    writer.f64(this.dueMs);
  }

  load(reader: StateReader): void {
    this.oldest = reader.f64();
    this.dueMs = reader.f64();
  }
}

/** Share of [startMs, endMs] that lies in the hour; a record without length lies at its instant. */
export function shareOfHour(startMs: number, endMs: number, hour: number): number {
  const fromMs = hour * HOUR_MS;
  if (endMs <= startMs) return startMs >= fromMs && startMs < fromMs + HOUR_MS ? 1 : 0;
  const overlap = Math.min(endMs, fromMs + HOUR_MS) - Math.max(startMs, fromMs);
  return overlap <= 0 ? 0 : overlap / (endMs - startMs);
}
