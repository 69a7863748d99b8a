import { ADDRESS_BYTES, type Prefix, readU32 } from './address.js';

/*
 * Sorting a hundred thousand prefixes by comparing them byte by byte is most of what loading a large claim file would cost. Their order is that of a key of
 * 17 bytes, address and length, so they are sorted by counting, one byte after the other from the last one on (a radix sort, stable). Bytes that are the
 * same in all prefixes, as the first twelve of IPv4 addresses are, cost one look.
 */

/** Prefixes by address, of equal addresses the shorter first, of equal prefixes as given. */
export interface PrefixOrder {
  /** Indexes of the prefixes in that order. */
  readonly order: Uint32Array;
  /** Four words for each prefix, as given: the address in network order. */
  readonly words: Uint32Array;
  /** Length of each prefix, as given. */
  readonly lengths: Uint8Array;
}

export function orderPrefixes(prefixes: readonly Prefix[]): PrefixOrder {
  const count = prefixes.length;
  const words = new Uint32Array(count * 4);
  const lengths = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const { bytes, length } = prefixes[i]!;
    for (let word = 0; word < 4; word++) words[i * 4 + word] = readU32(bytes, word * 4);
    lengths[i] = length;
  }
  let order = new Uint32Array(count);
  let sorted = true;
  for (let i = 0; i < count; i++) {
    order[i] = i;
    if (i > 0 && sorted) sorted = (compareWords(words, (i - 1) * 4, words, i * 4) || lengths[i - 1]! - lengths[i]!) <= 0;
  }
  if (sorted) return { order, words, lengths };
  let next = new Uint32Array(count);
  const sortBy = (keyOf: (index: number) => number): void => {
    const places = new Uint32Array(256);
    for (let i = 0; i < count; i++) places[keyOf(i)]! += 1;
    if (places.includes(count)) return;
    for (let key = 0, place = 0; key < 256; key++) {
      const here = places[key]!;
      places[key] = place;
      place += here;
    }
    for (let i = 0; i < count; i++) {
      const index = order[i]!;
      const key = keyOf(index);
      next[places[key]!] = index;
      places[key]! += 1;
    }
    [order, next] = [next, order];
  };
  sortBy((index) => lengths[index]!);
  for (let byte = ADDRESS_BYTES - 1; byte >= 0; byte--) {
    const word = byte >>> 2;
    const shift = 24 - (byte & 3) * 8;
    sortBy((index) => (words[index * 4 + word]! >>> shift) & 0xff);
  }
  return { order, words, lengths };
}

/** Negative, 0 or positive: network order of two addresses, each four words of an array. */
export function compareWords(a: Uint32Array, aAt: number, b: Uint32Array, bAt: number): number {
  for (let word = 0; word < 4; word++) {
    const difference = a[aAt + word]! - b[bAt + word]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Writes the last address of the prefix of `length` (0–128) that begins with four words of `from`, all bits behind its length set. */
export function lastWords(from: Uint32Array, fromAt: number, length: number, into: Uint32Array, intoAt: number): void {
  for (let word = 0; word < 4; word++) {
    const bits = Math.min(32, Math.max(0, length - word * 32));
    into[intoAt + word] = from[fromAt + word]! | (bits === 32 ? 0 : 0xffffffff >>> bits);
  }
}
