import type { LineBlock } from '../contracts.js';

/** A line longer than this is passed over and counted: no log of flows has such lines, and memory is bounded by it. */
export const MAX_LINE_OCTETS = 1_048_576;
/** Lines handed over at a time. */
export const LINES_PER_BLOCK = 4096;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Splits octets that come in chunks of any size into lines. Fill `bytes` from `held` on, say how much with `received`, then call `next` until it is
 * false; after each true the fields of LineBlock are the next lines.
 *
 *   bytes  | handed over | line | line | … | begun line |   free   |
 *                        at                             held
 */
export class LineSplitter implements LineBlock {
  readonly bytes: Uint8Array;
  /** The same memory: its search is several times faster than a view of its filled part for each line. */
  private readonly buffer: Buffer;
  readonly starts = new Uint32Array(LINES_PER_BLOCK);
  readonly ends = new Uint32Array(LINES_PER_BLOCK);
  readonly numbers = new Uint32Array(LINES_PER_BLOCK);
  length = 0;
  tooLong = 0;
  unterminated = false;
  /** Octets in `bytes` that are filled. */
  held = 0;
  /** Lines that have ended so far, the empty ones too. */
  lines = 0;
  /** Octets up to the end of the last line that has ended: where reading goes on when it is broken off. */
  endedOctets = 0;
  private at = 0;
  /** Octets that have left `bytes`. */
  private passed = 0;
  /** Octets of the begun line that are known to hold no line end. */
  private searched = 0;
  /** The begun line has passed the limit, and its octets are thrown away. */
  private discarding = false;

  constructor(chunkOctets: number) {
    // What is begun is never longer than a line may be, so that it and a chunk always fit.
    this.bytes = new Uint8Array(MAX_LINE_OCTETS + 1 + chunkOctets);
    this.buffer = Buffer.from(this.bytes.buffer);
  }

  received(count: number): void {
    this.held += count;
    // The search for a line end stops here, and not far behind in what is left from before.
    if (this.held < this.bytes.length) this.bytes[this.held] = LINE_FEED;
  }

  /** Finds the next lines; false when there are none and `bytes` can be filled on. With `ended`, what remains is the last line. */
  next(ended: boolean): boolean {
    this.length = 0;
    this.tooLong = 0;
    this.unterminated = false;
    while (this.length < LINES_PER_BLOCK) {
      const end = this.buffer.indexOf(LINE_FEED, this.at + this.searched);
      if (end < 0 || end >= this.held) break;
      this.line(end);
      this.at = end + 1;
      this.searched = 0;
    }
    if (this.length === LINES_PER_BLOCK) return true;
    this.searched = this.held - this.at;
    if (this.searched > MAX_LINE_OCTETS) {
      this.discarding = true;
      this.at = this.held;
      this.searched = 0;
    }
    if (ended && (this.at < this.held || this.discarding)) {
      this.unterminated = !this.discarding;
      this.line(this.held);
      this.at = this.held;
      this.searched = 0;
    }
    if (this.length > 0 || this.tooLong > 0) return true;
    this.bytes.copyWithin(0, this.at, this.held);
    this.held -= this.at;
    this.passed += this.at;
    this.at = 0;
    return false;
  }

  /** The line from `at` to `end`. */
  private line(end: number): void {
    this.lines++;
    this.endedOctets = this.passed + Math.min(end + 1, this.held);
    if (this.discarding || end - this.at > MAX_LINE_OCTETS) {
      this.discarding = false;
      this.tooLong++;
      return;
    }
    const trimmed = end > this.at && this.bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
    if (trimmed === this.at) return;
    this.starts[this.length] = this.at;
    this.ends[this.length] = trimmed;
    this.numbers[this.length] = this.lines;
    this.length++;
  }
}
