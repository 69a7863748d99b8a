/**
 * One LZ4 block (lz4.org, *LZ4 Block Format*), unpacked into `into`: answers the octets written, −1 when the block is broken or would not fit.
 *
 *   | token: 4 bits literals, 4 bits match | more length | literals | 16 bits offset | more length |  …  | token | literals |
 */
export function unpackLz4(packed: Uint8Array, into: Uint8Array): number {
  let from = 0;
  let to = 0;
  while (from < packed.length) {
    const token = packed[from++]!;
    let literals = token >>> 4;
    if (literals === 15) {
      for (let more = 255; more === 255; literals += more) {
        if (from === packed.length) return -1;
        more = packed[from++]!;
      }
    }
    if (literals > packed.length - from || literals > into.length - to) return -1;
    into.set(packed.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    // The last sequence has literals alone.
    if (from === packed.length) return to;
    if (packed.length - from < 2) return -1;
    const offset = packed[from]! | (packed[from + 1]! << 8);
    from += 2;
    let match = token & 15;
    if (match === 15) {
      for (let more = 255; more === 255; match += more) {
        if (from === packed.length) return -1;
        more = packed[from++]!;
      }
    }
    match += 4;
    if (offset === 0 || offset > to || match > into.length - to) return -1;
    copyWithin(into, to, offset, match);
    to += match;
  }
  return to;
}

/** Copies `length` octets from `distance` before `to`; where they overlap, what was just written is copied on. */
export function copyWithin(bytes: Uint8Array, to: number, distance: number, length: number): void {
  if (distance >= length) bytes.copyWithin(to, to - distance, to - distance + length);
  else for (let end = to + length; to < end; to++) bytes[to] = bytes[to - distance]!;
}
