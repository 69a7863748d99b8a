import { isIPv4, isIPv6 } from 'node:net';

/**
 * Addresses are 16 bytes in network order everywhere, IPv4 mapped into ::ffff:0:0/96 (RFC 4291 §2.5.5.2).
 * Text is parsed strictly: no octal, hexadecimal or short IPv4 forms, no zone ids, no host bits in a prefix.
 */

export const ADDRESS_BYTES = 16;

export class AddressError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AddressError';
  }
}

/** Parses an IPv4 or IPv6 address into 16 bytes. Throws AddressError with the text and what was expected. */
export function parseAddress(text: string): Uint8Array {
  const bytes = new Uint8Array(ADDRESS_BYTES);
  if (isIPv4(text)) {
    bytes[10] = 0xff;
    bytes[11] = 0xff;
    text.split('.').forEach((part, index) => {
      bytes[12 + index] = Number(part);
    });
    return bytes;
  }
  if (!isIPv6(text) || text.includes('%')) {
    throw new AddressError(
      `'${printable(text)}' is not an IPv4 or IPv6 address; write four decimal numbers (192.0.2.1) or RFC 4291 text (2001:db8::1)`,
    );
  }
  parseIPv6(text, bytes);
  return bytes;
}

/** `text` is known to be valid IPv6 (node:net said so). */
function parseIPv6(text: string, bytes: Uint8Array): void {
  let rest = text;
  const tail: number[] = [];
  const dot = rest.lastIndexOf('.');
  if (dot > 0) {
    const colon = rest.lastIndexOf(':');
    for (const part of rest.slice(colon + 1).split('.')) tail.push(Number(part));
    rest = `${rest.slice(0, colon + 1)}${((tail[0]! << 8) | tail[1]!).toString(16)}:${((tail[2]! << 8) | tail[3]!).toString(16)}`;
  }
  const [left = '', right] = rest.split('::');
  const head = left === '' ? [] : left.split(':');
  const end = right === undefined || right === '' ? [] : right.split(':');
  const words = [...head, ...new Array<string>(8 - head.length - end.length).fill('0'), ...end];
  words.forEach((word, index) => {
    const value = Number.parseInt(word, 16);
    bytes[index * 2] = value >>> 8;
    bytes[index * 2 + 1] = value & 0xff;
  });
}

/** True when the 16 bytes at `offset` are an IPv4 address mapped into IPv6. */
export function isMappedIPv4(bytes: Uint8Array, offset = 0): boolean {
  for (let i = 0; i < 10; i++) if (bytes[offset + i] !== 0) return false;
  return bytes[offset + 10] === 0xff && bytes[offset + 11] === 0xff;
}

/** The same of an address as four words from `at` on, network order in memory, as little-endian machines read them. */
export function isMappedIPv4Words(words: Uint32Array, at: number): boolean {
  return words[at + 2] === 0xffff_0000 && words[at] === 0 && words[at + 1] === 0;
}

/** Canonical text (RFC 5952; dotted quad for mapped IPv4) of the 16 bytes at `offset`. */
export function formatAddress(bytes: Uint8Array, offset = 0): string {
  if (isMappedIPv4(bytes, offset)) return `${bytes[offset + 12]}.${bytes[offset + 13]}.${bytes[offset + 14]}.${bytes[offset + 15]}`;
  const words: number[] = [];
  for (let i = 0; i < 8; i++) words.push((bytes[offset + i * 2]! << 8) | bytes[offset + i * 2 + 1]!);
  const { start, length } = longestZeroRun(words);
  const text = (from: number, to: number) =>
    words
      .slice(from, to)
      .map((word) => word.toString(16))
      .join(':');
  return length < 2 ? text(0, 8) : `${text(0, start)}::${text(start + length, 8)}`;
}

/** RFC 5952 §4.2: the longest run of zero words is shortened, the first of equals, never a single word. */
function longestZeroRun(words: readonly number[]): { start: number; length: number } {
  let best = { start: -1, length: 0 };
  let start = -1;
  for (let i = 0; i <= words.length; i++) {
    if (i < words.length && words[i] === 0) {
      if (start < 0) start = i;
    } else {
      if (start >= 0 && i - start > best.length) best = { start, length: i - start };
      start = -1;
    }
  }
  return best;
}

/** A prefix: 16 address bytes with no bit set behind `length`; lengths of IPv4 prefixes are counted in the mapped form (96 + n). */
export interface Prefix {
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** False for networks of IPv4 addresses alone. */
export function isIPv6Prefix({ bytes, length }: Prefix): boolean {
  return length < 96 || !isMappedIPv4(bytes);
}

/** Parses `address` or `address/length`. Host bits set behind the length are an error, never masked silently. */
export function parsePrefix(text: string): Prefix {
  const plain = plainIPv4Prefix(text);
  if (plain !== undefined) return plain;
  const slash = text.indexOf('/');
  const bytes = parseAddress(slash < 0 ? text : text.slice(0, slash));
  const v4 = isMappedIPv4(bytes) && !text.includes(':');
  const most = v4 ? 32 : 128;
  let length = most;
  if (slash >= 0) {
    const digits = text.slice(slash + 1);
    length = /^(0|[1-9]\d{0,2})$/.test(digits) ? Number(digits) : -1;
    if (length < 0 || length > most)
      throw new AddressError(`'${printable(text)}' has no valid prefix length; write a number from 0 to ${most} after the slash`);
  }
  const mapped = v4 ? length + 96 : length;
  const network = maskAddress(bytes, mapped);
  if (!network.every((byte, index) => byte === bytes[index])) {
    throw new AddressError(
      `'${printable(text)}' has host bits set; write ${formatAddress(network)}/${length} for the network, or ${formatAddress(bytes)} for the one address`,
    );
  }
  return { bytes, length: mapped };
}

/** The same for what nearly all lists hold, an IPv4 prefix in its normal form, character by character; undefined for anything else. */
function plainIPv4Prefix(text: string): Prefix | undefined {
  const bytes = new Uint8Array(ADDRESS_BYTES);
  bytes[10] = 0xff;
  bytes[11] = 0xff;
  let at = 0;
  let length = 32;
  for (let part = 0; part < 5; part++) {
    let value = 0;
    const begin = at;
    for (let digit = text.charCodeAt(at) - 0x30; digit >= 0 && digit <= 9 && at < begin + 3; digit = text.charCodeAt(at) - 0x30) {
      value = value * 10 + digit;
      at += 1;
    }
    if (at === begin || value > 255 || (text[begin] === '0' && at > begin + 1)) return undefined;
    if (part === 4) length = value;
    else bytes[12 + part] = value;
    if (at === text.length && part >= 3) break;
    if (text[at] !== (part < 3 ? '.' : '/')) return undefined;
    at += 1;
  }
  if (at !== text.length || length > 32) return undefined;
  const low = readU32(bytes, 12);
  if (length === 0 ? low !== 0 : length < 32 && low << length !== 0) return undefined;
  return { bytes, length: 96 + length };
}

export function formatPrefix(prefix: Prefix): string {
  const v4 = !isIPv6Prefix(prefix);
  return `${formatAddress(prefix.bytes)}/${v4 ? prefix.length - 96 : prefix.length}`;
}

/** The first address of the network: all bits behind `length` (0–128) cleared. */
export function maskAddress(bytes: Uint8Array, length: number): Uint8Array {
  const out = bytes.slice(0, ADDRESS_BYTES);
  for (let i = 0; i < ADDRESS_BYTES; i++) {
    const bits = Math.max(0, Math.min(8, length - i * 8));
    out[i] = out[i]! & (0xff << (8 - bits));
  }
  return out;
}

/** The last address of the network: all bits behind `length` set. */
export function lastAddress(prefix: Prefix): Uint8Array {
  const out = prefix.bytes.slice();
  for (let i = 0; i < ADDRESS_BYTES; i++) {
    const bits = Math.max(0, Math.min(8, prefix.length - i * 8));
    out[i] = out[i]! | (0xff >>> bits);
  }
  return out;
}

/** −1, 0 or 1: network order of two addresses. */
export function compareAddresses(a: Uint8Array, b: Uint8Array, aOffset = 0, bOffset = 0): number {
  for (let i = 0; i < ADDRESS_BYTES; i++) {
    const difference = a[aOffset + i]! - b[bOffset + i]!;
    if (difference !== 0) return difference < 0 ? -1 : 1;
  }
  return 0;
}

/** Four bytes in network order as an unsigned number. */
export function readU32(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0;
}

/** Text from outside made safe to print in an error: control, format and bidirectional characters shown as escapes, 80 characters at most. */
export function printable(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 77)}…` : text;
  return short.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`);
}
