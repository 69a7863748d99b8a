import { SECOND_MS } from '../../flow/time.js';
import type { NumberPool } from './number-pool.js';
import { grownTo, NO_DOUBLES, NO_WORDS } from './recent-keys.js';
import type { StateReader, StateWriter } from './state.js';

/** Starts closer together than this are one: connections opened side by side (detection.md D08). */
export const TOGETHER_MS = SECOND_MS;
/** How much of an interval's scatter the median absolute deviation of a sample stands for its standard error, 1.2533 × 1.4826: normal distribution. */
const MEDIAN_ERROR = 1.858;

export const MOST_STARTS = 64;
/** What is measured, of all rings: nothing is kept in it. */
const intervalsAtHand = new Float64Array(MOST_STARTS);
const deviationsAtHand = new Float64Array(MOST_STARTS);

/**
 * The latest starts of connections, so many for each row, kept in order of time: a start that is told late takes its place among the others, so that what an exporter's
 * timeouts do to the order of records does not matter. And how regular they are. 8 bytes a start, and 4 a row.
 */
export class StartRings {
  /** What `measure` found: median interval in ms, median absolute deviation from it as a share of it, and 90th percentile as a multiple of it. */
  medianMs = 0;
  spread = 0;
  tail = 0;
  private readonly size: number;
  private starts: Float64Array = NO_DOUBLES;
  private counts = NO_WORDS;
  private readonly pool: NumberPool | undefined;

  /** `size`: starts kept in a row, one more than intervals; at most MOST_STARTS. `pool`: where those of many lie together. */
  constructor(size: number, rows: number, pool?: NumberPool) {
    if (size > MOST_STARTS) throw new RangeError(`rings hold ${MOST_STARTS} starts at most`);
    this.size = size;
    this.pool = pool;
    if (rows > 0) this.resize(rows);
  }

  resize(rows: number): void {
    if (this.counts.length >= rows) return;
    this.starts = this.pool?.grownDoubles(this.starts, this.size * rows) ?? grownTo(this.starts, this.size * rows);
    this.counts = grownTo(this.counts, rows);
  }

  clear(row: number): void {
    this.counts[row] = 0;
  }

  count(row: number): number {
    return this.counts[row]!;
  }

  /** The `index`-th start of the row, from 0, oldest first. */
  at(row: number, index: number): number {
    return this.starts[row * this.size + index]!;
  }

  latest(row: number): number {
    return this.starts[row * this.size + this.counts[row]! - 1]!;
  }

  /** Takes in a start. False when it is one with another, or older than all of a full row. */
  add(row: number, ms: number): boolean {
    const { starts, size } = this;
    const first = row * size;
    const count = this.counts[row]!;
    let at = first + count;
    while (at > first && starts[at - 1]! > ms) at -= 1;
    if (at > first && ms - starts[at - 1]! < TOGETHER_MS) return false;
    if (at < first + count && starts[at]! - ms < TOGETHER_MS) return false;
    if (count < size) {
      starts.copyWithin(at + 1, at, first + count);
      starts[at] = ms;
      this.counts[row] = count + 1;
      return true;
    }
    if (at === first) return false;
    starts.copyWithin(first, first + 1, at);
    starts[at - 1] = ms;
    return true;
  }

  private startsOf(row: number): Float64Array {
    return this.starts.subarray(row * this.size, row * this.size + this.counts[row]!);
  }

  /** Measures the last `intervals` intervals of the row, of which there must be as many. */
  measure(row: number, intervals: number): void {
    const { starts } = this;
    const sorted = intervalsAtHand;
    const end = row * this.size + this.counts[row]!;
    for (let i = 0; i < intervals; i++) insert(sorted, i, starts[end - i - 1]! - starts[end - i - 2]!);
    const median = middle(sorted, intervals);
    for (let i = 0; i < intervals; i++) insert(deviationsAtHand, i, Math.abs(sorted[i]! - median));
    this.medianMs = median;
    this.spread = middle(deviationsAtHand, intervals) / median;
    this.tail = sorted[Math.min(intervals - 1, Math.floor(intervals * 0.9))]! / median;
  }

  save(writer: StateWriter): void {
    writer.numbers(this.counts);
    for (let row = 0; row < this.counts.length; row++) writer.numbers(this.startsOf(row));
  }

  /** `rows`: as many as were saved. */
  load(reader: StateReader, rows: number): void {
    this.counts = new Uint32Array(rows);
    this.starts = new Float64Array(this.size * rows);
    reader.numbers(this.counts);
    for (let row = 0; row < rows; row++) reader.numbers(this.startsOf(row));
  }
}

/** Standard error of the median of `count` intervals, as a share of it, when their spread (as `measure` gives it) is `spread`. */
export function medianError(spread: number, count: number): number {
  return (MEDIAN_ERROR * spread) / Math.sqrt(count);
}

/** Enters a value among the first `count`, which are sorted: for a few dozen values faster than any sort. */
function insert(sorted: Float64Array, count: number, value: number): void {
  let at = count;
  while (at > 0 && sorted[at - 1]! > value) {
    sorted[at] = sorted[at - 1]!;
    at -= 1;
  }
  sorted[at] = value;
}

function middle(sorted: Float64Array, count: number): number {
  const half = count >>> 1;
  return count % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
