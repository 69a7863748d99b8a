import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FlowIndex } from '../../../collector/metering/flow-index.js';

/** Every entry that the slots hold, found by probing from its hash as the table does. */
function reachable(index: FlowIndex, hash: number, entry: number): boolean {
  for (let slot = hash & index.mask; index.slots[slot * 2 + 1] !== 0; slot = (slot + 1) & index.mask) {
    if (index.slots[slot * 2] === hash && index.slots[slot * 2 + 1] === entry + 1) return true;
  }
  return false;
}

test('after any inserts and removals, hashes colliding and wrapping, every entry is found and no other is held', () => {
  const action = fc.record({ entry: fc.nat(15), hash: fc.constantFrom(0, 1, 30, 31, 63, -1, -2, 12_345), grow: fc.boolean() });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const index = new FlowIndex(16);
      const model = new Map<number, number>();
      for (const { entry, hash, grow } of actions) {
        const known = model.get(entry);
        if (known === undefined) {
          index.insert(hash, entry);
          model.set(entry, hash);
        } else {
          index.remove(known, entry);
          model.delete(entry);
        }
        if (grow && index.mask < 255) index.grow();
        for (const [held, heldHash] of model) expect(reachable(index, heldHash, held)).toBe(true);
        expect(index.slots.filter((value, at) => at % 2 === 1 && value !== 0)).toHaveLength(model.size);
      }
    }),
    { numRuns: 300 },
  );
});
