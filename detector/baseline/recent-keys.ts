import type { StateReader, StateWriter } from './state.js';

const INITIAL_ROWS = 4;
const NONE = 0xffffffff;

/**
 * Numbers rows for keys, at most so many: a key that is not known takes a free row, or that of the key that was touched longest ago. Whoever keeps something by row
 * clears it when `add` gives the row. Keys are pairs of 32-bit hashes: two different ones share a row once in 2^64. Every operation takes constant time, however
 * many keys come; 32 bytes a row, doubled as needed.
 *
 *   heads   chains of rows by hash         rows in order of touching:  oldest ⇄ … ⇄ newest; rows that were let go stand at the oldest end
 */
export class RecentKeys {
  private readonly most: number;
  private rows = INITIAL_ROWS;
  private count = 0;
  private a = new Uint32Array(INITIAL_ROWS);
  private b = new Uint32Array(INITIAL_ROWS);
  private used = new Uint8Array(INITIAL_ROWS);
  private next = new Uint32Array(INITIAL_ROWS);
  private older = new Uint32Array(INITIAL_ROWS);
  private newer = new Uint32Array(INITIAL_ROWS);
  private heads = new Uint32Array(INITIAL_ROWS * 2).fill(NONE);
  private oldest = NONE;
  private newest = NONE;
  /** How often a key came, was pushed out or let go since this object was made: until it grows, every row is still whose it was, and who had none has none. */
  changes = 0;

  /** `most`: rows at most, a power of two, at least 4. */
  constructor(most: number) {
    this.most = most;
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
    return this.count === this.most && this.used[this.oldest] === 1 ? this.oldest : -1;
  }

  isUsed(row: number): boolean {
    return this.used[row] === 1;
  }

  /** The key's row, −1 when it has none. */
  find(a: number, b: number): number {
    for (let row = this.heads[a & (this.heads.length - 1)]!; row !== NONE; row = this.next[row]!) {
      if (this.a[row] === a && this.b[row] === b) return row;
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
    if (row === NONE || this.used[row] === 1) {
      if (this.count === this.rows && this.rows < this.most) this.grow();
      if (this.count < this.rows) {
        row = this.count++;
        this.linkNewest(row);
      } else {
        this.drop(row);
      }
    }
    this.a[row] = a;
    this.b[row] = b;
    this.used[row] = 1;
    this.changes += 1;
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
    for (let row = this.oldest; row !== NONE; row = this.newer[row]!) order.push(row);
    writer.u32(this.rows);
    writer.numbers(Uint32Array.from(order));
    writer.numbers(this.a);
    writer.numbers(this.b);
    writer.numbers(this.used);
  }

  load(reader: StateReader): void {
    this.rows = reader.u32();
    const order = reader.words();
    this.count = order.length;
    this.a = new Uint32Array(this.rows);
    this.b = new Uint32Array(this.rows);
    this.used = new Uint8Array(this.rows);
    reader.numbers(this.a);
    reader.numbers(this.b);
    reader.numbers(this.used);
    this.next = new Uint32Array(this.rows);
    this.older = new Uint32Array(this.rows);
    this.newer = new Uint32Array(this.rows);
    this.oldest = NONE;
    this.newest = NONE;
    for (const row of order) this.linkNewest(row);
    this.chainAll();
  }

  private grow(): void {
    this.rows *= 2;
    this.a = grownTo(this.a, this.rows);
    this.b = grownTo(this.b, this.rows);
    this.used = grownTo(this.used, this.rows);
    this.next = grownTo(this.next, this.rows);
    this.older = grownTo(this.older, this.rows);
    this.newer = grownTo(this.newer, this.rows);
    this.chainAll();
  }

  private chainAll(): void {
    this.heads = new Uint32Array(this.rows * 2).fill(NONE);
    for (let row = 0; row < this.count; row++) if (this.used[row] === 1) this.chain(row);
  }

  private chain(row: number): void {
    const at = this.a[row]! & (this.heads.length - 1);
    this.next[row] = this.heads[at]!;
    this.heads[at] = row;
  }

  private drop(row: number): void {
    const at = this.a[row]! & (this.heads.length - 1);
    if (this.heads[at] === row) this.heads[at] = this.next[row]!;
    else {
      let before = this.heads[at]!;
      while (this.next[before] !== row) before = this.next[before]!;
      this.next[before] = this.next[row]!;
    }
    this.a[row] = 0;
    this.b[row] = 0;
    this.used[row] = 0;
    this.changes += 1;
  }

  private unlink(row: number): void {
    const older = this.older[row]!;
    const newer = this.newer[row]!;
    if (older === NONE) this.oldest = newer;
    else this.newer[older] = newer;
    if (newer === NONE) this.newest = older;
    else this.older[newer] = older;
  }

  private linkNewest(row: number): void {
    this.older[row] = this.newest;
    this.newer[row] = NONE;
    if (this.newest === NONE) this.oldest = row;
    else this.newer[this.newest] = row;
    this.newest = row;
  }

  private linkOldest(row: number): void {
    this.newer[row] = this.oldest;
    this.older[row] = NONE;
    if (this.oldest === NONE) this.newest = row;
    else this.older[this.oldest] = row;
    this.oldest = row;
  }
}

/** The same values in an array of `length`. */
export function grownTo<A extends Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array>(values: A, length: number): A {
  const grown = new (values.constructor as new (length: number) => A)(length);
  grown.set(values);
  return grown;
}
