import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bus, type Subscription, TOPICS, type Topic } from '../../../flow/bus/bus.js';
import { openCommitFile } from '../../../flow/bus/commit-file.js';
import { createLocalBus } from '../../../flow/bus/local.js';
import { busConformance } from '../../conformance/bus.js';
import { numbered, outgoing, RecordingReader } from '../../conformance/bus-reader.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-bus-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('in process', () => {
  busConformance(async () => {
    const open = async (groups: readonly string[]) => {
      const every = <T>(value: T) => Object.fromEntries(TOPICS.map((topic) => [topic, value])) as Record<Topic, T>;
      const bus = createLocalBus({
        partitions: every(2),
        logs: every('replay-1'),
        groups: { flows: groups },
        commits: await openCommitFile(join(folder, 'bus.json')),
      });
      await bus.start();
      return bus;
    };
    return { open, reopen: open, republishesAfterRestart: true };
  });
});

describe('in process only', () => {
  let bus: Bus;
  afterEach(() => bus.stop());

  const publishAll = (texts: readonly string[]) => texts.map((text) => bus.publish('flows', 0, outgoing(text)));

  it('makes publish wait when a partition is full, and goes on in order', async () => {
    bus = createLocalBus({ groups: { flows: ['a'] }, maxMessages: 10 });
    let accepted = 0;
    const all = publishAll(numbered(0, 100)).map((published) => published.then(() => accepted++));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(accepted).toBe(10);
    const reader = new RecordingReader();
    await bus.subscribe({ group: 'a', topics: ['flows'], reader });
    await Promise.all(all);
    await reader.until(() => reader.received.length === 100);
    expect(reader.texts()).toEqual(numbered(0, 100));
  });

  it('bounds bytes too, and takes one message that is larger than the bound', async () => {
    bus = createLocalBus({ groups: { flows: ['a'] }, maxBytes: 1000 });
    let accepted = 0;
    const all = [5000, 600, 300].map((size) =>
      bus.publish('flows', 0, { value: new Uint8Array(size), headers: {} }).then(() => accepted++),
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(accepted).toBe(1);
    const reader = new RecordingReader();
    await bus.subscribe({ group: 'a', topics: ['flows'], reader });
    await Promise.all(all);
    await reader.until(() => reader.received.length === 3);
  });

  it('does not stop the publisher for a reader that is given everything and commits later', async () => {
    bus = createLocalBus({ groups: { flows: ['a'] }, maxMessages: 10 });
    const reader = new RecordingReader();
    const subscription = await bus.subscribe({ group: 'a', topics: ['flows'], reader });
    await Promise.all(publishAll(numbered(0, 1000)));
    await reader.until(() => reader.received.length === 1000);
    await subscription.close();
    // What it did not commit is gone by then: said, not skipped.
    const again = await bus.subscribe({ group: 'a', topics: ['flows'], reader: new RecordingReader() });
    await expect(again.ended).rejects.toMatchObject({ code: 'log-truncated' });
  });

  it('never blocks on a topic that nobody reads', async () => {
    bus = createLocalBus({ maxMessages: 2 });
    await Promise.all(publishAll(numbered(0, 1000)));
    await bus.flush();
  });

  it('ends publishers that wait, and flushes that wait, when it stops', async () => {
    bus = createLocalBus({ groups: { flows: ['a'] }, maxMessages: 1 });
    const [first, second] = publishAll(['a', 'b']);
    await first;
    const flushing = bus.flush();
    const ends = Promise.all([
      expect(second).rejects.toMatchObject({ code: 'stopped' }),
      expect(flushing).rejects.toMatchObject({ code: 'stopped' }),
    ]);
    await bus.stop();
    await ends;
  });

  it('does not let flush wait for a reader that failed', async () => {
    bus = createLocalBus({ groups: { flows: ['a'] } });
    const reader = new RecordingReader();
    reader.work = async () => {
      throw new Error('disk full');
    };
    await bus.subscribe({ group: 'a', topics: ['flows'], reader });
    await Promise.all(publishAll(['x']));
    await expect(bus.flush()).rejects.toThrow('disk full');
  });

  it('keeps no commits of a topic without a stable log beyond the process', async () => {
    const commits = await openCommitFile(join(folder, 'bus.json'));
    const assignments: unknown[] = [];
    for (let run = 0; run < 2; run++) {
      bus = createLocalBus({ groups: { flows: ['a'] }, commits });
      const reader = new RecordingReader();
      const subscription: Subscription = await bus.subscribe({ group: 'a', topics: ['flows'], reader });
      await Promise.all(publishAll(['x']));
      await reader.until(() => reader.received.length === 1);
      await subscription.commit('flows', 0, 1);
      assignments.push(reader.assignments[0]!.committed);
      await bus.stop();
    }
    expect(assignments).toEqual([undefined, undefined]);
  });
});

describe('commit file', () => {
  const key = (partition: number) => ({ log: 'l', group: 'g', topic: 'flows' as const, partition });

  it('keeps the last of many concurrent commits, in one file that is always whole', async () => {
    const path = join(folder, 'deep/er/bus.json');
    const store = await openCommitFile(path);
    const writes: Promise<void>[] = [];
    for (let offset = 0; offset <= 200; offset++) {
      writes.push(store.write(key(offset % 3), { offset, metadata: `at ${offset}` }));
      if (offset % 50 === 0) await new Promise(setImmediate);
    }
    await Promise.all(writes);
    expect(await readdir(join(folder, 'deep/er'))).toEqual(['bus.json']);
    const again = await openCommitFile(path);
    expect(await again.read(key(200 % 3))).toEqual({ offset: 200, metadata: 'at 200' });
    expect(await again.read(key(198 % 3))).toEqual({ offset: 198, metadata: 'at 198' });
    expect(await again.read(key(7))).toBeUndefined();
  });

  it('resolves a write only when the file has it', async () => {
    const path = join(folder, 'bus.json');
    const store = await openCommitFile(path);
    for (let offset = 1; offset <= 5; offset++) {
      const first = store.write(key(0), { offset, metadata: '' });
      const second = store.write(key(1), { offset, metadata: '' });
      await first;
      expect(await readFile(path, 'utf8')).toContain(`,${offset},""]`);
      await second;
      expect((await (await openCommitFile(path)).read(key(1)))?.offset).toBe(offset);
    }
  });

  it('says what to do with a file that it cannot read', async () => {
    const path = join(folder, 'bus.json');
    await writeFile(path, '{"version":1,');
    await expect(openCommitFile(path)).rejects.toThrow(/remove it/);
  });
});
