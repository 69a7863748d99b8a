import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NumberPool } from '../../../detector/baseline/number-pool.js';
import { RecentKeys } from '../../../detector/baseline/recent-keys.js';
import { medianError, StartRings } from '../../../detector/baseline/start-rings.js';
import { StateReader, StateWriter } from '../../../detector/baseline/state.js';

describe('rows for keys that come back', () => {
  const steps = fc.array(fc.record({ key: fc.integer({ min: 0, max: 40 }), remove: fc.constantFrom(false, false, false, true) }), {
    maxLength: 300,
  });

  it('does what a map does that forgets whom it met least recently, also after a snapshot', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 300 }), fc.boolean(), (list, at, shared) => {
        const pool = shared ? new NumberPool() : undefined;
        let keys = new RecentKeys(16, pool);
        // Of somebody else, who keeps other keys in the same pool.
        const others = new RecentKeys(64, pool);
        // A Map keeps the order of insertion: its first is the one touched longest ago.
        const model = new Map<number, number>();
        list.forEach(({ key, remove }, index) => {
          if (index === at) {
            const writer = new StateWriter();
            keys.save(writer);
            keys = new RecentKeys(16, pool);
            keys.load(new StateReader(writer.finish()));
          }
          if (index < 64) others.add(index, 1000 + index);
          const row = keys.find(key % 7, key);
          expect(row).toBe(model.get(key) ?? -1);
          if (row >= 0 && remove) {
            keys.remove(row);
            model.delete(key);
          } else if (row >= 0) {
            keys.touch(row);
            model.delete(key);
            model.set(key, row);
          } else {
            if (model.size === 16) model.delete([...model.keys()][0]!);
            const added = keys.add(key % 7, key);
            expect([...model.values()]).not.toContain(added);
            model.set(key, added);
          }
          expect(keys.end).toBeLessThanOrEqual(keys.capacity);
        });
        for (const row of model.values()) expect(keys.isUsed(row)).toBe(true);
        for (let index = 0; index < Math.min(64, list.length); index++) expect(others.find(index, 1000 + index)).toBe(index);
      }),
      { numRuns: 200 },
    );
  });
});

describe('starts of a row', () => {
  const starts = fc.array(fc.integer({ min: 0, max: 200_000 }), { minLength: 3, maxLength: 60 });

  it('stand in order, a second apart, whatever the order in which they come', () => {
    fc.assert(
      fc.property(starts, (list) => {
        const pool = new NumberPool();
        const rings = new StartRings(17, 2, pool);
        const others = new StartRings(5, 1, pool);
        for (const [index, ms] of list.entries()) {
          others.add(0, -ms);
          rings.add(1, ms);
          // They move to where there is more room.
          if (index === 5) rings.resize(4);
        }
        const kept = Array.from({ length: rings.count(1) }, (_, index) => rings.at(1, index));
        for (let i = 1; i < kept.length; i++) expect(kept[i]! - kept[i - 1]!).toBeGreaterThanOrEqual(1000);
        expect(rings.count(0)).toBe(0);
        for (const ms of kept) expect(list).toContain(ms);
      }),
    );
  });

  it('are measured as the definitions say', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1000, max: 90_000 }), { minLength: 3, maxLength: 16 }), (gaps) => {
        const rings = new StartRings(17, 1);
        let ms = 5;
        rings.add(0, ms);
        for (const gap of gaps) {
          ms += gap;
          rings.add(0, ms);
        }
        rings.measure(0, gaps.length);
        const middle = (values: readonly number[]): number => {
          const sorted = [...values].sort((a, b) => a - b);
          const half = sorted.length >>> 1;
          return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
        };
        const median = middle(gaps);
        expect(rings.medianMs).toBe(median);
        expect(rings.spread).toBeCloseTo(middle(gaps.map((gap) => Math.abs(gap - median))) / median, 12);
        expect(rings.tail).toBeGreaterThanOrEqual(1);
      }),
    );
  });

  it('the error of a median falls with the root of their number', () => {
    expect(medianError(0.2, 48) / medianError(0.2, 12)).toBeCloseTo(0.5, 12);
  });
});
