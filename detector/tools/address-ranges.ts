import { ADDRESS_BYTES, formatPrefix, type Prefix } from '../../flow/address.js';
import { AddressSpace } from '../claims/address-space.js';

/** Addresses as whole numbers of 128 bits, both ends included. */
export interface AddressRange {
  readonly first: bigint;
  readonly last: bigint;
}

const END = 1n << 128n;
/** IPv4 lies at ::ffff:0:0/96; no prefix that is shown goes over its edges. */
const EDGES = [0xffff_0000_0000n, 0x1_0000_0000_0000n] as const;

/** One piece of a common refinement: addresses that both spaces hold in one atom each. */
export interface RefinedRange extends AddressRange {
  readonly atomA: number;
  readonly atomB: number;
}

/** The common refinement of two address spaces: disjoint ranges that cover everything, in order. */
export function refine(a: AddressSpace, b: AddressSpace): RefinedRange[] {
  const prefixesOf = (space: AddressSpace): Prefix[] => Array.from({ length: space.atomCount }, (_, atom) => space.prefixOf(atom));
  const both = new AddressSpace([...prefixesOf(a), ...prefixesOf(b)]);
  const ranges: RefinedRange[] = [];
  const open: { readonly prefix: Prefix; readonly last: bigint }[] = [];
  let cursor = 0n;
  const emit = (last: bigint): void => {
    if (cursor > last) return;
    const bytes = bytesOf(cursor);
    ranges.push({ first: cursor, last, atomA: a.atomOf(bytes, 0), atomB: b.atomOf(bytes, 0) });
    cursor = last + 1n;
  };
  for (const prefix of prefixesOf(both)) {
    const first = numberOf(prefix.bytes);
    while (open.length > 0 && open.at(-1)!.last < first) emit(open.pop()!.last);
    emit(first - 1n);
    open.push({ prefix, last: first + (1n << BigInt(128 - prefix.length)) - 1n });
  }
  while (open.length > 0) emit(open.pop()!.last);
  return ranges;
}

/** Ranges in order, those that touch put together. */
export function joinRanges(ranges: readonly AddressRange[]): AddressRange[] {
  const joined: { first: bigint; last: bigint }[] = [];
  for (const { first, last } of [...ranges].sort((one, other) => (one.first < other.first ? -1 : 1))) {
    const before = joined.at(-1);
    if (before === undefined || before.last + 1n < first) joined.push({ first, last });
    else if (last > before.last) before.last = last;
  }
  return joined;
}

/** Everything else. */
export function complement(ranges: readonly AddressRange[]): AddressRange[] {
  const gaps: AddressRange[] = [];
  let cursor = 0n;
  for (const { first, last } of joinRanges(ranges)) {
    if (first > cursor) gaps.push({ first: cursor, last: first - 1n });
    cursor = last + 1n;
  }
  if (cursor < END) gaps.push({ first: cursor, last: END - 1n });
  return gaps;
}

/** The fewest prefixes that make up the ranges, IPv4 as IPv4. */
export function prefixesOfRanges(ranges: readonly AddressRange[]): string[] {
  return joinRanges(ranges)
    .flatMap(cutAtEdges)
    .flatMap(({ first, last }) => {
      const prefixes: string[] = [];
      for (let at = first; at <= last; ) {
        // The largest block that begins here and ends within: its size is a power of two that divides the address.
        let bits = 0n;
        while (bits < 128n && (at & ((1n << (bits + 1n)) - 1n)) === 0n && at + (1n << (bits + 1n)) - 1n <= last) bits += 1n;
        prefixes.push(formatPrefix({ bytes: bytesOf(at), length: 128 - Number(bits) }));
        at += 1n << bits;
      }
      return prefixes;
    });
}

function cutAtEdges(range: AddressRange): AddressRange[] {
  const pieces: AddressRange[] = [];
  let { first } = range;
  for (const edge of EDGES) {
    if (first >= edge || range.last < edge) continue;
    pieces.push({ first, last: edge - 1n });
    first = edge;
  }
  return [...pieces, { first, last: range.last }];
}

function numberOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = 0; i < ADDRESS_BYTES; i++) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
}

function bytesOf(value: bigint): Uint8Array {
  const bytes = new Uint8Array(ADDRESS_BYTES);
  for (let i = ADDRESS_BYTES - 1, rest = value; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}
