import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOG_FORMATS, type LogFormat } from '../../collector/logs/formats-table.js';
import type { FlowBatch } from '../../flow/batch.js';
import { FrameEncoder } from '../../flow/frame.js';
import { type ReadLog, readLog } from '../collector/logs/read-log.js';

/** What the reader of a log format brings to be held against the contract of LineDecoder. */
export interface LogReaderUnderTest {
  readonly name: string;
  readonly format: LogFormat;
  /** A well-formed log of several records, ASCII, that raises no fault. */
  readonly log: string;
  /** Rows that it makes. */
  readonly rows: number;
  /** Fewest octets that a record of this format can have and still become a row. */
  readonly octetsPerRow: number;
  /** True where one line harmed in the middle harms no other: every format but a document that is one value. */
  readonly byLine: boolean;
}

/** Lines that belong to none of the formats; one is cut within a string of JSON. (Cut behind a colon, the next line could be its value.) */
const STRANGE_LINES = ['what is this', '{"a":"b', '\u0000\u0000', '}]}'];
/** Cuts looked at; each reads the log once. */
const MOST_CUTS = 300;

/** Every octet of the rows, as the bus would carry them. */
function bytesOf(batch: FlowBatch): string {
  return new FrameEncoder(batch.table)
    .encode(batch)
    .map((frame) => Buffer.from(frame.value).toString('base64'))
    .join();
}

function expectWholeRows({ rows, told }: ReadLog, protocol: string): void {
  expect(told.records, 'what is told as a record is a row').toBe(rows.length);
  for (const row of rows) {
    expect([row.exportProtocol, row.sensor]).toEqual([protocol, 'tap']);
    expect(Number.isFinite(row.startMs) && Number.isFinite(row.endMs)).toBe(true);
    expect(row.endMs).toBeGreaterThanOrEqual(row.startMs);
    for (const count of [...row.octets, ...row.packets]) expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
    for (const port of row.ports) expect(port).toBeLessThanOrEqual(65_535);
  }
}

/** The suite that every reader of logs passes. */
export function describeLogReader(subject: LogReaderUnderTest): void {
  const { format, log, octetsPerRow } = subject;
  const { protocol } = LOG_FORMATS[format];
  const octets = new TextEncoder().encode(log);
  const read = (input: string | Uint8Array, chunkOctets?: number): ReadLog => {
    const result = readLog(format, input, chunkOctets);
    expectWholeRows(result, protocol);
    expect(result.rows.length, 'rows are bounded by octets').toBeLessThanOrEqual(input.length / octetsPerRow);
    return result;
  };

  describe(`${subject.name} keeps the contract of LineDecoder`, () => {
    const whole = readLog(format, log);

    it('reads a well-formed log without a fault', () => {
      expect(read(log).rows).toHaveLength(subject.rows);
      expect([whole.faults, whole.told.malformed]).toEqual([{}, 0]);
    });

    it('gives the same rows however the log is cut into chunks', () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: log.length }), (chunkOctets) => {
          expect(bytesOf(read(log, chunkOctets).batch)).toBe(bytesOf(whole.batch));
        }),
        { numRuns: 30, examples: [[1], [2], [3]] },
      );
    });

    it('cut anywhere it throws nothing, and gives the rows before the cut, at most one more', () => {
      const step = Math.ceil(octets.length / MOST_CUTS);
      for (let length = octets.length - 1; length >= 0; length -= step) {
        const { rows } = read(octets.subarray(0, length));
        expect(rows.length).toBeLessThanOrEqual(whole.rows.length);
        const certain = rows.slice(0, -1);
        expect(certain).toEqual(whole.rows.slice(0, certain.length));
      }
    });

    it.runIf(subject.byLine)('a strange line between two harms neither', () => {
      const lines = log.split('\n').slice(0, -1);
      for (const strange of STRANGE_LINES) {
        for (let at = 1; at <= lines.length; at++) {
          const harmed = [...lines.slice(0, at), strange, ...lines.slice(at)].join('\n');
          const { rows, told } = read(`${harmed}\n`);
          const facts = rows.map(({ line: _line, sequence: _sequence, ...row }) => row);
          expect(facts).toEqual(whole.rows.map(({ line: _line, sequence: _sequence, ...row }) => row));
          expect(told.malformed + told.other, 'it is counted').toBeGreaterThan(0);
        }
      }
    });

    it('takes the line ends of Windows', () => {
      const { rows } = read(log.replaceAll('\n', '\r\n'));
      expect(rows).toEqual(whole.rows);
    });

    it('invents nothing on mutated octets', () => {
      const change = fc.record({ at: fc.nat(octets.length - 1), value: fc.integer({ min: 0, max: 255 }) });
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
          const harmed = octets.slice();
          for (const { at, value } of changes) harmed[at] = value;
          // A line feed that was put in may cut one record into two that can be read.
          const feeds = changes.filter(({ value }) => value === 0x0a).length;
          expect(read(harmed).rows.length).toBeLessThanOrEqual(whole.rows.length + feeds);
        }),
        { numRuns: 200 },
      );
    });

    it('survives arbitrary octets, alone and behind a log that it knows', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), (strange) => {
          read(strange);
          read(Uint8Array.from([...octets, ...strange]));
        }),
        { numRuns: 100 },
      );
    });

    it('keeps nothing of a line: a second reading gives the same octets', () => {
      expect(bytesOf(readLog(format, log).batch)).toBe(bytesOf(whole.batch));
      expect(bytesOf(readLog(format, log.repeat(1), 7).batch)).toBe(bytesOf(whole.batch));
    });
  });
}
