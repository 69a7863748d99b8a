import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ChdbStore } from '../../../detector/store/chdb/chdb-store.js';
import { createHttpFront, type HttpFront } from '../../../detector/store/http-front/http-front.js';
import { createStore } from '../../../detector/store/store.js';
import { packageRoot } from '../../../flow/service/paths.js';
import { hasOpenssl, makeAuthority, makeCertificate, pem } from '../../collector/inputs/certificates.js';

/*
 * The front as its two clients meet it: the driver inside Grafana's plugin (clickhouse-go), by the bytes it was seen to send and the answers it was seen to
 * understand, and the official client for Node.
 */

interface Exchange {
  readonly name: string;
  readonly request: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyHex: string;
}
const recorded = JSON.parse(await readFile(join(packageRoot(), 'fixtures/clickhouse-go/exchanges.json'), 'utf8')) as {
  readonly engineVersion: string;
  readonly exchanges: readonly Exchange[];
};

const AUTH = `Basic ${Buffer.from('grafana_reader:secret').toString('base64')}`;
/** Ends by its limit after a minute, so a test that sees it end earlier has seen it killed. */
const ENDLESS = 'SELECT sum(cityHash64(number, number)) FROM numbers(100000000000)';
/** Together less than that minute. */
const PATIENT = { timeout: 19_000 };
let folder: string;
let store: ChdbStore;
let front: HttpFront;
let client: ClickHouseClient;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-clients-'));
  const guestLimits = { maxSeconds: 60, maxResultRows: 300_000, maxResultBytes: 32 << 20, maxMemoryBytes: 64 << 20 };
  store = createStore({ kind: 'chdb', path: join(folder, 'data'), guests: 1, guestLimits });
  await store.start();
  await store.migrate();
  await store.command(`INSERT INTO flows (flowStartMilliseconds, sourceIPv6Address, destinationTransportPort, asset, fleet) VALUES
    ('2026-12-03 00:00:00.000', toIPv6('10.40.10.11'), 443, 'scan-mv-01', 'scanners'),
    ('2026-12-03 00:01:00.000', toIPv6('2001:db8::11'), 8443, 'bssdb-1', 'billing')`);
  front = createHttpFront({ store, username: 'grafana_reader', password: 'secret', port: 0 });
  ({ url } = await front.start());
  client = createClient({
    url,
    username: 'grafana_reader',
    password: 'secret',
    database: 'cordon',
    log: { level: ClickHouseLogLevel.OFF },
  });
});
afterAll(async () => {
  await client.close();
  await front.stop();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

/** Sends the bytes of one request and reads one answer with a Content-Length. */
async function replay(request: string): Promise<{ status: number; headers: Map<string, string>; body: Buffer }> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(request, 'latin1');
  let got = Buffer.alloc(0);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    got = Buffer.concat([got, chunk]);
    const end = got.indexOf('\r\n\r\n');
    const head = got.subarray(0, end).toString('latin1').split('\r\n');
    const headers = new Map(
      head.slice(1).map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
    );
    const body = got.subarray(end + 4);
    if (end >= 0 && body.length >= Number(headers.get('content-length'))) {
      socket.destroy();
      return {
        status: Number(head[0]!.split(' ')[1]),
        headers,
        body: headers.get('content-encoding') === 'gzip' ? gunzipSync(body) : body,
      };
    }
  }
  throw new Error('the front hung up');
}

/** The recorded bytes with the engine's version of today in the place of that of the recording. */
function ofThisEngine(bodyHex: string, version: string): string {
  const text = (value: string) => Buffer.from([value.length, ...Buffer.from(value)]).toString('latin1');
  return Buffer.from(bodyHex, 'hex').toString('latin1').replaceAll(text(recorded.engineVersion), text(version));
}

const running = async () =>
  (await store.query<{ n: string }>("SELECT count() AS n FROM system.processes WHERE query LIKE '%/* guest %*/'")).rows[0]!.n;

describe('the driver of Grafana’s plugin', () => {
  test.each(recorded.exchanges)(
    '$name: its bytes get the answer that it understood',
    async ({ name, request, status, headers, bodyHex }) => {
      const answer = await replay(request);
      expect(answer.status).toBe(status);
      for (const [header, value] of Object.entries(headers)) expect(answer.headers.get(header), header).toBe(value);
      // Where a query fails half-way, the text names the block it was in, which depends on the threads.
      if (name === 'midway') expect(answer.body.toString()).toMatch(/^Code: 395\. DB::Exception: stop/);
      else expect(answer.body.toString('latin1')).toBe(ofThisEngine(bodyHex, await store.version()));
    },
  );

  test('gzip is for who accepts it and does not switch it off; other encodings are answered plain', async () => {
    const encoding = async (acceptEncoding: string, setting = '') =>
      (
        await replay(
          `GET /?query=SELECT%201${setting} HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTH}\r\nAccept-Encoding: ${acceptEncoding}\r\n\r\n`,
        )
      ).headers.get('content-encoding');
    expect(await encoding('gzip')).toBe('gzip');
    expect(await encoding('br, gzip;q=0.5, lz4')).toBe('gzip');
    for (const other of ['lz4', 'zstd', 'deflate', 'br', 'identity', 'gzip;q=0', 'xgzip'])
      expect(await encoding(other), other).toBeUndefined();
    expect(await encoding('gzip', '&enable_http_compression=0')).toBeUndefined();
  });

  test('what would come out as bytes that the client misreads is refused with a reason', async () => {
    const post = (path: string, headers: Record<string, string> = {}) =>
      fetch(`${url}${path}`, { method: 'POST', body: 'SELECT 1', headers: { Authorization: AUTH, ...headers } });
    for (const path of ['/?compress=1', '/?decompress=1']) {
      expect((await post(path)).headers.get('x-clickhouse-exception-code'), path).toBe('48');
    }
    for (const packed of ['lz4', 'zstd', 'br']) {
      const refused = await post('/', { 'Content-Encoding': packed });
      expect([refused.status, refused.headers.get('x-clickhouse-exception-code')], packed).toEqual([400, '89']);
    }
    // Settings, sessions, progress headers and roles of the interface: no error, and no effect on a readonly session.
    const settings = 'max_execution_time=60&session_id=s&session_timeout=10&send_progress_in_http_headers=1&wait_end_of_query=1&readonly=0';
    expect(await (await post(`/?${settings}`)).text()).toBe('1\n');
  });
});

describe('the official client', () => {
  test.each([
    ['JSON', (text: string) => (JSON.parse(text) as { data: unknown }).data],
    [
      'JSONEachRow',
      (text: string) =>
        text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as unknown),
    ],
  ] as const)('reads %s, and 64-bit integers as text', async (format, rows) => {
    const result = await client.query({
      query: 'SELECT asset, toUInt64(1) AS n FROM flows ORDER BY asset',
      format,
      query_id: `q-${format}`,
    });
    expect(result.query_id).toBe(`q-${format}`);
    expect(rows(await result.text())).toEqual([
      { asset: 'bssdb-1', n: '1' },
      { asset: 'scan-mv-01', n: '1' },
    ]);
  });

  test.each([
    'JSONCompact',
    'JSONStrings',
    'JSONCompactEachRowWithNamesAndTypes',
    'CSVWithNames',
    'TabSeparatedWithNamesAndTypes',
  ] as const)('gets %s as the engine writes it', async (format) => {
    const query = "SELECT asset, 'a\tb\"c' AS text, NULL AS nothing FROM flows ORDER BY asset";
    const expected = await store.guestQuery(query, format, {});
    const text = await (await client.query({ query, format })).text();
    const withoutTimes = (value: string) => value.replace(/"elapsed": ?[\d.e-]+/, '');
    expect(withoutTimes(text)).toBe(withoutTimes(Buffer.from(expected.bytes).toString('utf8')));
  });

  test('parameters of every kind arrive as they were given', async () => {
    const values = {
      text: "a'b\\c\td\ne\u202e<script>",
      number: -3,
      float: 1.5,
      nothing: null,
      list: ["o'neil", '\\'],
      date: new Date('2026-12-03T00:00:00.000Z'),
    };
    const result = await client.query({
      query:
        "SELECT {text:String} AS text, {number:Int32} AS number, {float:Float64} AS float, {nothing:Nullable(String)} AS nothing, {list:Array(String)} AS list, {date:DateTime64(3, 'UTC')} AS date",
      query_params: values,
      format: 'JSONEachRow',
    });
    expect(await result.json()).toEqual([{ ...values, date: '2026-12-03 00:00:00.000' }]);
  });

  test('sessions hold nothing: what one request sets is not there for the next', async () => {
    const session = createClient({
      url,
      username: 'grafana_reader',
      password: 'secret',
      session_id: 'mine',
      log: { level: ClickHouseLogLevel.OFF },
    });
    await expect(session.command({ query: 'CREATE TEMPORARY TABLE t (a UInt8)' })).rejects.toMatchObject({ code: '164' });
    await expect(session.command({ query: 'SET max_threads = 1' })).rejects.toMatchObject({ code: '164' });
    expect(await (await session.query({ query: 'SELECT 1', format: 'TabSeparated' })).text()).toBe('1\n');
    await session.close();
  });

  test('settings of a request do not loosen the limits; memory is bounded', async () => {
    const query = 'SELECT groupArray(number) FROM numbers(100000000)';
    await expect(client.query({ query, clickhouse_settings: { max_memory_usage: '0', max_execution_time: 0 } })).rejects.toMatchObject({
      type: 'MEMORY_LIMIT_EXCEEDED',
    });
    expect(
      await (
        await client.query({ query: "SELECT getSetting('readonly') AS r", clickhouse_settings: { readonly: '0' }, format: 'CSV' })
      ).text(),
    ).toBe('1\n');
  });

  test('the query of a client that goes away is killed, and one that only waits never begins', async () => {
    const first = new AbortController();
    const answer = client.query({ query: ENDLESS, abort_signal: first.signal });
    await vi.waitFor(async () => expect(await running()).toBe('1'), PATIENT);
    const before = front.counters.requests;
    const second = new AbortController();
    const waiting = client.query({ query: ENDLESS, abort_signal: second.signal });
    await vi.waitFor(() => expect(front.counters.requests).toBe(before + 1), PATIENT);
    second.abort();
    first.abort();
    await expect(answer).rejects.toThrow(/abort/i);
    await expect(waiting).rejects.toThrow(/abort/i);
    await vi.waitFor(async () => expect(await running()).toBe('0'), PATIENT);
    expect(await (await client.query({ query: 'SELECT 7', format: 'CSV' })).text()).toBe('7\n');
    await expect(store.guestQuery('SELECT 1', 'CSV', {}, second.signal)).rejects.toMatchObject({ code: 'query-failed' });
  });
});

describe('beyond loopback', () => {
  test.skipIf(!hasOpenssl)('it listens with TLS only, and answers the official client there', async () => {
    const options = { store, username: 'grafana_reader', password: 'secret', port: 0 };
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'front.example']) {
      expect(() => createHttpFront({ ...options, host }), host).toThrow(/front\.tls/);
    }
    const authority = makeAuthority(folder, 'front-authority');
    const secure = createHttpFront({
      ...options,
      host: '0.0.0.0',
      tls: pem(makeCertificate(folder, authority, 'front', ['IP:127.0.0.1'])),
    });
    const { port, url: address } = await secure.start();
    expect(address).toBe(`https://0.0.0.0:${port}`);
    const overTls = createClient({
      url: `https://127.0.0.1:${port}`,
      username: 'grafana_reader',
      password: 'secret',
      tls: { ca_cert: await readFile(authority.cert) },
      log: { level: ClickHouseLogLevel.OFF },
    });
    expect(await (await overTls.query({ query: 'SELECT 1', format: 'CSV' })).text()).toBe('1\n');
    await overTls.close();
    await secure.stop();
  });
});
