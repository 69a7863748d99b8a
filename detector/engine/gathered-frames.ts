import type { FlowBatch } from '../../flow/batch.js';
import type { OutgoingMessage } from '../../flow/bus/bus.js';
import { MAX_SYMBOLS } from '../../flow/column-kinds.js';
import { decodeFrame, rowsOf } from '../../flow/frame.js';
import { NativeError } from '../../flow/native/reader.js';

/*
 * Rows of frames that came together are judged at once. A frame holds some thousands, one or none for each of thousands of assets; the more rows of an asset come
 * together, the more rarely what is remembered of it is fetched from memory (rows-by-unit.ts). With 10 000 assets, 32 768, 65 536 and 131 072 rows at once make
 * 0.35, 0.42 and 0.52 M records per second; more than ten or so for each do not pay for the memory that they take.
 */
const LEAST_GATHERED = 32_768;
const MOST_GATHERED = 131_072;
const ROWS_PER_UNIT = 10;
/** Frames that hold as many rows as are judged at once: what to ask of the bus. The one in process keeps half of it. */
export const GATHERED_BYTES = 32 << 20;

/** Most rows to judge at once for so many units: 7.4 to 30 MB of columns. */
export function gatheredRows(units: number): number {
  return Math.max(LEAST_GATHERED, Math.min(MOST_GATHERED, units * ROWS_PER_UNIT));
}

/** Frames of one partition, decoded behind one another until they are worth judging. Where batches begin changes no finding, so neither does this. */
export class GatheredFrames {
  private readonly batch: FlowBatch;
  private readonly judge: (batch: FlowBatch) => void;
  private readonly most: number;

  /** `batch` is scratch space that nobody else may use until `end`. `judge` gets the rows in order and may not keep them, at most `most` of several frames. */
  constructor(batch: FlowBatch, most: number, judge: (batch: FlowBatch) => void) {
    this.batch = batch;
    this.most = most;
    this.judge = judge;
  }

  /** Takes the frame's rows in, behind the others or after judging those. Undefined when done; otherwise why it cannot be read, with nothing of it taken. */
  add(frame: OutgoingMessage): string | undefined {
    if (!this.hasRoom(rowsOf(frame))) this.end();
    try {
      decodeFrame(frame, this.batch);
      return undefined;
    } catch (error) {
      if (error instanceof NativeError) return error.message;
      throw error;
    }
  }

  /** For the rows, and for as many different names in each column. */
  private hasRoom(rows: number): boolean {
    return this.batch.length + rows <= this.most && this.batch.mostSymbols + rows <= MAX_SYMBOLS;
  }

  /** Start of the oldest row taken in and not judged yet, ms since the epoch; Infinity where there is none. */
  get oldestMs(): number {
    const starts = this.batch.columns.flowStartMilliseconds.subarray(0, this.batch.length);
    return starts.reduce((oldest, ms) => Math.min(oldest, ms), Number.POSITIVE_INFINITY);
  }

  /** Judges what has been taken in. */
  end(): void {
    try {
      if (this.batch.length > 0) this.judge(this.batch);
    } finally {
      this.batch.clear();
    }
  }
}
