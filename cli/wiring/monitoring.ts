import type { CollectorStatus } from '../../collector/collector-status.js';
import type { BufferStatus } from '../../collector/outputs/buffer/disk-buffer.js';
import type { DetectorService } from '../../detector/engine/service.js';
import type { TopicCounters } from '../../detector/store/service/counters.js';
import type { StoreService } from '../../detector/store/service/store-service.js';
import type { Config, Origins } from '../../flow/service/config.js';
import type { Lifecycle } from '../../flow/service/lifecycle.js';
import type { Log } from '../../flow/service/log.js';
import { createMetrics, type Metrics, type Question, type Series, serveMetrics } from '../../flow/service/metrics.js';
import { programVersion } from '../../flow/service/paths.js';
import { UsageError } from '../errors.js';
import type { ClaimsInForce } from './claim-reload.js';
import { createCollectorMetrics } from './collector-metrics.js';
import { type ProcessStatus, type Role, writeProcessFile } from './process-status.js';

/** How often gauges are read. */
const GAUGES_EVERY_MS = 5000;

type StatusPart = 'collector' | 'buffer' | 'detector' | 'store' | 'claims';

/** What a long-lived process shows of itself: metrics, health and status over HTTP, and a file that says where. */
export interface Monitoring {
  readonly metrics: Metrics;
  readonly url: string;
  /** Runs `read` now and then, for metrics that are asked for. */
  every(read: () => Promise<void> | void): void;
  /** Adds a part to `/status`. */
  tells<K extends StatusPart>(part: K, status: () => NonNullable<ProcessStatus[K]>): void;
  /** Answers a question at a path of its own. */
  answers(path: string, question: Question): void;
  /** The process does its work from now on. */
  ready(): void;
}

export interface MonitoringOptions {
  readonly role: Role;
  readonly config: Config;
  readonly origins: Origins;
  readonly data: string;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
  /** Takes a free port where the usual one is in use and nobody asked for it. */
  readonly orFree?: boolean;
}

/** Opens the port for metrics. Throws UsageError when it is taken. */
export async function startMonitoring(options: MonitoringOptions): Promise<Monitoring> {
  const { role, data, log, lifecycle } = options;
  const metrics = createMetrics();
  const startedMs = Date.now();
  const questions = new Map<string, Question>();
  const parts = new Map<StatusPart, () => unknown>();
  const timers: NodeJS.Timeout[] = [];
  let isReady = false;
  const status = (): ProcessStatus => ({
    role,
    version: programVersion(),
    pid: process.pid,
    startedMs,
    nowMs: Date.now(),
    ready: isReady,
    ...Object.fromEntries([...parts].map(([part, tell]) => [part, tell()])),
  });
  const server = await serve(metrics, options, () => (isReady ? undefined : 'starting'), status, questions);
  await lifecycle.start({ name: 'metrics', stop: () => server.stop() });
  // Without it the process is found by its port alone.
  const file = await writeProcessFile(data, { role, pid: process.pid, url: server.url }).catch((error: unknown) =>
    log.warn({ data, error: String(error) }, `cordon doctor cannot be told in ${data} where this process is`),
  );
  await lifecycle.start({ name: 'process file', stop: async () => file?.remove() });
  await lifecycle.start({
    name: 'gauges',
    async stop() {
      for (const timer of timers) clearInterval(timer);
    },
  });
  return {
    metrics,
    url: server.url,
    every(read) {
      const readSafely = async (): Promise<void> => {
        try {
          await read();
        } catch (error) {
          log.warn({ error: String(error) }, 'a metric could not be read');
        }
      };
      timers.push(setInterval(() => void readSafely(), GAUGES_EVERY_MS));
    },
    tells(part, tell) {
      parts.set(part, tell);
    },
    answers(path, question) {
      questions.set(path, question);
    },
    ready() {
      isReady = true;
    },
  };
}

async function serve(
  metrics: Metrics,
  { config, origins, orFree }: MonitoringOptions,
  healthy: () => string | undefined,
  status: () => ProcessStatus,
  questions: ReadonlyMap<string, Question>,
): ReturnType<typeof serveMetrics> {
  const { host, port } = config.metrics;
  try {
    return await serveMetrics(metrics, host, port, healthy, status, questions);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE' && orFree === true && !origins.has('metrics.port'))
      return serveMetrics(metrics, host, 0, healthy, status, questions);
    throw new UsageError(
      `the metrics port ${host}:${port} ${code === 'EADDRINUSE' ? 'is in use' : `cannot be opened (${code})`}; set metrics.port in the configuration, 0 for any`,
    );
  }
}

/** Metrics and status of a collector. */
export function watchCollector(monitoring: Monitoring, status: () => CollectorStatus): void {
  const write = createCollectorMetrics(monitoring.metrics);
  monitoring.every(() => write(status()));
  monitoring.tells('collector', status);
}

/** Metrics and status of a detector that has started; `judged` is the number of flow records so far. */
export function watchDetector(monitoring: Monitoring, detector: DetectorService, judged: () => number): void {
  let lag: number | null = null;
  monitoring.every(async () => {
    lag = await detector.lag();
    monitoring.metrics.gauge('detector_lag_messages', 'frames published and not yet judged', lag);
    monitoring.metrics.table('detector_records', 'counter', 'flow records judged', [{ labels: {}, value: judged() }]);
  });
  monitoring.tells('detector', () => ({ records: judged(), lag }));
}

/** Metrics and status of claim files that are followed. */
export function watchClaims(monitoring: Monitoring, claims: ClaimsInForce): void {
  monitoring.every(() =>
    monitoring.metrics.gauge(
      'claims_rejected',
      'claim files that were changed and are refused: the claims before stay in force',
      claims.status().rejected.length,
    ),
  );
  monitoring.tells('claims', () => claims.status());
}

/** Metrics and status of a store service that has started. */
export function watchStoring(monitoring: Monitoring, storing: StoreService): void {
  let lag: number | null = null;
  const { metrics } = monitoring;
  monitoring.every(async () => {
    lag = await storing.lag();
    metrics.gauge('store_lag_messages', 'frames published and not yet stored', lag);
    const topics = Object.entries(storing.counters);
    const series = (value: (counters: TopicCounters) => number): Series[] =>
      topics.map(([topic, counters]) => ({ labels: { topic }, value: value(counters) }));
    metrics.table(
      'store_rows',
      'counter',
      'rows stored',
      series(({ rows }) => rows),
    );
    metrics.table(
      'store_quarantined_frames',
      'gauge',
      'frames that could not be stored',
      series(({ quarantined }) => quarantined),
    );
    metrics.gauge('store_buffered_bytes', 'read from the bus and not yet in the database', storing.bufferedBytes());
    metrics.gauge('store_failing', '1 while the database takes no rows', storing.health.problem === '' ? 0 : 1);
  });
  monitoring.tells('store', () => ({
    topics: storing.counters,
    lag,
    problem: storing.health.problem,
    bufferedBytes: storing.bufferedBytes(),
  }));
}

/** Metrics and status of a disk buffer. */
export function watchBuffer({ metrics, every, tells }: Monitoring, status: () => BufferStatus): void {
  tells('buffer', status);
  every(() => {
    const buffer = status();
    metrics.gauge('buffer_frames', 'frames that the bus has not acknowledged', buffer.frames);
    metrics.gauge('buffer_bytes', 'octets of them on disk', buffer.octets);
    metrics.gauge('buffer_disk_bytes', 'octets of all files of the buffer', buffer.diskOctets);
    metrics.gauge('buffer_max_bytes', 'bound of the buffer', buffer.maxOctets);
    metrics.gauge('buffer_oldest_seconds', 'age of the oldest frame that the bus has not acknowledged', buffer.oldestMs / 1000);
    metrics.gauge('buffer_connected', '1 while a broker is connected', buffer.connected ? 1 : 0);
    metrics.total('buffer_acknowledged_frames', 'frames that the bus acknowledged', buffer.acknowledged);
    metrics.total('buffer_found_frames', 'frames in doubt that were found on the bus', buffer.foundOnBus);
    metrics.total('buffer_cut_frames', 'frames that a crash had cut', buffer.cutRecords);
    metrics.total('buffer_damaged_frames', 'frames lost because the disk gave them back damaged', buffer.damagedRecords);
    metrics.total('buffer_write_failures', 'writes that the disk refused', buffer.writeFailures);
    metrics.total('buffer_full_waits', 'frames that waited because the buffer was full', buffer.fullWaits);
  });
}
