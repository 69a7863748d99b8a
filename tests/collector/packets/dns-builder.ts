import { parseAddress } from '../../../flow/address.js';
import { bytes, concat, u16, u32 } from './packet-builder.js';

/** DNS messages made by hand: labels, pointers and records as octets. */

export function labels(name: string): Uint8Array {
  return concat(...name.split('.').map((label) => concat([label.length], Buffer.from(label, 'latin1'))), [0]);
}

export function pointer(offset: number): Uint8Array {
  return Uint8Array.from(u16(0xc000 | offset));
}

export function record(owner: Uint8Array, type: number, ttl: number, data: Uint8Array, length = data.length, recordClass = 1): Uint8Array {
  return concat(owner, u16(type), u16(recordClass), u32(ttl), u16(length), data);
}

/** An A or AAAA record, by its address. */
export function addressRecord(owner: Uint8Array, address: string, ttl = 300): Uint8Array {
  return address.includes(':') ? record(owner, 28, ttl, parseAddress(address)) : record(owner, 1, ttl, parseAddress(address).subarray(12));
}

export interface DnsFields {
  readonly flags?: number;
  readonly questions?: number;
  readonly answers?: number;
  readonly questionClass?: number;
}

/** A response to one question; its name begins at offset 12. */
export function dnsResponse(name: string | Uint8Array, records: readonly Uint8Array[], fields: DnsFields = {}): Uint8Array {
  return concat(
    u16(0x1234),
    u16(fields.flags ?? 0x8180),
    u16(fields.questions ?? 1),
    u16(fields.answers ?? records.length),
    u32(0),
    typeof name === 'string' ? labels(name) : name,
    u16(1),
    u16(fields.questionClass ?? 1),
    ...records,
  );
}

export const ASKED = pointer(12);
export const NOTHING = bytes();
