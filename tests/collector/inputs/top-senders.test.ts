import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TopSenders } from '../../../collector/inputs/top-senders.js';

describe('who sends most', () => {
  it('is exact while there is room for all', () => {
    const top = new TopSenders(3);
    for (const sender of ['a', 'b', 'a', 'c', 'a', 'b']) top.add(sender);
    expect(top.list()).toEqual([
      { address: 'a', datagrams: 3, over: 0 },
      { address: 'b', datagrams: 2, over: 0 },
      { address: 'c', datagrams: 1, over: 0 },
    ]);
  });

  it('has whoever sent more than its share, and never counts too little, or too much by more than it says', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 400 }), fc.integer({ min: 1, max: 8 }), (senders, places) => {
        const top = new TopSenders(places);
        const truth = new Map<string, number>();
        for (const sender of senders) {
          top.add(String(sender));
          truth.set(String(sender), (truth.get(String(sender)) ?? 0) + 1);
        }
        const list = top.list();
        expect(list.length).toBeLessThanOrEqual(places);
        for (const { address, datagrams, over } of list) {
          expect(datagrams).toBeGreaterThanOrEqual(truth.get(address)!);
          expect(datagrams - over).toBeLessThanOrEqual(truth.get(address)!);
        }
        const found = new Set(list.map(({ address }) => address));
        for (const [address, datagrams] of truth) if (datagrams > senders.length / places) expect(found.has(address)).toBe(true);
      }),
    );
  });
});
