import { formatAddress } from '../../flow/address.js';
import type { ElementType } from '../templates/element-types.js';
import { readUnsigned } from './bytes.js';

export type ElementValue = string | number | boolean | null | ElementValue[] | { [name: string]: ElementValue };

/** Seconds between 1900-01-01, where NTP begins, and 1970-01-01. */
const NTP_TO_UNIX_SECONDS = 2_208_988_800n;
/** Seconds below this are read as of NTP's era 1, from 2036 on (RFC 5905 §6). */
const NTP_ERA_1_BELOW = 0x8000_0000n;
/** The latest time that a Date can hold, in ms. */
const MAX_DATE_MS = 8.64e15;

const UTF8 = new TextDecoder('utf-8', { fatal: false });

/**
 * A value by its abstract data type (RFC 7011 §6.1), as JSON has it: integers as numbers, beyond 2^53 as text; times in ISO 8601, UTC, with as many digits as
 * the type has; addresses and MAC addresses as they are written; octets, and whatever has a width that its type cannot have, as hexadecimal digits. A field
 * without octets is null, and so is a time of 0. Lists are read by element-records.ts.
 */
export function readElement(bytes: Uint8Array, at: number, width: number, type: ElementType): ElementValue {
  if (width === 0) return null;
  const value = readTyped(bytes, at, width, type);
  return value === undefined ? hexOf(bytes, at, width) : value;
}

/** Undefined where the width makes no sense. */
function readTyped(bytes: Uint8Array, at: number, width: number, type: ElementType): ElementValue | undefined {
  switch (type) {
    case 'unsigned8':
    case 'unsigned16':
    case 'unsigned32':
    case 'unsigned64':
      return width <= 8 ? plain(bigintOf(bytes, at, width)) : undefined;
    case 'unsigned256':
      return width <= 32 ? plain(bigintOf(bytes, at, width)) : undefined;
    case 'signed8':
    case 'signed16':
    case 'signed32':
    case 'signed64':
      return width <= 8 ? plain(BigInt.asIntN(width * 8, bigintOf(bytes, at, width))) : undefined;
    case 'float32':
    case 'float64':
      return float(bytes, at, width);
    case 'boolean':
      return width !== 1 ? undefined : bytes[at] === 1 ? true : bytes[at] === 2 ? false : bytes[at]!; // RFC 7011 §6.1.5
    case 'macAddress':
      return width === 6 ? hexOf(bytes, at, width).replace(/..(?=.)/g, '$&:') : undefined;
    case 'string':
      return text(bytes, at, width);
    case 'ipv4Address':
      return width === 4 ? `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}` : undefined;
    case 'ipv6Address':
      return width === 16 ? formatIPv6(bytes, at) : undefined;
    case 'dateTimeSeconds':
      return width <= 8 ? date(readUnsigned(bytes, at, width)! * 1000, 0) : undefined;
    case 'dateTimeMilliseconds':
      return width <= 8 ? date(readUnsigned(bytes, at, width)!, 3) : undefined;
    case 'dateTimeMicroseconds':
      return width === 8 ? ntp(bigintOf(bytes, at, 8), 6) : undefined;
    case 'dateTimeNanoseconds':
      return width === 8 ? ntp(bigintOf(bytes, at, 8), 9) : undefined;
    default:
      return undefined;
  }
}

export function hexOf(bytes: Uint8Array, at: number, width: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, width).toString('hex');
}

function bigintOf(bytes: Uint8Array, at: number, width: number): bigint {
  let value = 0n;
  for (let octet = 0; octet < width; octet++) value = (value << 8n) | BigInt(bytes[at + octet]!);
  return value;
}

function plain(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

/** A float64 may be sent as float32 (RFC 7011 §6.2). JSON has no infinities. */
function float(bytes: Uint8Array, at: number, width: number): ElementValue | undefined {
  if (width !== 4 && width !== 8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, width);
  const value = width === 4 ? view.getFloat32(0) : view.getFloat64(0);
  return Number.isFinite(value) ? value : String(value);
}

/** Zeros fill fields of fixed length up. */
function text(bytes: Uint8Array, at: number, width: number): string {
  let end = at + width;
  while (end > at && bytes[end - 1] === 0) end--;
  return UTF8.decode(bytes.subarray(at, end));
}

/** IPv4-mapped addresses stay IPv6 here: it is what the exporter sent. */
function formatIPv6(bytes: Uint8Array, at: number): string {
  const plainText = formatAddress(bytes, at);
  return plainText.includes('.') ? `::ffff:${plainText}` : plainText;
}

function date(ms: number, digits: 0 | 3): ElementValue {
  if (ms === 0) return null;
  if (ms > MAX_DATE_MS) return ms;
  const iso = new Date(ms).toISOString();
  return digits === 3 ? iso : iso.replace('.000Z', 'Z');
}

/** 32 bits of seconds, 32 of fraction (RFC 7011 §6.1.9, §6.1.10). */
function ntp(value: bigint, digits: 6 | 9): ElementValue {
  if (value === 0n) return null;
  const seconds = value >> 32n;
  const era = seconds < NTP_ERA_1_BELOW ? 1n << 32n : 0n;
  const fraction = ((value & 0xffff_ffffn) * 10n ** BigInt(digits)) >> 32n;
  const iso = new Date(Number(seconds + era - NTP_TO_UNIX_SECONDS) * 1000).toISOString();
  return iso.replace('.000Z', `.${fraction.toString().padStart(digits, '0')}Z`);
}
