import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/**
 * Counters and gauges in Prometheus text. Names are `cordon_<name>_<unit>_total`; labels are bounded (sensor, topic, code), never addresses:
 * those belong in findings. Everything that moves gets a counter.
 */
export interface Metrics {
  count(name: string, help: string, value: number, labels?: Readonly<Record<string, string>>): void;
  gauge(name: string, help: string, value: number, labels?: Readonly<Record<string, string>>): void;
  text(): Promise<string>;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  return {
    count(name, help, value, labels = {}) {
      if (value <= 0) return;
      let counter = counters.get(name);
      if (counter === undefined) {
        counter = new Counter({ name: `cordon_${name}_total`, help, labelNames: Object.keys(labels), registers: [registry] });
        counters.set(name, counter);
      }
      counter.inc(labels, value);
    },
    gauge(name, help, value, labels = {}) {
      let gauge = gauges.get(name);
      if (gauge === undefined) {
        gauge = new Gauge({ name: `cordon_${name}`, help, labelNames: Object.keys(labels), registers: [registry] });
        gauges.set(name, gauge);
      }
      gauge.set(labels, value);
    },
    text: () => registry.metrics(),
  };
}

export interface MetricsServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Serves /metrics and /healthz (200 while `healthy()` says so, else 503 with the reason). Rejects when the port is taken. */
export async function serveMetrics(
  metrics: Metrics,
  host: string,
  port: number,
  healthy: () => string | undefined,
): Promise<MetricsServer> {
  const server: Server = createServer(async (request, response) => {
    if (request.method !== 'GET') {
      response.writeHead(405).end();
    } else if (request.url === '/metrics') {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(await metrics.text());
    } else if (request.url === '/healthz') {
      const problem = healthy();
      response.writeHead(problem === undefined ? 200 : 503, { 'content-type': 'text/plain; charset=utf-8' }).end(`${problem ?? 'ok'}\n`);
    } else {
      response.writeHead(404).end();
    }
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
