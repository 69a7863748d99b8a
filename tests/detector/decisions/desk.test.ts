import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Decision } from '../../../detector/decisions/decision.js';
import { createDesk, type FindingsDesk } from '../../../detector/decisions/desk.js';
import { DecisionIndex } from '../../../detector/decisions/standing.js';
import { addFinding, createFindingBatch } from '../../../detector/findings/finding-batch.js';
import { readDecisions, writeDecisions } from '../../../detector/store/queries/decisions.js';
import { type ChdbStore, createStore } from '../../../detector/store/store.js';
import { encodeBlock } from '../../../flow/native/block.js';
import { DAY_MS, MINUTE_MS } from '../../../flow/time.js';
import { DAY, flowFrames } from '../store/rows.js';
import { findingOf } from '../support/findings.js';

let folder: string;
let store: ChdbStore;
let desk: FindingsDesk;
let nowMs = DAY + DAY_MS;
const told: Decision[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-desk-'));
  store = createStore({ kind: 'chdb', path: join(folder, 'data'), retention: 'keep' });
  await store.start();
  await store.migrate();
  const batch = createFindingBatch();
  for (const finding of [
    findingOf({ id: 'aa1' }),
    findingOf({ id: 'aa2', peerAddress: '203.0.113.9', severity: 'high' }),
    findingOf({ id: 'bb3', asset: 'scan-02', peerAddress: '10.40.30.10', severity: 'medium' }),
  ])
    addFinding(batch, finding);
  await store.insertNative('findings', [encodeBlock(batch)], 'findings');
  const frames = flowFrames({ rows: 100, startMs: DAY, stepMs: 1000, assets: 2, peersPerAsset: 2 }, 100);
  await store.insertNative(
    'flows',
    frames.map(({ value }) => value),
    'flows',
  );
  desk = createDesk({ store, now: () => nowMs, onDecision: (decision) => told.push(decision) });
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const person = { author: 'eve', reason: "it's \\ expected | here" };
const ids = async (question: Parameters<FindingsDesk['list']>[0]): Promise<string[]> =>
  (await desk.list(question)).map(({ finding }) => finding.id.slice(0, 3)).sort();

it('decisions come back from the store as they were taken, and storing them again adds nothing', async () => {
  const decision = await desk.decide({ verb: 'acknowledge', target: 'bb3', ...person });
  expect(await readDecisions(store)).toEqual([decision]);
  await writeDecisions(store, [decision]);
  expect(await desk.trail()).toEqual([decision]);
  expect(told).toEqual([decision]);
  expect(decision).toMatchObject({ ...person, atMs: nowMs, verb: 'acknowledge', finding: 'bb3'.padEnd(32, '0'), asset: 'scan-02' });
});

it('take effect for the detector in the minute after the newest record that anybody has', async () => {
  const newestMs = DAY + 99_000;
  const [decision] = await desk.trail();
  expect(decision!.effectiveMs).toBe(Math.floor(newestMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS);
  const ahead = createDesk({ store, now: () => nowMs, newestStartMs: () => newestMs + 10 * MINUTE_MS, leadMs: 2 * MINUTE_MS });
  const later = await ahead.decide({ verb: 'reopen', target: 'bb3', ...person });
  expect(later.effectiveMs).toBe(decision!.effectiveMs + 12 * MINUTE_MS);
});

it('findings are listed by how they stand; a mute hides what is stored already, and reveals it when it expires or is ended', async () => {
  expect(await ids({ states: ['open'] })).toEqual(['aa1', 'aa2', 'bb3']);
  expect(await ids({ leastSeverity: 'medium' })).toEqual(['aa2', 'bb3']);
  const mute = await desk.decide({ verb: 'noise', target: 'aa1', ...person, untilMs: nowMs + DAY_MS, widening: { peerGroup: true } });
  expect(await ids({ states: ['open'] })).toEqual(['bb3']);
  expect(await ids({ states: ['closed'] })).toEqual(['aa1', 'aa2']);
  expect(await desk.mutes(false)).toEqual([{ mute, active: true }]);
  nowMs += DAY_MS;
  expect(await ids({ states: ['open'] })).toEqual(['aa1', 'aa2', 'bb3']);
  expect(await desk.mutes(false)).toEqual([]);
  expect(await desk.mutes(true)).toEqual([{ mute, active: false }]);
});

it('the views of the database say the same as the program', async () => {
  const mute = await desk.decide({ verb: 'noise', target: 'aa2', ...person, untilMs: nowMs + DAY_MS });
  await desk.decide({ verb: 'revoke', target: mute.id, ...person });
  nowMs += 1;
  await desk.decide({ verb: 'expected', target: 'bb3', ...person, untilMs: Date.now() + 400 * DAY_MS });
  const index = new DecisionIndex(await desk.trail());
  const { rows } = await store.query<{ id: string; active: number }>('SELECT id, active FROM mutes ORDER BY at, id');
  expect(rows.map(({ id }) => id)).toEqual(index.mutes(nowMs, true).map(({ id }) => id));
  expect(rows.filter(({ active }) => Number(active) === 1).map(({ id }) => id)).toEqual(index.mutes(Date.now()).map(({ id }) => id));
});

it('a finding is shown with what was decided of it and what was seen in its hours', async () => {
  const file = await desk.show('bb3');
  expect(file.decisions.map(({ verb }) => verb)).toEqual(['acknowledge', 'reopen', 'expected']);
  expect(file.standing).toMatchObject({ state: 'closed', word: 'expected' });
});

it('what cannot be decided is refused with what to do', async () => {
  await expect(desk.show('a')).rejects.toThrow('several findings');
  await expect(desk.show("x' OR 1=1")).rejects.toThrow('no finding begins');
  await expect(desk.decide({ verb: 'revoke', target: 'ffff', ...person })).rejects.toThrow('no mute begins');
  await expect(desk.decide({ verb: 'noise', target: 'aa1', ...person })).rejects.toThrow('--until');
});
