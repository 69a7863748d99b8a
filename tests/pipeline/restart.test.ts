import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEngine } from '../../detector/engine/engine.js';
import { createDetectorService, type DetectorService } from '../../detector/engine/service.js';
import { createFileSnapshotStore } from '../../detector/engine/snapshot-file.js';
import type { SnapshotStore } from '../../detector/engine/snapshot-store.js';
import type { Bus, OutgoingMessage } from '../../flow/bus/bus.js';
import { type CommitStore, createMemoryCommitStore } from '../../flow/bus/commit-store.js';
import { createLocalBus } from '../../flow/bus/local.js';
import { FLOW_COLUMNS } from '../../flow/columns.js';
import { FrameEncoder } from '../../flow/frame.js';
import { batchOf, claimsOf } from '../detector/support/rows.js';
import { asUniflows, exchanges, inOrder, TRAFFIC_CLAIMS } from '../detector/support/traffic.js';

/*
 * A kill can fall between any two steps of the detector. Two of these moments are a few microseconds wide, so kill.test.ts meets them rarely;
 * here they are made on purpose: the snapshot is on disk and its commit is not, and the other way round.
 */

const claims = claimsOf(TRAFFIC_CLAIMS);
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

let folder: string;
let running: { bus: Bus; detector: DetectorService } | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-restart-'));
});
afterEach(async () => {
  await running?.detector.stop();
  await running?.bus.stop();
  running = undefined;
  rmSync(folder, { recursive: true, force: true });
});

function frames(): OutgoingMessage[] {
  const list = fc.sample(exchanges, { numRuns: 60, seed: 11 }).flat();
  const rows = inOrder(list.flatMap((exchange, index) => asUniflows(exchange, index % 2 === 0)));
  const encoder = new FrameEncoder(FLOW_COLUMNS);
  const made: OutgoingMessage[] = [];
  // One row a frame: more of them than the bus hands over in one call.
  for (const row of rows) made.push(...encoder.encode(batchOf(claims, [row])));
  return made;
}

/** One life of a replay: the same log again from its beginning. */
async function live(commits: CommitStore, snapshots: SnapshotStore): Promise<{ bus: Bus; detector: DetectorService }> {
  const bus = createLocalBus({ logs: { flows: 'replay' }, commits, groups: { flows: ['detect'], findings: [], quarantine: [] } });
  await bus.start();
  const detector = createDetectorService({ bus, group: 'detect', engineFactory: () => createEngine({ claims }), snapshots, log: quiet });
  await detector.start();
  running = { bus, detector };
  for (const frame of frames()) await bus.publish('flows', 0, frame);
  return running;
}

/** What the pipeline does at the end of its input: checkpoints until the bus says that all flows are committed. */
async function drain({ bus, detector }: { bus: Bus; detector: DetectorService }): Promise<void> {
  let done = false;
  const flushed = bus.flush(['flows']).then(() => {
    done = true;
  });
  for (let attempt = 0; attempt < 400 && !done; attempt++) {
    await detector.checkpoint();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  if (!done) throw new Error('the flows are never committed');
  await flushed;
}

async function end({ bus, detector }: { bus: Bus; detector: DetectorService }): Promise<void> {
  await detector.stop();
  await bus.stop();
  running = undefined;
}

test('killed after the last snapshot and before its commit: the next run commits it and comes to its end', async () => {
  const snapshots = createFileSnapshotStore(folder);
  const first = await live(createMemoryCommitStore(), snapshots);
  await drain(first);
  await end(first);

  const second = await live(createMemoryCommitStore(), snapshots);
  await drain(second);
  expect(await second.detector.lag()).toBe(0);
});

test('a snapshot that is gone, its commit still there: all is judged again before the run counts as done', async () => {
  const commits = createMemoryCommitStore();
  const first = await live(commits, createFileSnapshotStore(folder));
  await drain(first);
  const expected = first.detector.engines().get(0)!.findings();
  expect(expected.length).toBeGreaterThan(0);
  await end(first);

  const second = await live(commits, createFileSnapshotStore(join(folder, 'elsewhere')));
  await drain(second);
  expect(second.detector.engines().get(0)!.findings()).toEqual(expected);
});
