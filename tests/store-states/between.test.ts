import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ChdbStore } from '../../detector/store/chdb/chdb-store.js';
import { migrate, migrationsFolder } from '../../detector/store/migrate.js';
import { createStore, KEEP_FOREVER } from '../../detector/store/store.js';
import { COVERAGE_COLUMNS } from '../../flow/coverage.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../flow/time.js';
import { nativeRows, type Row } from '../dashboards/support/rows.js';
import { DAY, flowFrames } from '../detector/store/rows.js';

// The views of migration 0010 take days, hours and minutes from three tables and must leave no minute out and count none twice, on a new database and on one that
// stored rows before the coarse tables were there: those begin empty and are believed from a later bucket on (`rollup_beginnings`).

/** The schema before the coarse rollups. */
const BEFORE = 9;
const FROM = DAY / 1000;
const DAYS = 6;
/** The upgrade comes in the middle of an hour of the third day. */
const UPGRADE_MS = DAY + 2 * DAY_MS + 10 * HOUR_MS + 20 * MINUTE_MS;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-between-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function flowsOf(fromMs: number, toMs: number, seed: number): Uint8Array[] {
  const shape = { rows: 400, startMs: fromMs, stepMs: (toMs - fromMs) / 400, assets: 3, peersPerAsset: 3 };
  return flowFrames(shape, 400, seed).map(({ value }) => value);
}

/** A row for every 7th minute, so that hours have minutes without. */
function ledgerOf(fromMs: number, toMs: number): Uint8Array[] {
  const rows: Row<typeof COVERAGE_COLUMNS>[] = [];
  for (let minute = Math.ceil(fromMs / MINUTE_MS / 7) * MINUTE_MS * 7; minute < toMs; minute += 7 * MINUTE_MS) {
    const n = minute / MINUTE_MS;
    rows.push({
      minute,
      sensor: `core-${n % 2}`,
      exporterIPv6Address: '192.0.2.1',
      exportProtocol: 'ipfix',
      lastMessageMilliseconds: minute + (n % 50) * 1000,
      messagesSent: 60 + (n % 11),
      messagesReceived: 60,
      recordsReceived: 200 + (n % 13),
      recordsLost: n % 3,
      samplingInterval: 1 + (n % 5),
      clockOffsetMilliseconds: n % 4 === 0 ? Number.NaN : n % 900,
    });
  }
  return [nativeRows(COVERAGE_COLUMNS, rows)];
}

async function fill(store: ChdbStore, fromMs: number, toMs: number, label: string): Promise<void> {
  await store.insertNative('flows', flowsOf(fromMs, toMs, fromMs / MINUTE_MS), `flows-${label}`);
  await store.insertNative('coverage', ledgerOf(fromMs, toMs), `coverage-${label}`);
}

const KEYS = 'sensor, fleet, asset, peerAddress, protocol, port';
const PEERS = `${KEYS}, sum(octetsOut) AS octetsOut, sum(octetsIn) AS octetsIn, sum(packetsOut) AS packetsOut, sum(packetsIn) AS packetsIn,
  sum(records) AS records, sum(attempts) AS attempts, max(samplingInterval) AS samplingInterval`;

/** Sums of the ledger that the hour rollup, and so the view, has. */
async function ledgerSums(store: ChdbStore): Promise<string> {
  const { rows } = await store.query<{ name: string }>(
    `SELECT name FROM system.columns
     WHERE database = currentDatabase() AND table = 'coverage_1h' AND type LIKE 'SimpleAggregateFunction(sum%' ORDER BY name`,
  );
  return rows.map(({ name }) => `sum(c.${name}) AS ${name}`).join(', ');
}

/** What minutes tell of the range, and what the views tell for steps of that length; all in seconds. */
async function told(store: ChdbStore, sums: string, from: number, to: number, step: number) {
  const ask = async (sql: string) => (await store.query(sql)).rows;
  const inside = (bucket: string) => `${bucket} >= toDateTime(${from - (from % 60)}, 'UTC') AND ${bucket} <= toDateTime(${to}, 'UTC')`;
  const range = `(from = toDateTime(${from}, 'UTC'), to = toDateTime(${to}, 'UTC'), step = ${step})`;
  const peers = (hours: string, latest: string, source: string) =>
    `SELECT ${PEERS}, toStartOfHour(max(${latest})) AS latestHour, bitCount(groupBitOr(${hours})) AS hoursOfDay
     FROM ${source} GROUP BY ${KEYS} ORDER BY ${KEYS}`;
  const ledger = (heard: string, clock: string, source: string) =>
    `SELECT sensor, ${sums}, ${heard} AS minutes, max(c.lastMessageMilliseconds) AS last, max(c.samplingInterval) AS sampling, min(${clock}) AS clock
     FROM ${source} GROUP BY sensor ORDER BY sensor`;
  const offset = 'c.clockOffsetMilliseconds';
  return {
    minutes: {
      peers: await ask(peers('bitShiftLeft(toUInt32(1), toHour(p.bucket))', 'p.bucket', `asset_peer_1m AS p WHERE ${inside('p.bucket')}`)),
      ledger: await ask(ledger('uniqExact(c.minute)', `if(isNaN(${offset}), inf, ${offset})`, `coverage AS c WHERE ${inside('c.minute')}`)),
    },
    views: {
      peers: await ask(peers('p.hours', 'p.latest', `asset_peer_between${range} AS p`)),
      ledger: await ask(ledger('sum(bitCount(c.heard))', offset, `coverage_between${range} AS c`)),
    },
  };
}

/** Seconds of the first and the last instant, from one day before the rows to one after them, and of a step as charts ask for. */
const ranges = fc.record({
  from: fc.integer({ min: FROM - 86_400, max: FROM + (DAYS + 1) * 86_400 }),
  length: fc.oneof(fc.integer({ min: 0, max: 7200 }), fc.integer({ min: 0, max: (DAYS + 2) * 86_400 })),
  step: fc.constantFrom(1, 60, 900, 3599, 3600, 7200, 86_399, 86_400, 604_800),
});

/** Ranges at the edges: whole days, one second beside them, within an hour, within a day, none. */
const edges = [
  [0, DAYS * 86_400],
  [0, DAYS * 86_400 - 1],
  [1, DAYS * 86_400 + 1],
  [-1, 86_400],
  [86_400, 86_400],
  [86_459, 90_001],
  [2 * 86_400 + 3600, 3 * 86_400],
].flatMap(([from, to]) =>
  [60, 3600, 86_400].map((step): [{ from: number; length: number; step: number }] => [{ from: FROM + from!, length: to! - from!, step }]),
);

async function agree(store: ChdbStore): Promise<void> {
  const sums = await ledgerSums(store);
  await fc.assert(
    fc.asyncProperty(ranges, async ({ from, length, step }) => {
      const { minutes, views } = await told(store, sums, from, from + length, step);
      expect(views).toEqual(minutes);
    }),
    { numRuns: 12 + edges.length, examples: edges },
  );
}

const ALL_DAYS = 'asset_peer_between(from = toDateTime(0), to = toDateTime(4000000000), step = 86400)';

async function rowsOf(store: ChdbStore, table: string): Promise<number> {
  const { rows } = await store.query<{ rows: string }>(`SELECT count() AS rows FROM ${table}`);
  return Number(rows[0]!.rows);
}

describe('what the screens read of a range', () => {
  let store: ChdbStore;

  async function open(name: string): Promise<void> {
    store = createStore({ kind: 'chdb', path: join(folder, name) });
    await store.start();
  }
  afterEach(() => store.close());

  it('is what the minutes tell of it, where the rollups hold all', async () => {
    await open('new');
    await migrate(store, KEEP_FOREVER);
    await fill(store, DAY, DAY + DAYS * DAY_MS, 'all');
    expect(await rowsOf(store, ALL_DAYS)).toBeLessThan(await rowsOf(store, 'asset_peer_1h'));
    await agree(store);
  });

  it('is what the minutes tell of it, where rows are older than the rollups, late ones too', async () => {
    await open('upgraded');
    const older = join(folder, 'migrations-before');
    await cp(migrationsFolder(), older, { recursive: true });
    for (const file of (await readdir(older)).sort().slice(BEFORE)) await rm(join(older, file));
    await migrate(store, KEEP_FOREVER, older);
    await fill(store, DAY, UPGRADE_MS, 'before');
    await migrate(store, KEEP_FOREVER);
    await fill(store, UPGRADE_MS, DAY + DAYS * DAY_MS, 'after');
    // Records of sessions that began before the upgrade.
    await store.insertNative('flows', flowsOf(UPGRADE_MS - 30 * HOUR_MS, UPGRADE_MS, 7), 'flows-late');
    const { rows } = await store.query<{ rollup: string; believedFrom: string }>(
      'SELECT rollup, toUnixTimestamp(believedFrom) AS believedFrom FROM rollup_beginnings ORDER BY rollup',
    );
    expect(rows.map(({ rollup, believedFrom }) => [rollup, Number(believedFrom) * 1000])).toEqual([
      ['asset_peer_1d', DAY + 3 * DAY_MS],
      ['coverage_1h', UPGRADE_MS - 20 * MINUTE_MS + HOUR_MS],
    ]);
    expect(await rowsOf(store, ALL_DAYS)).toBeLessThan(await rowsOf(store, 'asset_peer_1h'));
    await agree(store);

    // When peers were first met goes back beyond the upgrade.
    const met = await store.query(
      `SELECT count() AS pairs, countIf(p.first != h.first) AS otherwise FROM
       (SELECT asset, peerAddress, min(firstMet) AS first FROM asset_peers GROUP BY asset, peerAddress) AS p
       FULL JOIN (SELECT asset, peerAddress, min(bucket) AS first FROM asset_peer_1h GROUP BY asset, peerAddress) AS h USING (asset, peerAddress)`,
    );
    expect(met.rows).toEqual([{ pairs: '9', otherwise: '0' }]);
  });
});
