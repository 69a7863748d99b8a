import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDesk, type FindingsDesk } from '../../../detector/decisions/desk.js';
import { exampleClaims } from '../../../detector/detections/example-claims.js';
import { type ChdbStore, createStore } from '../../../detector/store/store.js';
import { encodeBlock } from '../../../flow/native/block.js';
import { DAY_MS, HOUR_MS } from '../../../flow/time.js';
import { batchOf, claimsOf, flagsOf, type Row } from '../support/rows.js';

/* Which relations wait for an approval: those of which no claim speaks, by the same rules that judge; and who has agreed to what. */

const claims = claimsOf(exampleClaims('{ never: [ { peer: { cidr: [198.51.100.0/24] } } ] }'));
const START = Date.parse('2026-11-01T08:00:00Z');
let folder: string;
let store: ChdbStore;
let desk: FindingsDesk;

const row = (startMs: number, source: string, destination: string): Row => ({
  ...{ startMs, endMs: startMs + 1000, source, sourcePort: 40_000, destination, destinationPort: 443, protocol: 6 },
  ...{ octets: 1000, reverseOctets: 500, flags: flagsOf('SAPF'), reverseFlags: flagsOf('SAPF') },
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-review-'));
  store = createStore({ kind: 'chdb', path: join(folder, 'data'), retention: { flows: 0, minutes: 0, hours: 0 } });
  await store.start();
  await store.migrate();
  const batch = batchOf(claims, [
    ...['203.0.113.7', '2001:db8::7', '10.40.30.10', '198.51.100.4'].map((peer, index) =>
      row(START + index * HOUR_MS, index === 1 ? 'fd00:40:10::11' : '10.40.10.11', peer),
    ),
    row(START + 15 * DAY_MS, '10.40.10.11', '203.0.113.7'),
    row(START + 14 * DAY_MS, '10.40.10.12', '203.0.113.9'),
    // A clock that stood at the epoch, and three days of its own time since.
    ...[0, START + 12 * DAY_MS, START + 15 * DAY_MS].map((startMs) => row(startMs, '10.40.10.13', '203.0.113.9')),
  ]);
  await store.insertNative('flows', [encodeBlock(batch)], 'flows');
  desk = createDesk({ store, now: () => START + 20 * DAY_MS, claims: () => [claims] });
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const person = { author: 'eve', reason: 'contract §4' };

it('lists what no claim speaks of, outside peers first; what a claim forbids is its own matter', async () => {
  const [review] = await desk.reviews('scan-01');
  expect(review).toMatchObject({ asset: 'scan-01', fleet: 'scanners', state: 'REVIEW', firstMs: START, learnedMs: START + 14 * DAY_MS });
  expect(review!.unclaimed.map(({ peer, outside, accepted, records }) => [peer, outside, accepted, records])).toEqual([
    ['203.0.113.7', true, false, 2],
    ['2001:db8::7', true, false, 1],
    ['10.40.30.10', false, false, 1],
  ]);
});

it('an asset whose warm-up runs is still learning, and cannot be approved', async () => {
  expect((await desk.reviews()).map(({ asset, state }) => [asset, state])).toEqual([
    ['scan-01', 'REVIEW'],
    ['scan-02', 'LEARN'],
    ['scan-03', 'LEARN'],
  ]);
  expect((await desk.reviews('scan-03'))[0]!.learnedMs).toBeGreaterThan(START + 25 * DAY_MS);
  await expect(desk.decide({ verb: 'approve', target: 'scan-02', ...person })).rejects.toThrow('learns until 2026-11-29T08:00:00.000Z');
  await expect(desk.decide({ verb: 'approve', target: 'nobody', ...person })).rejects.toThrow('cordon baseline list');
  await expect(createDesk({ store, now: Date.now }).reviews()).rejects.toThrow('--claims');
});

it('an approval protects, says what was accepted, and is replaced by a later one', async () => {
  const first = await desk.decide({ verb: 'approve', target: 'scan-01', ...person, accepted: ['203.0.113.0/24'] });
  expect(first.effectiveMs).toBe(START + 15 * DAY_MS + 60_000);
  const accepted = async () =>
    (await desk.reviews('scan-01'))[0]!.unclaimed.filter((relation) => relation.accepted).map(({ peer }) => peer);
  expect(await accepted()).toEqual(['203.0.113.7']);
  expect((await desk.reviews('scan-01'))[0]).toMatchObject({ state: 'PROTECT', approval: first });
  await desk.decide({ verb: 'approve', target: 'scan-01', ...person, accepted: ['2001:db8::7'] });
  expect(await accepted()).toEqual(['2001:db8::7']);
});
