import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ClaimHistory } from '../../../cli/wiring/claim-history.js';
import { runAtOnce } from '../../support/at-once.js';

const HASH = 'a'.repeat(64);
const TEXTS = { claims: { file: 'claims.yaml', text: 'version: 1' }, approvals: undefined };
const ACTIVATION = { id: 'scanners', hash: HASH, fromMs: Number.NEGATIVE_INFINITY, writtenMs: 0, file: 'claims.yaml' };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-claim-history-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('processes that archive the same claims at the same moment all end well, and leave each file once and whole', async () => {
  const processes = 4;
  const files = 40;
  const data = join(folder, 'data');
  await runAtOnce('tests/cli/wiring/claim-history-program.ts', { processes, folder: join(folder, 'program'), args: [data, String(files)] });

  const history = new ClaimHistory(data);
  for (let file = 0; file < files; file++) {
    const archived = history.archived(file.toString(16).padStart(64, '0'))!;
    expect(readFileSync(archived.file, 'utf8')).toMatch(new RegExp(`^# .* ${file}$`));
    expect(archived.approvals).toBeDefined();
  }
  expect(readdirSync(join(data, 'claims'))).toHaveLength(files + 1);
  expect(
    readFileSync(join(data, 'claims', 'activations.jsonl'), 'utf8')
      .trim()
      .split('\n'),
  ).toHaveLength(processes * files);
});

test('what a crash left of an archived file without its claims makes room for the whole of it', () => {
  const left = join(folder, 'claims', HASH);
  mkdirSync(left, { recursive: true });
  writeFileSync(join(left, 'approvals.jsonl'), '');

  const history = new ClaimHistory(folder);
  history.add(ACTIVATION, TEXTS);

  const archived = history.archived(HASH)!;
  expect(readFileSync(archived.file, 'utf8')).toBe('version: 1');
  expect(archived.approvals).toBeUndefined();
});
