import { get } from 'node:http';
import { afterAll, describe, expect, it } from 'vitest';
import { createMetrics, type MetricsServer, serveMetrics } from '../../../flow/service/metrics.js';

const servers: MetricsServer[] = [];
afterAll(async () => {
  for (const server of servers) await server.stop();
});

async function serve(status: () => unknown = () => ({}), healthy: () => string | undefined = () => undefined) {
  const metrics = createMetrics();
  const server = await serveMetrics(metrics, '127.0.0.1', 0, healthy, status);
  servers.push(server);
  return { metrics, url: server.url };
}

/** Asks with a Host header of the caller's: fetch does not let one. */
function statusWithHost(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });
}

describe('tables of metrics', () => {
  it('have the rows that were written last, as counters or gauges with their help', async () => {
    const metrics = createMetrics();
    const row = (name: string, value: number) => ({ labels: { exporter: name }, value });
    metrics.table('things', 'counter', 'things seen', []);
    metrics.table('things', 'counter', 'things seen', [row('a', 1), row('b', 2)]);
    metrics.table('things', 'counter', 'things seen', [row('b', 5)]);
    metrics.table('level', 'gauge', 'how high', [row('c', -1)]);
    const text = await metrics.text();
    expect(text).toContain(
      '# HELP cordon_things_total things seen\n# TYPE cordon_things_total counter\ncordon_things_total{exporter="b"} 5\n',
    );
    expect(text).toContain('# TYPE cordon_level gauge\ncordon_level{exporter="c"} -1\n');
    metrics.table('things', 'counter', 'things seen', []);
    expect(await metrics.text()).not.toContain('cordon_things_total{');
  });
});

describe('a total that somebody else keeps', () => {
  it('is shown as it was told last, not added up', async () => {
    const metrics = createMetrics();
    metrics.total('frames', 'frames seen', 3);
    metrics.total('frames', 'frames seen', 5);
    expect(await metrics.text()).toContain('# TYPE cordon_frames_total counter\ncordon_frames_total 5\n');
    metrics.total('frames', 'frames seen', 0);
    expect(await metrics.text()).toContain('cordon_frames_total 0\n');
  });
});

describe('the server of a process', () => {
  it('answers /metrics, /healthz and /status, and nothing else', async () => {
    let problem: string | undefined = 'starting';
    const { metrics, url } = await serve(
      () => ({ role: 'run', value: Number.NaN }),
      () => problem,
    );
    metrics.count('drops', 'drops', 3);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('cordon_drops_total 3');
    expect((await fetch(`${url}/healthz`)).status).toBe(503);
    problem = undefined;
    expect(await (await fetch(`${url}/healthz`)).text()).toBe('ok\n');
    expect(await (await fetch(`${url}/status`)).json()).toEqual({ role: 'run', value: null });
    expect((await fetch(`${url}/else`)).status).toBe(404);
    expect((await fetch(`${url}/status`, { method: 'POST' })).status).toBe(405);
  });

  it('goes on when what it tells cannot be told', async () => {
    const { url } = await serve(() => {
      throw new Error('no status');
    });
    expect((await fetch(`${url}/status`)).status).toBe(500);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('on loopback answers to addresses and localhost, not to the name of a web page', async () => {
    const { url } = await serve();
    for (const host of ['127.0.0.1:9464', 'localhost:1', '[::1]:9464', '192.0.2.7'])
      expect(await statusWithHost(`${url}/status`, host), host).toBe(200);
    for (const host of ['evil.example', 'evil.example:9464', 'localhost.evil.example'])
      expect(await statusWithHost(`${url}/status`, host), host).toBe(421);
  });
});

describe('questions beside those of every process', () => {
  it('are answered at their path; what cannot be asked is told as such', async () => {
    const questions = new Map([
      ['/double', (asked: URLSearchParams) => (asked.has('of') ? Promise.resolve({ twice: Number(asked.get('of')) * 2 }) : undefined)],
    ]);
    const server = await serveMetrics(
      createMetrics(),
      '127.0.0.1',
      0,
      () => undefined,
      () => ({}),
      questions,
    );
    servers.push(server);
    expect(await (await fetch(`${server.url}/double?of=21`)).json()).toEqual({ twice: 42 });
    expect((await fetch(`${server.url}/double`)).status).toBe(400);
    expect((await fetch(`${server.url}/half?of=2`)).status).toBe(404);
  });
});
