import { parseAddress } from '../../../flow/address.js';

/*
 * Packets and captures made by hand for the tests, layer by layer: each function returns the octets of its layer around a payload.
 */

export function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

export function u16(value: number): number[] {
  return [(value >>> 8) & 0xff, value & 0xff];
}

export function u32(value: number): number[] {
  return [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

export function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export const MAC_A = [0x02, 0, 0x5e, 0, 0x53, 0x0a];
export const MAC_B = [0x02, 0, 0x5e, 0, 0x53, 0x0b];

export function ethernet(
  type: number,
  payload: Uint8Array,
  source: readonly number[] = MAC_A,
  destination: readonly number[] = MAC_B,
): Uint8Array {
  return concat(destination, source, u16(type), payload);
}

export function vlan(id: number, type: number, payload: Uint8Array): Uint8Array {
  return concat(u16(id), u16(type), payload);
}

export interface Ipv4Fields {
  readonly options?: readonly number[];
  readonly identification?: number;
  readonly fragmentOffset?: number;
  readonly moreFragments?: boolean;
  readonly totalLength?: number;
}

export function ipv4(source: string, destination: string, protocol: number, payload: Uint8Array, fields: Ipv4Fields = {}): Uint8Array {
  const options = fields.options ?? [];
  const headerLength = 20 + options.length;
  const fragment = ((fields.moreFragments === true ? 1 : 0) << 13) | ((fields.fragmentOffset ?? 0) / 8);
  return concat(
    [0x40 | (headerLength / 4), 0],
    u16(fields.totalLength ?? headerLength + payload.length),
    u16(fields.identification ?? 0),
    u16(fragment),
    [64, protocol, 0, 0],
    parseAddress(source).subarray(12),
    parseAddress(destination).subarray(12),
    options,
    payload,
  );
}

export function ipv6(source: string, destination: string, next: number, payload: Uint8Array, payloadLength = payload.length): Uint8Array {
  return concat([0x60, 0, 0, 0], u16(payloadLength), [next, 64], parseAddress(source), parseAddress(destination), payload);
}

export function udp(source: number, destination: number, payload: Uint8Array, length = payload.length + 8): Uint8Array {
  return concat(u16(source), u16(destination), u16(length), [0, 0], payload);
}

export const SYN = 0x02;
export const ACK = 0x10;
export const FIN = 0x01;
export const RST = 0x04;

export function tcp(source: number, destination: number, flags: number, payload: Uint8Array = bytes()): Uint8Array {
  return concat(u16(source), u16(destination), u32(1), u32(1), [0x50, flags], u16(65_535), [0, 0, 0, 0], payload);
}

export function icmp(type: number, code: number, payload: Uint8Array = bytes(0, 0, 0, 0)): Uint8Array {
  return concat([type, code, 0, 0], payload);
}
