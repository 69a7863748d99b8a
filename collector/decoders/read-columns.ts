import type { SymbolDictionary } from '../../flow/column-kinds.js';
import { readName } from '../templates/names.js';

/**
 * The inner loops: one field of `count` records, `stride` octets apart, into one array from `row` on. One loop per width and array,
 * each seen by V8 with one kind of array only; a shared generic loop would be several times slower. The caller has checked that
 * all octets lie inside the set and that the array has room.
 */

export function readU8ToU8(bytes: Uint8Array, at: number, stride: number, count: number, out: Uint8Array, row: number): void {
  for (let i = 0; i < count; i++, at += stride) out[row + i] = bytes[at]!;
}

export function readU16ToU16(bytes: Uint8Array, at: number, stride: number, count: number, out: Uint16Array, row: number): void {
  for (let i = 0; i < count; i++, at += stride) out[row + i] = (bytes[at]! << 8) | bytes[at + 1]!;
}

export function readU32ToU32(bytes: Uint8Array, at: number, stride: number, count: number, out: Uint32Array, row: number): void {
  for (let i = 0; i < count; i++, at += stride) {
    out[row + i] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }
}

export function readU32ToF64(bytes: Uint8Array, at: number, stride: number, count: number, out: Float64Array, row: number): void {
  for (let i = 0; i < count; i++, at += stride) {
    out[row + i] = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  }
}

/** Exact up to 2^53; above that the frame clamps. */
export function readU64ToF64(bytes: Uint8Array, at: number, stride: number, count: number, out: Float64Array, row: number): void {
  for (let i = 0; i < count; i++, at += stride) {
    const high = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
    const low = ((bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!) >>> 0;
    out[row + i] = high * 4_294_967_296 + low;
  }
}

/** Any width from 1 to 8 (reduced or widened sizes, MAC addresses). Columns narrower than the field keep its low-order octets. */
export function readWideToF64(
  bytes: Uint8Array,
  at: number,
  width: number,
  stride: number,
  count: number,
  out: Float64Array,
  row: number,
): void {
  for (let i = 0; i < count; i++, at += stride) {
    let value = 0;
    for (let octet = 0; octet < width; octet++) value = value * 256 + bytes[at + octet]!;
    out[row + i] = value;
  }
}

export function readWideToU32(
  bytes: Uint8Array,
  at: number,
  width: number,
  stride: number,
  count: number,
  out: Uint32Array,
  row: number,
): void {
  const first = width > 4 ? width - 4 : 0;
  for (let i = 0; i < count; i++, at += stride) {
    let value = 0;
    for (let octet = first; octet < width; octet++) value = (value << 8) | bytes[at + octet]!;
    out[row + i] = value;
  }
}

export function readWideToU16(
  bytes: Uint8Array,
  at: number,
  width: number,
  stride: number,
  count: number,
  out: Uint16Array,
  row: number,
): void {
  for (let i = 0; i < count; i++, at += stride) {
    out[row + i] = (width > 1 ? bytes[at + width - 2]! << 8 : 0) | bytes[at + width - 1]!;
  }
}

export function readWideToU8(
  bytes: Uint8Array,
  at: number,
  width: number,
  stride: number,
  count: number,
  out: Uint8Array,
  row: number,
): void {
  for (let i = 0; i < count; i++, at += stride) out[row + i] = bytes[at + width - 1]!;
}

/** IPv4 mapped into ::ffff:0:0/96 (RFC 4291 §2.5.5.2); the row's other octets are zero already. */
export function readIPv4(bytes: Uint8Array, at: number, stride: number, count: number, out: Uint8Array, row: number): void {
  let to = row * 16 + 10;
  for (let i = 0; i < count; i++, at += stride, to += 16) {
    out[to] = 0xff;
    out[to + 1] = 0xff;
    out[to + 2] = bytes[at]!;
    out[to + 3] = bytes[at + 1]!;
    out[to + 4] = bytes[at + 2]!;
    out[to + 5] = bytes[at + 3]!;
  }
}

/** For templates with both families: a record leaves the family that it is not of at zero, which must not overwrite the other. */
export function readIPv4IfSet(bytes: Uint8Array, at: number, stride: number, count: number, out: Uint8Array, row: number): void {
  for (let i = 0; i < count; i++, at += stride) {
    if ((bytes[at]! | bytes[at + 1]! | bytes[at + 2]! | bytes[at + 3]!) === 0) continue;
    const to = (row + i) * 16;
    for (let octet = 0; octet < 10; octet++) out[to + octet] = 0;
    readIPv4(bytes, at, 0, 1, out, row + i);
  }
}

export function readIPv6IfSet(bytes: Uint8Array, at: number, stride: number, count: number, out: Uint8Array, row: number): void {
  for (let i = 0; i < count; i++, at += stride) {
    let set = 0;
    for (let octet = 0; octet < 16; octet++) set |= bytes[at + octet]!;
    if (set !== 0) readIPv6(bytes, at, 0, 1, out, row + i);
  }
}

export function readIPv6(bytes: Uint8Array, at: number, stride: number, count: number, out: Uint8Array, row: number): void {
  let to = row * 16;
  for (let i = 0; i < count; i++, at += stride, to += 16) {
    for (let octet = 0; octet < 16; octet++) out[to + octet] = bytes[at + octet]!;
  }
}

/** Names become codes of the batch's dictionary. Records one after another mostly have the same: then nothing is decoded. */
export function readTextToCodes(
  bytes: Uint8Array,
  at: number,
  width: number,
  stride: number,
  count: number,
  out: Uint16Array,
  dictionary: SymbolDictionary,
  row: number,
): void {
  for (let i = 0; i < count; i++, at += stride) {
    const again = i > 0 && sameOctets(bytes, at - stride, at, width);
    out[row + i] = again ? out[row + i - 1]! : dictionary.intern(readName(bytes, at, width));
  }
}

function sameOctets(bytes: Uint8Array, a: number, b: number, width: number): boolean {
  for (let octet = 0; octet < width; octet++) if (bytes[a + octet] !== bytes[b + octet]) return false;
  return true;
}

/** Seconds between 1900-01-01, where NTP begins, and 1970-01-01. */
const NTP_TO_UNIX_SECONDS = 2_208_988_800;
/** Era 0 of NTP ends in February 2036; second counts below this are read as of era 1 (RFC 5905 §6). */
const NTP_ERA_1_BELOW = 0x8000_0000;

/** dateTimeMicroseconds and dateTimeNanoseconds: 32 bits of NTP seconds, 32 of fraction (RFC 7011 §6.1.9–10). Milliseconds, 0 stays 0. */
export function readNtpToF64(bytes: Uint8Array, at: number, stride: number, count: number, out: Float64Array, row: number): void {
  for (let i = 0; i < count; i++, at += stride) {
    const seconds = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
    const fraction = ((bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!) >>> 0;
    const era = seconds < NTP_ERA_1_BELOW ? 4_294_967_296 : 0;
    const unixSeconds = seconds + era - NTP_TO_UNIX_SECONDS;
    out[row + i] = seconds === 0 ? 0 : Math.floor(unixSeconds * 1000 + (fraction * 1000) / 4_294_967_296);
  }
}
