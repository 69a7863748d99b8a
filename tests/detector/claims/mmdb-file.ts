import type { Prefix } from '../../../flow/address.js';

type Data = string | number | { readonly [key: string]: Data };

/**
 * A MaxMind DB file (version 2.0) of IP version 6, with IPv4 under ::/96 and shown again under 2002::/16, as MaxMind's files have it. Read back by mmdb-lib
 * when this was written, so that reader and writer do not share a mistake.
 */
export function mmdbFile(
  entries: readonly { readonly prefix: Prefix; readonly data: Data }[],
  recordSize: 24 | 28 | 32,
  builtSeconds: number,
): Buffer {
  const children: number[][] = [[-1, -1]];
  const insert = (bytes: Uint8Array, length: number, leaf: number): void => {
    let node = 0;
    for (let depth = 0; depth < length; depth++) {
      const bit = (bytes[depth >> 3]! >> (7 - (depth & 7))) & 1;
      if (depth === length - 1) {
        children[node]![bit] = leaf;
        return;
      }
      let next = children[node]![bit]!;
      if (next < 0) {
        next = children.push([next, next]) - 1;
        children[node]![bit] = next;
      }
      node = next;
    }
  };
  const values: Buffer[] = [];
  let size = 0;
  for (const { prefix, data } of [...entries].sort((a, b) => a.prefix.length - b.prefix.length)) {
    const value = encode(data);
    const mapped =
      prefix.length >= 96 &&
      prefix.bytes[10] === 0xff &&
      prefix.bytes[11] === 0xff &&
      prefix.bytes.subarray(0, 10).every((byte) => byte === 0);
    const bytes = prefix.bytes.slice();
    if (mapped) bytes.fill(0, 0, 12);
    insert(bytes, prefix.length, -2 - size);
    values.push(value);
    size += value.length;
  }
  let rootOfIPv4 = 0;
  for (let depth = 0; depth < 96 && rootOfIPv4 >= 0; depth++) rootOfIPv4 = children[rootOfIPv4]![0]!;
  if (rootOfIPv4 > 0) insert(Uint8Array.of(0x20, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 16, rootOfIPv4);
  const nodes = children.length;
  const record = (child: number): number => (child >= 0 ? child : child === -1 ? nodes : nodes + 16 + (-2 - child));
  const tree = Buffer.alloc((nodes * recordSize) / 4);
  children.forEach((pair, node) => {
    const [left, right] = pair.map(record) as [number, number];
    if (recordSize === 24) {
      tree.writeUIntBE(left, node * 6, 3);
      tree.writeUIntBE(right, node * 6 + 3, 3);
    } else if (recordSize === 32) {
      tree.writeUInt32BE(left, node * 8);
      tree.writeUInt32BE(right, node * 8 + 4);
    } else {
      tree.writeUIntBE(left % 2 ** 24, node * 7, 3);
      tree[node * 7 + 3] = ((left >>> 24) << 4) | (right >>> 24);
      tree.writeUIntBE(right % 2 ** 24, node * 7 + 4, 3);
    }
  });
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: builtSeconds,
    database_type: 'Test-Country',
    ip_version: 6,
    node_count: nodes,
    record_size: recordSize,
  });
  return Buffer.concat([tree, Buffer.alloc(16), ...values, Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'), metadata]);
}

function encode(data: Data): Buffer {
  if (typeof data === 'string') {
    const text = Buffer.from(data);
    return Buffer.concat([control(2, text.length), text]);
  }
  if (typeof data === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(data);
    return Buffer.concat([control(6, 4), bytes]);
  }
  const pairs = Object.entries(data).flatMap(([key, value]) => [encode(key), encode(value)]);
  return Buffer.concat([control(7, pairs.length / 2), ...pairs]);
}

function control(type: number, size: number): Buffer {
  return size < 29 ? Buffer.of((type << 5) | size) : Buffer.of((type << 5) | 29, size - 29);
}
