import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEEN_EXACT_MEMBERS, SEEN_LONG_AGO, SeenSet } from '../../../detector/baseline/seen-set.js';
import { StateReader, StateWriter } from '../../../detector/baseline/state.js';

const PERIOD = 86_400_000;
const hash = (member: number): [number, number] => [Math.imul(member, 0x9e3779b1) >>> 0, Math.imul(member + 7, 0x85ebca6b) >>> 0];

/** A set that has met `count` members in the period before, so that most are in its Bloom filter. */
function fullSet(count: number): SeenSet {
  const set = new SeenSet();
  for (let member = 0; member < count; member++) set.meet(...hash(member), member, 0);
  set.meet(...hash(count), PERIOD, PERIOD);
  return set;
}

describe('a set of what was met', () => {
  it('forgets one member and no other, wherever it is kept', () => {
    for (const count of [10, SEEN_EXACT_MEMBERS + 100]) {
      const set = fullSet(count);
      const [forgotten, kept] = [hash(3), hash(4)];
      expect([set.has(...forgotten), set.has(...kept)]).toEqual([true, true]);
      set.forget(...forgotten);
      expect([set.has(...forgotten), set.has(...kept)]).toEqual([false, true]);
      expect(set.meet(...forgotten, PERIOD + 5, PERIOD)).toBe(PERIOD + 5);
      expect(set.meet(...forgotten, PERIOD + 9, PERIOD)).toBe(PERIOD + 5);
      expect(set.meet(...kept, PERIOD + 9, PERIOD)).toBeLessThan(PERIOD);
    }
    expect(fullSet(SEEN_EXACT_MEMBERS + 100).meet(...hash(3), PERIOD, PERIOD)).toBe(SEEN_LONG_AGO);
  });

  it('is as a plain map of first meetings, forgetting included, while it is small; also after being saved', () => {
    const step = fc.record({ member: fc.integer({ min: 0, max: 20 }), forgets: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let set = new SeenSet();
        const model = new Map<number, number>();
        steps.forEach(({ member, forgets }, index) => {
          if (forgets) {
            set.forget(...hash(member));
            model.delete(member);
          } else {
            if (!model.has(member)) model.set(member, index);
            expect(set.meet(...hash(member), index, 0)).toBe(model.get(member));
          }
          const writer = new StateWriter();
          set.save(writer);
          set = new SeenSet();
          set.load(new StateReader(writer.finish()));
          for (let one = 0; one <= 20; one++) expect(set.has(...hash(one))).toBe(model.has(one));
        });
      }),
      { numRuns: 30 },
    );
  });

  it('keeps what was forgotten over a snapshot, and remembers a bounded number', () => {
    const set = fullSet(SEEN_EXACT_MEMBERS + 200);
    for (let member = 0; member < 100; member++) set.forget(...hash(member));
    const writer = new StateWriter();
    set.save(writer);
    const copy = new SeenSet();
    copy.load(new StateReader(writer.finish()));
    expect(Array.from({ length: 100 }, (_, member) => copy.has(...hash(member))).filter((known) => !known)).toHaveLength(64);
  });
});
