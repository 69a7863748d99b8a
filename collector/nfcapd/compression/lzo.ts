import { copyWithin } from './lz4.js';

/**
 * One LZO1X stream (kernel.org, *LZO stream format as understood by Linux' LZO decompressor*), unpacked into `into`: answers the octets written, −1 when the
 * stream is broken, does not end, or would not fit. `state` is how many literals the instruction before copied, 4 for more than three.
 *
 *   0000 LLLL            state 0: 3 + L literals
 *   0000 DDSS HHHHHHHH   state 1–3: 2 octets from (H<<2)+D+1; state 4: 3 octets from (H<<2)+D+2049
 *   0001 HLLL  D14 S2    2 + L octets from 16384 + (H<<14) + D; the end where that is 16384
 *   001L LLLL  D14 S2    2 + L octets from D+1
 *   01LD DDSS HHHHHHHH   3 + L octets from (H<<3)+D+1
 *   1LLD DDSS HHHHHHHH   5 + L octets from (H<<3)+D+1          S literals follow each copy
 */
export function unpackLzo(packed: Uint8Array, into: Uint8Array): number {
  let from = 0;
  let to = 0;
  let state = 0;

  /** `base` + 255 for each octet 0, and the first that is not; −1 at the end of the input. */
  const moreLength = (base: number): number => {
    for (let length = base; from < packed.length; length += 255) {
      const octet = packed[from++]!;
      if (octet !== 0) return length + octet;
    }
    return -1;
  };
  const literals = (count: number): boolean => {
    if (count < 0 || count > packed.length - from || count > into.length - to) return false;
    into.set(packed.subarray(from, from + count), to);
    from += count;
    to += count;
    return true;
  };

  if (packed.length > 0 && packed[0]! > 17) {
    from = 1;
    const count = packed[0]! - 17;
    if (!literals(count)) return -1;
    state = Math.min(count, 4);
  }
  while (from < packed.length) {
    const code = packed[from++]!;
    let length: number;
    let distance: number;
    let after: number;
    if (code < 16 && state === 0) {
      if (!literals(code === 0 ? moreLength(18) : code + 3)) return -1;
      state = 4;
      continue;
    }
    if (code >= 64 || code < 16) {
      if (from === packed.length) return -1;
      const high = packed[from++]!;
      after = code & 3;
      if (code >= 64) {
        length = code >= 128 ? 5 + ((code >>> 5) & 3) : 3 + ((code >>> 5) & 1);
        distance = (high << 3) + ((code >>> 2) & 7) + 1;
      } else {
        length = state === 4 ? 3 : 2;
        distance = (high << 2) + (code >>> 2) + (state === 4 ? 2049 : 1);
      }
    } else {
      const near = code >= 32;
      const bits = code & (near ? 31 : 7);
      length = bits === 0 ? moreLength(near ? 31 : 7) : bits;
      if (length < 0 || packed.length - from < 2) return -1;
      length += 2;
      const word = packed[from]! | (packed[from + 1]! << 8);
      from += 2;
      after = word & 3;
      distance = (word >>> 2) + (near ? 1 : 16_384 + ((code & 8) << 11));
      if (distance === 16_384 && !near) return length === 3 && from === packed.length ? to : -1;
    }
    if (distance > to || length > into.length - to) return -1;
    copyWithin(into, to, distance, length);
    to += length;
    if (!literals(after)) return -1;
    state = after;
  }
  return -1;
}
