import { describe, expect, it } from 'vitest';
import type { MessageReport, Origin } from '../../../collector/contracts.js';
import { createMessageReport } from '../../../collector/decoders/report.js';
import { createLedger, type Ledger } from '../../../collector/sequence/ledger.js';
import { ColumnBatch, FlowBatch } from '../../../flow/batch.js';
import { COVERAGE_COLUMNS, type CoverageColumnName } from '../../../flow/coverage.js';
import { testOrigin } from '../decoders/decode-all.js';

const T0 = 1_796_256_000_000;
const MINUTE = 60_000;

/** A message as a decoder would report it, of one record unless said otherwise. */
function message(change: Partial<MessageReport> = {}): MessageReport {
  return Object.assign(createMessageReport(), {
    protocol: 'netflow9',
    exportTimeMs: T0,
    recordsAnnounced: 1,
    recordsDecoded: 1,
    ...change,
  });
}

const at = (receivedMs: number): Origin => ({ ...testOrigin(), receivedMs });

function drained(ledger: Ledger, untilMs = Number.POSITIVE_INFINITY) {
  const rows = new ColumnBatch(COVERAGE_COLUMNS);
  ledger.drain(untilMs, rows);
  const list = (name: CoverageColumnName) => Array.from((rows.columns[name] as Float64Array).subarray(0, rows.length));
  return { list, sum: (name: CoverageColumnName) => list(name).reduce((all, value) => all + value, 0) };
}

describe('what an exporter says of itself', () => {
  const tell = (totals: readonly number[], restartAt = Number.POSITIVE_INFINITY) => {
    const ledger = createLedger();
    let sequence = 100;
    totals.forEach((notSentRecords, n) => {
      const statistics = { ...createMessageReport().statistics, notSentRecords, ignoredPackets: notSentRecords * 2 };
      if (n === restartAt) sequence = 0;
      const systemUptimeMs = n >= restartAt ? (n - restartAt + 1) * 1000 : 900_000 + n * 1000;
      ledger.message(message({ sequenceNumber: sequence++, exportTimeMs: T0 + n * 1000, systemUptimeMs, statistics }), at(T0 + n * 1000));
    });
    const { sum } = drained(ledger);
    return [sum('recordsNotExported'), sum('packetsMissed')];
  };

  it('counts by what its totals grew by while we listened', () => {
    expect(tell([1000, 1000, 1007, Number.NaN, 1010])).toEqual([10, 20]);
  });

  it('counts from zero after a restart', () => {
    expect(tell([1000, 1001, 3, 3, 4, 6], 2)).toEqual([1 + 6, 2 * (1 + 6)]);
  });

  it('is not doubled by totals of several processes in turn', () => {
    expect(tell([1000, 5, 1001, 5, 1003, 5])).toEqual([3, 6]);
  });

  it('is not asked in messages that came late or twice', () => {
    const ledger = createLedger();
    const send = (sequenceNumber: number, notSentRecords: number) => {
      const statistics = { ...createMessageReport().statistics, notSentRecords };
      ledger.message(message({ sequenceNumber, statistics }), at(T0));
    };
    send(1, 10);
    send(3, 30);
    send(2, 20);
    send(3, 30);
    expect(drained(ledger).sum('recordsNotExported')).toBe(20);
  });
});

describe('sFlow pools, drops and interface counters', () => {
  const sflow = (n: number, change: Partial<MessageReport>) =>
    message({ protocol: 'sflow5', sequenceNumber: n, exportTimeMs: T0 + n * 1000, systemUptimeMs: 5000 + n * 1000, ...change });

  const withSample = (n: number, sequence: number, pool: number, drops: number): MessageReport => {
    const report = sflow(n, {});
    return Object.assign(report, { samples: { length: 1, words: Uint32Array.of(0, 7, sequence, 100, pool, drops) } });
  };

  it('are the packets and samples from one sample to the next, through the wrap, and not what a reset seems to say', () => {
    const ledger = createLedger();
    const pools = [0xffff_ff80, 0xffff_fff0, 0x60, 0x60 + 200, 17, 17 + 90];
    const drops = [3, 3, 5, 5, 0, 1];
    for (const [n, pool] of pools.entries()) ledger.message(withSample(n, n + 1, pool, drops[n]!), at(T0 + n * 1000));
    const { sum } = drained(ledger);
    expect(sum('packetsPool')).toBe(0x70 + 0x70 + 200 + 90);
    expect(sum('packetsSelected')).toBe(4);
    expect(sum('packetsMissed')).toBe(2 + 1);
  });

  const counters = (n: number, ...numbers: number[]) =>
    sflow(n, { recordsDecoded: 0, interfaces: { length: 1, numbers: Float64Array.from(numbers) } });

  function rows(count: number, octets: number, ingress: number, egress: number): FlowBatch {
    const batch = new FlowBatch(16);
    batch.addRows(count);
    batch.columns.ingressInterface.fill(ingress, 0, count);
    batch.columns.egressInterface.fill(egress, 0, count);
    batch.columns.octetDeltaCount.fill(octets, 0, count);
    batch.columns.packetDeltaCount.fill(1, 0, count);
    batch.columns.samplingInterval.fill(100, 0, count);
    return batch;
  }

  it('compare what the counters say with the rows between the same two samples, frame by frame', () => {
    const ledger = createLedger();
    const feed = (report: MessageReport, batch?: FlowBatch) => ledger.message(report, at(report.exportTimeMs), batch, 0);
    feed(sflow(0, { recordsDecoded: 2 }), rows(2, 982, 7, 9)); // before any counters: nothing to compare with
    feed(counters(1, 7, 10_000, 50_000, 0));
    feed(sflow(2, { recordsDecoded: 3 }), rows(3, 982, 7, 9)); // in by 7
    feed(sflow(3, { recordsDecoded: 1 }), rows(1, 20, 9, 7)); // out by 7, padded to 64 octets
    feed(counters(4, 7, 310_000, 56_400, 0));
    feed(sflow(5, { recordsDecoded: 4 }), rows(4, 982, 7, 9)); // counters for these never came
    const { sum } = drained(ledger);
    expect(sum('interfaceOctets')).toBe(300_000 + 6_400);
    expect(sum('estimatedOctets')).toBe(3 * 1000 * 100 + 64 * 100);
  });

  it('begin anew where counters fell back or grew by more than an interface can pass', () => {
    const ledger = createLedger();
    const feed = (report: MessageReport) => ledger.message(report, at(report.exportTimeMs));
    for (const [n, inOctets] of [1000, 10, 5_000_000_000_000, 5_000_000_000_500].entries()) feed(counters(n, 7, inOctets, 0, 0));
    expect(drained(ledger).sum('interfaceOctets')).toBe(500);
  });

  it('are kept for a bounded number of interfaces', () => {
    const ledger = createLedger({ limits: { maxInterfaces: 2 } });
    for (let n = 0; n < 8; n++) ledger.message(counters(n, n % 4, 1000 * n, 0, 0), at(T0 + n * 1000));
    expect(drained(ledger).sum('interfaceOctets')).toBe(2 * 4000);
  });
});

describe('silence in the ledger', () => {
  /** A message every ten seconds for ten minutes; the exporter's clock is `behindMs` behind ours. */
  function quiet(behindMs = 0) {
    const ledger = createLedger();
    const feed = (n: number, ms: number) => ledger.message(message({ sequenceNumber: n, exportTimeMs: ms - behindMs }), at(ms));
    for (let n = 0; n < 60; n++) feed(n, T0 + n * 10_000);
    const usual = ledger.exporters()[0]!.usualPauseMs;
    return { ledger, feed, usual, last: T0 + 590_000 };
  }

  it('is booked minute by minute when the exporter comes back', () => {
    const { ledger, feed, usual, last } = quiet();
    feed(60, T0 + 15 * MINUTE);
    const { list } = drained(ledger);
    const silent = list('silentMilliseconds');
    const first = T0 + 10 * MINUTE + MINUTE - (last + 2 * usual);
    expect(silent.slice(9, 15)).toEqual([0, Math.floor(first), MINUTE, MINUTE, MINUTE, MINUTE]);
  });

  it('is booked while it lasts where somebody says how late it is, and not at the end of a file', () => {
    const { ledger, usual, last } = quiet();
    const early = drained(ledger, T0 + 12 * MINUTE).sum('silentMilliseconds');
    const late = drained(ledger, T0 + 20 * MINUTE).sum('silentMilliseconds');
    expect(Math.abs(early + late - (T0 + 20 * MINUTE - last - 2 * usual))).toBeLessThan(4);
    expect(drained(quiet().ledger).sum('silentMilliseconds')).toBe(0);
  });

  it("is booked by the exporter's clock, as its messages are", () => {
    const { ledger, feed } = quiet(3_600_000);
    feed(60, T0 + 15 * MINUTE);
    const { list } = drained(ledger);
    expect(list('minute').at(-1)).toBeLessThan(T0 - 40 * MINUTE);
    expect(list('silentMilliseconds').some((ms) => ms === MINUTE)).toBe(true);
  });
});

describe('what operators are told of exporters', () => {
  it('has a redefined template in it although its message repeats the number and time of another', () => {
    const ledger = createLedger();
    const sent = { sequenceNumber: 5, recordsDecoded: 0, recordsAnnounced: 0, templatesReceived: 1 };
    ledger.message(message(sent), at(T0));
    ledger.message(message({ ...sent, templatesChanged: 1 }), at(T0 + 10));
    expect(ledger.exporters()).toMatchObject([{ duplicates: 1, templatesChanged: 1 }]);
    const { sum } = drained(ledger);
    expect([sum('messagesDuplicate'), sum('templatesChanged')]).toEqual([1, 1]);
  });

  it('comes from all that their streams have been through', () => {
    const ledger = createLedger();
    const send = (n: number, change: Partial<MessageReport> = {}) =>
      ledger.message(
        message({ sequenceNumber: n, exportTimeMs: T0 + n * 1000 - 250, recordsDecoded: 3, recordsAnnounced: 3, ...change }),
        at(T0 + n * 1000),
      );
    for (let n = 0; n < 100; n++)
      if (n !== 50) send(n, n === 70 ? { templatesChanged: 1, templatesReceived: 2, samplingInterval: 64 } : {});
    send(99);
    send(100, { recordsUndecodable: 2, recordsMalformed: 1, templatesMissing: 1 });
    const [status, ...others] = ledger.exporters();
    expect(others).toEqual([]);
    expect(status).toMatchObject({
      sensor: 'sensor-192.0.2.1',
      protocol: 'netflow9',
      observationDomainId: 0,
      firstSeenMs: T0,
      lastSeenMs: T0 + 100_000,
      messages: 100,
      records: 99 * 3 + 6,
      lostMessages: 1,
      lostRecords: 3,
      undecodable: 2,
      malformed: 1,
      duplicates: 1,
      held: 0,
      templatesMissing: 1,
      templatesChanged: 1,
      templatesReceived: 2,
      samplingInterval: 64,
      clockOffsetMs: 250,
      dialect: 'messages',
    });
    expect(status!.messagesPerSecond).toBeCloseTo(1, 1);
  });

  it('is in one order, and forgets what was evicted', () => {
    const ledger = createLedger({ limits: { maxStreams: 3 } });
    for (const n of [5, 3, 9, 1]) ledger.message(message(), { ...testOrigin(`192.0.2.${n}`), receivedMs: T0 });
    expect(ledger.exporters().map(({ sensor }) => sensor)).toEqual(['sensor-192.0.2.1', 'sensor-192.0.2.3', 'sensor-192.0.2.9']);
  });

  it('the smallest offset of ten minutes is the clock, whatever delays there were', () => {
    const ledger = createLedger();
    const send = (n: number, ms: number, offset: number) =>
      ledger.message(message({ sequenceNumber: n, exportTimeMs: ms - offset }), at(ms));
    for (let n = 0; n < 30; n++) send(n, T0 + n * MINUTE, n === 5 ? 10 : n === 25 ? 80 : 400);
    expect(ledger.exporters()[0]!.clockOffsetMs).toBe(80);
  });

  it('datagrams dropped unread and messages kept aside are booked for their exporter', () => {
    const ledger = createLedger();
    ledger.overrun(at(T0), 3);
    ledger.quarantined(message(), at(T0));
    const { list } = drained(ledger);
    expect([list('messagesOverrun'), list('messagesQuarantined')]).toEqual([
      [3, 0],
      [0, 1],
    ]);
  });
});
