import { describe, expect, it } from 'vitest';
import type { HeldMessage, MessageReport } from '../../../collector/contracts.js';
import { createExportDecoder } from '../../../collector/decoders/decoders-table.js';
import type { TemplateLimits } from '../../../collector/templates/limits.js';
import { SequenceState } from '../../../flow/columns.js';
import { field, ip4, recordBytes, set } from '../decoders/build-bytes.js';
import { ipfix, optionsTemplate, template } from '../decoders/build-ipfix.js';
import { netflow9, template9 } from '../decoders/build-netflow9.js';
import { type Decoded, decodeAll, testOrigin } from '../decoders/decode-all.js';

const SECONDS = 1_796_256_000;
const FIELDS = [field(8, 4), field(12, 4), field(1, 4), field(2, 4)];
const record = (octets: number) => recordBytes(FIELDS, [ip4('192.0.2.7'), ip4('198.51.100.9'), octets, 1]);
const data = (...octets: number[]) => set(256, octets.map(record));
const TEMPLATE = template(256, FIELDS);

/** Octets, sequence number, export second and place of each row. */
function rowsOf({ batch }: Decoded): number[][] {
  const c = batch.columns;
  return Array.from({ length: batch.length }, (_, row) => [
    c.octetDeltaCount[row]!,
    c.exportSequenceNumber[row]!,
    c.exportTimeMilliseconds[row]! / 1000 - SECONDS,
    c.recordNumber[row]!,
  ]);
}

function run(payloads: readonly Uint8Array[], limits: Partial<TemplateLimits> = {}): Decoded {
  return decodeAll(createExportDecoder({ limits }), payloads);
}

const total = (reports: readonly MessageReport[], name: 'recordsReleased' | 'recordsDecoded' | 'recordsHeld') =>
  reports.reduce((sum, report) => sum + report[name], 0);

describe('data sets that come before their template', () => {
  it("are read when it comes, behind the message's own rows, as if their message had just come", () => {
    const decoded = run([
      ipfix([data(1, 2)], { sequence: 10, seconds: SECONDS }),
      ipfix([data(3)], { sequence: 12, seconds: SECONDS + 1 }),
      ipfix([TEMPLATE, data(4)], { sequence: 13, seconds: SECONDS + 2 }),
    ]);
    expect(rowsOf(decoded)).toEqual([
      [4, 13, 2, 0],
      [1, 10, 0, 0],
      [2, 10, 0, 1],
      [3, 12, 1, 0],
    ]);
    const [first, , last] = decoded.reports;
    expect([first!.recordsHeld, first!.templatesMissing, first!.recordsAnnounced]).toEqual([-1, 1, -1]);
    expect([last!.recordsDecoded, last!.recordsReleased, last!.released.map(({ recordsDecoded }) => recordsDecoded)]).toEqual([
      1,
      3,
      [2, 1],
    ]);
    expect(decoded.rows).toBe(4);
  });

  it('are given up with their domain: exporters that come and go keep no memory and no record unaccounted for', () => {
    const decoder = createExportDecoder({ limits: { maxDomains: 4 } });
    const exporters = 50;
    let held = 0;
    let givenUp = 0;
    for (let exporter = 0; exporter < exporters; exporter++) {
      const { reports } = decodeAll(decoder, [ipfix([data(1)], { sequence: 1, domain: exporter })]);
      held += reports.filter((report) => report.held !== undefined).length;
      givenUp += reports.reduce((sum, report) => sum + report.released.length, 0);
    }
    expect(held).toBe(exporters);
    expect(givenUp).toBe(exporters - 4);
  });

  it('of NetFlow v9 are counted by the header, and keep the uptime that their times rest on', () => {
    const times = [field(8, 4), field(12, 4), field(22, 4), field(21, 4)];
    const flow = recordBytes(times, [ip4('192.0.2.7'), ip4('198.51.100.9'), 90_000, 95_000]);
    const { batch, reports } = run([
      netflow9([set(256, [flow, flow])], { count: 2, uptimeMs: 100_000, seconds: SECONDS, sequence: 1 }),
      netflow9([template9(256, times)], { count: 1, uptimeMs: 900_000, seconds: SECONDS + 800, sequence: 2 }),
    ]);
    expect([reports[0]!.recordsHeld, reports[0]!.recordsAnnounced, reports[1]!.recordsReleased]).toEqual([2, 2, 2]);
    expect(batch.columns.flowStartMilliseconds[0]).toBe(SECONDS * 1000 - 10_000);
    expect(batch.columns.flowEndMilliseconds[1]).toBe(SECONDS * 1000 - 5_000);
  });

  it('in front of it in the same message are read at once: nothing was missing', () => {
    const decoded = run([ipfix([data(1), TEMPLATE, data(2)], { seconds: SECONDS })]);
    expect(rowsOf(decoded).map(([octets, , , place]) => [octets, place])).toEqual([
      [2, 0],
      [1, 1],
    ]);
    expect(decoded.faults.counts).toEqual({});
    expect([decoded.reports[0]!.templatesMissing, decoded.reports[0]!.recordsAnnounced]).toEqual([0, 2]);
  });

  it('are numbered on behind the rows of their message that could be read at once', () => {
    const other = template(300, FIELDS);
    const decoded = run([
      ipfix([other], { sequence: 0, seconds: SECONDS }),
      ipfix([set(256, [record(1)]), set(300, [record(2), record(3)]), set(257, [record(4)])], { sequence: 0, seconds: SECONDS }),
      ipfix([template(257, FIELDS)], { sequence: 4, seconds: SECONDS }),
      ipfix([TEMPLATE], { sequence: 4, seconds: SECONDS }),
    ]);
    expect(rowsOf(decoded).map(([octets, , , place]) => [octets, place])).toEqual([
      [2, 0],
      [3, 1],
      [4, 2],
      [1, 3],
    ]);
  });

  it('are read once: a template repeated, or another with its id, releases nothing more', () => {
    const { reports } = run([
      ipfix([data(1)], { seconds: SECONDS }),
      ipfix([TEMPLATE], { seconds: SECONDS }),
      ipfix([TEMPLATE], { seconds: SECONDS }),
      ipfix([template(256, [...FIELDS, field(4, 1)])], { seconds: SECONDS }),
    ]);
    expect(reports.map((report) => report.recordsReleased)).toEqual([0, 1, 0, 0]);
  });

  it('of one domain are not read by the template of another', () => {
    const { reports } = run([ipfix([data(1)], { domain: 1 }), ipfix([TEMPLATE], { domain: 2 })]);
    expect(total(reports, 'recordsReleased')).toBe(0);
  });

  it('of options tell what they told, and make no row', () => {
    const fields = [field(149, 4), field(34, 4)];
    const { batch, reports } = run([
      ipfix([set(257, [recordBytes(fields, [0, 500])]), data(1)], { seconds: SECONDS }),
      ipfix([optionsTemplate(257, fields), TEMPLATE], { seconds: SECONDS }),
    ]);
    expect(batch.length).toBe(1);
    expect(batch.columns.samplingInterval[0]).toBe(500);
    expect(reports[1]!.released.map(({ optionsRecords, recordsDecoded }) => [optionsRecords, recordsDecoded])).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  it('carry the state of their own message in the sequence, and none of a repeated message is read', () => {
    const decoder = createExportDecoder();
    const first = decodeAll(decoder, [ipfix([data(1)], { sequence: 5 }), ipfix([data(1)], { sequence: 5 })]);
    first.reports[0]!.held!.sequenceState = SequenceState.afterLoss;
    first.reports[1]!.held!.discarded = true;
    const { batch, reports } = decodeAll(decoder, [ipfix([TEMPLATE], { sequence: 6 })]);
    expect(batch.length).toBe(1);
    expect(batch.columns.sequenceState[0]).toBe(SequenceState.afterLoss);
    expect(reports[0]!.released.length).toBe(1);
  });

  it('give way, the oldest first, when there are too many of them, and are told as given up', () => {
    const messages = Array.from({ length: 6 }, (_, n) => ipfix([data(n + 1)], { sequence: n, seconds: SECONDS }));
    const set1 = 16; // octets of a record
    for (const limits of [{ maxHeldSetsPerDomain: 4 }, { maxHeldOctetsPerDomain: set1 * 4 }, { maxHeldOctets: set1 * 4 }]) {
      const decoded = run([...messages, ipfix([TEMPLATE], { sequence: 6, seconds: SECONDS })], limits);
      expect(rowsOf(decoded).map(([octets]) => octets)).toEqual([3, 4, 5, 6]);
      const givenUp = decoded.reports.flatMap(({ released }) => released).filter(({ octets }) => octets === 0);
      expect(givenUp.map(({ message }) => [message.sequenceNumber, message.setsWaiting])).toEqual([
        [0, 0],
        [1, 0],
      ]);
    }
  });

  it("give way to other exporters' where the room is shared, and are told for whom they were", () => {
    const decoder = createExportDecoder({ limits: { maxHeldOctets: 16 } });
    decodeAll(decoder, [ipfix([data(1)])], testOrigin('192.0.2.1'));
    const { reports } = decodeAll(decoder, [ipfix([data(2)])], testOrigin('192.0.2.2'));
    expect(reports[0]!.released.map(({ message }) => message.origin.sensor)).toEqual(['sensor-192.0.2.1']);
  });

  it("are given up when they are too old by their exporter's clock", () => {
    const { reports } = run(
      [
        ipfix([data(1)], { sequence: 0, seconds: SECONDS }),
        ipfix([data(2)], { sequence: 1, seconds: SECONDS + 50 }),
        ipfix([TEMPLATE], { sequence: 2, seconds: SECONDS + 70 }),
      ],
      { heldForMs: 60_000 },
    );
    expect(reports.at(-1)!.recordsReleased).toBe(1);
    expect(reports.at(-1)!.released.length).toBe(2);
  });

  it('do not all come at once: beyond a number of records the rest waits for the next message', () => {
    const messages = Array.from({ length: 6 }, (_, n) => ipfix([data(1, 2, 3)], { sequence: n * 3, seconds: SECONDS }));
    const next = (n: number) => ipfix([data(9)], { sequence: 18 + n, seconds: SECONDS });
    const { reports } = run([...messages, ipfix([TEMPLATE], { sequence: 18, seconds: SECONDS }), next(0), next(1), next(2)], {
      maxReleasedRecords: 6,
    });
    expect(reports.slice(6).map((report) => report.recordsReleased)).toEqual([6, 6, 6, 0]);
  });

  it('that break off are malformed from there on, and their message is not known to the last record', () => {
    const fields = [field(8, 4), field(12, 4), field(82, 0xffff)];
    const whole = recordBytes(fields, [ip4('192.0.2.7'), ip4('198.51.100.9'), [65, 66]]);
    const broken = Uint8Array.from([...ip4('192.0.2.7'), ...ip4('198.51.100.9'), 200, 1]);
    const { reports } = run([ipfix([set(256, [whole, broken])], { sequence: 0 }), ipfix([template(256, fields)], { sequence: 2 })]);
    const [released] = reports[1]!.released;
    expect(released).toMatchObject({ recordsDecoded: 1, recordsMalformed: 1, octets: whole.length });
    expect((released!.message satisfies HeldMessage).isWhole).toBe(false);
  });

  it('of a connection that has ended are given up with it', () => {
    const decoder = createExportDecoder();
    const origin = { ...testOrigin('192.0.2.1', 4739, 'tcp'), session: 1 };
    decodeAll(decoder, [ipfix([data(1)])], origin);
    decoder.endSession?.(origin);
    const { reports } = decodeAll(decoder, [ipfix([TEMPLATE])], { ...origin, session: 2 });
    expect([reports[0]!.recordsReleased, reports[0]!.released.length]).toEqual([0, 1]);
  });
});
