import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Origin } from '../../../collector/contracts.js';
import { createExportDecoder } from '../../../collector/decoders/decoders-table.js';
import { createMessageReport } from '../../../collector/decoders/report.js';
import { createLedger, type Ledger, TOO_MANY_EXPORTERS } from '../../../collector/sequence/ledger.js';
import { DUPLICATE } from '../../../collector/sequence/stream.js';
import { parseAddress } from '../../../flow/address.js';
import { ColumnBatch, FlowBatch } from '../../../flow/batch.js';
import { COVERAGE_COLUMNS, type CoverageColumnName } from '../../../flow/coverage.js';
import { field, ip4, recordBytes, set } from '../decoders/build-bytes.js';
import { ipfix, optionsTemplate, template } from '../decoders/build-ipfix.js';
import { netflow5 } from '../decoders/build-netflow5.js';
import { netflow9, template9 } from '../decoders/build-netflow9.js';
import { testOrigin } from '../decoders/decode-all.js';
import { FaultCounts } from '../inputs/fault-counts.js';

const SECONDS = 1_796_256_000;
const FIELDS = [field(8, 4), field(12, 4), field(1, 4), field(2, 4)];
const OPTION_FIELDS = [field(149, 4), field(34, 4)];
const record = (n: number) => recordBytes(FIELDS, [ip4('192.0.2.7'), ip4('198.51.100.9'), n, 1]);
const records = (count: number) => Array.from({ length: count }, (_, n) => record(n));

/** Decoder, ledger and batch wired as a collector wires them; `feed` handles one datagram. */
function collector() {
  const decoder = createExportDecoder();
  const ledger = createLedger();
  const batch = new FlowBatch();
  const report = createMessageReport();
  const faults = new FaultCounts();
  const states: number[] = [];
  const feed = (payload: Uint8Array, origin: Origin) => {
    const first = batch.length;
    decoder.decode(payload, origin, batch, report, faults);
    const state = ledger.message(report, origin);
    states.push(state);
    if (state === DUPLICATE) batch.truncate(first);
    else ledger.rows(batch, first, batch.length, 'exported');
  };
  return { feed, ledger, batch, states };
}

function drained(ledger: Ledger, untilMs = Number.POSITIVE_INFINITY) {
  const into = new ColumnBatch(COVERAGE_COLUMNS);
  ledger.drain(untilMs, into);
  return into;
}

type Sums = Record<string, number>;

function sums(into: ColumnBatch<typeof COVERAGE_COLUMNS>): Sums {
  const out: Sums = {};
  for (const name of into.names) {
    const column = into.columns[name];
    if (!ArrayBuffer.isView(column)) continue;
    out[name] = (column as Float64Array).subarray(0, into.length).reduce((sum, value) => sum + value, 0);
  }
  return out;
}

function value(into: ColumnBatch<typeof COVERAGE_COLUMNS>, name: CoverageColumnName, row: number): number {
  return (into.columns[name] as Float64Array)[row]!;
}

/** The three equations at the head of flow/coverage.ts, in every row that no later row completes. */
function expectBalance(total: Sums): void {
  expect(total.recordsSent).toBe(total.recordsReceived! + total.recordsLost!);
  expect(total.messagesSent).toBe(total.messagesReceived! + total.messagesLost!);
  const parts =
    total.recordsDecoded! +
    total.recordsUndecodable! +
    total.recordsMalformed! +
    total.recordsDuplicate! +
    total.recordsRefused! +
    total.recordsHeld!;
  expect(total.recordsReceived! + total.recordsReleased!).toBe(parts);
  expect(total.recordsDecoded).toBe(total.recordsProduced! + total.recordsUnwatched!);
}

interface Sent {
  readonly payload: Uint8Array;
  readonly sequence: number;
  readonly advance: number;
}

const counts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 60 });
const fates = fc.array(fc.record({ drop: fc.boolean(), twice: fc.boolean(), later: fc.integer({ min: 0, max: 3 }) }), {
  minLength: 60,
  maxLength: 60,
});
const start = fc.oneof(fc.constant(0), fc.constant(0xffff_ff00), fc.integer({ min: 0, max: 0xffff_ffff }));

function stream(sizes: readonly number[], first: number, make: (count: number, sequence: number, seconds: number) => Sent): Sent[] {
  let sequence = first;
  return sizes.map((count, index) => {
    const sent = make(count, sequence, SECONDS + Math.floor(index / 10));
    sequence = (sequence + sent.advance) >>> 0;
    return sent;
  });
}

/** Drops, doubles and delays messages by up to three places. */
function disturb(sent: readonly Sent[], how: readonly { drop: boolean; twice: boolean; later: number }[]): Sent[] {
  const kept = sent.flatMap((one, index) => {
    const fate = how[index]!;
    if (fate.drop && index % 3 !== 0) return [];
    const placed = { one, at: index + fate.later };
    return fate.twice ? [placed, { one, at: index + fate.later + 2 }] : [placed];
  });
  return kept.sort((a, b) => a.at - b.at).map(({ one }) => one);
}

/** What lies between the first and the last sequence number that arrived: all that the numbers can know of. */
function knownUnits(arrived: readonly Sent[], first: number): number {
  const from = Math.min(...arrived.map((one) => (one.sequence - first) >>> 0));
  return Math.max(...arrived.map((one) => ((one.sequence - first) >>> 0) + one.advance)) - from;
}

describe('the coverage ledger', () => {
  it('counts exactly what NetFlow v5 sent, whatever was dropped, doubled, delayed or cut', () => {
    fc.assert(
      fc.property(counts, fates, start, fc.integer({ min: 0, max: 400 }), (sizes, how, first, cut) => {
        const sent = stream(sizes, first, (count, sequence, seconds) => {
          const whole = netflow5(
            Array.from({ length: count }, () => ({})),
            { sequence, seconds },
          );
          return { payload: sequence % 5 === 0 ? whole.subarray(0, Math.max(24, whole.length - cut)) : whole, sequence, advance: count };
        });
        const arrived = disturb(sent, how);
        const { feed, ledger, batch } = collector();
        for (const one of arrived) feed(one.payload, testOrigin());
        const total = sums(drained(ledger));
        expectBalance(total);
        expect(total.recordsSent! - total.recordsDuplicate!).toBe(knownUnits(arrived, first));
        expect(total.recordsProduced).toBe(batch.length);
        expect(total.restarts).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('counts exactly what IPFIX sent, options records apart', () => {
    fc.assert(
      fc.property(counts, fates, start, (sizes, how, first) => {
        const sent = stream(sizes, first, (count, sequence, seconds) => {
          const sets = [template(256, FIELDS), set(256, records(count))];
          const withOptions = count % 4 === 0;
          if (withOptions) sets.push(optionsTemplate(257, OPTION_FIELDS), set(257, [recordBytes(OPTION_FIELDS, [0, 100])]));
          return { payload: ipfix(sets, { sequence, seconds }), sequence, advance: count + (withOptions ? 1 : 0) };
        });
        const arrived = disturb(sent, how);
        const { feed, ledger } = collector();
        for (const one of arrived) feed(one.payload, testOrigin());
        const total = sums(drained(ledger));
        expectBalance(total);
        expect(total.recordsSent! - total.recordsDuplicate! + total.optionsRecords!).toBe(knownUnits(arrived, first));
      }),
      { numRuns: 100 },
    );
  });

  it('learns from the next message how many IPFIX records could not be read', () => {
    fc.assert(
      fc.property(counts, fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), start, (sizes, unknown, first) => {
        const sent = stream([...sizes, 5], first, (count, sequence, seconds) => {
          const sets =
            unknown[count] && sequence % 2 === 0 ? [set(999, records(count))] : [template(256, FIELDS), set(256, records(count))];
          return { payload: ipfix(sets, { sequence, seconds }), sequence, advance: count };
        });
        const last = ipfix([template(256, FIELDS), set(256, records(1))], {
          sequence: (sent.at(-1)!.sequence + sent.at(-1)!.advance) >>> 0,
          seconds: SECONDS + 10,
        });
        const { feed, ledger } = collector();
        for (const one of sent) feed(one.payload, testOrigin());
        feed(last, testOrigin());
        const total = sums(drained(ledger));
        expectBalance(total);
        expect(total.recordsLost).toBe(0);
        expect(total.recordsSent).toBe(knownUnits(sent, first) + 1);
      }),
      { numRuns: 60 },
    );
  });

  it('knows lost NetFlow v9 packets exactly, and their records as an estimate that says so', () => {
    const { feed, ledger } = collector();
    const packet = (sequence: number) =>
      netflow9([template9(256, FIELDS), set(256, records(10))], { sequence, seconds: SECONDS, count: 11 });
    for (const sequence of [7, 8, 9, 12, 13]) feed(packet(sequence), testOrigin());
    const rows = drained(ledger);
    const total = sums(rows);
    expectBalance(total);
    expect(total.messagesSent).toBe(7);
    expect(total.messagesLost).toBe(2);
    expect(total.recordsLost).toBe(20);
    expect(value(rows, 'lossEstimated', 0)).toBe(1);
  });

  it('keeps counting through an IPFIX message whose template cannot be read', () => {
    const { feed, ledger } = collector();
    const broken = set(2, [Uint8Array.of(1, 0, 0, 99, 0, 8, 0, 4)]);
    feed(ipfix([template(256, FIELDS), set(256, records(5))], { sequence: 0, seconds: SECONDS }), testOrigin());
    feed(ipfix([broken, set(256, records(5))], { sequence: 5, seconds: SECONDS }), testOrigin());
    feed(ipfix([set(256, records(5))], { sequence: 10, seconds: SECONDS }), testOrigin());
    const total = sums(drained(ledger));
    expectBalance(total);
    expect([total.recordsSent, total.recordsLost, total.messagesMalformed]).toEqual([15, 0, 1]);
  });

  it("books a loss in the minute of the message that revealed it, by the exporter's clock", () => {
    const { feed, ledger } = collector();
    const message = (sequence: number, seconds: number) => netflow5([{}], { sequence, seconds });
    feed(message(0, SECONDS + 50), testOrigin());
    feed(message(5, SECONDS + 70), testOrigin());
    const rows = drained(ledger);
    expect(rows.length).toBe(2);
    expect([value(rows, 'minute', 0), value(rows, 'minute', 1)]).toEqual([SECONDS * 1000, SECONDS * 1000 + 60_000]);
    expect([value(rows, 'recordsLost', 0), value(rows, 'recordsLost', 1)]).toEqual([0, 4]);
  });

  it('drains closed minutes only, each once, in one order whatever the order of arrival', () => {
    const run = (addresses: readonly string[]) => {
      const { feed, ledger } = collector();
      for (const address of addresses) {
        feed(netflow5([{}], { seconds: SECONDS + 61, sequence: 0 }), testOrigin(address));
        feed(netflow5([{}], { seconds: SECONDS + 1, sequence: 1 }), testOrigin(address));
      }
      const early = drained(ledger, SECONDS * 1000 + 60_000);
      const late = drained(ledger);
      expect(drained(ledger).length).toBe(0);
      return [early, late].map((rows) =>
        rows.columns.sensor.codes
          .subarray(0, rows.length)
          .reduce((text, code) => `${text} ${rows.columns.sensor.dictionary.name(code)}`, ''),
      );
    };
    const order = run(['192.0.2.1', '192.0.2.2', '192.0.2.3']);
    expect(order).toEqual([' sensor-192.0.2.1 sensor-192.0.2.2 sensor-192.0.2.3', ' sensor-192.0.2.1 sensor-192.0.2.2 sensor-192.0.2.3']);
    expect(run(['192.0.2.3', '192.0.2.1', '192.0.2.2'])).toEqual(order);
  });

  it('splits rows that nobody watches from rows handed on', () => {
    const { ledger, batch, feed } = collector();
    const decoder = createExportDecoder();
    const report = createMessageReport();
    decoder.decode(netflow5([{}, {}, {}], { seconds: SECONDS }), testOrigin(), batch, report, new FaultCounts());
    ledger.message(report, testOrigin());
    ledger.rows(batch, 0, 3, 'exported', Uint8Array.of(0, 1, 1));
    feed(netflow5([{}], { seconds: SECONDS, sequence: 3 }), testOrigin());
    const total = sums(drained(ledger));
    expectBalance(total);
    expect([total.recordsProduced, total.recordsUnwatched]).toEqual([2, 2]);
  });

  it('counts what is refused, what the kernel dropped, and bytes that are no message', () => {
    const ledger = createLedger();
    const report = createMessageReport();
    const origin = { ...testOrigin(), receivedMs: SECONDS * 1000 };
    createExportDecoder().decode(Uint8Array.of(1, 2, 3), origin, new FlowBatch(), report, new FaultCounts());
    ledger.message(report, origin);
    ledger.refused('udp:2055', 3, SECONDS * 1000);
    ledger.kernelDrops('udp:2055', 17, SECONDS * 1000);
    const total = sums(drained(ledger));
    expectBalance(total);
    expect([total.messagesMalformed, total.messagesRefused, total.kernelDrops]).toEqual([1, 3, 17]);
  });

  it("measures the exporter's clock by the smallest offset, and says NaN where arrival is not known", () => {
    const { feed, ledger } = collector();
    const origin = (receivedMs: number): Origin => ({ ...testOrigin(), receivedMs });
    feed(netflow5([{}], { seconds: SECONDS, sequence: 0 }), origin(SECONDS * 1000 + 900));
    feed(netflow5([{}], { seconds: SECONDS, sequence: 1 }), origin(SECONDS * 1000 + 300));
    expect(value(drained(ledger), 'clockOffsetMilliseconds', 0)).toBe(300);
    feed(netflow5([{}], { seconds: SECONDS, sequence: 2 }), testOrigin());
    expect(value(drained(ledger), 'clockOffsetMilliseconds', 0)).toBeNaN();
  });

  it('gives a capture a row for each minute it ran, the empty ones too', () => {
    const ledger = createLedger();
    const capture = ledger.capture('tap-1');
    const minute = SECONDS * 1000;
    for (const ms of [minute + 30_000, minute + 59_000, minute + 200_000]) capture.packet(ms);
    capture.dropped(4, minute + 200_000);
    capture.ranUntil(minute + 230_000);
    const rows = drained(ledger);
    const list = (name: CoverageColumnName) => Array.from({ length: rows.length }, (_, row) => value(rows, name, row));
    expect(list('minute')).toEqual([0, 1, 2, 3].map((n) => minute + n * 60_000));
    expect(list('observedMilliseconds')).toEqual([30_000, 60_000, 60_000, 50_000]);
    expect(list('messagesReceived')).toEqual([2, 0, 0, 1]);
    expect(list('messagesLost')).toEqual([0, 0, 0, 4]);
    expectBalance(sums(rows));
    capture.packet(minute + 231_000);
    expect(value(drained(ledger), 'messagesReceived', 0)).toBe(1);
  });

  it("does not fill centuries when a capture's clock jumps", () => {
    const ledger = createLedger();
    const capture = ledger.capture('tap-1');
    capture.packet(0);
    capture.packet(4_102_444_800_000);
    expect(drained(ledger).length).toBeLessThanOrEqual(2);
  });

  it('does not take days for watched because of one damaged time, before or after it', () => {
    const ledger = createLedger();
    const capture = ledger.capture('tap-1');
    const minute = SECONDS * 1000;
    const day = 86_400_000;
    for (const ms of [minute, minute + 10_000, minute + 9 * day, minute + 20_000, minute + 59_000]) capture.packet(ms);
    const rows = drained(ledger);
    const list = (name: CoverageColumnName) => Array.from({ length: rows.length }, (_, row) => value(rows, name, row));
    expect(list('minute')).toEqual([minute, minute + 9 * day]);
    expect(list('observedMilliseconds')).toEqual([59_000, 0]);
    expect(list('messagesReceived')).toEqual([4, 1]);
  });

  it('believes a quiet night once packets go on behind it', () => {
    const ledger = createLedger();
    const capture = ledger.capture('tap-1');
    const minute = SECONDS * 1000;
    const hour = 3_600_000;
    for (const ms of [minute, minute + 8 * hour, minute + 8 * hour + 1000, minute + 8 * hour + 30_000]) capture.packet(ms);
    const rows = drained(ledger);
    expect(rows.length).toBe(8 * 60 + 1);
    expect(sums(rows).observedMilliseconds).toBe(8 * hour + 30_000);
  });

  it('fills no more quiet minutes than packets give leave for', () => {
    const ledger = createLedger({ limits: { maxEmptyMinutes: 1000 } });
    const capture = ledger.capture('tap-1');
    for (let step = 0; step < 300; step++) for (let again = 0; again < 3; again++) capture.packet(step * 36_000_000 + again);
    expect(drained(ledger).length).toBeLessThanOrEqual(1000 + 900 * 60 + 300);
  });

  it('balances for metered rows, which no message announced', () => {
    const { batch, ledger } = collector();
    createExportDecoder().decode(netflow5([{}, {}], { seconds: SECONDS }), testOrigin(), batch, createMessageReport(), new FaultCounts());
    ledger.rows(batch, 0, 2, 'metered');
    const total = sums(drained(ledger));
    expectBalance(total);
    expect(total.recordsDecoded).toBe(2);
  });

  it('stays bounded under forged exporters and clocks, and still counts every record', () => {
    const limits = { maxStreams: 8, maxAccounts: 16, maxOpenMinutes: 4 };
    const ledger = createLedger({ limits });
    const decoder = createExportDecoder();
    const report = createMessageReport();
    for (let i = 0; i < 500; i++) {
      const batch = new FlowBatch(16);
      const origin = testOrigin(`198.51.100.${i % 200}`);
      decoder.decode(netflow5([{}], { seconds: SECONDS + i * 3600, sequence: i }), origin, batch, report, new FaultCounts());
      ledger.message(report, origin);
      ledger.rows(batch, 0, batch.length, 'exported');
    }
    expect(ledger.stats()).toMatchObject({ streams: 8, accounts: 16 });
    expect(ledger.stats().streamsEvicted).toBeGreaterThan(400);
    const rows = drained(ledger);
    expect(rows.length).toBeLessThanOrEqual((limits.maxAccounts + 1) * limits.maxOpenMinutes);
    expect(rows.columns.sensor.dictionary.names).toContain(TOO_MANY_EXPORTERS);
    expect(sums(rows).recordsProduced).toBe(500);
  });

  it('keeps exporters behind one address apart by port where asked', () => {
    const message = (sequence: number) => netflow5([{}], { sequence, seconds: SECONDS });
    const lost = (keyByPort: boolean) => {
      const ledger = createLedger({ keyByPort });
      const decoder = createExportDecoder();
      const report = createMessageReport();
      for (const [port, sequence] of [
        [1000, 0],
        [2000, 500],
        [1000, 1],
        [2000, 501],
      ] as const) {
        const origin = testOrigin('192.0.2.1', port);
        decoder.decode(message(sequence), origin, new FlowBatch(16), report, new FaultCounts());
        ledger.message(report, origin);
      }
      return sums(drained(ledger)).recordsLost;
    };
    expect(lost(true)).toBe(0);
    expect(lost(false)).toBeGreaterThan(0);
  });

  it("takes no notice of the exporter's address being a view that changes later", () => {
    const ledger = createLedger();
    const address = parseAddress('192.0.2.1');
    ledger.produced({ sensor: 's', exporter: address, observationDomainId: 0, protocol: 'ipfix' }, SECONDS * 1000, 1, 0);
    address.fill(0);
    expect(drained(ledger).columns.exporterIPv6Address.bytes[12]).toBe(192);
  });
});
