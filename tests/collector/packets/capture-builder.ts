import { concat } from './packet-builder.js';

/** Captures made for the tests: classic pcap and pcapng, either byte order. */

export interface TestPacket {
  readonly timeMs: number;
  readonly data: Uint8Array;
  /** Octets on the link; the data's length when not given. */
  readonly original?: number;
}

export interface PcapOptions {
  readonly littleEndian?: boolean;
  readonly nanoseconds?: boolean;
  readonly linkType?: number;
  /** Kuznetzov's: eight octets more before each packet. */
  readonly modified?: boolean;
}

function words(littleEndian: boolean, ...values: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, index) => {
    view.setUint32(index * 4, value, littleEndian);
  });
  return new Uint8Array(view.buffer);
}

function halves(littleEndian: boolean, ...values: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 2));
  values.forEach((value, index) => {
    view.setUint16(index * 2, value, littleEndian);
  });
  return new Uint8Array(view.buffer);
}

export function pcap(packets: readonly TestPacket[], options: PcapOptions = {}): Uint8Array {
  const { littleEndian = true, nanoseconds = false, linkType = 1, modified = false } = options;
  const header = concat(
    words(littleEndian, modified ? 0xa1b2cd34 : nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4),
    halves(littleEndian, 2, 4),
    words(littleEndian, 0, 0, 262_144, linkType),
  );
  const perMs = nanoseconds ? 1e6 : 1e3;
  const records = packets.flatMap(({ timeMs, data, original = data.length }) => {
    const seconds = Math.floor(timeMs / 1000);
    const fraction = Math.round((timeMs - seconds * 1000) * perMs);
    return [words(littleEndian, seconds, fraction, data.length, original), new Uint8Array(modified ? 8 : 0), data];
  });
  return concat(header, ...records);
}

export function block(littleEndian: boolean, type: number, body: Uint8Array): Uint8Array {
  const padded = concat(body, new Uint8Array((4 - (body.length % 4)) % 4));
  const length = padded.length + 12;
  return concat(words(littleEndian, type, length), padded, words(littleEndian, length));
}

export function sectionHeader(littleEndian: boolean): Uint8Array {
  return block(
    littleEndian,
    0x0a0d0d0a,
    concat(words(littleEndian, 0x1a2b3c4d), halves(littleEndian, 1, 0), words(littleEndian, 0xffffffff, 0xffffffff)),
  );
}

export function option(littleEndian: boolean, code: number, value: Uint8Array): Uint8Array {
  return concat(halves(littleEndian, code, value.length), value, new Uint8Array((4 - (value.length % 4)) % 4));
}

export function interfaceDescription(littleEndian: boolean, linkType: number, snapLength: number, ...options: Uint8Array[]): Uint8Array {
  return block(littleEndian, 1, concat(halves(littleEndian, linkType, 0), words(littleEndian, snapLength), ...options));
}

/** `units` is the timestamp in the interface's unit. */
export function enhancedPacket(
  littleEndian: boolean,
  index: number,
  units: number,
  data: Uint8Array,
  original = data.length,
  ...options: Uint8Array[]
): Uint8Array {
  const header = words(littleEndian, index, Math.floor(units / 2 ** 32), units % 2 ** 32, data.length, original);
  return block(littleEndian, 6, concat(header, data, new Uint8Array((4 - (data.length % 4)) % 4), ...options));
}

export function simplePacket(littleEndian: boolean, data: Uint8Array, original = data.length): Uint8Array {
  return block(littleEndian, 3, concat(words(littleEndian, original), data));
}

export function oldPacket(littleEndian: boolean, index: number, units: number, data: Uint8Array, drops = 0): Uint8Array {
  const body = concat(
    halves(littleEndian, index, drops),
    words(littleEndian, Math.floor(units / 2 ** 32), units % 2 ** 32, data.length, data.length),
    data,
  );
  return block(littleEndian, 2, body);
}

export function interfaceStatistics(littleEndian: boolean, index: number, ...options: Uint8Array[]): Uint8Array {
  return block(littleEndian, 5, concat(words(littleEndian, index, 0, 0), ...options));
}

export function u64(littleEndian: boolean, value: number): Uint8Array {
  const parts = [Math.floor(value / 2 ** 32), value % 2 ** 32];
  return littleEndian ? words(true, parts[1]!, parts[0]!) : words(false, parts[0]!, parts[1]!);
}

/** A small pcapng of one Ethernet interface with microseconds. */
export function pcapng(packets: readonly TestPacket[], littleEndian = true): Uint8Array {
  return concat(
    sectionHeader(littleEndian),
    interfaceDescription(littleEndian, 1, 0),
    ...packets.map(({ timeMs, data, original = data.length }) =>
      enhancedPacket(littleEndian, 0, Math.round(timeMs * 1000), data, original),
    ),
  );
}
