/** Numbers in network order. The caller has checked that the octets are there. */

export function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

export function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** An unsigned integer of 1 to 8 octets, exact up to 2^53; undefined for any other width. */
export function readUnsigned(bytes: Uint8Array, at: number, width: number): number | undefined {
  if (width < 1 || width > 8) return undefined;
  let value = 0;
  for (let octet = 0; octet < width; octet++) value = value * 256 + bytes[at + octet]!;
  return value;
}
