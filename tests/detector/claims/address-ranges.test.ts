import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressRanges, bytesOf } from '../../../detector/claims/address-ranges.js';
import { AddressSpace } from '../../../detector/claims/address-space.js';
import { parsePrefix } from '../../../flow/address.js';

// What the store is told of a rule's peers must be the addresses that the rule itself takes.

const prefixes = fc.uniqueArray(
  fc
    .tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 26, max: 32 }))
    .map(([last, length]) => `10.0.0.${(last >>> (32 - length)) << (32 - length)}/${length}`),
  { maxLength: 8 },
);

test('ranges are disjoint, in order, not adjacent, and hold exactly the addresses of the atoms', () => {
  fc.assert(
    fc.property(prefixes, fc.integer({ min: 0, max: 511 }), (texts, chosen) => {
      const space = new AddressSpace(texts.map(parsePrefix));
      const holds = (atom: number): boolean => ((chosen >>> (atom % 9)) & 1) === 1;
      const ranges = addressRanges({ atomCount: space.atomCount, prefixOfAtom: (atom) => space.prefixOf(atom) }, holds);
      ranges.forEach(({ first, last }, index) => {
        expect(last >= first).toBe(true);
        if (index > 0) expect(first > ranges[index - 1]!.last + 1n).toBe(true);
      });
      for (let last = 0; last < 72; last++) {
        const address = 0xffff_0a00_0000n + BigInt(last);
        expect(ranges.some((range) => range.first <= address && address <= range.last)).toBe(holds(space.atomOf(bytesOf(address), 0)));
      }
    }),
  );
});

test('everything is one range, to the last address', () => {
  const space = new AddressSpace(['10.0.0.0/8', '2001:db8::/32'].map(parsePrefix));
  const all = addressRanges({ atomCount: space.atomCount, prefixOfAtom: (atom) => space.prefixOf(atom) }, () => true);
  expect(all).toEqual([{ first: 0n, last: 2n ** 128n - 1n }]);
});
