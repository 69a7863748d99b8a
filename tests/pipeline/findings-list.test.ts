import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Finding } from '../../detector/findings/finding.js';
import { addFinding, createFindingBatch } from '../../detector/findings/finding-batch.js';
import { defaultFindingLimit } from '../../detector/store/queries/findings.js';
import { createStore } from '../../detector/store/store.js';
import { encodeBlock } from '../../flow/native/block.js';
import { cordon } from './support/cordon.js';
import { freshDist } from './support/dist.js';

/* `findings list --json` is what runs are compared by, so it must hold every finding that stands, and none that was taken back. */

let folder: string;
beforeAll(async () => {
  await freshDist();
  folder = mkdtempSync(join(tmpdir(), 'cordon-list-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('all findings that stand are listed, however many, and withdrawn ones are not', async () => {
  await cordon(['replay', '--scenario', 'port-scanners', '--input', 'ipfix', '--json', '--data', folder], [1]);
  const list = async () => JSON.parse(await cordon(['findings', 'list', '--json', '--data', folder])) as Finding[];
  const before = await list();
  const [model] = before;

  const standing = Array.from({ length: defaultFindingLimit }, (_, index) => ({ ...model!, id: index.toString(16).padStart(32, '0') }));
  const withdrawn = { ...model!, revision: model!.revision + 1, records: 0 };
  const batch = createFindingBatch();
  for (const finding of [...standing, withdrawn]) addFinding(batch, finding);
  const store = createStore({ kind: 'chdb', path: join(folder, 'store'), retention: 'keep' });
  await store.start();
  try {
    await store.insertNative('findings', [encodeBlock(batch)], 'findings-list');
  } finally {
    await store.close();
  }

  const ids = (findings: readonly Finding[]) => findings.map(({ id }) => id).sort();
  expect(ids(await list())).toEqual(ids([...before.filter(({ id }) => id !== model!.id), ...standing]));
});
