import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FaultCode, Faults, FlowDecoder, MessageReport, Origin } from '../../collector/contracts.js';
import { FAULT_CODES } from '../../collector/contracts.js';
import { createMessageReport } from '../../collector/decoders/report.js';
import { parseAddress } from '../../flow/address.js';
import { FlowBatch } from '../../flow/batch.js';
import { columnTableHash, FrameEncoder } from '../../flow/frame.js';

/** What a decoder brings to be held against the contract of FlowDecoder. */
export interface DecoderUnderTest {
  readonly name: string;
  create(): FlowDecoder;
  /** Well-formed payloads in order, templates first; together they make at least one row, and raise no fault. */
  readonly payloads: readonly Uint8Array[];
  /** Rows that `payloads` make. */
  readonly rows: number;
  /** A payload whose data cannot be read for want of its template; undefined for formats without templates. */
  readonly withoutTemplate?: Uint8Array;
  /** Fewest octets that a record of this format can have and still become a row. */
  readonly octetsPerRow: number;
}

const ORIGIN: Origin = {
  sensor: 'conformance',
  exporter: parseAddress('192.0.2.1'),
  exporterPort: 2055,
  transport: 'udp',
  receivedMs: Number.NaN,
};

class Counted implements Faults {
  total = 0;
  readonly codes = new Set<FaultCode>();

  add(code: FaultCode, count = 1): void {
    this.total += count;
    this.codes.add(code);
  }
}

interface Run {
  readonly batch: FlowBatch;
  readonly reports: MessageReport[];
  readonly faults: Counted;
  /** Rows that each payload made of itself: those it released from earlier ones are not among them. */
  readonly rows: number[];
}

/** Decodes payloads into one batch, checking after each what every decoder owes after every payload. */
function run(decoder: FlowDecoder, payloads: readonly Uint8Array[], octetsPerRow: number, batch = new FlowBatch(16)): Run {
  const faults = new Counted();
  const reports: MessageReport[] = [];
  const rows: number[] = [];
  let octets = 0;
  let rowsSoFar = 0;
  for (const payload of payloads) {
    const before = batch.length;
    octets += payload.length;
    const copy = payload.slice();
    const report = createMessageReport();
    const made = decoder.decode(payload, ORIGIN, batch, report, faults);
    expect(batch.length - before, 'rows returned are rows written').toBe(made);
    rowsSoFar += made;
    expect(report.recordsDecoded, 'rows are bounded by bytes').toBeLessThanOrEqual(payload.length / octetsPerRow);
    expect(rowsSoFar, 'so they are with what was held').toBeLessThanOrEqual(octets / octetsPerRow);
    expect(report.recordsDecoded + report.recordsReleased, 'the report counts the rows').toBe(made);
    expect(Buffer.compare(payload, copy), 'the payload is left alone').toBe(0);
    expectWholeRows(batch, before, report);
    expectSaneReport(report, payload);
    reports.push(report);
    rows.push(report.recordsDecoded);
  }
  for (const code of faults.codes) expect(FAULT_CODES).toContain(code);
  return { batch, reports, faults, rows };
}

/** A row is whole when header columns, numbering and times are there: they are written last. */
function expectWholeRows(batch: FlowBatch, from: number, report: MessageReport): void {
  const c = batch.columns;
  for (let row = from; row < batch.length; row++) {
    expect(c.exportProtocol.dictionary.name(c.exportProtocol.codes[row]!)).toBe(report.protocol);
    expect(c.sensor.dictionary.name(c.sensor.codes[row]!)).toBe(ORIGIN.sensor);
    if (row - from < report.recordsDecoded) {
      expect(c.recordNumber[row]).toBe(row - from);
      expect(c.exportTimeMilliseconds[row]).toBe(report.exportTimeMs);
    }
    expect(c.flowEndMilliseconds[row]!).toBeGreaterThanOrEqual(c.flowStartMilliseconds[row]!);
    expect(c.asset.codes[row]! + c.fleet.codes[row]! + c.mirror[row]! + c.sequenceState[row]!, 'columns of later stages are zero').toBe(0);
  }
}

/** Or not a number: what a message does not tell. */
const MAY_BE_NEGATIVE = new Set(['systemUptimeMs', 'recordsAnnounced', 'recordsHeld']);

function expectSaneReport(report: MessageReport, payload: Uint8Array): void {
  for (const [name, value] of Object.entries(report)) {
    if (typeof value === 'number' && !MAY_BE_NEGATIVE.has(name)) {
      expect(value, name).toBeGreaterThanOrEqual(0);
    }
  }
  const known = report.recordsDecoded + report.recordsUndecodable + report.recordsMalformed;
  if (report.recordsAnnounced >= 0)
    expect(report.recordsAnnounced, 'announced = decoded + undecodable + malformed + held').toBe(known + report.recordsHeld);
  expect(report.recordsHeld !== 0 && report.held === undefined, 'what is held has its entry').toBe(false);
  if (report.protocol === '') expect(known).toBe(0);
  expect(report.templatesReceived + report.optionsRecords).toBeLessThanOrEqual(payload.length);
}

/** All bytes of a batch, as the bus would carry them: equal bytes, equal rows. */
function bytesOf(batch: FlowBatch): string {
  const frames = new FrameEncoder(batch.table).encode(batch);
  return columnTableHash(batch.table) + frames.map((frame) => Buffer.from(frame.value).toString('base64')).join();
}

/** The suite that every FlowDecoder passes. */
export function describeDecoder(subject: DecoderUnderTest): void {
  const { payloads, octetsPerRow } = subject;
  const decode = (list: readonly Uint8Array[], batch?: FlowBatch): Run => run(subject.create(), list, octetsPerRow, batch);

  describe(`${subject.name} keeps the contract of FlowDecoder`, () => {
    it('reads well-formed payloads without a fault', () => {
      const { batch, faults, reports } = decode(payloads);
      expect([...faults.codes]).toEqual([]);
      expect(batch.length).toBe(subject.rows);
      expect(reports.some((report) => report.malformed)).toBe(false);
    });

    it('survives truncation at every byte: no throw, no half row, no row more', () => {
      for (let index = 0; index < payloads.length; index++) {
        const whole = decode(payloads.slice(0, index + 1)).rows[index]!;
        for (let length = 0; length < payloads[index]!.length; length++) {
          const { rows, reports } = decode([...payloads.slice(0, index), payloads[index]!.subarray(0, length)]);
          expect(rows[index]!).toBeLessThanOrEqual(whole);
          const { malformed, protocol } = reports[index]!;
          if (rows[index]! < whole && subject.withoutTemplate === undefined) expect(malformed || protocol === '').toBe(true);
        }
      }
    });

    it('goes on after a payload that it could not read', () => {
      const cut = payloads.map((payload) => payload.subarray(0, payload.length - 3));
      expect(
        decode([...cut, ...payloads])
          .rows.slice(cut.length)
          .reduce((sum, rows) => sum + rows, 0),
      ).toBe(subject.rows);
    });

    it('survives zeros and ones in every 16-bit word: lengths, counts, ids', () => {
      for (let index = 0; index < payloads.length; index++) {
        for (let at = 0; at + 2 <= payloads[index]!.length; at += 2) {
          for (const word of [0, 3, 0xffff]) {
            const broken = payloads[index]!.slice();
            broken[at] = word >>> 8;
            broken[at + 1] = word & 0xff;
            decode([...payloads.slice(0, index), broken, ...payloads.slice(index + 1)]);
          }
        }
      }
    });

    it('ignores what follows a message, and empty input', () => {
      const followed = payloads.map((payload) => Uint8Array.from([...payload, ...new Uint8Array(7)]));
      expect(decode(followed).batch.length).toBe(subject.rows);
      expect(decode([new Uint8Array(0)]).reports[0]!.protocol).toBe('');
    });

    it('never throws, hangs or invents rows on arbitrary bytes', () => {
      const first = payloads[0]!;
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, asMessage) => {
          const input = asMessage ? Uint8Array.from([first[0]!, first[1]!, ...bytes]) : bytes;
          decode([input, ...payloads]);
        }),
        { numRuns: 300 },
      );
    });

    it('never throws, hangs or invents rows on mutated messages', () => {
      const mutation = fc.record({ payload: fc.nat(payloads.length - 1), at: fc.nat(2000), value: fc.integer({ min: 0, max: 255 }) });
      fc.assert(
        fc.property(fc.array(mutation, { minLength: 1, maxLength: 8 }), fc.nat(1500), (mutations, length) => {
          const broken = payloads.map((payload) => payload.slice());
          for (const { payload, at, value } of mutations) broken[payload]![at % broken[payload]!.length] = value;
          broken.push(broken[broken.length - 1]!.subarray(0, length));
          decode(broken);
        }),
        { numRuns: 300 },
      );
    });

    it('gives the same rows for the same payloads, also in a batch that was full of others', () => {
      const clean = decode(payloads).batch;
      const used = new FlowBatch(16);
      used.addRows(300);
      for (const name of used.names) {
        const column = used.columns[name];
        if (ArrayBuffer.isView(column)) new Uint8Array(column.buffer).fill(0xff);
        else if ('codes' in column) column.codes.fill(0xff);
        else if ('bytes' in column) column.bytes.fill(0xff);
      }
      used.clear();
      decode(payloads, used);
      expect(bytesOf(used)).toBe(bytesOf(clean));
    });

    it('leaves the rows before its own as they were', () => {
      const batch = new FlowBatch(16);
      decode(payloads, batch);
      const before = bytesOf(batch);
      const rows = batch.length;
      decode(
        payloads.map((payload) => payload.subarray(0, payload.length - 1)),
        batch,
      );
      batch.truncate(rows);
      expect(bytesOf(batch)).toBe(before);
    });

    it('keeps no payload: overwriting one after the call changes nothing', () => {
      const decoder = subject.create();
      const batch = new FlowBatch(16);
      const report = createMessageReport();
      for (const payload of payloads) {
        const lent = payload.slice();
        decoder.decode(lent, ORIGIN, batch, report, new Counted());
        lent.fill(0xa5);
      }
      expect(bytesOf(batch)).toBe(bytesOf(decode(payloads).batch));
    });

    it('does not grow with the number of messages', () => {
      const decoder = subject.create();
      const batch = new FlowBatch(4096);
      const report = createMessageReport();
      const faults = new Counted();
      const rounds = (count: number): void => {
        for (let i = 0; i < count; i++) {
          batch.clear();
          for (const payload of payloads) decoder.decode(payload, ORIGIN, batch, report, faults);
        }
      };
      rounds(2000);
      globalThis.gc?.();
      const before = process.memoryUsage();
      rounds(10_000);
      globalThis.gc?.();
      const after = process.memoryUsage();
      expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(8 << 20);
      expect(after.heapUsed - before.heapUsed).toBeLessThan(32 << 20);
      expect(batch.capacity).toBe(4096);
    });

    it.skipIf(subject.withoutTemplate === undefined)('counts data without its template, and makes no row of it', () => {
      const { batch, reports, faults } = decode([subject.withoutTemplate!]);
      expect(batch.length).toBe(0);
      expect(reports[0]!.templatesMissing).toBeGreaterThan(0);
      expect(faults.codes).toContain('template-missing');
      expect(reports[0]!.recordsHeld > 0 || reports[0]!.recordsAnnounced === -1).toBe(true);
    });
  });
}
