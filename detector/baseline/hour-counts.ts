import { HOUR_MS, MINUTE_MS } from '../../flow/time.js';
import { grownTo, NO_DOUBLES, NO_SHORTS } from './recent-keys.js';
import type { StateReader, StateWriter } from './state.js';

const BUCKET_MS = 5 * MINUTE_MS;
const BUCKETS = HOUR_MS / BUCKET_MS;
const MOST = 0xffff;

/**
 * Counts of the last hour by row, in twelve buckets of five minutes: 32 bytes a row. Exact, unlike a leaky count, so that anybody can count again: what is counted lies in
 * [`fromMs`, now].
 */
export class HourCounts {
  private counts = NO_SHORTS;
  /** Number of the newest bucket, counted from the epoch. */
  private newest = NO_DOUBLES;

  constructor(rows = 0) {
    this.resize(rows);
  }

  resize(rows: number): void {
    if (this.newest.length >= rows) return;
    this.counts = grownTo(this.counts, rows * BUCKETS);
    this.newest = grownTo(this.newest, rows);
  }

  clear(row: number): void {
    this.counts.fill(0, row * BUCKETS, (row + 1) * BUCKETS);
  }

  /** Counts one at `ms`; what is more than an hour older than the newest is passed over. */
  add(row: number, ms: number): void {
    const bucket = Math.floor(ms / BUCKET_MS);
    const newest = this.newest[row]!;
    if (bucket > newest) {
      const empty = Math.min(BUCKETS, bucket - newest);
      for (let i = 1; i <= empty; i++) this.counts[row * BUCKETS + ((bucket - empty + i) % BUCKETS)] = 0;
      this.newest[row] = bucket;
    } else if (newest - bucket >= BUCKETS) return;
    const at = row * BUCKETS + (bucket % BUCKETS);
    if (this.counts[at]! < MOST) this.counts[at]! += 1;
  }

  /** Since when (ms) `sum` counts. */
  fromMs(row: number): number {
    return (this.newest[row]! - BUCKETS + 1) * BUCKET_MS;
  }

  sum(row: number): number {
    let sum = 0;
    for (let at = row * BUCKETS; at < (row + 1) * BUCKETS; at++) sum += this.counts[at]!;
    return sum;
  }

  save(writer: StateWriter): void {
    writer.numbers(this.counts);
    writer.numbers(this.newest);
  }

  load(reader: StateReader, rows: number): void {
    this.counts = new Uint16Array(rows * BUCKETS);
    this.newest = new Float64Array(rows);
    reader.numbers(this.counts);
    reader.numbers(this.newest);
  }
}
