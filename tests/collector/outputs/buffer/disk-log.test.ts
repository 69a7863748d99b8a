import { copyFileSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DiskLog, type DiskLogOptions, type Entry, IDENTITY_HEADER } from '../../../../collector/outputs/buffer/disk-log.js';
import { type BufferLimits, DEFAULT_BUFFER_LIMITS } from '../../../../collector/outputs/buffer/limits.js';

/*
 * The promise of the disk buffer's files: what was appended is read in order, once, whatever the moment a process ends at; what is not as it was
 * written is counted and never handed on.
 */

let folder: string;
const open: DiskLog[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-log-'));
});
afterEach(async () => {
  for (const log of open.splice(0)) await log.close();
  rmSync(folder, { recursive: true, force: true });
});

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

function openLog(options: Partial<Omit<DiskLogOptions, 'limits'>> & { limits?: Partial<BufferLimits> } = {}): DiskLog {
  const limits = { ...DEFAULT_BUFFER_LIMITS, ...options.limits };
  const log = new DiskLog({ folder, isDone: () => false, lastSequence: 0, log: quiet, now: () => 1_000, ...options, limits });
  open.push(log);
  return log;
}

const textOf = ({ message }: Entry): string => Buffer.from(message.value).toString();
const numbered = (count: number, from = 0): string[] => Array.from({ length: count }, (_, index) => `frame ${from + index}`);
const append = async (log: DiskLog, texts: readonly string[]): Promise<void> => {
  await Promise.all(texts.map((text, index) => log.append('flows', index % 2, { value: Buffer.from(text), headers: { rows: text } })));
};
const segments = (): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.frames'))
    .sort();

async function readAll(log: DiskLog): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let entry = await log.next(); entry !== undefined; entry = await log.next()) entries.push(entry);
  return entries;
}

describe('a queue on disk', () => {
  test('gives back in order what was appended, from memory and from disk', async () => {
    const log = openLog({ limits: { memoryOctets: 1000, segmentOctets: 700 } });
    await append(log, numbered(50));
    expect(log.frames).toBe(50);
    const first = [await log.next(), await log.next()] as Entry[];
    await append(log, numbered(10, 50));
    const entries = [...first, ...(await readAll(log))];
    expect(entries.map(textOf)).toEqual(numbered(60));
    expect(entries.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
    expect(entries[7]).toMatchObject({ topic: 'flows', partition: 1, writtenMs: 1_000, message: { headers: { rows: 'frame 7' } } });
    expect(new Set(entries.map(({ message }) => message.headers[IDENTITY_HEADER])).size).toBe(60);
    await append(log, ['later']);
    expect((await readAll(log)).map(textOf)).toEqual(['later']);
  });

  test('deletes a file when all in it was released, in whatever order', async () => {
    const log = openLog({ limits: { segmentOctets: 700 } });
    await append(log, numbered(40));
    const entries = await readAll(log);
    const before = segments().length;
    expect(before).toBeGreaterThan(5);
    for (const entry of entries.slice(1)) await log.release(entry);
    expect(segments().length).toBe(before);
    await log.release(entries[0]!);
    expect(segments().length).toBe(1);
    expect(log).toMatchObject({ frames: 0, octets: 0 });
  });

  test('goes on after a restart with what was not released', async () => {
    const first = openLog({ limits: { segmentOctets: 700 } });
    await append(first, numbered(30));
    const entries = await readAll(first);
    for (const entry of entries.slice(0, 12)) await first.release(entry);
    await first.close();
    const second = openLog({ isDone: ({ sequence }) => sequence <= 12 });
    expect(second.frames).toBe(18);
    expect(second.oldestUnreadMs).toBe(1_000);
    await append(second, ['new']);
    const left = await readAll(second);
    expect(left.map(textOf)).toEqual([...numbered(18, 12), 'new']);
    expect(left.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 19 }, (_, index) => index + 13));
    for (const entry of left) await second.release(entry);
    await append(second, ['more']);
    expect(segments().length).toBe(1);
  });

  test('never gives a sequence twice, also when the files are gone', async () => {
    const log = openLog({ lastSequence: 77 });
    await append(log, ['x']);
    expect((await log.next())?.sequence).toBe(78);
  });

  test('is bounded: a frame waits until there is room, and an empty buffer takes any', async () => {
    const limits = { maxOctets: 4000, segmentOctets: 1000 };
    const log = openLog({ limits });
    await log.append('flows', 0, { value: Buffer.alloc(20_000), headers: {} });
    let taken = 0;
    const appended = Promise.all(
      numbered(60).map((text) => log.append('flows', 0, { value: Buffer.from(text), headers: {} }).then(() => taken++)),
    );
    await expect.poll(() => log.counters.fullWaits).toBe(1);
    expect(taken).toBe(0);
    const got: string[] = [];
    let largest = 0;
    while (got.length < 61) {
      const entry = await log.next();
      if (entry === undefined) {
        await log.changed.next();
        continue;
      }
      got.push(textOf(entry));
      await log.release(entry);
      if (got.length > 1) largest = Math.max(largest, log.diskOctets);
    }
    await appended;
    expect(got.slice(1)).toEqual(numbered(60));
    expect(largest).toBeLessThanOrEqual(limits.maxOctets);
  });

  test('refuses frames after it was closed, and lets go of those that wait', async () => {
    const log = openLog({ limits: { maxOctets: 400 } });
    await append(log, ['x']);
    const waiting = append(log, numbered(10));
    const refused = expect(waiting).rejects.toMatchObject({ code: 'stopped' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await log.close();
    await refused;
    await expect(append(log, ['y'])).rejects.toMatchObject({ code: 'stopped' });
  });

  test('passes frames by memory while the disk refuses them, after those it has', async () => {
    const log = openLog({ limits: { segmentOctets: 1 } });
    await append(log, ['on disk']);
    renameSync(folder, `${folder}-away`);
    await append(log, numbered(3));
    expect(log.counters.writeFailures).toBe(3);
    renameSync(`${folder}-away`, folder);
    await append(log, ['on disk again']);
    const entries = await readAll(log);
    expect(entries.map(textOf)).toEqual(['on disk', ...numbered(3), 'on disk again']);
    for (const entry of entries) await log.release(entry);
    expect(log).toMatchObject({ frames: 0, octets: 0 });
  });
});

describe('files that are not as they were written', () => {
  async function filled(count: number): Promise<{ path: string; octets: number; ends: number[] }> {
    const log = openLog();
    await append(log, numbered(count));
    const ends = (await readAll(log)).map(({ end }) => end);
    await log.close();
    const path = join(folder, segments()[0]!);
    return { path, octets: statSync(path).size, ends };
  }

  test('a file cut at any octet gives the frames before the cut, and counts the cut one', async () => {
    const { path, octets, ends } = await filled(4);
    const whole = readFileSync(path);
    for (let size = octets - 1; size >= 0; size--) {
      writeFileSync(path, whole.subarray(0, size));
      const log = openLog();
      const left = await readAll(log);
      const complete = ends.filter((end) => end <= size).length;
      expect(left.map(textOf)).toEqual(numbered(complete));
      expect(log.counters).toMatchObject({ cutRecords: ends.includes(size) || size === 0 ? 0 : 1, damagedRecords: 0 });
      expect(log.frames).toBe(complete);
      await log.close();
    }
  });

  test('one wrong octet anywhere costs the frame it is in, is counted, and nothing else', async () => {
    const { path, octets, ends } = await filled(3);
    const whole = readFileSync(path);
    for (let at = 0; at < octets; at++) {
      const bytes = Buffer.from(whole);
      bytes[at] = bytes[at]! ^ 0x5a;
      writeFileSync(path, bytes);
      const log = openLog();
      const left = await readAll(log);
      const hit = ends.findIndex((end) => at < end);
      expect(left.map(textOf)).toEqual(numbered(3).filter((_, index) => index !== hit));
      expect(log.counters.cutRecords + log.counters.damagedRecords).toBe(1);
      expect(log.counters.damagedOctets).toBe(ends[hit]! - (ends[hit - 1] ?? 0));
      expect(log.frames).toBe(2);
      await log.close();
    }
  });

  test('octets of zero at the end, as a power cut leaves them, are a cut', async () => {
    const { path, octets } = await filled(3);
    truncateSync(path, octets + 5000);
    const log = openLog();
    expect((await readAll(log)).map(textOf)).toEqual(numbered(3));
    expect(log.counters).toMatchObject({ cutRecords: 1, damagedRecords: 0, damagedOctets: 5000 });
  });

  test('property: any appends, reads, releases and crashes; each frame comes in order until it is released, and none is invented', async () => {
    const action = fc.oneof(
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('append' as const), octets: fc.nat(400) }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('read' as const), count: fc.integer({ min: 1, max: 6 }) }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('release' as const), count: fc.integer({ min: 1, max: 6 }) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), cut: fc.nat(300) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), fc.integer({ min: 100, max: 1500 }), async (actions, memoryOctets) => {
        let within = mkdtempSync(join(folder, 'run-'));
        const limits = { memoryOctets, segmentOctets: 900 };
        let released = 0;
        let appended = 0;
        let log = openLog({ folder: within, limits });
        let handed: Entry[] = [];
        /** Numbers of the frames that are neither released nor lost in a crash, in order. */
        let expected: number[] = [];
        for (const step of actions) {
          if (step.kind === 'append') {
            const value = Buffer.alloc(4 + step.octets);
            value.writeUInt32LE(appended);
            await log.append('flows', 0, { value, headers: {} });
            expected.push(appended++);
          } else if (step.kind === 'read') {
            for (let i = 0; i < step.count; i++) {
              const entry = await log.next();
              if (entry === undefined) break;
              expect(Buffer.from(entry.message.value).readUInt32LE(0)).toBe(expected[handed.length]);
              handed.push(entry);
            }
          } else if (step.kind === 'release') {
            for (const entry of handed.splice(0, step.count)) {
              released = entry.sequence;
              expected.shift();
              await log.release(entry);
            }
          } else {
            // The next process finds the files as they are, the last one perhaps cut.
            const next = mkdtempSync(join(folder, 'run-'));
            const files = readdirSync(within);
            for (const name of files) copyFileSync(join(within, name), join(next, name));
            const last = files.sort().at(-1);
            if (last !== undefined) {
              const size = statSync(join(next, last)).size;
              truncateSync(join(next, last), Math.max(0, size - step.cut));
            }
            await log.close();
            const kept = openLog({ folder: next, limits, isDone: ({ sequence }) => sequence <= released, lastSequence: released });
            within = next;
            const left = await peekAll(next, released);
            // A cut takes frames from the end of the last file alone.
            expect(left).toEqual(expected.slice(0, left.length));
            expected = left;
            handed = [];
            log = kept;
          }
          expect(log.frames).toBe(expected.length);
        }
        for (const entry of [...handed, ...(await readAll(log))])
          expect(Buffer.from(entry.message.value).readUInt32LE(0)).toBe(expected.shift());
        expect(expected).toEqual([]);
        await log.close();
      }),
      { numRuns: 60 },
    );
  });

  /** What another process would read of a folder. */
  async function peekAll(path: string, released: number): Promise<number[]> {
    const copy = mkdtempSync(join(folder, 'peek-'));
    for (const name of readdirSync(path)) copyFileSync(join(path, name), join(copy, name));
    const log = openLog({ folder: copy, isDone: ({ sequence }) => sequence <= released });
    const numbers = (await readAll(log)).map(({ message }) => Buffer.from(message.value).readUInt32LE(0));
    await log.close();
    return numbers;
  }
});
