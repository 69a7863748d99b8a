import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLineFile, type LineFileOptions } from '../../../collector/inputs/line-file.js';
import { LINES_PER_BLOCK, MAX_LINE_OCTETS } from '../../../collector/inputs/line-splitter.js';
import { FaultCounts, temporaryFile } from './collecting.js';

async function read(options: LineFileOptions) {
  const faults = new FaultCounts();
  const lines: [number, string][] = [];
  let tooLong = 0;
  let unterminated = false;
  const statistics = await createLineFile(options).start(async (block) => {
    expect(block.length).toBeLessThanOrEqual(LINES_PER_BLOCK);
    // What is handed over stays as it is until the promise resolves.
    await Promise.resolve();
    for (let i = 0; i < block.length; i++) {
      lines.push([block.numbers[i]!, Buffer.from(block.bytes.subarray(block.starts[i]!, block.ends[i]!)).toString('latin1')]);
    }
    tooLong += block.tooLong;
    unterminated = block.unterminated;
  }, faults);
  return { lines, tooLong, unterminated, statistics, faults: faults.counts };
}

const stream = (bytes: Uint8Array, chunkOctets?: number): LineFileOptions => ({
  path: '-',
  standardInput: Readable.from(bytes.length === 0 ? [] : [Buffer.from(bytes)]),
  ...(chunkOctets === undefined ? {} : { chunkOctets }),
});

describe('line file', () => {
  test('lines are the same however the octets come', async () => {
    const text = fc
      .array(fc.constantFrom('', 'a', 'bc', '\r', 'd\r', 'long enough to cross'), { maxLength: 12 })
      .map((lines) => lines.join('\n'));
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (log, chunkOctets) => {
        const parts = log.split('\n');
        const ends = parts.pop()!;
        const expected = [...parts, ...(ends === '' ? [] : [ends])]
          .map((part, index): [number, string] => [index + 1, part.replace(/\r$/, '')])
          .filter(([, part]) => part !== '');
        const found = await read(stream(new TextEncoder().encode(log), chunkOctets));
        expect(found.lines).toEqual(expected);
        expect(found.statistics.lines).toBe(parts.length + (ends === '' ? 0 : 1));
      }),
      { numRuns: 300 },
    );
  });

  test('a file may be gzip, and one that breaks off is read as far as it goes', async () => {
    const packed = gzipSync(Buffer.from('one\ntwo\nthree\n'.repeat(20_000)));
    const whole = await read({ path: temporaryFile('log.gz', packed) });
    expect([whole.lines.length, whole.statistics.cut, whole.unterminated]).toEqual([60_000, false, false]);
    const cut = await read({ path: temporaryFile('log.gz', packed.subarray(0, packed.length - 20)) });
    expect(cut.statistics.cut).toBe(true);
    expect(cut.faults).toEqual({ 'message-truncated': 1 });
    expect(cut.lines).toEqual(whole.lines.slice(0, cut.lines.length - 1).concat(cut.lines.slice(-1)));
  });

  test('a line beyond the limit is passed over and counted, and the next one is read', async () => {
    const long = 'x'.repeat(MAX_LINE_OCTETS);
    const log = Buffer.from(`first\n${long}\n${long}y\n${long.repeat(3)}\nlast\n`);
    for (const chunkOctets of [65_536, 1_000_003]) {
      const { lines, tooLong, faults, statistics } = await read(stream(log, chunkOctets));
      expect(lines.map(([number, text]) => [number, text.length])).toEqual([
        [1, 5],
        [2, MAX_LINE_OCTETS],
        [5, 4],
      ]);
      expect([tooLong, faults, statistics.lines]).toEqual([2, { 'line-too-long': 2 }, 5]);
    }
    const unended = await read(stream(Buffer.from(`first\n${long.repeat(2)}`), 65_536));
    expect([unended.lines.length, unended.tooLong]).toEqual([1, 1]);
  });

  test('a last line without line end is handed over as such', async () => {
    expect(await read(stream(Buffer.from('one\ntwo')))).toMatchObject({
      lines: [
        [1, 'one'],
        [2, 'two'],
      ],
      unterminated: true,
    });
    expect(await read(stream(Buffer.from('one\ntwo\n')))).toMatchObject({ unterminated: false });
  });

  test('a file that is missing is an error that says so', async () => {
    await expect(read({ path: '/nonexistent/conn.log' })).rejects.toMatchObject({ code: 'missing-file' });
  });
});
