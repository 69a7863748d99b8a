import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChdbStore, defaultChdbOptions } from '../../../detector/store/chdb/chdb-store.js';
import { createStore } from '../../../detector/store/store.js';
import { StoreError } from '../../../detector/store/store-error.js';
import { STORE_TABLES } from '../../../detector/store/tables.js';
import { clickhouseType } from '../../../flow/column-kinds.js';
import { DAY, flowFrames } from './rows.js';
import { totals } from './totals.js';

const HOUR = 3_600_000;
let folder: string;
let store: ChdbStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-store-'));
  store = createStore({ kind: 'chdb', path: join(folder, 'data'), guests: 1 });
  await store.start();
  await store.migrate();
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const payloads = (rows: number, stepMs: number, seed: number, startMs = DAY) =>
  flowFrames({ rows, startMs, stepMs, assets: 20, peersPerAsset: 6 }, 5000, seed).map((frame) => frame.value);
const codeOf = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(StoreError);
  return (error as StoreError).code;
};

describe('the schema', () => {
  it('has exactly the columns of the column tables', async () => {
    for (const [table, columns] of Object.entries(STORE_TABLES)) {
      const { rows } = await store.query<{ name: string; type: string }>(
        `SELECT name, type FROM system.columns WHERE database = 'cordon' AND table = {table:String} ORDER BY position`,
        { table },
      );
      expect(rows, table).toEqual(Object.entries(columns).map(([name, column]) => ({ name, type: clickhouseType(column) })));
    }
  });

  it('remembers insert tokens in every table that rows reach', async () => {
    const { rows } = await store.query<{ name: string }>(
      `SELECT name FROM system.tables WHERE database = 'cordon' AND engine LIKE '%MergeTree' AND engine_full NOT LIKE '%non_replicated_deduplication_window = 10000%'`,
    );
    expect(rows.map((row) => row.name)).toEqual(['schema_migrations']);
  });
});

describe('an insert', () => {
  it('fills the table and both rollups alike, over two days', async () => {
    await store.insertNative('flows', payloads(20_000, (3 * HOUR) / 20_000, 1, DAY + 23 * HOUR), 'two-days');
    const { flows, minutes, hours } = await totals(store);
    expect(flows.rows).toBe(20_000);
    expect(minutes).toEqual(flows);
    expect(hours).toEqual(flows);
    const days = await store.query<{ day: string }>('SELECT DISTINCT toDate(bucket) AS day FROM asset_peer_1m ORDER BY day');
    expect(days.rows.map((row) => row.day)).toEqual(['2026-12-03', '2026-12-04']);
  });

  it('adds nothing anywhere when its token is repeated', async () => {
    const before = await totals(store);
    await store.insertNative('flows', payloads(20_000, (3 * HOUR) / 20_000, 1, DAY + 23 * HOUR), 'two-days');
    expect(await totals(store)).toEqual(before);
  });

  it('adds nothing when a repetition has more than one block, over two days', async () => {
    const many = Array.from({ length: 110 }, () => payloadOfTwoDays).flat();
    const before = await totals(store);
    await store.insertNative('flows', many, 'many-blocks');
    const once = await totals(store);
    expect(once.flows.rows - before.flows.rows).toBe(1_100_000);
    expect(once.minutes).toEqual(once.flows);
    await store.insertNative('flows', many, 'many-blocks');
    expect(await totals(store)).toEqual(once);
  });
  const payloadOfTwoDays = payloads(10_000, (2 * HOUR) / 10_000, 9, DAY + 23 * HOUR);

  it('adds equal rows again under another token: what was sent twice on purpose is stored twice', async () => {
    const before = await totals(store);
    await store.insertNative('flows', payloads(1000, 1, 1), 'a');
    await store.insertNative('flows', payloads(1000, 1, 1), 'b');
    expect((await totals(store)).flows.rows).toBe(before.flows.rows + 2000);
  });

  it('completes the rollups when a crash left only the table filled', async () => {
    const before = await totals(store);
    for (const view of ['asset_peer_1m_view', 'asset_peer_1h_view']) await store.command(`DETACH TABLE ${view}`);
    await store.insertNative('flows', payloads(3000, 1, 33), 'half-way');
    for (const view of ['asset_peer_1m_view', 'asset_peer_1h_view']) await store.command(`ATTACH TABLE ${view}`);
    expect((await totals(store)).minutes.rows).toBe(before.minutes.rows);
    await store.insertNative('flows', payloads(3000, 1, 33), 'half-way');
    const after = await totals(store);
    expect(after.flows.rows).toBe(before.flows.rows + 3000);
    expect(after.minutes).toEqual(after.flows);
    expect(after.hours).toEqual(after.flows);
  });

  it('says that bytes are refused, and stores none of them', async () => {
    const before = await totals(store);
    const [good] = payloads(100, 1, 4);
    expect(await codeOf(store.insertNative('flows', [good!.subarray(0, good!.length - 7)], 'cut'))).toBe('insert-refused');
    expect(await codeOf(store.insertNative('flows', [new TextEncoder().encode('no block at all')], 'text'))).toBe('insert-refused');
    const scattered = flowFrames({ rows: 400, startMs: DAY, stepMs: 24 * HOUR, assets: 2, peersPerAsset: 2 }, 400).map(
      (frame) => frame.value,
    );
    expect(await codeOf(store.insertNative('flows', scattered, 'a year of days'))).toBe('insert-refused');
    expect(await totals(store)).toEqual(before);
  });

  it('leaves no file behind, after success and after failure', async () => {
    expect(await readdir(join(folder, 'data', 'spool'))).toEqual([]);
  });
});

describe('the rollups', () => {
  it('turn directions and ports to the asset and the responder', async () => {
    const { rows } = await store.query<{ bad: string }>(
      'SELECT count() AS bad FROM asset_peer_1m WHERE port >= 32768 OR NOT startsWith(toString(peerAddress), {prefix:String})',
      { prefix: '::ffff:10.41.' },
    );
    expect(rows[0]!.bad).toBe('0');
    const sums = await store.query<{ out: string; flows: string }>(
      `SELECT (SELECT sum(octetsOut) FROM asset_peer_1m) AS out, sum(if(assetSide = 'source', octetDeltaCount, reverseOctetDeltaCount)) AS flows FROM flows`,
    );
    expect(sums.rows[0]!.out).toBe(sums.rows[0]!.flows);
  });
});

describe('queries', () => {
  it('bind values, whatever they hold', async () => {
    const nasty = "x' OR 1=1; DROP TABLE flows --\n\n\t\\";
    const { rows } = await store.query<{ a: string; b: string[] }>('SELECT {a:String} AS a, {b:Array(String)} AS b', {
      a: nasty,
      b: [nasty, 'ü'],
    });
    expect(rows[0]).toEqual({ a: nasty, b: [nasty, 'ü'] });
  });

  it('keep 64-bit numbers whole', async () => {
    expect((await store.query('SELECT toUInt64(18446744073709551615) AS n')).rows).toEqual([{ n: '18446744073709551615' }]);
  });

  it('run side by side with parameters of their own', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => store.query<{ n: number }>('SELECT {n:UInt32} AS n FROM numbers(1000) LIMIT 1', { n: i })),
    );
    expect(answers.map((answer) => answer.rows[0]!.n)).toEqual(Array.from({ length: 40 }, (_, i) => i));
  });

  it('cannot write: sessions that read are read-only', async () => {
    expect(await codeOf(store.query('INSERT INTO schema_migrations (number) VALUES (99)'))).toBe('query-failed');
    expect(await codeOf(store.query("SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')"))).toBe('query-failed');
  });

  it('tell what ClickHouse said, with its code', async () => {
    await expect(store.query('SELECT nothing FROM flows')).rejects.toMatchObject({
      code: 'query-failed',
      clickhouseCode: 47,
      clickhouseName: 'UNKNOWN_IDENTIFIER',
    });
  });
});

describe('opening', () => {
  it('names the process that has the directory, without touching its data', async () => {
    const second = createStore({ kind: 'chdb', path: join(folder, 'data') });
    const error = await second.start().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'directory-locked' });
    expect((error as Error).message).toContain(String(process.pid));
  });

  it('refuses a path that is no directory', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    expect(await codeOf(createStore({ kind: 'chdb', path: file }).start())).toBe('directory-not-writable');
  });

  it('says so when it was not started', async () => {
    expect(await codeOf(createStore({ kind: 'chdb', path: folder }).ping())).toBe('not-started');
  });

  it('reads on as many threads as there are cores: within its memory each has what a query of screens takes', async () => {
    // ClickHouse's own default, 1 GiB a thread, would leave one of 1.5 GB, whatever the machine has.
    const sql = "SELECT value FROM system.settings WHERE name = 'max_threads_min_free_memory_per_thread'";
    const own = Number((await store.query<{ value: string }>(sql)).rows[0]!.value);
    const { bytes } = await store.guestQuery(sql, 'TabSeparated', {});
    expect(own).toBeGreaterThan(0);
    expect(own * 4).toBeLessThan(defaultChdbOptions.maxMemoryBytes);
    expect(Number(new TextDecoder().decode(bytes))).toBe(own);
  });
});
