import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StateReader, StateWriter } from '../../../../detector/baseline/state.js';
import { exampleClaims } from '../../../../detector/detections/example-claims.js';
import { Level } from '../../../../detector/detections/observed-record.js';
import { flood } from '../../../../detector/detections/rhythms/flood.js';
import { FloodRates } from '../../../../detector/detections/rhythms/flood-rates.js';
import { createEngine } from '../../../../detector/engine/engine.js';
import { batchOf, claimsOf, exampleRows } from '../../support/rows.js';
import { StreamJudge } from '../../support/streams.js';

const claims = claimsOf(exampleClaims('{ budget: [ { peer: { any: true }, budget: { bytes: 100TiB, per: P1D } } ] }'));
const FROM = Date.parse('2026-11-20T08:00:00Z');

/** Each session is a connection that nobody answers, of seven packets. */
function judge(): StreamJudge {
  const made = new StreamJudge(flood, claims);
  made.record.level = Level.attempt;
  return made;
}

describe('packets above a rate', () => {
  it('are those of the worst stretch that ends now, less what runs off in it', () => {
    const step = fc.record({ afterMs: fc.integer({ min: 0, max: 5000 }), packets: fc.integer({ min: 1, max: 100 }) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const { record } = judge();
        const rates = new FloodRates();
        const seen: { ms: number; packets: number }[] = [];
        let ms = FROM;
        for (const { afterMs, packets } of steps) {
          ms += afterMs;
          seen.push({ ms, packets });
          Object.assign(record, { startMs: ms, endMs: ms, packetsOut: packets });
          const row = rates.take(record, 20, 1, 2, 3);
          let worst = 0;
          let sum = 0;
          for (const one of [...seen].reverse()) {
            sum += one.packets;
            worst = Math.max(worst, sum - ((ms - one.ms) * 20) / 1000);
          }
          expect(rates.level(row)).toBeCloseTo(worst, 6);
        }
      }),
    );
  });

  it('of a long record are what it sends beyond the rate in its own time', () => {
    const { record } = judge();
    const rates = new FloodRates();
    Object.assign(record, { startMs: FROM, endMs: FROM + 60_000, packetsOut: 3000 });
    expect(rates.level(rates.take(record, 20, 1, 2, 3))).toBe(3000 - 1200);
    // Another of the same time: the time is not taken off twice.
    expect(rates.level(rates.take(record, 20, 1, 2, 3))).toBe(6000 - 1200);
    // One that would run off by itself, but for the time that it shares with the next.
    const few = new FloodRates();
    Object.assign(record, { packetsOut: 10, endMs: FROM + 1000 });
    expect(few.level(few.take(record, 20, 1, 2, 3))).toBe(0);
    Object.assign(record, { startMs: FROM + 500 });
    const row = few.take(record, 20, 1, 2, 3);
    expect([few.level(row), few.fromMs(row), few.packets(row)]).toEqual([10, FROM + 500, 10]);
  });
});

describe('flood', () => {
  it('is told when twenty seconds’ worth of packets lie above the rate, and again as it grows', () => {
    const stream = judge();
    // 700 packets a second, 20 of which are usual: 680 more each second.
    for (let call = 0; call < 6000; call++) stream.session(FROM + call * 10, 1);
    const [first, ...more] = stream.measured;
    expect(first!.observed).toBeGreaterThanOrEqual(400);
    expect(first!.observed).toBeLessThan(430);
    expect(first!.windowToMs - first!.windowFromMs).toBeLessThan(1000);
    // Each time by a sixteenth at least, so that an hour of it is not told a million times.
    expect(more.length).toBeLessThan(80);
    const last = stream.measured.at(-1)!;
    expect(last.observed).toBeGreaterThan((42_000 * 15) / 16);
    expect(last).toMatchObject({ unit: 'packets', windowFromMs: FROM, peerPort: 443 });
    expect(last.totals).toMatchObject({ firstMs: FROM, packetsOut: last.observed, octetsIn: last.totals.records * 1400 });
  });

  it('that comes again on the same day is added to what was told of it', () => {
    const stream = judge();
    const run = (fromMs: number): void => {
      for (let call = 0; call < 300; call++) stream.session(fromMs + call * 10, 1);
    };
    run(FROM);
    const before = stream.measured.at(-1)!;
    run(FROM + 3_600_000);
    const after = stream.measured.at(-1)!;
    expect(after.windowFromMs).toBe(FROM + 3_600_000);
    expect(after.observed).toBe(before.observed);
    expect(after.totals.packetsOut).toBeGreaterThan(before.totals.packetsOut);
    expect(after.totals.firstMs).toBe(FROM);
  });

  it('of small datagrams outside is told by its rate, not by its megabytes as well', () => {
    const engine = createEngine({ claims });
    const row = { at: '2026-11-20T08:00:00Z', from: '10.40.10.11 40001', to: '203.0.113.7 4567', protocol: 'udp' } as const;
    engine.ingest(
      batchOf(claims, exampleRows([{ ...row, seconds: 60, octets: 200_000 * 84, packets: 200_000, reverseOctets: 0, reversePackets: 0 }])),
    );
    const found = engine.findings().filter(({ detection }) => detection === 'flood');
    expect(found.map(({ unit, observed }) => [unit, observed])).toEqual([['packets', 200_000]]);
  });

  it('state stays bounded under a sweep, and a flood is found in it', () => {
    const stream = judge();
    let most = 0;
    for (let call = 0; call < 20_000; call++) {
      stream.talkTo(`198.51.${(call >>> 8) & 255}.${call & 255}`, 1 + call).session(FROM + call * 10, 1);
      stream.talkTo('203.0.113.7', 443).session(FROM + call * 10 + 1, 1);
      if (call % 2000 !== 0) continue;
      const writer = new StateWriter();
      stream.evaluator.save(writer);
      most = Math.max(most, writer.finish().length);
    }
    expect(stream.measured.length).toBeGreaterThan(0);
    // 128 rows of 144 octets.
    expect(most).toBeLessThanOrEqual(19_000);
  });

  it('goes on after a snapshot as if nothing had happened', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 900 }), (at) => {
        const play = (stream: StreamJudge, from: number, to: number): void => {
          for (let call = from; call < to; call++) stream.talkTo(`203.0.113.${1 + (call % 2)}`, 443).session(FROM + call * 20, 1);
        };
        const straight = judge();
        const before = judge();
        const after = judge();
        play(straight, 0, at);
        play(before, 0, at);
        const writer = new StateWriter();
        before.evaluator.save(writer);
        after.evaluator.load(new StateReader(writer.finish()));
        straight.measured.length = 0;
        play(straight, at, 1000);
        play(after, at, 1000);
        expect(after.measured).toEqual(straight.measured);
      }),
      { numRuns: 30 },
    );
  });
});
