import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Attempt, AttemptTable, MOST_TARGETS } from '../../../detector/baseline/attempt-table.js';
import { StateReader, StateWriter } from '../../../detector/baseline/state.js';

const SHORT_MS = 300_000;
const LONG_MS = 86_400_000;
const TCP = 6 << 16;

const attempts = fc.array(
  fc.record({
    host: fc.integer({ min: 1, max: 12 }),
    port: fc.integer({ min: 1, max: 12 }).map((port) => TCP | port),
    ms: fc.integer({ min: 0, max: 3 * LONG_MS }),
  }),
  { minLength: 1, maxLength: 120 },
);
const SUMS = { octetsOut: 60, octetsIn: 0, packetsOut: 1, packetsIn: 0 };
const attempt = (one: { host: number; port: number; ms: number }): Attempt => ({ ...one, ...SUMS, countsLong: one.host % 2 === 0 });

/** What a table without bounds would say after the last attempt. */
function counted(list: readonly Attempt[]) {
  const newestMs = Math.max(...list.map(({ ms }) => ms));
  const last = list.at(-1)!;
  const targets = new Map<string, Attempt>();
  // A target that came back after the long window is a new one, but the windows reach back from the newest instant only.
  for (const one of list) {
    const key = `${one.host} ${one.port}`;
    if ((targets.get(key)?.ms ?? Number.NEGATIVE_INFINITY) <= one.ms) targets.set(key, one);
  }
  const short = [...targets.values()].filter(({ ms }) => ms >= newestMs - SHORT_MS);
  const long = [...targets.values()].filter(({ ms, countsLong }) => ms >= newestMs - LONG_MS && countsLong);
  return {
    all: short.length,
    samePort: short.filter(({ port }) => port === last.port).length,
    sameHost: short.filter(({ host }) => host === last.host).length,
    samePortLong: long.filter(({ port }) => port === last.port).length,
    sameHostLong: long.filter(({ host }) => host === last.host).length,
  };
}

describe('targets tried in vain', () => {
  it('are counted as an unbounded list would count them, while they come in order', () => {
    fc.assert(
      fc.property(attempts, (list) => {
        const ordered = list.map(attempt).sort((a, b) => a.ms - b.ms);
        const table = new AttemptTable(SHORT_MS, LONG_MS);
        for (const one of ordered) table.add(one);
        const { all, samePort, sameHost, samePortLong, sameHostLong } = table;
        expect({ all, samePort, sameHost, samePortLong, sameHostLong }).toEqual(counted(ordered));
      }),
    );
  });

  it('go on after a snapshot as without one', () => {
    fc.assert(
      fc.property(attempts, fc.nat(), (list, cut) => {
        const ordered = list.map(attempt).sort((a, b) => a.ms - b.ms);
        const whole = new AttemptTable(SHORT_MS, LONG_MS);
        let parted = new AttemptTable(SHORT_MS, LONG_MS);
        ordered.forEach((one, index) => {
          whole.add(one);
          if (index === cut % ordered.length) {
            const writer = new StateWriter();
            parted.save(writer);
            parted = new AttemptTable(SHORT_MS, LONG_MS);
            parted.load(new StateReader(writer.finish()));
          }
          parted.add(one);
        });
        expect(parted).toEqual(whole);
      }),
    );
  });

  it('are bounded: counts stop at the limit, and memory does', () => {
    const table = new AttemptTable(SHORT_MS, LONG_MS);
    for (let host = 1; host <= 3 * MOST_TARGETS; host++) table.add(attempt({ host, port: TCP | 445, ms: host }));
    expect([table.samePort, table.all, table.sameHost]).toEqual([MOST_TARGETS, MOST_TARGETS, 1]);
    const totals = table.totals(0, TCP | 445, -1, false);
    expect(totals).toMatchObject({ sessions: MOST_TARGETS, records: MOST_TARGETS, octetsOut: 60 * MOST_TARGETS });
    expect(totals.firstMs).toBe(2 * MOST_TARGETS + 1);
  });
});
