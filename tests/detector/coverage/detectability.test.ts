import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FULL_PACKET_OCTETS, hideableOctets, missProbability, packetsOf } from '../../../detector/claims/detectability.js';
import { shareText } from '../../../detector/coverage/words.js';

describe('P_miss (reference: assurance.md §2.3)', () => {
  // Packets, 1:S, loss, and the value of the formula that a Monte Carlo run confirmed.
  test.each([
    [700, 1000, 0, 0.4964],
    [700, 1000, 0.05, 0.5216],
    [0, 1000, 0, 1],
    [5, 1, 0, 0],
    [5, 1, 0.25, 0.25],
  ])('%i packets at 1:%i with loss %f', (packets, sampling, loss, expected) => {
    expect(missProbability(packets, sampling, loss)).toBeCloseTo(expected, 4);
  });
  test('records are lost independently of each other: three of 1000 packets, and two of 150', () => {
    expect(missProbability(1000, 1000, 0.05) ** 3).toBeCloseTo(0.0637, 3);
    expect(missProbability(150, 100, 0.2) ** 2).toBeCloseTo(0.1423, 3);
  });
  test.each([
    [10, 0.999, 66],
    [100, 0.95, 299],
    [512, 0.99, 2356],
    [1000, 0.999, 6905],
    [4096, 0.999, 28_291],
  ])('at 1:%i and %f the smallest transfer that is seen has %i packets', (sampling, confidence, packets) => {
    expect(packetsOf(hideableOctets(sampling, 0, confidence))).toBe(packets);
  });
  test('one packet more than can hide is seen with the confidence, one less is not', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 5000 }),
        fc.constantFrom(0.9, 0.99, 0.999),
        fc.double({ min: 0, max: 0.0009, noNaN: true }),
        (sampling, confidence, loss) => {
          const packets = hideableOctets(sampling, loss, confidence) / FULL_PACKET_OCTETS;
          expect(missProbability(packets + 1, sampling, loss)).toBeLessThanOrEqual(1 - confidence);
          expect(missProbability(Math.max(0, packets - 1), sampling, loss)).toBeGreaterThan(1 - confidence);
        },
      ),
    );
  });
  test('nothing hides from a sensor that sees all; with losses beyond the confidence everything may', () => {
    expect(hideableOctets(1, 0, 0.999)).toBe(0);
    expect(hideableOctets(1, 0.01, 0.999)).toBe(Number.POSITIVE_INFINITY);
    expect(hideableOctets(100, 1, 0.999)).toBe(Number.POSITIVE_INFINITY);
  });
});

test('shares never read as whole when they are not', () => {
  expect([1, 0.99999, 0.999, 0.9997, 0.00015, 0].map(shareText)).toEqual(['100 %', '99.99 %', '99.9 %', '99.97 %', '0.015 %', '0 %']);
});
