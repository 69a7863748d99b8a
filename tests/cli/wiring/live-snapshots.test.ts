import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLiveSnapshots } from '../../../cli/wiring/live-snapshots.js';
import { createFileSnapshotStore } from '../../../detector/engine/snapshot-file.js';
import { loadedSnapshots } from '../../support/loaded-snapshots.js';

/* What was learned from live traffic outlives the log it was learned from; an offset is believed in its own log alone. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-snapshots-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const store = (lasting: boolean) => createLiveSnapshots(createFileSnapshotStore(folder), folder, lasting);
const snapshot = (offset: number, text: string) => ({ offset, bytes: Uint8Array.from(Buffer.from(text)) });

test('a lasting log goes on at its offset', async () => {
  await store(true).save('journal-1', 0, snapshot(7, 'seven'));
  expect(await loadedSnapshots(store(true), 'journal-1', 0)).toEqual([snapshot(7, 'seven')]);
});

test('another log begins at its first message with the state of the last one', async () => {
  await store(true).save('journal-1', 0, snapshot(7, 'seven'));
  expect(await loadedSnapshots(store(true), 'journal-2', 0)).toEqual([snapshot(0, 'seven')]);
  await store(true).save('journal-2', 0, snapshot(3, 'three'));
  expect(await loadedSnapshots(store(true), 'journal-3', 0)).toEqual([snapshot(0, 'three')]);
  expect((await loadedSnapshots(store(true), 'journal-2', 0))[0]).toEqual(snapshot(3, 'three'));
});

test('without a journal each start is another log, and switching between the two keeps what was learned', async () => {
  await store(false).save('process-1', 0, snapshot(5, 'five'));
  expect(await loadedSnapshots(store(false), 'process-2', 0)).toEqual([snapshot(0, 'five')]);
  expect(await loadedSnapshots(store(true), 'journal-1', 0)).toEqual([snapshot(0, 'five')]);
  await store(true).save('journal-1', 0, snapshot(9, 'nine'));
  expect(await loadedSnapshots(store(false), 'process-3', 0)).toEqual([snapshot(0, 'nine')]);
});

test('nothing learned is nothing to begin with', async () => {
  expect(await loadedSnapshots(store(true), 'journal-1', 0)).toEqual([]);
  expect(await loadedSnapshots(store(false), 'process-1', 0)).toEqual([]);
});
