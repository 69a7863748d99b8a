import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEngine } from '../../../detector/engine/engine.js';
import { createDetectorService } from '../../../detector/engine/service.js';
import { createFileSnapshotStore } from '../../../detector/engine/snapshot-file.js';
import type { Finding } from '../../../detector/findings/finding.js';
import { createFindingBatch, findingAt } from '../../../detector/findings/finding-batch.js';
import { findingsJson } from '../../../detector/findings/json.js';
import { isWithdrawn } from '../../../detector/findings/withdrawn.js';
import type { Bus, Message, OutgoingMessage, Reader } from '../../../flow/bus/bus.js';
import { createLocalBus } from '../../../flow/bus/local.js';
import { FLOW_COLUMNS } from '../../../flow/columns.js';
import { decodeFrame, FrameEncoder } from '../../../flow/frame.js';
import { loadedSnapshots } from '../../support/loaded-snapshots.js';
import { batchOf, claimsOf } from '../support/rows.js';
import { asUniflows, exchanges, inOrder, TRAFFIC_CLAIMS } from '../support/traffic.js';

const claims = claimsOf(TRAFFIC_CLAIMS);
const engineFactory = () => createEngine({ claims });
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-detect-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Sixty records in frames of five, and what one engine makes of them undisturbed. */
function input(): { frames: OutgoingMessage[]; expected: string } {
  const list = fc.sample(exchanges, { numRuns: 20, seed: 7 }).flat().slice(0, 60);
  const rows = inOrder(list.flatMap((exchange, index) => asUniflows(exchange, index % 2 === 0)));
  const encoder = new FrameEncoder(FLOW_COLUMNS);
  const frames: OutgoingMessage[] = [];
  for (let at = 0; at < rows.length; at += 5) frames.push(...encoder.encode(batchOf(claims, rows.slice(at, at + 5))));
  const engine = createEngine({ claims });
  engine.ingest(batchOf(claims, rows));
  return { frames, expected: findingsJson(engine.findings()) };
}

/** Keeps the highest revision of every finding, as the store's view does. */
class Kept implements Reader {
  readonly findings = new Map<string, Finding>();
  private readonly commit: (message: Message) => Promise<void>;
  constructor(commit: (message: Message) => Promise<void>) {
    this.commit = commit;
  }
  async assigned(): Promise<undefined> {
    return undefined;
  }
  async messages(messages: readonly Message[]): Promise<void> {
    for (const message of messages) {
      const batch = createFindingBatch();
      decodeFrame(message, batch);
      for (let row = 0; row < batch.length; row++) {
        const finding = findingAt(batch, row);
        if (finding.revision >= (this.findings.get(finding.id)?.revision ?? 0)) this.findings.set(finding.id, finding);
      }
      await this.commit(message);
    }
  }
  async revoked(): Promise<void> {}
  json(): string {
    return findingsJson([...this.findings.values()].filter((finding) => !isWithdrawn(finding)));
  }
}

async function keepFindings(bus: Bus): Promise<Kept> {
  const kept: Kept = new Kept((message) => subscription.commit('findings', message.partition, message.offset + 1));
  const subscription = await bus.subscribe({ group: 'keep', topics: ['findings'], reader: kept });
  return kept;
}

function createBus(): Bus {
  return createLocalBus({ logs: { flows: 'input-1' }, groups: { flows: ['detect'], findings: ['keep'], quarantine: [] } });
}

async function settle(done: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('detector service', () => {
  it('publishes what one engine finds, and sends unreadable frames to quarantine', async () => {
    const { frames, expected } = input();
    const bus = createBus();
    await bus.start();
    const kept = await keepFindings(bus);
    const quarantined: string[] = [];
    const service = createDetectorService({
      bus,
      group: 'detect',
      engineFactory,
      snapshots: createFileSnapshotStore(folder),
      log: { ...quiet, warn: (fields) => quarantined.push(JSON.stringify(fields)) },
      snapshotEveryFrames: 4,
    });
    await service.start();
    for (const [index, frame] of frames.entries()) {
      await bus.publish('flows', 0, frame);
      if (index === 3) await bus.publish('flows', 0, { value: Uint8Array.of(1, 2, 3), headers: {} });
      if (index === 5) await bus.publish('flows', 0, { value: frame.value.subarray(0, 99), headers: frame.headers });
    }
    await settle(async () => {
      await service.checkpoint();
      return service.engines().size > 0 && (await service.lag()) === 0;
    });
    expect(quarantined).toHaveLength(2);
    expect(kept.json()).toBe(expected);
    await service.stop();
    await bus.stop();
  });

  it('killed after any frame and started again, ends with the findings of an undisturbed run', async () => {
    const { frames, expected } = input();
    for (const killedAfter of [1, 4, 9, frames.length - 1]) {
      const state = join(folder, String(killedAfter));
      const all = new Map<string, Finding>();
      // The first life: its last snapshot is a few frames old when it ends, without a word to bus or disk.
      const first = createBus();
      await first.start();
      const keptFirst = await keepFindings(first);
      const dying = createDetectorService({
        bus: first,
        group: 'detect',
        engineFactory,
        snapshots: createFileSnapshotStore(state),
        log: quiet,
        snapshotEveryFrames: 3,
        snapshotEveryMs: 3_600_000,
      });
      await dying.start();
      for (const frame of frames.slice(0, killedAfter)) await first.publish('flows', 0, frame);
      await settle(() => (dying.engines().get(0)?.judgements().length ?? 0) > 0);
      await first.stop();
      for (const finding of keptFirst.findings.values()) all.set(finding.id, finding);
      // The second life replays the same log from the start; the snapshot says where to go on.
      const second = createBus();
      await second.start();
      const keptSecond = await keepFindings(second);
      for (const [id, finding] of all) keptSecond.findings.set(id, finding);
      const service = createDetectorService({
        bus: second,
        group: 'detect',
        engineFactory,
        snapshots: createFileSnapshotStore(state),
        log: quiet,
      });
      await service.start();
      for (const frame of frames) await second.publish('flows', 0, frame);
      await settle(async () => {
        await service.checkpoint();
        return service.engines().size > 0 && (await service.lag()) === 0;
      });
      expect(keptSecond.json()).toBe(expected);
      await service.stop();
      await second.stop();
    }
  });
});

describe('snapshot files', () => {
  it('give back the newest that is whole', async () => {
    const store = createFileSnapshotStore(folder);
    expect(await loadedSnapshots(store, 'log', 0)).toEqual([]);
    await store.save('log', 0, { offset: 5, bytes: Uint8Array.of(1, 2) });
    await store.save('log', 0, { offset: 9, bytes: Uint8Array.of(3) });
    expect((await loadedSnapshots(store, 'log', 0)).map(({ offset }) => offset)).toEqual([9, 5]);
    expect(await loadedSnapshots(store, 'another log', 0)).toEqual([]);
    expect(await loadedSnapshots(store, 'log', 1)).toEqual([]);
    const newest = (await readdir(folder)).find((name) => !name.includes('previous'))!;
    const bytes = await readFile(join(folder, newest));
    await writeFile(join(folder, newest), bytes.subarray(0, -1));
    expect(await loadedSnapshots(store, 'log', 0)).toEqual([{ offset: 5, bytes: Uint8Array.of(1, 2) }]);
  });
});
