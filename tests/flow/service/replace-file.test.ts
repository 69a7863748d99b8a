import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exclusively } from '../../../flow/service/exclusively.js';
import { replaceFile, replaceFileSync } from '../../../flow/service/replace-file.js';
import { runAtOnce } from '../../support/at-once.js';

/* Several processes work with one data folder: none of them fails because of another, and no reader ever sees half a file. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-replace-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('processes that replace, or change, the same file at the same moment all end well; each file is whole and no change is lost', async () => {
  const [processes, times] = [4, 40];
  const data = join(folder, 'data');
  mkdirSync(data);
  writeFileSync(join(data, 'count'), '0');
  await runAtOnce('tests/flow/service/writers-program.ts', {
    processes,
    folder: join(folder, 'program'),
    args: [data, String(times)],
  });

  expect(readdirSync(data).sort()).toEqual(['count', 'private', 'private.previous', 'whole']);
  expect(readFileSync(join(data, 'whole'), 'utf8')).toMatch(/^(\d)\1{99999}$/);
  for (const name of ['private', 'private.previous']) expect(readFileSync(join(data, name), 'utf8')).toMatch(/^\d\n$/);
  expect(statSync(join(data, 'private')).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(data, 'count'), 'utf8')).toBe(String(processes * times));
});

test('a file that cannot be replaced is left as it was, with nothing beside it', async () => {
  const path = join(folder, 'place');
  mkdirSync(join(path, 'taken'), { recursive: true });
  await expect(replaceFile(path, 'new')).rejects.toThrow('EISDIR');
  expect(() => replaceFileSync(path, 'new')).toThrow('EISDIR');
  expect(readdirSync(folder)).toEqual(['place']);
});

test('what a killed process left beside a file is removed once it is old', async () => {
  const path = join(folder, 'state.json');
  const [old, young, other] = [`${path}.new-1`, `${path}.new-2`, join(folder, 'other.json.new-1')];
  for (const left of [old, young, other]) writeFileSync(left, 'half');
  utimesSync(old, 0, 0);
  utimesSync(other, 0, 0);
  await replaceFile(path, 'whole');
  expect(readdirSync(folder).sort()).toEqual(['other.json.new-1', 'state.json', 'state.json.new-2']);
});

test('a lock that a killed process left does not hold for ever, and work that fails gives it back', () => {
  const path = join(folder, 'draft');
  writeFileSync(`${path}.lock`, '');
  chmodSync(`${path}.lock`, 0o400);
  utimesSync(`${path}.lock`, 0, 0);
  expect(() =>
    exclusively(path, () => {
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(exclusively(path, () => 'done')).toBe('done');
  expect(readdirSync(folder)).toEqual([]);
});
