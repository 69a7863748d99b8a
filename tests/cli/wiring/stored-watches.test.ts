import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { StoredWatches } from '../../../cli/wiring/stored-watches.js';
import type { CompiledClaims } from '../../../detector/claims/compiled.js';
import type { CoverageMinute } from '../../../detector/coverage/observed-time.js';
import type { ExampleRow } from '../../../detector/detections/detection.js';
import type { Finding } from '../../../detector/findings/finding.js';
import { addFinding, createFindingBatch } from '../../../detector/findings/finding-batch.js';
import { listFindings } from '../../../detector/store/queries/findings.js';
import { createStore } from '../../../detector/store/store.js';
import { KEEP_FOREVER } from '../../../detector/store/store-types.js';
import { watches } from '../../../detector/watches/evaluate.js';
import {
  day,
  EXAMPLE_FROM,
  EXAMPLE_STOP,
  EXAMPLE_UNTIL,
  SCANNERS,
  SEEN,
  session,
  talking,
  WATCH_CLAIMS,
} from '../../../detector/watches/example-facts.js';
import { asks, FLEET_CONTACT_EXAMPLES } from '../../../detector/watches/fleet-contact-examples.js';
import { ColumnBatch } from '../../../flow/batch.js';
import { COVERAGE_COLUMNS } from '../../../flow/coverage.js';
import { encodeBlock } from '../../../flow/native/block.js';
import { batchOf, claimsOf, exampleRows } from '../../detector/support/rows.js';
import { activityOf, ledgerOf } from '../../detector/watches/support.js';

/*
 * Watches over the real store: what they find there is what they find in memory, what is stored is not told again, and late data takes findings back.
 */
const path = mkdtempSync(join(tmpdir(), 'cordon-watches-test-'));
const store = createStore({ kind: 'chdb', path: join(path, 'store'), retention: KEEP_FOREVER });
const SETTINGS = { silence: { warmUpHours: 24 }, 'fleet-silence': { warmUpHours: 24 }, 'fleet-contact': { warmUpHours: 24 } };
const UNTIL = Date.parse(EXAMPLE_UNTIL);
let inserts = 0;

beforeAll(async () => {
  await store.start();
  await store.migrate();
});
afterEach(async () => {
  for (const table of [
    'flows',
    'asset_peer_1m',
    'asset_peer_1h',
    'asset_peers',
    'asset_activity',
    'exporter_lag_5m',
    'coverage',
    'findings',
  ])
    await store.command(`TRUNCATE TABLE ${table}`);
});
afterAll(async () => {
  await store.close();
  rmSync(path, { recursive: true, force: true });
});

async function putFlows(claims: CompiledClaims, rows: readonly ExampleRow[]): Promise<void> {
  await store.insertNative('flows', [encodeBlock(batchOf(claims, exampleRows(rows)))], `flows-${inserts++}`);
}

async function putLedger(rows: readonly CoverageMinute[]): Promise<void> {
  const batch = new ColumnBatch(COVERAGE_COLUMNS, rows.length);
  for (const row of rows) {
    const at = batch.add();
    const { columns } = batch;
    columns.sensor.codes[at] = columns.sensor.dictionary.intern(row.sensor);
    columns.exportProtocol.codes[at] = columns.exportProtocol.dictionary.intern(row.exportProtocol);
    columns.minute[at] = row.minute;
    columns.firstMessageMilliseconds[at] = row.firstMessageMilliseconds;
    columns.lastMessageMilliseconds[at] = row.lastMessageMilliseconds;
    columns.messagesSent[at] = row.messagesSent;
    columns.messagesReceived[at] = row.messagesReceived;
    columns.recordsSent[at] = row.recordsSent;
    columns.recordsReceived[at] = row.recordsReceived;
    columns.recordsProduced[at] = row.recordsProduced;
    columns.clockOffsetMilliseconds[at] = row.clockOffsetMilliseconds;
  }
  await store.insertNative('coverage', [encodeBlock(batch)], `coverage-${inserts++}`);
}

async function putFindings(findings: readonly Finding[]): Promise<void> {
  const batch = createFindingBatch(16);
  for (const finding of findings) addFinding(batch, finding);
  await store.insertNative('findings', [encodeBlock(batch)], `findings-${inserts++}`);
}

const changes = (claims: CompiledClaims): Promise<Finding[]> =>
  new StoredWatches(store, claims, SETTINGS).changes({ fromMs: Date.parse(EXAMPLE_FROM), toMs: UNTIL });

const KILLED = [
  ...day([SCANNERS[0], SCANNERS[1]]),
  session('203.0.113.7', '10.40.10.11 22', '2026-11-05T09:57:30Z'),
  session('203.0.113.7', '10.40.10.12 22', '2026-11-05T09:58:00Z'),
];

test('what is stored gives the findings that batches in memory give, evidence included', async () => {
  const claims = claimsOf(WATCH_CLAIMS);
  const ledger = ledgerOf(SEEN);
  await putFlows(claims, KILLED);
  await putLedger(ledger);
  const found = await changes(claims);
  const inMemory = watches(activityOf(claims, KILLED), ledger, claims, UNTIL, {
    fromMs: Date.parse(EXAMPLE_FROM),
    parameters: new StoredWatches(store, claims, SETTINGS).parameters,
  });
  expect(found.map((finding) => ({ ...finding, revision: 0 }))).toEqual(inMemory);
  expect(found.map(({ detection, asset, severity }) => `${detection} ${asset} ${severity}`)).toEqual([
    'control-then-silence scanners critical',
    'silence scan-01 high',
    'silence scan-02 high',
  ]);
  expect(found[0]!.evidence.map(({ source, destination, destinationPort }) => `${source} ${destination} ${destinationPort}`)).toEqual([
    '203.0.113.7 10.40.10.11 22',
  ]);
});

test('what the store has is not told again; what has grown is told under the same id', async () => {
  const claims = claimsOf(WATCH_CLAIMS);
  await putFlows(claims, day([SCANNERS[0]]));
  await putLedger(ledgerOf(SEEN));
  const earlier = await new StoredWatches(store, claims, SETTINGS).changes({ fromMs: Date.parse(EXAMPLE_FROM), toMs: UNTIL - 1_800_000 });
  expect(earlier.map(({ detection, observed }) => [detection, observed])).toEqual([['silence', 25]]);
  await putFindings(earlier);
  const later = await changes(claims);
  expect(later.map(({ id, observed }) => [id, observed])).toEqual([[earlier[0]!.id, 55]]);
  expect(later[0]!.revision).toBeGreaterThan(earlier[0]!.revision);
  await putFindings(later);
  expect(await changes(claims)).toEqual([]);
});

test('records that come late take the silence back, and it does not come again', async () => {
  const claims = claimsOf(WATCH_CLAIMS);
  await putFlows(claims, day([SCANNERS[0]]));
  await putLedger(ledgerOf(SEEN));
  const watching = new StoredWatches(store, claims, SETTINGS);
  const range = { fromMs: Date.parse(EXAMPLE_FROM), toMs: UNTIL };
  const found = await watching.changes(range);
  await putFindings(found);
  await putFlows(claims, [talking(SCANNERS[0], EXAMPLE_STOP, EXAMPLE_UNTIL)]);
  // The copy that the process keeps sees it as one that reads everything anew does.
  const taken = await watching.changes(range, false);
  expect(taken.map(({ id, records, severity }) => [id, records, severity])).toEqual([[found[0]!.id, 0, 'info']]);
  await putFindings(taken);
  expect(await listFindings(store)).toEqual([]);
  expect(await changes(claims)).toEqual([]);
});

test.each(FLEET_CONTACT_EXAMPLES.fires.map((example) => [example.name, example] as const))(
  'what a fleet meets together is found in the store as in memory: %s',
  async (_name, { rows }) => {
    const claims = claimsOf(WATCH_CLAIMS);
    const ledger = ledgerOf(SEEN);
    await putFlows(claims, rows);
    await putLedger(ledger);
    const found = await changes(claims);
    const inMemory = watches(activityOf(claims, rows), ledger, claims, UNTIL, {
      fromMs: Date.parse(EXAMPLE_FROM),
      parameters: new StoredWatches(store, claims, SETTINGS).parameters,
    });
    expect(found.map((finding) => ({ ...finding, revision: 0 }))).toEqual(inMemory);
    expect(found.map(({ detection, asset }) => `${detection} ${asset}`)).toEqual(['fleet-contact scanners']);
  },
);

test('records that come late and show that one of them knew the place take it back', async () => {
  const claims = claimsOf(WATCH_CLAIMS);
  const [example] = FLEET_CONTACT_EXAMPLES.fires;
  await putFlows(claims, example.rows);
  await putLedger(ledgerOf(SEEN));
  const watching = new StoredWatches(store, claims, SETTINGS);
  const range = { fromMs: Date.parse('2026-11-05T10:00:00Z'), toMs: UNTIL };
  const found = await watching.changes(range);
  await putFindings(found);
  await putFlows(claims, [asks(SCANNERS[3], found[0]!.peerAddress, '2026-11-05T08:30:00Z')]);
  const taken = await watching.changes(range, false);
  expect(taken.map(({ id, records }) => [id, records])).toEqual([[found[0]!.id, 0]]);
});

test('flows that were handed on and are not stored yet make nobody silent; when they have come, who did not send is', async () => {
  const claims = claimsOf(WATCH_CLAIMS);
  const stopMs = Date.parse(EXAMPLE_STOP);
  const put = async (rows: readonly ExampleRow[], isPut: (startMs: number) => boolean): Promise<void> => {
    const batch = batchOf(
      claims,
      exampleRows(rows).filter(({ startMs }) => isPut(startMs)),
    );
    const { exportTimeMilliseconds, flowEndMilliseconds } = batch.columns;
    exportTimeMilliseconds.set(flowEndMilliseconds.subarray(0, batch.length));
    await store.insertNative('flows', [encodeBlock(batch)], `flows-${inserts++}`);
  };
  await putLedger(ledgerOf(SEEN.map((stretch) => ({ ...stretch, facts: { recordsProduced: 8 } }))));
  const rows = day([SCANNERS[0]]);
  await put(rows, (startMs) => startMs < stopMs);
  expect(await changes(claims)).toEqual([]);
  await put(rows, (startMs) => startMs >= stopMs);
  expect((await changes(claims)).map(({ detection, asset }) => `${detection} ${asset}`)).toEqual(['silence scan-01']);
});
