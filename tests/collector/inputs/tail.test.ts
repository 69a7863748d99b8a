import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from './collecting.js';
import { followed, pause } from './tailing.js';

/** Lines long enough that the first few are a fingerprint. */
const row = (number: number): string => `record ${number} ${'.'.repeat(40)}`;
const rows = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => row(from + i));
const text = (from: number, to: number): string =>
  rows(from, to)
    .map((each) => `${each}\n`)
    .join('');
const HEADER = '#separator \\x09\n#path\tconn\n#open\t2026-12-03-10-00-00\n#fields\tts\tuid\n';

function log(name = 'conn.log') {
  const folder = temporaryFolder();
  const path = join(folder, name);
  return { folder, path, write: (content: string) => appendFileSync(path, content), as: (other: string) => join(folder, other) };
}

describe('following a log', () => {
  test('lines are handed over as they are completed, from the beginning or from the end', async () => {
    const { path, write } = log();
    write(HEADER + text(0, 3));
    const whole = followed(path);
    const end = followed(path, 'end');
    await whole.until(7);
    await end.untilEvent('opened');
    write(`${row(3)}\n${row(4).slice(0, 5)}`);
    await whole.until(8);
    await end.until(1);
    write(`${row(4).slice(5)}\r\n`);
    await whole.until(9);
    await end.until(2);
    expect(whole.lines.slice(4)).toEqual(rows(0, 5));
    expect(whole.numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(end.lines).toEqual(rows(3, 5));
    expect([whole.context, end.context]).toEqual([[], [...HEADER.trim().split('\n'), row(0)]]);
  });

  test('from the end, a line that is being written is read whole', async () => {
    const { path, write } = log();
    write(text(0, 2) + row(2).slice(0, 9));
    const { lines, until, untilEvent } = followed(path, 'end');
    await untilEvent('opened');
    write(`${row(2).slice(9)}\n`);
    await until(1);
    expect(lines).toEqual([row(2)]);
  });

  test('a log that is not there yet, in a folder that is not there yet, is waited for', async () => {
    const folder = join(temporaryFolder(), 'current');
    const path = join(folder, 'conn.log');
    const { until, untilEvent, lines } = followed(path);
    await untilEvent('waiting');
    mkdirSync(folder);
    writeFileSync(path, text(0, 2));
    await until(2);
    expect(lines).toEqual(rows(0, 2));
  });

  test.each(['conn.log.1', 'conn-26-12-03_10.00.00.log', 'elsewhere'])(
    'renamed to %s with a new file in its place: both are read, the last line of the old one though it breaks off',
    async (rotated) => {
      const { path, write, as } = log();
      write(text(0, 100));
      const { until, untilEvent, lines, events } = followed(path);
      await until(100);
      renameSync(path, as(rotated));
      await pause(30);
      appendFileSync(as(rotated), text(100, 150) + row(150));
      await until(150);
      write(text(151, 160));
      await until(160);
      await untilEvent('rotated');
      expect(lines).toEqual(rows(0, 160));
      expect(events).toEqual(['opened', 'rotated', 'opened']);
    },
  );

  test('an empty new file does not end the old one: its writer may not have moved on yet', async () => {
    const { path, write, as } = log();
    write(text(0, 2));
    const { until, lines } = followed(path);
    await until(2);
    renameSync(path, as('conn.log.1'));
    write('');
    await pause(60);
    appendFileSync(as('conn.log.1'), text(2, 4));
    await until(4);
    write(text(4, 5));
    await until(5);
    expect(lines).toEqual(rows(0, 5));
  });

  test('copied and truncated: what came between the last look and the copy is read from the copy', async () => {
    const { path, write, as } = log('eve.json');
    write(text(0, 100));
    const reader = followed(path);
    await reader.until(100);
    // While nothing is read on, lines are written, and the file is rotated.
    let release: () => void = () => undefined;
    reader.state.hold = new Promise((resolve) => {
      release = resolve;
    });
    write(text(100, 101));
    await pause(100);
    write(text(101, 120));
    copyFileSync(path, as('eve.json.1'));
    truncateSync(path, 0);
    release();
    write(text(120, 130));
    await reader.until(130);
    expect(reader.lines).toEqual(rows(0, 130));
    expect(reader.events).not.toContain('lost');
  });

  test('truncated without a copy: what may be lost is told', async () => {
    const { path, write } = log();
    write(text(0, 100));
    const reader = followed(path);
    await reader.until(100);
    truncateSync(path, 0);
    await reader.untilEvent('lost');
    write(text(200, 210));
    await reader.until(110);
    expect(reader.lines).toEqual([...rows(0, 100), ...rows(200, 210)]);
    expect(reader.events).toEqual(['opened', 'rewritten', 'lost']);
  });

  test('rewritten beyond the place that was read: known by its beginning', async () => {
    const { path, write } = log();
    write(text(0, 100));
    const reader = followed(path);
    await reader.until(100);
    writeFileSync(path, text(300, 500));
    await reader.until(300);
    expect(reader.lines.slice(100)).toEqual(rows(300, 500));
  });

  test('a link that is turned to another folder', async () => {
    const folder = temporaryFolder();
    for (const day of ['2026-12-03', '2026-12-04']) mkdirSync(join(folder, day));
    symlinkSync('2026-12-03', join(folder, 'current'));
    writeFileSync(join(folder, '2026-12-03', 'conn.log'), text(0, 10));
    const reader = followed(join(folder, 'current', 'conn.log'));
    await reader.until(10);
    writeFileSync(join(folder, '2026-12-04', 'conn.log'), text(10, 20));
    unlinkSync(join(folder, 'current'));
    symlinkSync('2026-12-04', join(folder, 'current'));
    await reader.until(20);
    expect(reader.lines).toEqual(rows(0, 20));
  });

  test('a folder that is replaced', async () => {
    const folder = join(temporaryFolder(), 'logs');
    mkdirSync(folder);
    writeFileSync(join(folder, 'conn.log'), text(0, 10));
    const reader = followed(join(folder, 'conn.log'));
    await reader.until(10);
    rmSync(folder, { recursive: true });
    await pause(30);
    mkdirSync(folder);
    writeFileSync(join(folder, 'conn.log'), text(10, 20));
    await reader.until(20);
    expect(reader.lines).toEqual(rows(0, 20));
  });

  test('what is no file is waited for, not read', async () => {
    const reader = followed(temporaryFolder());
    await reader.untilEvent('waiting');
    expect(reader.events).toEqual(['waiting']);
  });

  test('nothing more is read while lines are being taken, and a failure to take them ends it', async () => {
    const { path, write } = log();
    const reader = followed(path);
    write(text(0, 3));
    await reader.until(3);
    reader.state.hold = Promise.reject(new Error('the bus is gone'));
    reader.state.hold.catch(() => undefined);
    write(text(3, 4));
    await expect(reader.ended).rejects.toThrow('the bus is gone');
  });
});

describe('going on after a stop', () => {
  const stopped = async (path: string, count: number) => {
    const reader = followed(path);
    await reader.until(count);
    await reader.stop();
    return reader.state.position!;
  };

  test('in the same file, behind the last whole line, with its header', async () => {
    const { path, write } = log();
    write(HEADER + text(0, 100) + row(100).slice(0, 7));
    const position = await stopped(path, 104);
    write(`${row(100).slice(7)}\n${text(101, 103)}`);
    const reader = followed(path, position);
    await reader.until(3);
    expect([reader.lines, reader.numbers]).toEqual([rows(100, 103), [105, 106, 107]]);
    expect(reader.context).toEqual([...HEADER.trim().split('\n'), row(0)]);
    expect(reader.events).toEqual(['opened']);
  });

  test.each([
    ['renamed', 'conn.log.1', renameSync],
    ['copied and written anew', 'conn.log.1', copyAndTruncate],
    ['compressed', 'conn.2026-12-03-10-00-00.log.gz', compress],
    ['compressed into a folder by date', '../2026-12-03/conn.10:00:00-11:00:00.log.gz', compress],
  ])('a file that was %s meanwhile is read to its end, then the new one', async (_, rotated, rotate) => {
    const folder = join(temporaryFolder(), 'current');
    mkdirSync(folder);
    const path = join(folder, 'conn.log');
    writeFileSync(path, HEADER + text(0, 100));
    writeFileSync(join(folder, 'conn.log.9'), text(900, 950));
    writeFileSync(join(folder, 'conn-summary.log'), text(900, 950));
    const position = await stopped(path, 104);
    appendFileSync(path, text(100, 200));
    rotate(path, join(folder, rotated));
    appendFileSync(path, HEADER + text(200, 210));
    const reader = followed(path, position);
    await reader.until(114);
    expect(reader.lines).toEqual([...rows(100, 200), ...HEADER.trim().split('\n'), ...rows(200, 210)]);
    expect(reader.numbers.slice(0, 2)).toEqual([105, 106]);
    expect(reader.events).not.toContain('lost');
  });

  test('several rotations are caught up in their order, and can be broken off in between', async () => {
    const { path, as } = log();
    writeFileSync(path, text(0, 100));
    const position = await stopped(path, 100);
    for (const [number, name] of ['conn.10.log', 'conn.11.log', 'conn.12.log'].entries()) {
      appendFileSync(path, text(number * 100 + (number === 0 ? 100 : 100), number * 100 + 200));
      renameSync(path, as(name));
      await pause(15);
    }
    writeFileSync(path, text(400, 450));
    const lines: string[] = [];
    let from = position;
    while (lines.length < 350) {
      const reader = followed(path, from);
      await reader.until(1);
      await reader.stop();
      lines.push(...reader.lines);
      from = reader.state.position!;
    }
    expect(lines).toEqual(rows(100, 450));
  });

  test('a file that is nowhere to be found is told as lost', async () => {
    const { path } = log();
    writeFileSync(path, text(0, 100));
    const position = await stopped(path, 100);
    unlinkSync(path);
    writeFileSync(path, text(500, 510));
    const reader = followed(path, position);
    await reader.until(10);
    expect(reader.lines).toEqual(rows(500, 510));
    expect(reader.events).toContain('lost');
  });

  test('property of a writer that rotates at random: every line once, in order, over stops at random', async () => {
    const { path, as } = log();
    const random = mulberry(20261203);
    const seen: string[] = [];
    let next = 1;
    let rotations = 0;
    writeFileSync(path, text(0, next));
    const first = followed(path);
    await first.until(1);
    await first.stop();
    seen.push(...first.lines);
    let from = first.state.position!;
    for (let round = 0; round < 12; round++) {
      const reader = followed(path, from);
      const before = seen.length;
      for (let step = 0; step < 6; step++) {
        const count = 1 + Math.floor(random() * 40);
        appendFileSync(path, text(next, next + count));
        next += count;
        if (random() < 0.3) {
          renameSync(path, as(`conn.log.${++rotations}`));
          // The order of rotated files is that of their times, which the file system counts in steps.
          await pause(10);
        }
        if (random() < 0.5) await pause(Math.floor(random() * 30));
      }
      if (round < 11) await pause(Math.floor(random() * 60));
      else {
        appendFileSync(path, text(next, next + 1));
        next++;
        await reader.until(next - before);
      }
      await reader.stop();
      seen.push(...reader.lines);
      from = reader.state.position ?? from;
    }
    expect(seen).toEqual(rows(0, next));
  });
});

function copyAndTruncate(from: string, to: string): void {
  copyFileSync(from, to);
  truncateSync(from, 0);
}

function compress(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, gzipSync(readFileSync(from)));
  unlinkSync(from);
}

function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
