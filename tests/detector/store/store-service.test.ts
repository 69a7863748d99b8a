import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { FINDING_COLUMNS } from '../../../detector/findings/finding.js';
import type { ChdbStore } from '../../../detector/store/chdb/chdb-store.js';
import { createHttpFront } from '../../../detector/store/http-front/http-front.js';
import { intentText, rangeToken } from '../../../detector/store/service/range.js';
import { createStoreService, type StoreService, type StoreServiceOptions } from '../../../detector/store/service/store-service.js';
import { createStore, type Store } from '../../../detector/store/store.js';
import { ColumnBatch } from '../../../flow/batch.js';
import type { Bus, Message, OutgoingMessage } from '../../../flow/bus/bus.js';
import { type CommitStore, createMemoryCommitStore } from '../../../flow/bus/commit-store.js';
import { createLocalBus } from '../../../flow/bus/local.js';
import { COVERAGE_COLUMNS } from '../../../flow/coverage.js';
import { FrameEncoder } from '../../../flow/frame.js';
import { DAY, flowFrames } from './rows.js';
import { totals } from './totals.js';

const GROUP = 'store';
let folder: string;
let store: ChdbStore;
let logs = 0;
const open: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-service-'));
  store = createStore({ kind: 'chdb', path: join(folder, 'data'), guests: 2 });
  await store.start();
  await store.migrate();
});
afterEach(async () => {
  for (const part of open.splice(0).reverse()) await part.stop();
  for (const table of ['flows', 'asset_peer_1m', 'asset_peer_1h', 'coverage', 'findings']) await store.command(`TRUNCATE TABLE ${table}`);
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

/** A replay: a log with an identity of its own, whose commits outlive the bus. */
const newLog = () => `replay-${logs++}`;
async function startBus(log: string, commits: CommitStore, partitions = 1): Promise<Bus> {
  const bus = createLocalBus({
    partitions: { flows: partitions },
    logs: { flows: log },
    commits,
    groups: { flows: [GROUP], coverage: [GROUP], findings: [GROUP] },
    maxBytes: 400_000,
  });
  await bus.start();
  open.push(bus);
  return bus;
}
async function startService(
  bus: Bus,
  limits: StoreServiceOptions['limits'] = {},
  into: Store = store,
  warnings: string[] = [],
): Promise<StoreService> {
  const service = createStoreService({
    bus,
    store: into,
    group: GROUP,
    log: { info: (_, message) => warnings.push(message), warn: (_, message) => warnings.push(message) },
    limits: { maxWaitMs: 10, retryFirstMs: 5, retryMostMs: 40, stopWaitMs: 500, ...limits },
  });
  await service.start();
  open.push(service);
  return service;
}
const frames = (count: number, rows = 500, seed = 1) =>
  flowFrames({ rows: count * rows, startMs: DAY, stepMs: 100, assets: 12, peersPerAsset: 4 }, rows, seed);
const publish = async (bus: Bus, list: readonly OutgoingMessage[], partition = 0) => {
  for (const frame of list) await bus.publish('flows', partition, frame);
};

it('stores all partitions, glued by size and by waiting time, and commits behind the insert', async () => {
  const commits = createMemoryCommitStore();
  const log = newLog();
  const bus = await startBus(log, commits, 3);
  const service = await startService(bus, { maxBatchRows: 2000 });
  for (let partition = 0; partition < 3; partition++) await publish(bus, frames(9, 500, partition + 1), partition);
  await bus.flush(['flows']);
  const { flows, minutes, hours } = await totals(store);
  expect(flows.rows).toBe(13_500);
  expect(minutes).toEqual(flows);
  expect(hours).toEqual(flows);
  expect(service.counters.flows).toMatchObject({ rows: 13_500, frames: 27, retries: 0, quarantined: 0 });
  expect(service.counters.flows.inserts).toBeGreaterThanOrEqual(9);
  expect(await service.lag()).toBe(0);
  expect(await commits.read({ log, group: GROUP, topic: 'flows', partition: 2 })).toEqual({ offset: 9, metadata: '' });
  expect(service.bufferedBytes()).toBe(0);
});

it('repeats exactly the promised range after a crash behind the insert', async () => {
  const commits = createMemoryCommitStore();
  const log = newLog();
  const list = frames(10);
  // What the process before left: frames 2, 3 and 4 were inserted, and it died before it could say so.
  const token = rangeToken({ log, topic: 'flows', partition: 0 }, 2, 5);
  await store.insertNative(
    'flows',
    list.slice(0, 2).map((frame) => frame.value),
    rangeToken({ log, topic: 'flows', partition: 0 }, 0, 2),
  );
  await store.insertNative(
    'flows',
    list.slice(2, 5).map((frame) => frame.value),
    token,
  );
  await commits.write({ log, group: GROUP, topic: 'flows', partition: 0 }, { offset: 2, metadata: intentText({ upTo: 5, token }) });
  const bus = await startBus(log, commits);
  // Limits that would cut elsewhere: the promise comes first.
  const service = await startService(bus, { maxBatchRows: 500, maxWaitMs: 1 });
  await publish(bus, list);
  await bus.flush(['flows']);
  const { flows, minutes, hours } = await totals(store);
  expect(flows.rows).toBe(5000);
  expect(minutes).toEqual(flows);
  expect(hours).toEqual(flows);
  expect(service.counters.flows.repeated).toBe(1);
});

it('fulfils a promise that was not begun', async () => {
  const commits = createMemoryCommitStore();
  const log = newLog();
  const token = rangeToken({ log, topic: 'flows', partition: 0 }, 0, 4);
  await commits.write({ log, group: GROUP, topic: 'flows', partition: 0 }, { offset: 0, metadata: intentText({ upTo: 4, token }) });
  const bus = await startBus(log, commits);
  await startService(bus);
  await publish(bus, frames(6));
  await bus.flush(['flows']);
  expect((await totals(store)).flows.rows).toBe(3000);
});

it('ignores a promise made for another log', async () => {
  const commits = createMemoryCommitStore();
  const log = newLog();
  const token = rangeToken({ log: 'of-yesterday', topic: 'flows', partition: 0 }, 0, 4);
  await commits.write({ log, group: GROUP, topic: 'flows', partition: 0 }, { offset: 0, metadata: intentText({ upTo: 4, token }) });
  const bus = await startBus(log, commits);
  const service = await startService(bus);
  await publish(bus, frames(2));
  await bus.flush(['flows']);
  expect((await totals(store)).flows.rows).toBe(1000);
  expect(service.counters.flows.repeated).toBe(0);
});

it('moves frames that cannot be stored to the quarantine, and stores those around them', async () => {
  const log = newLog();
  const bus = await startBus(log, createMemoryCommitStore());
  const quarantined: Message[] = [];
  const watcher = await bus.subscribe({
    group: 'watcher',
    topics: ['quarantine'],
    reader: { assigned: async () => undefined, messages: async (batch) => void quarantined.push(...batch), revoked: async () => {} },
  });
  const service = await startService(bus, { maxBatchRows: 100_000 });
  const list = frames(8);
  list[2] = { ...list[2]!, headers: { ...list[2]!.headers, 'column-table': '0123456789abcdef' } };
  list[5] = { ...list[5]!, value: list[5]!.value.subarray(0, 1000) };
  await publish(bus, list);
  await bus.flush(['flows']);
  const { flows, minutes } = await totals(store);
  expect(flows.rows).toBe(3000);
  expect(minutes).toEqual(flows);
  expect(service.counters.flows.quarantined).toBe(2);
  expect(quarantined.map((message) => message.headers['quarantine-offset'])).toEqual(['2', '5']);
  expect(quarantined[0]!.headers['quarantine-reason']).toContain('column table 0123456789abcdef');
  expect(quarantined[1]!.value).toEqual(list[5]!.value);
  await watcher.close();
});

it('waits for a database that is away, in bounded memory, says so, and loses nothing', async () => {
  const front = createHttpFront({
    store,
    username: 'writer',
    password: 'secret',
    port: 0,
    allowWrites: true,
    limits: { maxBodyBytes: 64 << 20 },
  });
  const { url, port } = await front.start();
  const server = createStore({ kind: 'server', url, username: 'writer', password: 'secret' });
  await server.start();
  await front.stop();

  const bus = await startBus(newLog(), createMemoryCommitStore());
  const said: string[] = [];
  const service = await startService(bus, { maxBufferedBytes: 300_000 }, server, said);
  const list = frames(40);
  let published = 0;
  const publishing = (async () => {
    for (const frame of list) {
      await bus.publish('flows', 0, frame);
      published++;
    }
  })();
  while (service.counters.flows.retries < 5) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(service.health.problem).toContain('does not answer');
  expect(published).toBeLessThan(list.length);
  expect(service.bufferedBytes()).toBeLessThan(1_000_000);

  const again = createHttpFront({
    store,
    username: 'writer',
    password: 'secret',
    port,
    allowWrites: true,
    limits: { maxBodyBytes: 64 << 20 },
  });
  await again.start();
  open.push(again);
  await publishing;
  await bus.flush(['flows']);
  const { flows, minutes } = await totals(store);
  expect(flows.rows).toBe(20_000);
  expect(minutes).toEqual(flows);
  expect(service.health.problem).toBe('');
  expect(said).toEqual(['rows wait for the database', 'the database takes rows again']);
  await service.stop();
  await server.close();
});

it('stops in time although the database is away, and the next start finishes the work', async () => {
  const commits = createMemoryCommitStore();
  const log = newLog();
  const away = createStore({ kind: 'server', url: 'http://127.0.0.1:1', username: 'a', password: 'b' });
  const first = await startBus(log, commits);
  // Not started: every insert fails as long as nobody starts it, which ends the service with that error.
  const broken = await startService(first, {}, away);
  await publish(first, frames(4));
  await expect(broken.ended).rejects.toMatchObject({ code: 'not-started' });
  await broken.stop();
  await first.stop();
  const second = await startBus(log, commits);
  await startService(second);
  await publish(second, frames(4));
  await second.flush(['flows']);
  expect((await totals(store)).flows.rows).toBe(2000);
});

it('stores coverage as deltas that add up, and the latest revision of a finding', async () => {
  const bus = await startBus(newLog(), createMemoryCommitStore());
  await startService(bus);
  const coverage = new ColumnBatch(COVERAGE_COLUMNS);
  for (let i = 0; i < 3; i++) {
    const row = coverage.add();
    coverage.columns.minute[row] = DAY;
    coverage.columns.sensor.codes[row] = coverage.columns.sensor.dictionary.intern('core');
    coverage.columns.recordsSent[row] = 10;
    coverage.columns.recordsLost[row] = i;
    coverage.columns.lastMessageMilliseconds[row] = DAY + i;
    coverage.columns.clockOffsetMilliseconds[row] = i === 1 ? -5 : Number.NaN;
  }
  for (const frame of new FrameEncoder(COVERAGE_COLUMNS).encode(coverage)) await bus.publish('coverage', 0, frame);
  const findings = new ColumnBatch(FINDING_COLUMNS);
  for (const revision of [1, 3, 2]) {
    const row = findings.add();
    findings.columns.id[row] = 'a'.repeat(32);
    findings.columns.revision[row] = revision;
    findings.columns.records[row] = 1;
    findings.columns.sentence[row] = `revision ${revision}`;
  }
  for (const frame of new FrameEncoder(FINDING_COLUMNS).encode(findings)) await bus.publish('findings', 0, frame);
  await bus.flush(['coverage', 'findings']);
  const minutes = await store.query(
    'SELECT sensor, recordsSent, recordsLost, toUnixTimestamp64Milli(lastMessageMilliseconds) AS last, clockOffsetMilliseconds AS clock FROM coverage_minutes',
  );
  expect(minutes.rows).toEqual([{ sensor: 'core', recordsSent: '30', recordsLost: '3', last: String(DAY + 2), clock: -5 }]);
  expect((await store.query('SELECT sentence FROM findings_current')).rows).toEqual([{ sentence: 'revision 3' }]);
});
