import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maskAddress, type Prefix, parseAddress, parsePrefix } from '../../flow/address.js';
import { PrefixTable } from '../../flow/prefix-table.js';

/** Longest prefix by looking at each: slow and obviously right. */
function naive(entries: readonly { prefix: Prefix; value: number }[], address: Uint8Array): number {
  let best = -1;
  let value = -1;
  for (const entry of entries) {
    if (entry.prefix.length < best || Buffer.compare(maskAddress(address, entry.prefix.length), entry.prefix.bytes) !== 0) continue;
    best = entry.prefix.length;
    value = entry.value;
  }
  return value;
}

// Few distinct bytes, so that random prefixes nest and random addresses fall near their edges.
const byte = fc.constantFrom(0, 1, 10, 127, 128, 254, 255);
const v4 = fc.tuple(byte, byte, byte, byte).map((parts) => Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...parts]));
const v6 = fc.array(byte, { minLength: 16, maxLength: 16 }).map((parts) => Uint8Array.from(parts));
const prefix = fc.oneof(
  fc.tuple(v4, fc.integer({ min: 90, max: 128 })).map(([bytes, length]) => ({ bytes: maskAddress(bytes, length), length })),
  fc.tuple(v6, fc.integer({ min: 0, max: 128 })).map(([bytes, length]) => ({ bytes: maskAddress(bytes, length), length })),
);

describe('longest-prefix table', () => {
  test('agrees with looking at each prefix, for IPv4, IPv6 and prefixes that contain the mapped range', () => {
    fc.assert(
      fc.property(
        fc.array(prefix, { maxLength: 40 }),
        fc.array(fc.oneof(v4, v6), { minLength: 1, maxLength: 60 }),
        (prefixes, addresses) => {
          const entries = prefixes.map((item, value) => ({ prefix: item, value }));
          const table = new PrefixTable(entries);
          for (const address of [...addresses, ...prefixes.map((item) => item.bytes)])
            expect(table.lookup(address)).toBe(naive(entries, address));
        },
      ),
      { numRuns: 400 },
    );
  });

  test('an empty table knows nothing', () => {
    const table = new PrefixTable([]);
    expect(table.lookup(parseAddress('192.0.2.1'))).toBe(-1);
    expect(table.lookup(parseAddress('2001:db8::1'))).toBe(-1);
  });

  test('the innermost prefix wins, and the outer one goes on behind it', () => {
    const table = new PrefixTable([
      { prefix: parsePrefix('10.0.0.0/8'), value: 1 },
      { prefix: parsePrefix('10.1.0.0/16'), value: 2 },
      { prefix: parsePrefix('10.1.2.3'), value: 3 },
    ]);
    const at = (text: string) => table.lookup(parseAddress(text));
    expect([at('9.255.255.255'), at('10.0.0.0'), at('10.1.2.2'), at('10.1.2.3'), at('10.1.2.4'), at('10.2.0.0'), at('11.0.0.0')]).toEqual([
      -1, 1, 2, 3, 2, 1, -1,
    ]);
  });
});
