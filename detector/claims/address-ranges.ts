import { lastAddress } from '../../flow/address.js';
import type { CompiledClaims } from './compiled.js';

/** Ranges that are told of one set of atoms at most; of more, those behind are left out. Rules that name so many prefixes are inventories, not windows. */
const MOST_RANGES = 1000;

/** Addresses from the first to the last, both included, as 128-bit numbers (IPv4 mapped). */
export interface AddressRange {
  readonly first: bigint;
  readonly last: bigint;
}

/** The atoms that `holds` says yes to, as disjoint ranges in the order of addresses, neighbours joined. At most 1000. */
export function addressRanges(
  claims: Pick<CompiledClaims, 'atomCount' | 'prefixOfAtom'>,
  holds: (atom: number) => boolean,
): AddressRange[] {
  const ranges: { first: bigint; last: bigint }[] = [];
  // Prefixes around the one at hand. What lies between two begins or ends is of the innermost of them.
  const open: { readonly atom: number; readonly end: bigint }[] = [];
  let cursor = 0n;
  const tell = (end: bigint): void => {
    const inner = open.at(-1)!;
    if (end > cursor && holds(inner.atom)) {
      const before = ranges.at(-1);
      if (before !== undefined && before.last + 1n === cursor) before.last = end - 1n;
      else ranges.push({ first: cursor, last: end - 1n });
    }
    cursor = end;
  };
  for (let atom = 0; atom < claims.atomCount; atom++) {
    const prefix = claims.prefixOfAtom(atom);
    const start = numberOf(prefix.bytes);
    while (open.length > 0 && open.at(-1)!.end <= start) {
      tell(open.at(-1)!.end);
      open.pop();
    }
    if (open.length > 0) tell(start);
    open.push({ atom, end: numberOf(lastAddress(prefix)) + 1n });
  }
  while (open.length > 0) {
    tell(open.at(-1)!.end);
    open.pop();
  }
  return ranges.slice(0, MOST_RANGES);
}

function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** The 16 bytes of such a number. */
export function bytesOf(address: bigint): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, index) => Number((address >> BigInt(8 * (15 - index))) & 0xffn));
}
