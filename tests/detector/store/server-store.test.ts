import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChdbStore } from '../../../detector/store/chdb/chdb-store.js';
import { createHttpFront, type HttpFront } from '../../../detector/store/http-front/http-front.js';
import { readMigrations } from '../../../detector/store/migrate.js';
import { createStore, type Store } from '../../../detector/store/store.js';
import { DAY, flowFrames } from './rows.js';
import { totals } from './totals.js';

/*
 * No ClickHouse server runs here: the same engine behind our HTTP front in its write mode plays one. So the client, the URL, the streams and the errors are
 * real; what a server's own profile may add (quotas, users) is not tested here.
 */
let folder: string;
let engine: ChdbStore;
let front: HttpFront;
let url: string;
let store: Store;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-server-'));
  engine = createStore({ kind: 'chdb', path: join(folder, 'data'), guests: 3 });
  await engine.start();
  front = createHttpFront({
    store: engine,
    username: 'writer',
    password: 'secret',
    port: 0,
    allowWrites: true,
    limits: { maxBodyBytes: 64 << 20 },
  });
  ({ url } = await front.start());
  store = createStore({ kind: 'server', url, username: 'writer', password: 'secret' });
  await store.start();
});
afterAll(async () => {
  await store.close();
  await front.stop();
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

const shape = { rows: 20_000, startMs: DAY + 23 * 3_600_000, stepMs: 500, assets: 20, peersPerAsset: 6 };

describe('a store on a server', () => {
  it('migrates, once', async () => {
    expect((await store.migrate()).applied).toEqual((await readMigrations()).map(({ name }) => name));
    expect((await store.migrate()).applied).toEqual([]);
  });

  it('inserts frames unread, and nothing when the token is repeated', async () => {
    const payloads = flowFrames(shape, 4000).map((frame) => frame.value);
    await store.insertNative('flows', payloads, "token\\with 'quotes'");
    const once = await totals(store);
    expect(once.flows.rows).toBe(20_000);
    expect(once.minutes).toEqual(once.flows);
    expect(once.hours).toEqual(once.flows);
    await store.insertNative('flows', payloads, "token\\with 'quotes'");
    expect(await totals(store)).toEqual(once);
  });

  it('tells bytes that are refused from a database that is away', async () => {
    await expect(store.insertNative('flows', [new TextEncoder().encode('no block')], 'x')).rejects.toMatchObject({
      code: 'insert-refused',
    });
    const nobody = createStore({ kind: 'server', url: 'http://127.0.0.1:1', username: 'a', password: 'b' });
    const error = await nobody.start().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'server-unreachable' });
    expect((error as Error).message).toContain('http://127.0.0.1:1');
  });

  it('says that the password is wrong, without showing it', async () => {
    const error = await createStore({ kind: 'server', url, username: 'writer', password: 'wrong' })
      .start()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'authentication-failed' });
    expect((error as Error).message).not.toContain('wrong');
  });

  it('answers queries like the embedded one', async () => {
    const sql =
      "SELECT {a:String} AS a, {b:Array(String)} AS b, toUInt64(18446744073709551615) AS n, nan AS f, toDateTime64('2026-12-03 01:02:03.004', 3, 'UTC') AS t";
    const params = { a: "x'\\\n", b: ["y'", 'ü'] };
    expect(await store.query(sql, params)).toEqual(await engine.query(sql, params));
    await expect(store.query('SELECT nothing FROM flows')).rejects.toMatchObject({ code: 'query-failed', clickhouseCode: 47 });
    expect(await store.version()).toBe(await engine.version());
  });
});
