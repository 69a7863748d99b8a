import { describe, expect, it } from 'vitest';
import { NumberPool } from '../../../../detector/baseline/number-pool.js';
import { StateReader, StateWriter } from '../../../../detector/baseline/state.js';
import { ObservedRecord } from '../../../../detector/detections/observed-record.js';
import { MOST_RESOLVERS, ResolverTable } from '../../../../detector/detections/protocols/resolver-table.js';

function question(startMs: number): ObservedRecord {
  return Object.assign(new ObservedRecord(), { startMs, octetsOut: 300, octetsIn: 500, packetsOut: 2, packetsIn: 3, sampling: 10 });
}

/** A table in which each of these resolvers was asked once, at its own time. */
function asked(pool: NumberPool, times: readonly number[]): ResolverTable {
  const table = new ResolverTable(pool);
  for (const [resolver, ms] of times.entries()) {
    const { window } = table.find(0, resolver, 0, ms);
    window.begin(ms);
    window.add(question(ms + 5));
  }
  return table;
}

describe('resolvers that are counted', () => {
  it('scale estimates by sampling and keep counts as they came', () => {
    const { window, day } = asked(new NumberPool(), [1000]).find(0, 0, 0, 1000);
    expect([window.queries, window.answers, window.octetsOut, window.octetsIn, window.longOctets]).toEqual([20, 30, 3000, 5000, 3000]);
    expect([window.countedOut, window.countedIn, window.packetsOut, window.packetsIn, window.records]).toEqual([300, 500, 2, 3, 1]);
    expect([window.fromMs, window.firstMs, window.newestMs]).toEqual([1000, 1005, 1005]);
    expect([day.fromMs, day.records]).toEqual([Number.NEGATIVE_INFINITY, 0]);
  });

  it('tell a count from its least on, and again when it has doubled, in each window anew', () => {
    const { window } = asked(new NumberPool(), [0]).find(0, 0, 0, 0);
    expect([50, 100, 150, 199, 200].map((octets) => window.tells(octets, 100))).toEqual([false, true, false, false, true]);
    window.begin(10);
    expect(window.tells(100, 100)).toBe(true);
  });

  it('are so many at most: the one asked longest ago gives way, and nothing of it is left in its place', () => {
    const times = Array.from({ length: MOST_RESOLVERS }, (_, resolver) => (resolver === 7 ? 1 : 1000 + resolver));
    const table = asked(new NumberPool(), times);
    const { window, told } = table.find(0, 99, 0, 5000);
    expect([window.records, window.queries, told.queries, told.periodFromMs]).toEqual([0, 0, 0, Number.NEGATIVE_INFINITY]);
    expect(table.find(0, 8, 0, 5000).window.records).toBe(1);
    expect(table.find(0, 7, 0, 5000).window.records).toBe(0);
  });

  it('come back from a snapshot as they were, among others of the pool', () => {
    const pool = new NumberPool();
    const table = asked(pool, [10, 20, 30]);
    table.find(0, 1, 0, 20).told.set(86_400_000, 42);
    const writer = new StateWriter();
    table.save(writer);
    const bytes = writer.finish();
    const restored = new ResolverTable(pool);
    restored.load(new StateReader(bytes));
    const again = new StateWriter();
    restored.save(again);
    expect(again.finish()).toEqual(bytes);
    expect(restored.find(0, 1, 0, 20).told.queries).toBe(42);
    expect(restored.find(0, 2, 0, 30).window.countedOut).toBe(300);
  });
});
