import type { LineBlock } from '../contracts.js';

/**
 * Hands over octets as they came, each chunk as one line that is never terminated: for logs that are one document of any length, whose decoder finds its
 * records itself.
 */
export class PassThroughBlock implements LineBlock {
  readonly bytes: Uint8Array;
  readonly starts = new Uint32Array(1);
  readonly ends = new Uint32Array(1);
  readonly numbers = Uint32Array.of(1);
  readonly length = 1;
  readonly tooLong = 0;
  readonly unterminated = true;
  readonly held = 0;
  /** Line ends passed over are not counted: the decoder counts records. */
  readonly lines = 0;

  private handed = false;

  constructor(chunkOctets: number) {
    this.bytes = new Uint8Array(chunkOctets);
  }

  received(count: number): void {
    this.ends[0] = count;
  }

  /** True once for each chunk that is not empty. */
  next(): boolean {
    const fresh = !this.handed && this.ends[0]! > 0;
    this.handed = fresh;
    return fresh;
  }
}
