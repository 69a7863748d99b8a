import { expect, test } from 'vitest';
import { AddressSpace, hasAtom } from '../../../detector/claims/address-space.js';
import { createPortMatcher, type PortRange } from '../../../detector/claims/ports.js';
import { maskAddress, type Prefix } from '../../../flow/address.js';

/** Pseudo-random numbers by a fixed seed (xorshift32): the same million pairs in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Few values, so that prefixes nest, repeat and touch, and addresses fall on their edges. */
const OCTETS = [0, 1, 2, 127, 128, 254, 255, 10] as const;

function address(next: (below: number) => number): Uint8Array {
  const bytes = new Uint8Array(16);
  const mapped = next(2) === 0;
  if (mapped) bytes.fill(0xff, 10, 12);
  else bytes.set([0x20, 0x01, 0x0d, 0xb8, OCTETS[next(8)]!, OCTETS[next(8)]!]);
  for (let at = 12; at < 16; at++) bytes[at] = OCTETS[next(8)]!;
  return bytes;
}

function inside(bytes: Uint8Array, prefix: Prefix): boolean {
  const whole = prefix.length >> 3;
  for (let at = 0; at < whole; at++) if (bytes[at] !== prefix.bytes[at]) return false;
  const rest = prefix.length & 7;
  return rest === 0 || (bytes[whole]! ^ prefix.bytes[whole]!) >> (8 - rest) === 0;
}

test('a million addresses and sets of prefixes: atoms answer as a look at every prefix', () => {
  const next = numbers(20_261_122);
  let wrong = 0;
  let hits = 0;
  for (let round = 0; round < 1000; round++) {
    const prefixes = Array.from({ length: 1 + next(40) }, (): Prefix => {
      const bytes = address(next);
      const length = bytes[0] === 0x20 ? 33 + next(96) : 97 + next(32);
      return { bytes: maskAddress(bytes, length), length };
    });
    const space = new AddressSpace(prefixes);
    const chosen = prefixes.filter(() => next(2) === 0);
    const atoms = space.union(chosen);
    for (let pair = 0; pair < 1000; pair++) {
      const bytes = next(4) === 0 ? prefixes[next(prefixes.length)]!.bytes : address(next);
      const told = hasAtom(atoms, space.atomOf(bytes, 0));
      if (told) hits += 1;
      if (told !== chosen.some((prefix) => inside(bytes, prefix))) wrong += 1;
    }
  }
  expect(wrong).toBe(0);
  expect(hits).toBeGreaterThan(100_000);
});

test('the narrowest of several lists: as a look at every prefix, the first list where two hold the same', () => {
  const next = numbers(4);
  let wrong = 0;
  for (let round = 0; round < 300; round++) {
    const prefixes = Array.from({ length: 1 + next(30) }, (): Prefix => {
      const bytes = address(next);
      const length = bytes[0] === 0x20 ? 33 + next(96) : 97 + next(32);
      return { bytes: maskAddress(bytes, length), length };
    });
    const space = new AddressSpace(prefixes);
    const lists = Array.from({ length: 1 + next(4) }, () => prefixes.filter(() => next(3) === 0));
    const numbered = space.narrowest(lists);
    for (let pair = 0; pair < 100; pair++) {
      const bytes = next(4) === 0 ? prefixes[next(prefixes.length)]!.bytes : address(next);
      let expected = -1;
      let length = -1;
      lists.forEach((list, number) => {
        for (const prefix of list) {
          if (prefix.length <= length || !inside(bytes, prefix)) continue;
          expected = number;
          length = prefix.length;
        }
      });
      if (numbered[space.atomOf(bytes, 0)] !== expected) wrong += 1;
    }
  }
  expect(wrong).toBe(0);
});

test('a hundred thousand ports and lists of ranges: the matcher answers as a look at every range', () => {
  const next = numbers(7);
  let wrong = 0;
  for (let round = 0; round < 1000; round++) {
    const ranges = Array.from({ length: next(6) }, (): PortRange => {
      const from = next(50);
      return { protocol: next(2) === 0 ? 6 : 17, from, to: from + next(20), named: true };
    });
    const matches = createPortMatcher(ranges);
    for (let pair = 0; pair < 100; pair++) {
      const protocol = next(2) === 0 ? 6 : 17;
      const port = next(80);
      const expected = ranges.some((range) => range.protocol === protocol && range.from <= port && port <= range.to);
      if (matches(protocol, port) !== expected) wrong += 1;
    }
  }
  expect(wrong).toBe(0);
});
