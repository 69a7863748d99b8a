import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createStore } from '../../../detector/store/store.js';
import { KEEP_FOREVER } from '../../../detector/store/store-types.js';
import { addFlow } from '../../../detector/tools/flow-rows.js';
import { parseFlow } from '../../../detector/tools/flow-text.js';
import { createLearner } from '../../../detector/tools/learn.js';
import { skeletonOfAssets } from '../../../detector/tools/skeleton.js';
import { learnStored } from '../../../detector/tools/stored-flows.js';
import { FlowBatch } from '../../../flow/batch.js';
import { encodeBlock } from '../../../flow/native/block.js';

const path = mkdtempSync(join(tmpdir(), 'cordon-learn-test-'));
const store = createStore({ kind: 'chdb', path: join(path, 'store'), retention: KEEP_FOREVER });
afterAll(async () => {
  await store.close();
  rmSync(path, { recursive: true, force: true });
});

test('flows of the store are learned by kind, whatever their ephemeral ports, and only of the latest days', async () => {
  await store.start();
  await store.migrate();
  const skeleton = skeletonOfAssets([{ name: 'scan-1', address: '10.40.10.11' }]);
  const batch = new FlowBatch(64);
  for (const day of [1, 2, 3])
    for (let port = 50_000; port < 50_010; port++)
      addFlow(batch, skeleton.claims.watchList, parseFlow(`10.40.10.11:${port} > 10.40.30.10:445 tcp 2026-12-0${day}T10:00:00Z 1MiB/1KiB`));
  addFlow(batch, skeleton.claims.watchList, parseFlow('10.40.10.11:5353 - 10.40.1.53:53 udp 2026-12-03T10:00:00Z 80B'));
  await store.insertNative('flows', [encodeBlock(batch)], 'learn-test');
  const learner = createLearner(skeleton);
  expect(await learnStored(store, skeleton.claims.watchList, learner, 2)).toEqual([]);
  const { exchanges } = learner.learned();
  expect(exchanges.map(({ peer, port, began, sessions, days, answered }) => [peer, port, began, sessions, days.size, answered])).toEqual([
    ['10.40.30.10', 445, 'subject', 20, 2, true],
    ['10.40.1.53', 53, 'subject', 1, 1, true],
  ]);
});
