import { ADDRESS_BYTES, compareAddresses, lastAddress, type Prefix } from './address.js';

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
    const { starts, values } = flatten(entries);
    const v4First = mappedStart();
    const v4: { start: number; value: number }[] = [];
    let before = -1;
    for (let i = 0; i < starts.length; i++) {
      const start = starts[i]!;
      if (compareAddresses(start, v4First) <= 0) before = values[i]!;
      else if (isInMapped(start)) v4.push({ start: readU32(start, 12), value: values[i]! });
    }
    const first = v4[0];
    if (first === undefined || first.start !== 0) v4.unshift({ start: 0, value: before });
    this.v4Starts = Uint32Array.from(v4, (entry) => entry.start);
    this.v4Values = Int32Array.from(v4, (entry) => entry.value);
    this.v4Index = new Uint32Array(65_536);
    for (let high = 0, at = 0; high < 65_536; high++) {
      while (at + 1 < v4.length && this.v4Starts[at + 1]! <= high * 65_536) at++;
      this.v4Index[high] = at;
    }
    this.v6Starts = new Uint32Array(starts.length * 4);
    starts.forEach((start, index) => {
      for (let word = 0; word < 4; word++) this.v6Starts[index * 4 + word] = readU32(start, word * 4);
    });
    this.v6Values = Int32Array.from(values);
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

/** Four bytes in network order as an unsigned number. */
export function readU32(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0;
}

function mappedStart(): Uint8Array {
  const bytes = new Uint8Array(ADDRESS_BYTES);
  bytes[10] = 0xff;
  bytes[11] = 0xff;
  return bytes;
}

function isInMapped(bytes: Uint8Array): boolean {
  return bytes.every((byte, index) => index >= 12 || byte === (index >= 10 ? 0xff : 0));
}

/** Nested prefixes become disjoint runs: at each boundary the innermost open prefix gives the value. */
function flatten(entries: readonly { readonly prefix: Prefix; readonly value: number }[]): { starts: Uint8Array[]; values: number[] } {
  const sorted = entries
    .map((entry, order) => ({ ...entry, order }))
    .sort((x, y) => compareAddresses(x.prefix.bytes, y.prefix.bytes) || x.prefix.length - y.prefix.length || x.order - y.order);
  const starts: Uint8Array[] = [];
  const values: number[] = [];
  const open: { last: Uint8Array; value: number }[] = [];
  const emit = (start: Uint8Array, value: number): void => {
    const previous = starts[starts.length - 1];
    if (previous !== undefined && compareAddresses(previous, start) === 0) values[values.length - 1] = value;
    else if (values.length === 0 || values[values.length - 1] !== value) {
      starts.push(start);
      values.push(value);
    }
  };
  const closeBefore = (start: Uint8Array | undefined): void => {
    for (;;) {
      const top = open[open.length - 1];
      if (top === undefined || (start !== undefined && compareAddresses(top.last, start) >= 0)) return;
      open.pop();
      const next = successor(top.last);
      if (next !== undefined) emit(next, open[open.length - 1]?.value ?? -1);
    }
  };
  for (const entry of sorted) {
    closeBefore(entry.prefix.bytes);
    emit(entry.prefix.bytes, entry.value);
    open.push({ last: lastAddress(entry.prefix), value: entry.value });
  }
  closeBefore(undefined);
  return { starts, values };
}

function successor(bytes: Uint8Array): Uint8Array | undefined {
  const out = bytes.slice();
  for (let i = ADDRESS_BYTES - 1; i >= 0; i--) {
    if (out[i] !== 0xff) {
      out[i] = out[i]! + 1;
      return out;
    }
    out[i] = 0;
  }
  return undefined;
}
