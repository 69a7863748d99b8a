import { type Prefix, readU32 } from './address.js';
import { compareWords, lastWords, orderPrefixes } from './prefix-order.js';

/** ::ffff:0.0.0.0, where IPv4 addresses begin. */
const MAPPED_START = Uint32Array.of(0, 0, 0xffff, 0);
/** Prefixes that may lie within each other, one of each length. */
const MOST_OPEN = 129;

/**
 * Longest-prefix match over typed arrays. Prefixes are flattened once into sorted disjoint intervals, so a look-up is one binary search:
 * over 32-bit numbers for IPv4 (behind a 64 K first-word index), over 4×32 bits for IPv6. No object is made per look-up.
 */
export class PrefixTable {
  private readonly v4Starts: Uint32Array;
  private readonly v4Values: Int32Array;
  /** For each upper half of an IPv4 address, the index of the last interval that starts at or before it. */
  private readonly v4Index: Uint32Array;
  private readonly v6Starts: Uint32Array;
  private readonly v6Values: Int32Array;

  /** `value` must be ≥ 0; where no prefix covers an address, `lookup` answers −1. Of equal prefixes the later wins. */
  constructor(entries: readonly { readonly prefix: Prefix; readonly value: number }[]) {
    const { starts, values, count } = flatten(entries);
    const v4Starts = new Uint32Array(count + 1);
    const v4Values = new Int32Array(count + 1);
    // What covers 0.0.0.0 begins there, or is what held before; at first nothing.
    v4Values[0] = -1;
    let v4Count = 1;
    for (let i = 0; i < count; i++) {
      const at = i * 4;
      if (compareWords(starts, at, MAPPED_START, 0) <= 0) v4Values[0] = values[i]!;
      else if (starts[at] === 0 && starts[at + 1] === 0 && starts[at + 2] === 0xffff) {
        v4Starts[v4Count] = starts[at + 3]!;
        v4Values[v4Count++] = values[i]!;
      }
    }
    this.v4Starts = v4Starts.slice(0, v4Count);
    this.v4Values = v4Values.slice(0, v4Count);
    this.v4Index = new Uint32Array(65_536);
    for (let high = 0, at = 0; high < 65_536; high++) {
      while (at + 1 < v4Count && v4Starts[at + 1]! <= high * 65_536) at++;
      this.v4Index[high] = at;
    }
    this.v6Starts = starts.slice(0, count * 4);
    this.v6Values = values.slice(0, count);
  }

  /** The value of the longest prefix that covers the 16 bytes at `offset`, or −1. */
  lookup(bytes: Uint8Array, offset = 0): number {
    const high = readU32(bytes, offset);
    const second = readU32(bytes, offset + 4);
    const third = readU32(bytes, offset + 8);
    const low = readU32(bytes, offset + 12);
    return high === 0 && second === 0 && third === 0xffff ? this.lookupV4(low) : this.lookupV6(high, second, third, low);
  }

  private lookupV4(address: number): number {
    const starts = this.v4Starts;
    const half = address >>> 16;
    let low = this.v4Index[half]!;
    let high = half === 65_535 ? starts.length - 1 : this.v4Index[half + 1]!;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (starts[middle]! <= address) low = middle;
      else high = middle - 1;
    }
    return this.v4Values[low]!;
  }

  private lookupV6(a: number, b: number, c: number, d: number): number {
    const starts = this.v6Starts;
    let low = -1;
    let high = this.v6Values.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      const at = middle * 4;
      const w = starts[at]!;
      const x = starts[at + 1]!;
      const y = starts[at + 2]!;
      const atOrBefore = w !== a ? w < a : x !== b ? x < b : y !== c ? y < c : starts[at + 3]! <= d;
      if (atOrBefore) low = middle;
      else high = middle - 1;
    }
    return low < 0 ? -1 : this.v6Values[low]!;
  }
}

/**
 * Nested prefixes become disjoint runs: at each boundary the innermost open prefix gives the value. `starts` holds four words for each of `count` runs.
 */
function flatten(entries: readonly { readonly prefix: Prefix; readonly value: number }[]) {
  const { order, words, lengths } = orderPrefixes(entries.map(({ prefix }) => prefix));
  // Each prefix begins a run, and another one may begin behind it.
  const starts = new Uint32Array(entries.length * 8);
  const values = new Int32Array(entries.length * 2);
  let count = 0;
  const lasts = new Uint32Array(MOST_OPEN * 4);
  const openValues = new Int32Array(MOST_OPEN);
  let open = 0;
  const emit = (from: Uint32Array, at: number, value: number): void => {
    const isPlace = count > 0 && compareWords(starts, (count - 1) * 4, from, at) === 0;
    if (isPlace) values[count - 1] = value;
    else if (count === 0 || values[count - 1] !== value) {
      for (let word = 0; word < 4; word++) starts[count * 4 + word] = from[at + word]!;
      values[count++] = value;
    }
  };
  const behind = new Uint32Array(4);
  const closeBefore = (at: number): void => {
    while (open > 0 && (at < 0 || compareWords(lasts, (open - 1) * 4, words, at) < 0)) {
      open -= 1;
      if (successor(lasts, open * 4, behind)) emit(behind, 0, open === 0 ? -1 : openValues[open - 1]!);
    }
  };
  let before = -1;
  for (const index of order) {
    const { value } = entries[index]!;
    const again = before >= 0 && lengths[before] === lengths[index] && compareWords(words, before * 4, words, index * 4) === 0;
    before = index;
    if (again) open -= 1;
    else closeBefore(index * 4);
    emit(words, index * 4, value);
    lastWords(words, index * 4, lengths[index]!, lasts, open * 4);
    openValues[open++] = value;
  }
  closeBefore(-1);
  return { starts, values, count };
}

/** Writes the address behind the four words; false when they are the last one. */
function successor(from: Uint32Array, at: number, into: Uint32Array): boolean {
  for (let word = 0; word < 4; word++) into[word] = from[at + word]!;
  for (let word = 3; word >= 0; word--) {
    into[word] = into[word]! + 1;
    if (into[word] !== 0) return true;
  }
  return false;
}
