import { finishHash, mixWord } from '../baseline/hash.js';
import { NumberPool } from '../baseline/number-pool.js';
import type { StateReader, StateWriter } from '../baseline/state.js';

/*
 * What is remembered of addresses and ports of one unit, whoever comes by. Sets of four rows, one with the first note, twice as many when one is full, 64 at most: 9 KiB.
 * Then the row of a full set gives way that is least worth, and of several the one noted longest ago.
 *
 *   row  address 4 · owner · port <<8 | protocol, 0 in a free row · last noted, s since the epoch · two words of whoever keeps the rows
 */

const MOST_SETS = 64;
const WAYS = 4;
const WORDS = 9;
const SET_WORDS = WAYS * WORDS;
/** Most units have none. */
const NONE: Uint32Array = new Uint32Array(0);
const OWNER = 4;
export const KEY = 5;
export const NOTED = 6;
/** The first of the two words. */
export const STATE = 7;

export abstract class NotedRows {
  protected words = NONE;
  private readonly pool: NumberPool;

  constructor(pool = new NumberPool()) {
    this.pool = pool;
  }

  save(writer: StateWriter): void {
    writer.u32(this.words.length);
    writer.numbers(this.words);
  }

  load(reader: StateReader): void {
    this.words = this.pool.words(reader.u32());
    reader.numbers(this.words);
  }

  /** What the row that begins at this word is worth: a whole number. */
  protected abstract worthOf(row: number): number;

  /** Word at which the row of this key begins, −1 when there is none. `address`: its four words at `at`. */
  protected find(address: Uint32Array, at: number, owner: number, key: number): number {
    const { words } = this;
    if (words.length === 0) return -1;
    const set = setOf(words, hashOf(address, at, owner, key));
    for (let row = set; row < set + SET_WORDS; row += WORDS) {
      if (
        words[row + KEY] === key &&
        words[row + OWNER] === owner &&
        words[row + 3] === address[at + 3] &&
        words[row + 2] === address[at + 2] &&
        words[row + 1] === address[at + 1] &&
        words[row] === address[at]
      )
        return row;
    }
    return -1;
  }

  /** The same row, made if need be. */
  protected placeFor(address: Uint32Array, at: number, owner: number, key: number): number {
    const known = this.find(address, at, owner, key);
    if (known >= 0) return known;
    const row = this.roomFor(hashOf(address, at, owner, key));
    this.words.fill(0, row, row + WORDS);
    for (let word = 0; word < 4; word++) this.words[row + word] = address[at + word]!;
    this.words[row + OWNER] = owner;
    this.words[row + KEY] = key;
    return row;
  }

  /** A free row, or one that gives way. */
  private roomFor(hash: number): number {
    for (;;) {
      const { words } = this;
      const at = words.length === 0 ? -1 : this.leastOf(setOf(words, hash));
      if (at >= 0 && (words[at + KEY] === 0 || words.length === MOST_SETS * SET_WORDS)) return at;
      this.words = this.pool.words(Math.max(SET_WORDS, words.length * 2));
      for (let row = 0; row < words.length; row += WORDS) {
        if (words[row + KEY] === 0) continue;
        // A set becomes two: there is a free row.
        const to = this.leastOf(setOf(this.words, hashOf(words, row, words[row + OWNER]!, words[row + KEY]!)));
        for (let word = 0; word < WORDS; word++) this.words[to + word] = words[row + word]!;
      }
      this.pool.give(words);
    }
  }

  /** The row of the set that gives way: a free one, if there is one. */
  private leastOf(set: number): number {
    const { words } = this;
    let least = set;
    let worth = Number.POSITIVE_INFINITY;
    for (let at = set; at < set + SET_WORDS; at += WORDS) {
      if (words[at + KEY] === 0) return at;
      const own = this.worthOf(at) * 2 ** 32 + words[at + NOTED]!;
      if (own < worth) {
        worth = own;
        least = at;
      }
    }
    return least;
  }
}

/** As words hold it; 0 stands for no time. */
export function secondsOf(ms: number): number {
  return Math.max(0, ms / 1000);
}

function hashOf(address: Uint32Array, at: number, owner: number, key: number): number {
  const hash = mixWord(mixWord(address[at]! ^ address[at + 2]!, address[at + 1]!), address[at + 3]!);
  return finishHash(mixWord(mixWord(hash, key), owner));
}

function setOf(words: Uint32Array, hash: number): number {
  return (hash & (words.length / SET_WORDS - 1)) * SET_WORDS;
}
