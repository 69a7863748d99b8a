import type { FlowBatch } from '../../flow/batch.js';
import type { OutgoingMessage } from '../../flow/bus/bus.js';
import { decodeFrame } from '../../flow/frame.js';
import { NativeError } from '../../flow/native/reader.js';

/**
 * Rows of frames that came together are judged at once, up to so many: 8 MB of columns, what the bus hands over at once. A frame holds some thousands, a few for each
 * of thousands of assets; the more rows of an asset come together, the more rarely what is remembered of it is fetched from memory (rows-by-unit.ts). Different names
 * in a column are no more than rows, so those of all frames have room in the batch's dictionary (MAX_SYMBOLS).
 */
export const GATHERED_ROWS = 32_768;

/** Frames of one partition, decoded behind one another until they are worth judging. Where batches begin changes no finding, so neither does this. */
export class GatheredFrames {
  private readonly batch: FlowBatch;
  private readonly judge: (batch: FlowBatch) => void;
  private rowsOfLast = 0;

  /** `batch` is scratch space that nobody else may use until `end`. `judge` gets the rows in order and may not keep them. */
  constructor(batch: FlowBatch, judge: (batch: FlowBatch) => void) {
    this.batch = batch;
    this.judge = judge;
  }

  /** Takes the frame's rows in, behind the others or after judging those. Undefined when done; otherwise why it cannot be read, with nothing of it taken. */
  add(frame: OutgoingMessage): string | undefined {
    // The next frame is probably as large as the one before.
    if (this.batch.length + this.rowsOfLast > GATHERED_ROWS) this.end();
    try {
      this.rowsOfLast = decodeFrame(frame, this.batch);
      return undefined;
    } catch (error) {
      if (error instanceof NativeError) return error.message;
      throw error;
    }
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
