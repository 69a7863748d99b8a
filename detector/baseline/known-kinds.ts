import { Chunk, type NumberPool } from './number-pool.js';

/*
 * Since when all is known of a kind of exchange, of one asset: pairs of the kind's serial number and a second of record time. Each kind has one place, where the last
 * that came stays. A cache: what gave way is asked again and answered the same, so it is not in snapshots.
 */

/** Closed equipment has fewer kinds of exchange; of a desk's hundreds those of the sessions at hand are what matters. */
const KINDS = 32;
const WIDTH = 2;
const MOST_SECOND = 0xffff_ffff;
/** Of an asset of which nothing is known yet. No kind has the serial number 0. */
const NONE = new Chunk(4 * KINDS * WIDTH).words;

/** 256 bytes. */
export class KnownKinds {
  // The places of its kinds begin at this word.
  private words = NONE;
  private from = 0;
  private readonly pool: NumberPool;

  constructor(pool: NumberPool) {
    this.pool = pool;
  }

  /** True when all of the kind is known to a record that starts in this second since the epoch, or later. */
  knows(serial: number, second: number): boolean {
    const at = this.from + placeOf(serial);
    return this.words[at] === serial && second >= this.words[at + 1]!;
  }

  /** From this second on there is no need to ask about the kind. */
  remember(serial: number, second: number): void {
    if (second < 0 || second > MOST_SECOND) return;
    if (this.words === NONE) {
      const { chunk, from } = this.pool.piece(NONE.byteLength);
      this.words = chunk.words;
      this.from = from / 4;
    }
    const at = this.from + placeOf(serial);
    this.words[at] = serial;
    this.words[at + 1] = second;
  }

  /** There is need again. */
  forget(serial: number): void {
    const at = this.from + placeOf(serial);
    if (this.words[at] === serial) this.words[at] = 0;
  }

  clear(): void {
    if (this.words !== NONE) this.words.fill(0, this.from, this.from + NONE.length);
  }
}

function placeOf(serial: number): number {
  return (serial % KINDS) * WIDTH;
}
