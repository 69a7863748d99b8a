import { copyFileSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Journal, openJournal } from '../../../../collector/outputs/buffer/journal.js';
import type { Bus, Subscription } from '../../../../flow/bus/bus.js';
import { type CommitStore, createMemoryCommitStore } from '../../../../flow/bus/commit-store.js';
import { createLocalBus } from '../../../../flow/bus/local.js';
import { RecordingReader } from '../../../conformance/bus-reader.js';

/*
 * In one process, too, what was written and not committed by every reader is there after a crash, under the same offsets of the same log: readers that
 * remember an offset go on exactly there.
 */

let folder: string;
let commits: CommitStore;
const ends: (() => Promise<void>)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-journal-'));
  commits = createMemoryCommitStore();
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  rmSync(folder, { recursive: true, force: true });
});

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

interface Life {
  readonly journal: Journal;
  readonly bus: Bus;
  /** Ends as an operator would. */
  end(): Promise<void>;
}

async function live(within = folder): Promise<Life> {
  const groups = { flows: ['detect', 'store'], coverage: ['store'] };
  const journal = await openJournal({ folder: within, groups, commits, limits: { segmentOctets: 100 }, log: quiet, now: () => 1_000 });
  const bus = createLocalBus({
    logs: { flows: journal.logName, coverage: journal.logName },
    origins: journal.origins,
    commits: journal.commits,
    groups,
  });
  await bus.start();
  journal.feed(bus);
  let ended: Promise<void> | undefined;
  const end = (): Promise<void> => {
    ended ??= bus.stop().then(() => journal.close());
    return ended;
  };
  ends.push(end);
  return { journal, bus, end };
}

async function publish({ journal }: Life, from: number, to: number): Promise<void> {
  for (let number = from; number < to; number++) await journal.publish('flows', 0, { value: Buffer.from(`frame ${number}`), headers: {} });
}

async function read({ bus }: Life, group: string, startAt?: number): Promise<{ reader: RecordingReader; subscription: Subscription }> {
  const reader = new RecordingReader();
  reader.startAt = () => startAt;
  const subscription = await bus.subscribe({ group, topics: ['flows'], reader });
  return { reader, subscription };
}

const seen = (reader: RecordingReader): string[] =>
  reader.received.map(({ offset, value }) => `${offset}: ${Buffer.from(value).toString()}`);
const frames = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `${from + index}: frame ${from + index}`);

/** The folder as a kill would leave it now; the process it is taken from goes on. */
function killed(): string {
  const copy = mkdtempSync(join(tmpdir(), 'cordon-journal-'));
  ends.push(async () => rmSync(copy, { recursive: true, force: true }));
  for (const name of readdirSync(folder).filter((file) => file !== 'lock')) copyFileSync(join(folder, name), join(copy, name));
  return copy;
}

test('after a crash each group goes on where it was, under the same offsets; what all had committed is gone', async () => {
  const first = await live();
  await publish(first, 0, 40);
  const [detect, store] = [await read(first, 'detect'), await read(first, 'store')];
  await Promise.all([detect, store].map(({ reader }) => reader.until(() => reader.received.length === 40)));
  await detect.subscription.commit('flows', 0, 25);
  await store.subscription.commit('flows', 0, 10);
  await store.subscription.commit('flows', 0, 31, 'intent');
  expect(first.journal.status().frames).toBe(15);

  const second = await live(killed());
  expect(second.journal.logName).toBe(first.journal.logName);
  expect(second.journal.origins.flows).toBe(25);
  await publish(second, 40, 45);
  const [detectAgain, storeAgain] = [await read(second, 'detect'), await read(second, 'store')];
  await detectAgain.reader.until(() => detectAgain.reader.received.length === 20);
  await storeAgain.reader.until(() => storeAgain.reader.received.length === 14);
  expect(seen(detectAgain.reader)).toEqual(frames(25, 45));
  expect(seen(storeAgain.reader)).toEqual(frames(31, 45));
  expect(storeAgain.reader.assignments[0]).toMatchObject({ committed: { offset: 31, metadata: 'intent' } });
  await Promise.all([detectAgain, storeAgain].map(({ subscription }) => subscription.commit('flows', 0, 45)));
  await expect.poll(() => second.journal.status()).toMatchObject({ frames: 0, acknowledged: 20 });
});

test('offsets go on after everything was forgotten, and a reader that wants the beginning gets what there is', async () => {
  const first = await live();
  await publish(first, 0, 8);
  for (const group of ['detect', 'store']) {
    const { reader, subscription } = await read(first, group);
    await reader.until(() => reader.received.length === 8);
    await subscription.commit('flows', 0, 8);
  }
  await first.end();
  const second = await live();
  expect(second.journal.origins.flows).toBe(8);
  const { reader } = await read(second, 'detect', 0);
  await publish(second, 8, 10);
  await reader.until(() => reader.received.length === 2);
  expect(seen(reader)).toEqual(frames(8, 10));
});

test('a frame that the disk has lost leaves an unreadable one in its place, so that all others keep their offsets', async () => {
  const first = await live();
  await publish(first, 0, 6);
  await first.end();
  const files = readdirSync(folder).filter((name) => name.endsWith('.frames'));
  expect(files.length).toBeGreaterThan(3);
  truncateSync(join(folder, files[1]!), 10);
  const second = await live();
  await publish(second, 6, 7);
  const { reader } = await read(second, 'store');
  await reader.until(() => reader.received.length === 7);
  const lost = seen(reader).filter((line, index) => line !== frames(0, 7)[index]);
  expect(lost.length).toBeGreaterThan(0);
  expect(lost.every((line) => /^\d+: $/.test(line))).toBe(true);
  expect(second.journal.status().cutRecords).toBe(1);
});

test('frames of others, and commits without frames, do not disturb it', async () => {
  const first = await live();
  await publish(first, 0, 3);
  await first.end();
  commits = createMemoryCommitStore();
  writeFileSync(join(folder, '0000000000000900.frames'), 'something');
  const second = await live();
  expect(second.journal.origins.flows).toBe(0);
  await publish(second, 3, 4);
  await second.journal.handedOver();
  const { reader } = await read(second, 'detect');
  await reader.until(() => reader.received.length === 4);
  expect(seen(reader)).toEqual(frames(0, 4));
});
