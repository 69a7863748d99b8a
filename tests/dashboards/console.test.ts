import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ConsoleOptions, createConsole, DEFAULT_PORT } from '../../dashboards/console/console.js';
import { MAX_BODY_BYTES } from '../../dashboards/console/query-request.js';
import { hasOpenssl, makeAuthority } from '../collector/inputs/certificates.js';
import { buildPage } from './support/page-build.js';
import { silentLog } from './support/silent-log.js';

/*
 * What the console answers to whom: queries by name only, no SQL from outside, nothing to other sites, nothing beyond loopback without the token,
 * bounded requests, and sentences instead of stack traces.
 */

let webFolder: string;
beforeAll(() => {
  webFolder = buildPage();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const part of running.splice(0)) await part.stop();
});

async function start(options: Partial<ConsoleOptions> = {}): Promise<{ url: URL; asked: string[] }> {
  const asked: string[] = [];
  const viewer = createConsole({
    query: async (sql) => {
      asked.push(sql);
      return { meta: [{ name: 'a', type: 'UInt64' }], data: [['12345678901']] };
    },
    log: silentLog,
    now: () => 1_800_000_000_000,
    port: 0,
    webFolder,
    ...options,
  });
  running.push(viewer);
  const { url } = await viewer.start();
  return { url: new URL(url), asked };
}

function ask(url: URL, path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(new URL(path, url), { method: body === undefined ? 'GET' : 'POST', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

const JSON_TYPE = { 'Content-Type': 'application/json' };
const QUERY = { dashboard: 'cordon-overview', from: 'now-1h', to: 'now', variables: {}, source: { kind: 'panel', panel: 1, refId: 'A' } };
const query = (url: URL, change: object = {}, headers: Record<string, string> = JSON_TYPE) =>
  ask(url, '/api/query', headers, JSON.stringify({ ...QUERY, ...change }));

describe('queries', () => {
  test('a panel is asked for by name and answered in the shape that the page draws', async () => {
    const { url, asked } = await start();
    const answer = await query(url);
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      200,
      {
        columns: [{ name: 'a', type: 'number' }],
        rows: [[12_345_678_901]],
        fromMs: 1_799_996_400_000,
        toMs: 1_800_000_000_000,
        intervalMs: 10_000,
        truncated: false,
      },
    ]);
    expect(asked[0]).toContain('toDateTime(1799996400)');
  });

  test.each([
    ['another dashboard', { dashboard: 'other' }, 'no such dashboard'],
    ['another panel', { source: { kind: 'panel', panel: 99, refId: 'A' } }, 'no such query'],
    ['another query', { source: { kind: 'panel', panel: 1, refId: 'Z' } }, 'no such query'],
    ['a variable without a query', { source: { kind: 'variable', name: 'severity' } }, 'no such query'],
    ['SQL instead of a name', { source: { rawSql: 'SELECT 1' } }, 'names no panel'],
    ['a wrong range', { from: 'now', to: 'now-1h' }, 'ends before it begins'],
    ['variables that are no lists', { variables: { asset: 'x' } }, 'list of at most'],
    ['too many values', { variables: { asset: Array.from({ length: 501 }, String) } }, 'list of at most'],
  ])('%s is refused with a sentence and no query', async (_name, change, sentence) => {
    const { url, asked } = await start();
    const answer = await query(url, change);
    expect([answer.status, asked]).toEqual([400, []]);
    expect(JSON.parse(answer.text).error).toContain(sentence);
  });

  test('a body that is no JSON, too long, or of another type is refused', async () => {
    const { url } = await start();
    expect((await ask(url, '/api/query', JSON_TYPE, '{')).status).toBe(400);
    expect((await ask(url, '/api/query', JSON_TYPE, 'x'.repeat(MAX_BODY_BYTES + 1))).status).toBe(413);
    expect((await ask(url, '/api/query', { 'Content-Type': 'text/plain' }, JSON.stringify(QUERY))).status).toBe(415);
    expect((await ask(url, '/api/query')).status).toBe(405);
  });

  test("a refusing store's message is passed on, cut short", async () => {
    const { url } = await start({ query: () => Promise.reject(new Error(`no ${'x'.repeat(1000)}`)) });
    const answer = await query(url);
    expect(answer.status).toBe(502);
    expect(JSON.parse(answer.text).error).toMatch(/^The store did not answer: no x{297}$/);
  });

  test('at most four queries run at once, and all are answered', async () => {
    let now = 0;
    let most = 0;
    const { url } = await start({
      query: async () => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setTimeout(resolve, 5));
        now--;
        return { meta: [], data: [] };
      },
    });
    const answers = await Promise.all(Array.from({ length: 24 }, () => query(url)));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(most).toBe(4);
  });
});

describe('who is answered', () => {
  test('every answer forbids foreign scripts, frames and types', async () => {
    const { url } = await start();
    for (const path of ['/', '/app/main.js', '/vendor/echarts.js', '/console.css', '/api/settings', '/nothing']) {
      const { headers } = await ask(url, path);
      expect(headers['content-security-policy'], path).toMatch(
        /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'/,
      );
      expect(headers['x-content-type-options'], path).toBe('nosniff');
    }
  });

  test('a foreign Host header (DNS rebinding) and a foreign origin get nothing', async () => {
    const { url, asked } = await start();
    expect((await ask(url, '/api/settings', { Host: `evil.example:${url.port}` })).status).toBe(421);
    expect((await ask(url, '/api/settings', { Host: `localhost:${url.port}` })).status).toBe(200);
    expect((await query(url, {}, { ...JSON_TYPE, Origin: 'http://evil.example' })).status).toBe(403);
    expect((await query(url, {}, { ...JSON_TYPE, 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    expect(asked).toEqual([]);
  });

  test('paths lead to the files of the page and nowhere else', async () => {
    const { url } = await start();
    for (const path of [
      '/../package.json',
      '/app/..%2f..%2fpackage.json',
      '/app/main.ts',
      '/index.html',
      '/api/dashboards/..',
      '/.git/config',
    ]) {
      expect((await ask(url, path)).status, path).toBe(404);
    }
    const first = await ask(url, '/app/main.js');
    expect((await ask(url, '/app/main.js', { 'If-None-Match': String(first.headers.etag) })).status).toBe(304);
  });

  test('a token opens the console, which a browser gives once', async () => {
    const { url } = await start({ token: 'geheim & lang' });
    expect((await ask(url, '/')).status).toBe(401);
    expect((await query(url)).status).toBe(401);
    expect((await ask(url, '/?token=wrong')).status).toBe(401);
    expect((await query(url, {}, { ...JSON_TYPE, Authorization: 'Bearer geheim & lang' })).status).toBe(200);
    const login = await ask(url, '/?d=cordon-overview&token=geheim+%26+lang');
    expect([login.status, login.headers.location]).toEqual([303, '/?d=cordon-overview']);
    const cookie = login.headers['set-cookie']![0]!;
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict$/);
    expect((await ask(url, '/', { Cookie: cookie.split(';')[0]! })).status).toBe(200);
    expect((await ask(url, '/', { Cookie: 'cordon_console=%E0%A4%A' })).status).toBe(401);
    expect((await ask(url, '/healthz')).status).toBe(200);
  });

  test('beyond loopback neither without a token nor without TLS, and no reader without somebody who decides', async () => {
    await expect(start({ host: '0.0.0.0' })).rejects.toThrow('only with a token');
    await expect(start({ host: '0.0.0.0', token: 'x' })).rejects.toThrow('only with TLS');
    await expect(start({ readToken: 'x' })).rejects.toThrow('set CORDON_CONSOLE_TOKEN too');
    await expect(start({ readToken: 'x', token: 'x' })).rejects.toThrow('choose two');
  });

  test.skipIf(!hasOpenssl)('beyond loopback it speaks TLS, and its cookie goes nowhere else', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cordon-console-'));
    try {
      const { cert, key } = makeAuthority(folder, 'localhost');
      const ca = readFileSync(cert);
      const { url } = await start({ host: '0.0.0.0', token: 'geheim', tls: { cert: ca, key: readFileSync(key) } });
      expect(url.protocol).toBe('https:');
      url.hostname = 'localhost';
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        httpsRequest(new URL('/?token=geheim', url), { ca, agent: false }, resolve).on('error', reject).end();
      });
      answer.resume();
      expect([answer.statusCode, answer.headers['set-cookie']?.[0]]).toEqual([303, expect.stringMatching(/SameSite=Strict; Secure$/)]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('starting', () => {
  test('a taken port that was asked for is an error with what to do; a taken default gives way to a free one', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(start({ port })).rejects.toThrow(`port ${port} on 127.0.0.1 is in use: name another one`);
    await new Promise((resolve) => other.close(resolve));
    const withDefault = () => {
      const viewer = createConsole({ query: () => Promise.reject(new Error('none')), log: silentLog, now: () => 0, webFolder });
      running.push(viewer);
      return viewer.start();
    };
    const [first, second] = [await withDefault(), await withDefault()];
    expect(new URL(first.url).port).not.toBe(new URL(second.url).port);
    expect(new URL(second.url).port).not.toBe(String(DEFAULT_PORT));
  });

  test('a page that was not built, or a folder without dashboards, is said', async () => {
    await expect(start({ webFolder: '/nonexistent' })).rejects.toThrow("run 'npm run build'");
    await expect(start({ dashboardsFolder: webFolder })).rejects.toThrow("run 'cordon dashboards'");
  });

  test('stops with connections open', async () => {
    const { url } = await start();
    const socket = connect(Number(url.port), '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await running.splice(0)[0]!.stop();
    await closed;
  });
});
