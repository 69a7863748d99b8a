import { NO_CHUNK, type NumberPool, ownPiece, type Piece } from './number-pool.js';
import type { StateReader, StateWriter } from './state.js';

const INITIAL_ROWS = 1;
const NONE = 0xffffffff;
/** Words of a row, and two heads of chains for each. */
const A = 0;
const B = 1;
const USED = 2;
const NEXT = 3;
const OLDER = 4;
const NEWER = 5;
const WORDS = 6;
const HEADS = 2;

/** For whoever has no row yet: an array of its own would take more than what most assets keep. */
export const NO_BYTES = new Uint8Array(0);
export const NO_SHORTS = new Uint16Array(0);
export const NO_WORDS = new Uint32Array(0);
export const NO_FLOATS = new Float32Array(0);
export const NO_DOUBLES = new Float64Array(0);

/**
 * Numbers rows for keys, at most so many: a key that is not known takes a free row, or that of the key that was touched longest ago. Whoever keeps something by row
 * clears it when `add` gives the row. Keys are pairs of 32-bit hashes: two different ones share a row once in 2^64. Every operation takes constant time, however
 * many keys come; 32 bytes a row in one array, none before the first key, doubled as needed.
 *
 *   rows    a · b · used · next of its chain · older · newer      rows in order of touching:  oldest ⇄ … ⇄ newest; rows that were let go stand at the oldest end
 *   heads   chains of rows by hash
 */
export class RecentKeys {
  private readonly most: number;
  private rows = 0;
  private count = 0;
  private piece: Piece | undefined;
  /** Where the first row begins. */
  private words = NO_CHUNK.words;
  private first = 0;
  private oldest = NONE;
  private newest = NONE;
  private readonly pool: NumberPool | undefined;

  /** `most`: rows at most, a power of two. `pool`: where the keys of many lie together. */
  constructor(most: number, pool?: NumberPool) {
    this.most = most;
    this.pool = pool;
  }

  /** Rows that arrays by row must have room for. */
  get capacity(): number {
    return this.rows;
  }

  /** Rows that were ever given out: all used ones are below. */
  get end(): number {
    return this.count;
  }

  /** The row that the next new key would take from another; −1 while there is room. */
  get nextToGo(): number {
    return this.count === this.most && this.isUsed(this.oldest) ? this.oldest : -1;
  }

  isUsed(row: number): boolean {
    return this.words[this.at(row) + USED] === 1;
  }

  /** The key's row, −1 when it has none. */
  find(a: number, b: number): number {
    if (this.rows === 0) return -1;
    const { words } = this;
    for (let row = words[this.headOf(a)]!; row !== NONE; row = words[this.at(row) + NEXT]!) {
      if (words[this.at(row) + A] === a && words[this.at(row) + B] === b) return row;
    }
    return -1;
  }

  /** Makes the key the one touched last. */
  touch(row: number): void {
    if (this.newest === row) return;
    this.unlink(row);
    this.linkNewest(row);
  }

  /** A row for a key that has none; what was kept under it belongs to another key or to none. */
  add(a: number, b: number): number {
    let row = this.oldest;
    if (row === NONE || this.isUsed(row)) {
      if (this.count === this.rows && this.rows < this.most) this.resize(Math.max(INITIAL_ROWS, this.rows * 2));
      if (this.count < this.rows) {
        row = this.count++;
        this.linkNewest(row);
      } else {
        this.drop(row);
      }
    }
    const at = this.at(row);
    this.words[at + A] = a;
    this.words[at + B] = b;
    this.words[at + USED] = 1;
    this.chain(row);
    this.touch(row);
    return row;
  }

  /** Lets the key go; its row is the next to be given out. */
  remove(row: number): void {
    this.drop(row);
    this.unlink(row);
    this.linkOldest(row);
  }

  save(writer: StateWriter): void {
    const order: number[] = [];
    for (let row = this.oldest; row !== NONE; row = this.words[this.at(row) + NEWER]!) order.push(row);
    writer.u32(this.rows);
    writer.numbers(Uint32Array.from(order));
    for (let row = 0; row < this.count; row++) for (const word of [A, B, USED]) writer.u32(this.words[this.at(row) + word]!);
  }

  load(reader: StateReader): void {
    this.resize(reader.u32());
    const order = reader.words();
    this.count = order.length;
    for (let row = 0; row < this.count; row++) for (const word of [A, B, USED]) this.words[this.at(row) + word] = reader.u32();
    this.oldest = NONE;
    this.newest = NONE;
    for (const row of order) this.linkNewest(row);
    this.chainAll();
  }

  private resize(rows: number): void {
    const { piece, words, first } = this;
    const bytes = 4 * rows * (WORDS + HEADS);
    this.rows = rows;
    this.piece = rows === 0 ? undefined : (this.pool?.piece(bytes) ?? ownPiece(bytes));
    this.words = (this.piece?.chunk ?? NO_CHUNK).words;
    this.first = (this.piece?.from ?? 0) / 4;
    this.words.set(words.subarray(first, first + this.count * WORDS), this.first);
    if (piece !== undefined) this.pool?.release(piece);
    this.chainAll();
  }

  private chainAll(): void {
    this.words.fill(NONE, this.at(this.rows), this.at(this.rows) + this.rows * HEADS);
    for (let row = 0; row < this.count; row++) if (this.isUsed(row)) this.chain(row);
  }

  private at(row: number): number {
    return this.first + row * WORDS;
  }

  private headOf(a: number): number {
    return this.at(this.rows) + (a & (this.rows * HEADS - 1));
  }

  private chain(row: number): void {
    const head = this.headOf(this.words[this.at(row) + A]!);
    this.words[this.at(row) + NEXT] = this.words[head]!;
    this.words[head] = row;
  }

  private drop(row: number): void {
    const { words } = this;
    const at = this.at(row);
    const head = this.headOf(words[at + A]!);
    if (words[head] === row) words[head] = words[at + NEXT]!;
    else {
      let before = words[head]!;
      while (words[this.at(before) + NEXT] !== row) before = words[this.at(before) + NEXT]!;
      words[this.at(before) + NEXT] = words[at + NEXT]!;
    }
    words[at + A] = 0;
    words[at + B] = 0;
    words[at + USED] = 0;
  }

  private unlink(row: number): void {
    const older = this.words[this.at(row) + OLDER]!;
    const newer = this.words[this.at(row) + NEWER]!;
    if (older === NONE) this.oldest = newer;
    else this.words[this.at(older) + NEWER] = newer;
    if (newer === NONE) this.newest = older;
    else this.words[this.at(newer) + OLDER] = older;
  }

  private linkNewest(row: number): void {
    this.words[this.at(row) + OLDER] = this.newest;
    this.words[this.at(row) + NEWER] = NONE;
    if (this.newest === NONE) this.oldest = row;
    else this.words[this.at(this.newest) + NEWER] = row;
    this.newest = row;
  }

  private linkOldest(row: number): void {
    this.words[this.at(row) + NEWER] = this.oldest;
    this.words[this.at(row) + OLDER] = NONE;
    if (this.oldest === NONE) this.newest = row;
    else this.words[this.at(this.oldest) + OLDER] = row;
    this.oldest = row;
  }
}

/** The same values in an array of `length`. */
export function grownTo<A extends Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array>(values: A, length: number): A {
  const grown = new (values.constructor as new (length: number) => A)(length);
  grown.set(values);
  return grown;
}
