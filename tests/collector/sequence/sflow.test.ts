import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Origin } from '../../../collector/contracts.js';
import { createExportDecoder } from '../../../collector/decoders/decoders-table.js';
import { createMessageReport } from '../../../collector/decoders/report.js';
import { createLedger, type LedgerOptions } from '../../../collector/sequence/ledger.js';
import { ATTAINED_SAMPLES } from '../../../collector/sequence/sample-sources.js';
import { DUPLICATE } from '../../../collector/sequence/stream.js';
import { ColumnBatch, FlowBatch } from '../../../flow/batch.js';
import { COVERAGE_COLUMNS, type CoverageColumnName } from '../../../flow/coverage.js';
import { netflow1, netflow7 } from '../decoders/build-fixed-records.js';
import { counterSample, flowSample, rawHeader, type SampleHeader, sflow5 } from '../decoders/build-sflow5.js';
import { testOrigin } from '../decoders/decode-all.js';
import { FaultCounts } from '../inputs/fault-counts.js';
import { ipv4, SYN, tcp } from '../packets/packet-builder.js';

const START_MS = 1_796_256_000_000;
const PACKET = rawHeader(ipv4('192.0.2.10', '198.51.100.20', 6, tcp(49_152, 443, SYN)), 11);
const RATE = 100;

function sample(header: SampleHeader): Uint8Array {
  return flowSample([PACKET], { rate: RATE, pool: (header.sequence ?? 1) * RATE, ...header });
}

/** A decoder and a ledger; each payload arrives a tenth of a second after the one before. */
function collector(options: LedgerOptions = {}) {
  const decoder = createExportDecoder();
  const ledger = createLedger(options);
  const report = createMessageReport();
  const batch = new FlowBatch();
  const faults = new FaultCounts();
  let arrived = 0;
  const feed = (payload: Uint8Array, from: Origin = testOrigin()): number => {
    batch.clear();
    const origin = { ...from, receivedMs: START_MS + arrived++ * 100 };
    decoder.decode(payload, origin, batch, report, faults);
    const state = ledger.message(report, origin);
    if (state !== DUPLICATE) ledger.rows(batch, 0, batch.length, 'exported');
    return state;
  };
  const total = () => {
    const rows = new ColumnBatch(COVERAGE_COLUMNS);
    ledger.drain(Number.POSITIVE_INFINITY, rows);
    const sum = (name: CoverageColumnName) =>
      (rows.columns[name] as Float64Array).subarray(0, rows.length).reduce((all, value) => all + value, 0);
    const largest = (name: CoverageColumnName) => Math.max(...(rows.columns[name] as Float64Array).subarray(0, rows.length));
    expect(sum('recordsSent')).toBe(sum('recordsReceived') + sum('recordsLost'));
    expect(sum('messagesSent')).toBe(sum('messagesReceived') + sum('messagesLost'));
    expect(sum('recordsReceived')).toBe(
      sum('recordsDecoded') + sum('recordsUndecodable') + sum('recordsMalformed') + sum('recordsDuplicate'),
    );
    expect(sum('recordsDecoded')).toBe(sum('recordsProduced'));
    return { sum, largest, clockOffset: rows.columns.clockOffsetMilliseconds[0] };
  };
  return { feed, total, faults };
}

/** Datagrams of four samples from two ports, and a counter sample in every third. */
function datagrams(count: number, firstSequence = 1, bootedMs = 1000): Uint8Array[] {
  return Array.from({ length: count }, (_, index) =>
    sflow5(
      [
        sample({ source: 1, sequence: index * 2 + 1 }),
        sample({ source: 1, sequence: index * 2 + 2 }),
        sample({ source: 2, sequence: index * 2 + 1 }),
        sample({ source: 2, sequence: index * 2 + 2 }),
        ...(index % 3 === 0 ? [counterSample(index)] : []),
      ],
      { sequence: (firstSequence + index) >>> 0, uptimeMs: bootedMs + index * 100 },
    ),
  );
}

describe("sFlow's sequence numbers", () => {
  it('datagrams lost, and the flow samples in them to the sample, whatever was dropped, doubled or delayed', () => {
    const fate = fc.record({ drop: fc.boolean(), twice: fc.boolean(), later: fc.integer({ min: 0, max: 3 }) });
    fc.assert(
      fc.property(fc.array(fate, { minLength: 40, maxLength: 40 }), fc.constantFrom(1, 0xffff_fff0), (fates, first) => {
        const { feed, total, faults } = collector();
        const sent = datagrams(40, first);
        const isDropped = (index: number) => fates[index]!.drop && index % 4 !== 0 && index < 39;
        const placed = sent.flatMap((payload, index) => {
          if (isDropped(index)) return [];
          const at = index === 0 ? 0 : index + fates[index]!.later;
          return fates[index]!.twice
            ? [
                { payload, at },
                { payload, at: at + 2 },
              ]
            : [{ payload, at }];
        });
        placed.sort((a, b) => a.at - b.at);
        for (const { payload } of placed) feed(payload);
        const dropped = sent.filter((_, index) => isDropped(index)).length;
        const twice = fates.filter(({ twice: doubled }, index) => doubled && !isDropped(index)).length;
        const { sum } = total();
        expect(faults.counts).toEqual({});
        expect([sum('messagesLost'), sum('recordsLost'), sum('messagesDuplicate'), sum('restarts')]).toEqual([
          dropped,
          dropped * 4,
          twice,
          0,
        ]);
        expect(sum('recordsProduced')).toBe((40 - dropped) * 4);
      }),
      { numRuns: 60 },
    );
  });

  it('agents and sub-agents each count for themselves', () => {
    const { feed, total } = collector();
    for (let i = 1; i <= 5; i++) {
      for (const subAgent of [0, 1]) feed(sflow5([sample({ sequence: i })], { subAgent, sequence: i * (subAgent + 1) }));
      feed(sflow5([sample({ sequence: i })], { sequence: i }), testOrigin('192.0.2.99'));
    }
    expect(total().sum('messagesLost')).toBe(4);
  });

  it('an agent that restarts loses nothing by it, and its sources begin anew', () => {
    const { feed, total } = collector();
    for (const payload of datagrams(20, 5000, 3_600_000)) feed(payload);
    for (const payload of datagrams(20)) feed(payload);
    const { sum } = total();
    expect([sum('messagesLost'), sum('recordsLost'), sum('restarts')]).toEqual([0, 0, 1]);
  });

  it('a forged datagram far off neither hides the loss behind it nor invents any', () => {
    const { feed, total } = collector();
    const sent = datagrams(30);
    for (const payload of sent.slice(0, 10)) feed(payload);
    feed(sflow5([sample({ source: 1, sequence: 4_000_000_000 })], { sequence: 4_000_000_000, uptimeMs: 2000 }));
    for (const payload of sent.slice(12)) feed(payload);
    const { sum } = total();
    expect([sum('messagesLost'), sum('recordsLost'), sum('restarts')]).toEqual([2, 8, 0]);
  });

  it('a datagram cut short keeps its place: only the samples that were cut off are lost', () => {
    const { feed, total } = collector();
    for (const [index, payload] of datagrams(10).entries()) feed(index === 4 ? payload.subarray(0, payload.length - 10) : payload);
    const { sum } = total();
    expect([sum('messagesLost'), sum('recordsLost'), sum('messagesMalformed')]).toEqual([0, 1, 1]);
  });

  it('without memory to follow sources the loss is estimated by the mean, as for NetFlow v9', () => {
    const { feed, total } = collector({ limits: { maxSampleSources: 1 } });
    datagrams(10).forEach((payload, index) => {
      if (index !== 5) feed(payload);
    });
    const { sum, largest } = total();
    expect([sum('messagesLost'), largest('lossEstimated')]).toEqual([1, 1]);
    expect(sum('recordsLost')).toBeGreaterThanOrEqual(4);
  });

  it('there is no clock, so none is said to be off', () => {
    const { feed, total } = collector();
    for (const payload of datagrams(3)) feed(payload);
    expect(total().clockOffset).toBeNaN();
  });
});

describe('the sampling interval attained', () => {
  /** Samples of one source in datagrams of eight; the pool grows by `packets` a sample. */
  function sampled(packets: number, keep: (index: number) => boolean, count = ATTAINED_SAMPLES * 3): number {
    const { feed, total } = collector();
    for (let index = 0; index < count; index += 8) {
      if (!keep(index / 8)) continue;
      const samples = Array.from({ length: 8 }, (_, i) => sample({ sequence: index + i + 1, pool: ((index + i + 1) * packets) >>> 0 }));
      feed(sflow5(samples, { sequence: index / 8 + 1, uptimeMs: 1000 + index }));
    }
    return total().largest('samplingInterval');
  }

  it('is the one told while nothing is lost, chance left aside', () => {
    expect(sampled(RATE, () => true)).toBe(RATE);
    expect(sampled(RATE * 1.1, () => true)).toBe(RATE);
  });

  it('doubles where every other datagram is lost', () => {
    expect(sampled(RATE, (index) => index % 2 === 0, ATTAINED_SAMPLES * 6)).toBe(RATE * 2);
  });

  it('shows an agent that samples less than it says', () => {
    expect(sampled(RATE * 10, () => true)).toBe(RATE * 10);
  });

  it('goes on over the wrap of the pool', () => {
    expect(sampled(16_000_000, () => true)).toBe(16_000_000);
  });
});

describe('NetFlow v1 and v7', () => {
  it('v7 numbers records as v5 does', () => {
    const { feed, total } = collector();
    feed(netflow7([{}, {}], { sequence: 10 }));
    feed(netflow7([{}, {}], { sequence: 15 }));
    expect(total().sum('recordsLost')).toBe(3);
  });

  it('a datagram cut short whose clock says 1970 is booked with the rows it made', () => {
    const { feed, total } = collector();
    feed(netflow1([{}, {}], { seconds: 0, count: 3 }));
    const { sum } = total();
    expect([sum('recordsProduced'), sum('recordsMalformed'), sum('messagesMalformed')]).toEqual([2, 1, 1]);
  });

  it('v1 has no numbers: no loss is claimed, nothing is taken for a duplicate', () => {
    const { feed, total } = collector();
    for (let i = 0; i < 5; i++) expect(feed(netflow1([{}, {}]))).not.toBe(DUPLICATE);
    const { sum } = total();
    expect([sum('recordsProduced'), sum('recordsLost'), sum('messagesDuplicate'), sum('restarts')]).toEqual([10, 0, 0, 0]);
  });
});
