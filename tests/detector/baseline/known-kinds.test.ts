import { describe, expect, it } from 'vitest';
import { KnownKinds } from '../../../detector/baseline/known-kinds.js';
import { NumberPool } from '../../../detector/baseline/number-pool.js';

describe('known kinds of exchange', () => {
  it('are known from a second on, to no kind of another number, and not after they were forgotten', () => {
    const known = new KnownKinds(new NumberPool());
    expect(known.knows(7, 1000)).toBe(false);
    known.remember(7, 1000);
    expect([999, 1000, 2000].map((second) => known.knows(7, second))).toEqual([false, true, true]);
    expect([6, 8, 7 + 32].map((serial) => known.knows(serial, 2000))).toEqual([false, false, false]);
    known.forget(7 + 32);
    expect(known.knows(7, 1000)).toBe(true);
    known.forget(7);
    expect(known.knows(7, 1000)).toBe(false);
  });

  it('give way to the next of the same place, and to nobody when all is to be asked again', () => {
    const known = new KnownKinds(new NumberPool());
    known.clear();
    for (const serial of [3, 4, 3 + 32]) known.remember(serial, 10);
    expect([3, 4, 3 + 32].map((serial) => known.knows(serial, 10))).toEqual([false, true, true]);
    known.clear();
    expect([3, 4, 3 + 32].map((serial) => known.knows(serial, 10))).toEqual([false, false, false]);
  });

  it('of one asset are not those of another', () => {
    const pool = new NumberPool();
    const [one, other] = [new KnownKinds(pool), new KnownKinds(pool)];
    one.remember(5, 10);
    expect(other.knows(5, 10)).toBe(false);
  });

  it('hold no time before the epoch or beyond what they can keep', () => {
    const known = new KnownKinds(new NumberPool());
    known.remember(5, -1);
    known.remember(6, 2 ** 32);
    expect(known.knows(5, 0) || known.knows(6, 2 ** 33)).toBe(false);
  });
});
