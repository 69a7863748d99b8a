import { SECOND_MS } from '../../flow/time.js';
import { NO_CHUNK, type NumberPool, ownPiece, type Piece } from './number-pool.js';
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
  /** Starts of all rows from `first` on, then their counts, two in a double. */
  private starts = NO_CHUNK.doubles;
  private counts = NO_CHUNK.words;
  private first = 0;
  private rows = 0;
  private piece: Piece | undefined;
  private readonly pool: NumberPool | undefined;

  /** `size`: starts kept in a row, one more than intervals; at most MOST_STARTS. `pool`: where those of many lie together. */
  constructor(size: number, rows: number, pool?: NumberPool) {
    if (size > MOST_STARTS) throw new RangeError(`rings hold ${MOST_STARTS} starts at most`);
    this.size = size;
    this.pool = pool;
    this.resize(rows);
  }

  resize(rows: number): void {
    if (this.rows >= rows) return;
    const { piece } = this;
    const before = this.parts();
    const bytes = 8 * this.size * rows + 4 * rows;
    this.piece = this.pool?.piece(bytes) ?? ownPiece(bytes);
    this.starts = this.piece.chunk.doubles;
    this.counts = this.piece.chunk.words;
    this.first = this.piece.from / 8;
    this.rows = rows;
    for (const [index, part] of this.parts().entries()) part.set(before[index]!);
    if (piece !== undefined) this.pool?.release(piece);
  }

  clear(row: number): void {
    this.counts[this.countAt(row)] = 0;
  }

  count(row: number): number {
    return this.counts[this.countAt(row)]!;
  }

  /** The `index`-th start of the row, from 0, oldest first. */
  at(row: number, index: number): number {
    return this.starts[this.first + row * this.size + index]!;
  }

  latest(row: number): number {
    return this.at(row, this.count(row) - 1);
  }

  /** Takes in a start. False when it is one with another, or older than all of a full row. */
  add(row: number, ms: number): boolean {
    const { starts, size } = this;
    const first = this.first + row * size;
    const count = this.count(row);
    let at = first + count;
    while (at > first && starts[at - 1]! > ms) at -= 1;
    if (at > first && ms - starts[at - 1]! < TOGETHER_MS) return false;
    if (at < first + count && starts[at]! - ms < TOGETHER_MS) return false;
    if (count < size) {
      starts.copyWithin(at + 1, at, first + count);
      starts[at] = ms;
      this.counts[this.countAt(row)] = count + 1;
      return true;
    }
    if (at === first) return false;
    starts.copyWithin(first, first + 1, at);
    starts[at - 1] = ms;
    return true;
  }

  private startsOf(row: number): Float64Array {
    const first = this.first + row * this.size;
    return this.starts.subarray(first, first + this.count(row));
  }

  /** Measures the last `intervals` intervals of the row, of which there must be as many. */
  measure(row: number, intervals: number): void {
    const { starts } = this;
    const sorted = intervalsAtHand;
    const end = this.first + row * this.size + this.count(row);
    for (let i = 0; i < intervals; i++) insert(sorted, i, starts[end - i - 1]! - starts[end - i - 2]!);
    const median = middle(sorted, intervals);
    for (let i = 0; i < intervals; i++) insert(deviationsAtHand, i, Math.abs(sorted[i]! - median));
    this.medianMs = median;
    this.spread = middle(deviationsAtHand, intervals) / median;
    this.tail = sorted[Math.min(intervals - 1, Math.floor(intervals * 0.9))]! / median;
  }

  save(writer: StateWriter): void {
    writer.numbers(this.parts()[1]);
    for (let row = 0; row < this.rows; row++) writer.numbers(this.startsOf(row));
  }

  /** `rows`: as many as were saved. */
  load(reader: StateReader, rows: number): void {
    this.resize(rows);
    reader.numbers(this.parts()[1]);
    for (let row = 0; row < rows; row++) reader.numbers(this.startsOf(row));
  }

  private countAt(row: number): number {
    return 2 * (this.first + this.size * this.rows) + row;
  }

  /** Starts and counts of all rows. */
  private parts(): [Float64Array, Uint32Array] {
    const end = this.first + this.size * this.rows;
    return [this.starts.subarray(this.first, end), this.counts.subarray(2 * end, 2 * end + this.rows)];
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
