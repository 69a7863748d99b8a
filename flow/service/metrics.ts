import { createServer, type Server } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** One line of a metric: its labels and its value. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * Counters and gauges in Prometheus text. Names are `cordon_<name>_<unit>_total`; labels are bounded (sensor, topic, code; exporters by
 * `exporter-metrics.ts`), never addresses of what is watched: those belong in findings. Everything that moves gets a counter; docs/operations.md
 * lists all of them, and a test holds it to that.
 */
export interface Metrics {
  count(name: string, help: string, value: number, labels?: Readonly<Record<string, string>>): void;
  /** A counter whose running total somebody else keeps. */
  total(name: string, help: string, value: number): void;
  gauge(name: string, help: string, value: number, labels?: Readonly<Record<string, string>>): void;
  /** Replaces all lines of a metric: for tables whose rows come and go. A counter's values are running totals, and its name gets `_total`. */
  table(name: string, kind: 'counter' | 'gauge', help: string, series: readonly Series[]): void;
  text(): Promise<string>;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const counterOf = (name: string, help: string, labels: object): Counter => {
    let counter = counters.get(name);
    if (counter === undefined) {
      counter = new Counter({ name: `cordon_${name}_total`, help, labelNames: Object.keys(labels), registers: [registry] });
      counters.set(name, counter);
    }
    return counter;
  };
  const gaugeOf = (name: string, help: string, labels: object): Gauge => {
    let gauge = gauges.get(name);
    if (gauge === undefined) {
      gauge = new Gauge({ name: `cordon_${name}`, help, labelNames: Object.keys(labels), registers: [registry] });
      gauges.set(name, gauge);
    }
    return gauge;
  };
  return {
    count(name, help, value, labels = {}) {
      if (value > 0) counterOf(name, help, labels).inc(labels, value);
    },
    gauge(name, help, value, labels = {}) {
      gaugeOf(name, help, labels).set(labels, value);
    },
    total(name, help, value) {
      const counter = counterOf(name, help, {});
      counter.reset();
      counter.inc(value);
    },
    table(name, kind, help, series) {
      const [first] = series;
      if (first === undefined && !counters.has(name) && !gauges.has(name)) return;
      if (kind === 'counter') {
        const counter = counterOf(name, help, first?.labels ?? {});
        counter.reset();
        for (const { labels, value } of series) counter.inc(labels, value);
      } else {
        const gauge = gaugeOf(name, help, first?.labels ?? {});
        gauge.reset();
        for (const { labels, value } of series) gauge.set(labels, value);
      }
    },
    text: () => registry.metrics(),
  };
}

export interface MetricsServer {
  readonly url: string;
  stop(): Promise<void>;
}

interface Answer {
  readonly code: number;
  readonly type: string;
  readonly body: string;
}

/** A question beside those that every process answers: what it asks for, as in a query string; undefined: that cannot be asked. */
export type Question = (asked: URLSearchParams) => Promise<unknown> | undefined;

const PLAIN = 'text/plain; charset=utf-8';

/** On loopback a name in the Host header other than localhost is a web page that had its name point here (DNS rebinding). */
function isLoopbackName(host: string | undefined): boolean {
  const name = (host ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || isIP(name) !== 0;
}

/**
 * Serves /metrics, /healthz (200 while `healthy()` says so, else 503 with the reason) and /status (what the process knows of itself, as JSON, for `cordon
 * doctor`), and `questions` by their paths. Rejects when the port is taken. There is no password: it belongs on loopback or behind one.
 */
export async function serveMetrics(
  metrics: Metrics,
  host: string,
  port: number,
  healthy: () => string | undefined,
  status: () => unknown,
  questions: ReadonlyMap<string, Question> = new Map(),
): Promise<MetricsServer> {
  const isLoopback = host === 'localhost' || host === '::1' || host.startsWith('127.');
  const isAskedByAddress = (name: string | undefined): boolean => !isLoopback || isLoopbackName(name);
  const json = (value: unknown): Answer => ({ code: 200, type: 'application/json; charset=utf-8', body: `${JSON.stringify(value)}\n` });
  const answer = async (url = ''): Promise<Answer> => {
    const [path = '', asked] = url.split('?', 2);
    const question = questions.get(path);
    if (question !== undefined) {
      const found = await question(new URLSearchParams(asked));
      return found === undefined ? { code: 400, type: PLAIN, body: 'that cannot be asked\n' } : json(found);
    }
    switch (url) {
      case '/metrics':
        return { code: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: await metrics.text() };
      case '/healthz': {
        const problem = healthy();
        return { code: problem === undefined ? 200 : 503, type: PLAIN, body: `${problem ?? 'ok'}\n` };
      }
      case '/status':
        return json(status());
      default:
        return { code: 404, type: PLAIN, body: 'there is /metrics, /healthz and /status\n' };
    }
  };
  const server: Server = createServer((request, response) => {
    const send = ({ code, type, body }: Answer): void => void response.writeHead(code, { 'content-type': type }).end(body);
    if (request.method !== 'GET') send({ code: 405, type: PLAIN, body: 'GET only\n' });
    else if (!isAskedByAddress(request.headers.host)) send({ code: 421, type: PLAIN, body: 'ask by address, or as localhost\n' });
    else answer(request.url).then(send, (error: unknown) => send({ code: 500, type: PLAIN, body: `${String(error)}\n` }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
