import { type AddressTree, NOTHING } from './address-tree.js';

/*
 * MaxMind DB file format, version 2.0 (https://maxmind.github.io/MaxMind-DB/):
 *
 *   search tree        node_count nodes of two records, each of record_size 24, 28 or 32 bits; a record below node_count is a node, node_count
 *                      itself is "nothing", above it: 16 + offset into the data section
 *   16 octets 0
 *   data section       values, each: control octet TTTSSSSS (type, size), further octets of the size, content
 *   "\xab\xcd\xefMaxMind.com"
 *   metadata           one map
 */

const MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
/** The metadata stands in the last 128 KiB. */
const MAX_METADATA = 131_072;
const SEPARATOR = 16;
/** Values nest a few levels; pointers may not point to pointers. */
const MAX_DEPTH = 32;
const MAX_VALUES = 10_000;

/** A file that is no MaxMind DB, or a damaged one; the message says what. */
export class MmdbError extends Error {}

export interface Mmdb {
  readonly databaseType: string;
  /** When it was built, ms since the epoch. */
  readonly builtMs: number;
  readonly tree: AddressTree;
  /** The data of a leaf's value. Throws MmdbError. */
  dataOf(value: number): unknown;
}

/** Opens the file's content; the tree is read when it is walked. Throws MmdbError. */
export function openMmdb(bytes: Buffer): Mmdb {
  const from = Math.max(0, bytes.length - MAX_METADATA);
  const marker = bytes.lastIndexOf(MARKER);
  if (marker < from) throw new MmdbError('it has no MaxMind DB metadata');
  const metadata = new Values(bytes.subarray(marker + MARKER.length)).at(0);
  if (!(metadata instanceof Map)) throw new MmdbError('its metadata is no map');
  const number = (key: string): number => {
    const value: unknown = metadata.get(key);
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new MmdbError(`its metadata lacks '${key}'`);
    return value;
  };
  const nodes = number('node_count');
  const recordSize = number('record_size');
  const ipVersion = number('ip_version');
  if (number('binary_format_major_version') !== 2) throw new MmdbError('its format is not version 2');
  if (recordSize !== 24 && recordSize !== 28 && recordSize !== 32) throw new MmdbError(`its records have ${recordSize} bits`);
  if (ipVersion !== 4 && ipVersion !== 6) throw new MmdbError(`it is of IP version ${ipVersion}`);
  const treeBytes = (nodes * recordSize) / 4;
  if (nodes < 1 || treeBytes + SEPARATOR > marker) throw new MmdbError('its search tree is longer than the file');
  const data = new Values(bytes.subarray(treeBytes + SEPARATOR, marker));
  const record = recordReader(bytes, recordSize);
  const child = (node: number, bit: number): number => {
    const value = record(node, bit);
    if (value < nodes) return value;
    if (value === nodes) return NOTHING;
    return -1 - (value - nodes - SEPARATOR + 1);
  };
  const root = ipVersion === 6 ? 0 : NOTHING;
  let rootOfIPv4 = 0;
  if (ipVersion === 6) for (let depth = 0; depth < 96 && rootOfIPv4 >= 0; depth++) rootOfIPv4 = child(rootOfIPv4, 0);
  const type: unknown = metadata.get('database_type');
  return {
    databaseType: typeof type === 'string' ? type : '',
    builtMs: number('build_epoch') * 1000,
    tree: { nodes, root, rootOfIPv4, child },
    dataOf: (value) => data.at(value - 1),
  };
}

function recordReader(bytes: Buffer, size: 24 | 28 | 32): (node: number, bit: number) => number {
  if (size === 24) return (node, bit) => bytes.readUIntBE(node * 6 + bit * 3, 3);
  if (size === 32) return (node, bit) => bytes.readUInt32BE(node * 8 + bit * 4);
  // 28 bits: the octet in the middle holds the upper four bits of the left record, then those of the right one.
  return (node, bit) => {
    const at = node * 7;
    const middle = bytes[at + 3]!;
    return bit === 0 ? (middle >>> 4) * 2 ** 24 + bytes.readUIntBE(at, 3) : (middle & 0x0f) * 2 ** 24 + bytes.readUIntBE(at + 4, 3);
  };
}

const Type = {
  extended: 0,
  pointer: 1,
  text: 2,
  double: 3,
  bytes: 4,
  u16: 5,
  u32: 6,
  map: 7,
  i32: 8,
  u64: 9,
  u128: 10,
  array: 11,
  flag: 14,
  float: 15,
};

/** Values of one section; pointers count from its begin. */
class Values {
  private readonly bytes: Buffer;
  private next = 0;
  private left = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** The value at an offset. Maps come as Map, numbers too large for a double and octets as undefined: no location is told by them. */
  at(offset: number): unknown {
    this.next = offset;
    this.left = MAX_VALUES;
    return this.read(0, true);
  }

  private read(depth: number, mayPoint: boolean): unknown {
    this.left -= 1;
    if (depth > MAX_DEPTH || this.left < 0) throw new MmdbError('its data nests too deep or is too large');
    const control = this.octets(1);
    let type = control >>> 5;
    if (type === Type.pointer) return this.follow(control, depth, mayPoint);
    if (type === Type.extended) type = this.octets(1) + 7;
    const size = this.sizeOf(control & 0x1f);
    switch (type) {
      case Type.text: {
        const from = this.skip(size);
        return this.bytes.toString('utf8', from, from + size);
      }
      case Type.u16:
      case Type.u32:
      case Type.u64:
      case Type.i32:
        return this.number(type, size);
      case Type.map: {
        const map = new Map<string, unknown>();
        for (let i = 0; i < size; i++) {
          const key = this.read(depth + 1, true);
          map.set(String(key), this.read(depth + 1, true));
        }
        return map;
      }
      case Type.array:
        return Array.from({ length: Math.min(size, this.left + 1) }, () => this.read(depth + 1, true));
      case Type.flag:
        return size !== 0;
      default:
        this.skip(size);
        return undefined;
    }
  }

  /** 001SSVVV: S says how many octets follow, V and they are the offset, longer ones counted from where shorter ones end. */
  private follow(control: number, depth: number, mayPoint: boolean): unknown {
    if (!mayPoint) throw new MmdbError('a pointer points to a pointer');
    const length = ((control >>> 3) & 0b11) + 1;
    const high = length === 4 ? 0 : (control & 0b111) * 2 ** (8 * length);
    const base = [0, 2048, 526_336, 0][length - 1]!;
    const target = high + this.octets(length) + base;
    const back = this.next;
    this.next = target;
    const value = this.read(depth + 1, false);
    this.next = back;
    return value;
  }

  private sizeOf(size: number): number {
    if (size < 29) return size;
    return size === 29 ? 29 + this.octets(1) : size === 30 ? 285 + this.octets(2) : 65_821 + this.octets(3);
  }

  private octets(count: number): number {
    const from = this.skip(count);
    return count === 0 ? 0 : this.bytes.readUIntBE(from, count);
  }

  private number(type: number, size: number): number {
    if (size > 8) throw new MmdbError('a number of it is too long');
    const high = size > 6 ? this.octets(size - 6) : 0;
    const value = high * 2 ** 48 + this.octets(Math.min(size, 6));
    return type === Type.i32 && size === 4 ? value | 0 : value;
  }

  private skip(count: number): number {
    const from = this.next;
    if (from < 0 || from + count > this.bytes.length) throw new MmdbError('its data ends too early');
    this.next = from + count;
    return from;
  }
}
