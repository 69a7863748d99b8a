import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChdbStore } from '../../../detector/store/chdb/chdb-store.js';
import { createHttpFront, type HttpFront } from '../../../detector/store/http-front/http-front.js';
import { createStore } from '../../../detector/store/store.js';
import { FlowBatch } from '../../../flow/batch.js';
import { readBlocks } from '../../../flow/native/block.js';
import { NativeReader } from '../../../flow/native/reader.js';
import { DAY, flowFrames } from './rows.js';

const AUTH = `Basic ${Buffer.from('grafana:secret').toString('base64')}`;
const ROWS = 2000;
let folder: string;
let store: ChdbStore;
let front: HttpFront;
let client: ClickHouseClient;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-front-'));
  store = createStore({
    kind: 'chdb',
    path: join(folder, 'data'),
    guests: 2,
    guestLimits: { maxSeconds: 2, maxResultRows: 300_000, maxResultBytes: 32 << 20, maxMemoryBytes: 256 << 20 },
  });
  await store.start();
  await store.migrate();
  const frames = flowFrames({ rows: ROWS, startMs: DAY, stepMs: 1000, assets: 10, peersPerAsset: 4 }, ROWS);
  await store.insertNative(
    'flows',
    frames.map((frame) => frame.value),
    'all',
  );
  front = createHttpFront({ store, username: 'grafana', password: 'secret', port: 0, limits: { maxBodyBytes: 100_000, requestMs: 1000 } });
  ({ url } = await front.start());
  client = createClient({
    url,
    username: 'grafana',
    password: 'secret',
    database: 'cordon',
    compression: { request: false, response: true },
    log: { level: ClickHouseLogLevel.OFF },
  });
});
afterAll(async () => {
  await client.close();
  await front.stop();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const post = (sql: string | Uint8Array, path = '/?default_format=TabSeparated', headers: Record<string, string> = {}) =>
  fetch(`${url}${path}`, {
    method: 'POST',
    body: typeof sql === 'string' ? sql : Buffer.from(sql),
    headers: { Authorization: AUTH, ...headers },
  });

describe('the official client', () => {
  it('pings, queries, binds and streams', async () => {
    expect((await client.ping()).success).toBe(true);
    const one = await client.query({ query: 'SELECT count() AS n FROM flows', format: 'JSONEachRow' });
    expect(await one.json()).toEqual([{ n: String(ROWS) }]);
    const nasty = "x'\\\t\ny";
    const bound = await client.query({
      query: 'SELECT {a:String} AS a, {b:Array(String)} AS b, {n:UInt64} AS n',
      format: 'JSONEachRow',
      query_params: { a: nasty, b: [nasty, 'ü'], n: 7 },
    });
    expect(await bound.json()).toEqual([{ a: nasty, b: [nasty, 'ü'], n: '7' }]);
    const many = await client.query({ query: 'SELECT number FROM numbers(200000)', format: 'JSONCompactEachRowWithNamesAndTypes' });
    let rows = 0;
    for await (const chunk of many.stream()) rows += chunk.length;
    expect(rows).toBe(200_002);
  });

  it('gets errors as from a server', async () => {
    await expect(client.query({ query: 'SELECT * FROM missing' })).rejects.toMatchObject({ code: '60', type: 'UNKNOWN_TABLE' });
    await expect(client.query({ query: 'SELEC 1' })).rejects.toMatchObject({ code: '164', type: 'READONLY' });
    await expect(client.command({ query: 'DROP TABLE flows' })).rejects.toMatchObject({ code: '164' });
    await expect(client.insert({ table: 'flows', values: [{}], format: 'JSONEachRow' })).rejects.toMatchObject({ code: '164' });
  });

  it('is told when a query takes too long or returns too much', async () => {
    await expect(client.query({ query: 'SELECT sum(cityHash64(number, number)) FROM numbers(100000000000)' })).rejects.toMatchObject({
      type: 'TIMEOUT_EXCEEDED',
    });
    await expect(client.query({ query: 'SELECT number FROM numbers(300001)' })).rejects.toMatchObject({ type: 'TOO_MANY_ROWS_OR_BYTES' });
  });

  it('never sees the result of somebody else whose query failed half-way', async () => {
    for (let i = 0; i < 4; i++) {
      await expect(client.query({ query: "SELECT number, throwIf(number = 150000, 'secret') FROM numbers(160000)" })).rejects.toMatchObject(
        { code: '395' },
      );
      expect(await (await post('SELECT 1')).text()).toBe('1\n');
    }
  });
});

describe("Grafana's plugin", () => {
  const NATIVE = '/?default_format=Native&client_protocol_version=54460&database=cordon&max_execution_time=30';

  it('is greeted with protocol revision 0, in the form of its own revision', async () => {
    const response = await post('SELECT displayName(), version(), revision(), timezone()', NATIVE);
    const reader = new NativeReader(new Uint8Array(await response.arrayBuffer()));
    expect([...reader.take(8)]).toEqual([1, 0, 2, 255, 255, 255, 255, 0]);
    expect([reader.uvarint(), reader.uvarint()]).toEqual([4, 1]);
    const text = () => {
      const head = [reader.text(), reader.text(), reader.take(1)[0]];
      return [...head, reader.text()];
    };
    expect(text()).toEqual(['displayName()', 'String', 0, 'cordon']);
    expect(text()[3]).toMatch(/^\d+\.\d+/);
    expect([reader.text(), reader.text(), ...reader.take(5)]).toEqual(['revision()', 'UInt32', 0, 0, 0, 0, 0]);
    expect(text()).toEqual(['timezone()', 'String', 0, 'UTC']);
    expect(reader.remaining).toBe(0);
  });

  it('then gets revision-0 Native blocks', async () => {
    const ping = new NativeReader(new Uint8Array(await (await post('SELECT 1', NATIVE)).arrayBuffer()));
    expect([ping.uvarint(), ping.uvarint(), ping.text(), ping.text(), ping.take(1)[0]]).toEqual([1, 1, '1', 'UInt8', 1]);
    const batch = new FlowBatch();
    readBlocks(new Uint8Array(await (await post('SELECT * FROM flows', NATIVE)).arrayBuffer()), batch);
    expect(batch.length).toBe(ROWS);
  });

  it('gets answers to the questions of its query builder', async () => {
    for (const sql of [
      'SELECT version()',
      'SHOW DATABASES',
      'SHOW TABLES FROM "cordon"',
      'DESC TABLE "cordon"."flows"',
      "SELECT name FROM system.columns WHERE database = 'cordon' AND table = 'flows'",
      'SELECT name FROM system.functions LIMIT 5',
      'SELECT DISTINCT asset FROM asset_peer_1m',
      'EXPLAIN SELECT 1',
      'EXISTS TABLE flows',
      'SELECT toStartOfInterval(toDateTime(bucket), INTERVAL 60 second) AS time, sum(octetsOut) FROM asset_peer_1m WHERE bucket >= toDateTime(1) GROUP BY time ORDER BY time;',
    ]) {
      const response = await post(sql, NATIVE, { 'Accept-Encoding': 'gzip' });
      expect(response.status, sql).toBe(200);
      expect((await response.arrayBuffer()).byteLength, sql).toBeGreaterThan(0);
    }
  });
});

describe('the interface', () => {
  it('takes SQL in the body or the URL, gzip both ways, and says what it did in headers', async () => {
    expect(await (await post(gzipSync('SELECT 41 + 1'), undefined, { 'Content-Encoding': 'gzip' })).text()).toBe('42\n');
    const response = await fetch(`${url}/?query=${encodeURIComponent('SELECT 1 FORMAT JSON')}&query_id=mine`, {
      headers: { 'X-ClickHouse-User': 'grafana', 'X-ClickHouse-Key': 'secret' },
    });
    expect(((await response.json()) as { rows: number }).rows).toBe(1);
    expect(response.headers.get('x-clickhouse-query-id')).toBe('mine');
    expect(response.headers.get('x-clickhouse-format')).toBe('JSON');
    expect(response.headers.get('x-clickhouse-timezone')).toBe('UTC');
    expect(JSON.parse(response.headers.get('x-clickhouse-summary')!)).toHaveProperty('read_rows');
    const packed = await new Promise<Buffer>((resolve, reject) => {
      httpRequest(
        `${url}/?enable_http_compression=1&query=SELECT%201`,
        { headers: { Authorization: AUTH, 'Accept-Encoding': 'gzip' } },
        (got) => {
          const chunks: Buffer[] = [];
          got.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve(Buffer.concat(chunks)));
        },
      )
        .on('error', reject)
        .end();
    });
    expect(gunzipSync(packed).toString()).toBe('1\n');
  });

  it('answers nobody without the password', async () => {
    const wrong = `Basic ${Buffer.from('grafana:Secret').toString('base64')}`;
    for (const headers of [{}, { Authorization: wrong }, { Authorization: 'Bearer secret' }, { 'X-ClickHouse-User': 'grafana' }] as Record<
      string,
      string
    >[]) {
      const response = await fetch(`${url}/?query=SELECT%201`, { headers });
      expect(response.status).toBe(403);
      expect(response.headers.get('x-clickhouse-exception-code')).toBe('516');
    }
    expect((await fetch(`${url}/?query=SELECT%201&user=grafana&password=secret`)).status).toBe(403);
    expect(() => createHttpFront({ store, username: 'grafana', password: '' })).toThrow(/password/);
  });

  it('bounds what a request may be', async () => {
    expect((await post(`SELECT '${'x'.repeat(100_000)}'`)).status).toBe(413);
    expect((await post(gzipSync(`SELECT '${'x'.repeat(10_000_000)}'`), undefined, { 'Content-Encoding': 'gzip' })).status).toBe(400);
    expect((await fetch(url, { method: 'DELETE', headers: { Authorization: AUTH } })).status).toBe(405);
    expect((await post('SELECT 1', '/?database=default')).status).toBe(404);
    expect((await post('SELECT 1', '/other')).status).toBe(404);
    expect((await post('SELECT 1', '/?default_format=../../x')).status).toBe(400);
  });

  it('hangs up on a client that never finishes its request', async () => {
    const { port } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTH}\r\nContent-Length: 100\r\n\r\nSELECT`);
    await new Promise((resolve) => socket.resume().once('close', resolve));
  });

  it('says which port is taken', async () => {
    const second = createHttpFront({ store, username: 'grafana', password: 'secret', port: Number(new URL(url).port) });
    await expect(second.start()).rejects.toMatchObject({ code: 'port-in-use' });
  });
});
