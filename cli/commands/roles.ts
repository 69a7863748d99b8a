import { join } from 'node:path';
import { Command } from 'commander';
import { type CollectorOutput, createBusOutput, createCollector } from '../../collector/collector.js';
import { createClaimEngines } from '../../detector/engine/engine-set.js';
import { createDetectorService } from '../../detector/engine/service.js';
import { createFileSnapshotStore } from '../../detector/engine/snapshot-file.js';
import { createStoreService } from '../../detector/store/service/store-service.js';
import type { Bus } from '../../flow/bus/bus.js';
import { Lifecycle, untilSignal } from '../../flow/service/lifecycle.js';
import { createLog, type Log } from '../../flow/service/log.js';
import { createMetrics, type Metrics, serveMetrics } from '../../flow/service/metrics.js';
import { UsageError } from '../errors.js';
import { type ClaimSets, createSensorNamer, loadClaimSets } from '../wiring/claim-sets.js';
import { configuredKafka } from '../wiring/kafka.js';
import { openListening } from '../wiring/listening.js';
import { startJudging } from '../wiring/periodic-verdicts.js';
import { configuredRetention, configuredStore } from '../wiring/stores.js';
import { type CommonFlags, commonSettings, type Settings, withCommonFlags, withListenFlag } from './common.js';

/** How often gauges are read. */
const GAUGES_EVERY_MS = 5000;

interface Role {
  readonly settings: Settings;
  readonly log: Log;
  readonly bus: Bus;
  readonly metrics: Metrics;
  readonly lifecycle: Lifecycle;
  /** Runs `read` now and then, for gauges. */
  every(read: () => Promise<void>): void;
}

/**
 * Reads and opens what is local, so that what is wrong there is told before a broker is waited for, and answers how to start the role's parts once the bus
 * has started; `ended` rejects when one of them ends by an error.
 */
type PrepareRole = (role: Role) => Promise<() => Promise<{ readonly ended: Promise<unknown> }>>;

/** `cordon collect`: exporters to Kafka. */
export function collectCommand(): Command {
  const command = roleCommand(
    'collect',
    'Listen for flow exports and send flow records to Kafka',
    async ({ settings, log, bus, metrics, lifecycle, every }) => {
      const { config } = settings;
      const claimSets = claimsOf(settings);
      // Rows are cut into partitions, whose number only a bus that has started knows; the sockets are opened before.
      let output: CollectorOutput | undefined;
      const started = (): CollectorOutput => {
        output ??= createBusOutput({ bus, watchList: claimSets.watchList, keepUnwatched: config.collector.keepUnwatched });
        return output;
      };
      const collector = createCollector({
        flows: { write: (batch) => started().flows.write(batch), flush: () => started().flows.flush() },
        coverage: (minutes) => started().coverage(minutes),
      });
      const sensorOf = createSensorNamer(claimSets.sets, config.collector.sensors);
      const { addresses, input, start } = await openListening({ config, claimSets, collector, sensorOf, log, lifecycle });
      const told = new Map<string, number>();
      const grown = (name: string, help: string, value: number, labels: Record<string, string> = {}): void => {
        const key = `${name} ${JSON.stringify(labels)}`;
        metrics.count(name, help, value - (told.get(key) ?? 0), labels);
        told.set(key, value);
      };
      every(async () => {
        grown('collector_datagrams', 'export datagrams read', collector.counters.datagrams);
        grown('collector_records', 'flow records decoded', collector.counters.records);
        grown('collector_produced_records', 'flow records handed to the bus', collector.counters.produced);
        grown('collector_unwatched_records', 'flow records of no watched asset', collector.counters.unwatched);
        grown(
          'collector_overrun_datagrams',
          'datagrams dropped because the bus was full',
          collector.counters.overrun + input.counters.queueDrops,
        );
        grown('collector_kernel_drops', 'datagrams the kernel dropped', input.counters.kernelDrops);
        grown('collector_refused_datagrams', 'datagrams of exporters that are not allowed', input.counters.refused);
        for (const [code, count] of collector.counters.faults)
          grown('collector_faults', 'what was wrong in the input, by kind', count, { code });
      });
      return async () => {
        const { failed } = await start();
        log.info({ addresses }, 'listening');
        return { ended: failed };
      };
    },
  );
  return withListenFlag(command);
}

/** `cordon detect`: flow records to findings. */
export function detectCommand(): Command {
  return roleCommand(
    'detect',
    'Judge flow records from Kafka and send findings back',
    async ({ settings, log, bus, metrics, lifecycle, every }) => {
      const { config } = settings;
      const { sets } = claimsOf(settings);
      const parameters = config.detections as Record<string, Record<string, number>>;
      const detector = createDetectorService({
        bus,
        group: `${config.kafka.group}-detect`,
        engineFactory: () => createClaimEngines(sets, parameters),
        snapshots: createFileSnapshotStore(join(config.data, 'state')),
        snapshotEveryMs: config.detector.snapshotMs,
        log,
        metrics: {
          frames: (frames, records) => {
            metrics.count('detector_frames', 'frames judged', frames);
            metrics.count('detector_records', 'flow records judged', records);
          },
          findings: (count) => metrics.count('detector_findings', 'findings published, every revision', count),
          quarantined: (count) => metrics.count('detector_quarantined_frames', 'frames that could not be read', count),
        },
      });
      return async () => {
        await lifecycle.start({ name: 'detector', start: () => detector.start(), stop: () => detector.stop() });
        every(async () => metrics.gauge('detector_lag_messages', 'frames published and not yet judged', await detector.lag()));
        return { ended: detector.ended };
      };
    },
  );
}

/** `cordon store`: flow records, ledger and findings to ClickHouse; verdicts where claims are named. */
export function storeCommand(): Command {
  return roleCommand(
    'store',
    'Write flow records, coverage and findings from Kafka to ClickHouse, and verdicts of the claims',
    async ({ settings, log, bus, metrics, lifecycle, every }) => {
      const { config } = settings;
      const claimSets = config.claims.length > 0 ? claimsOf(settings) : undefined;
      const store = configuredStore(config, configuredRetention(config));
      await lifecycle.start({ name: 'database', start: () => store.start(), stop: () => store.close() });
      await store.migrate();
      const storing = createStoreService({ bus, store, group: `${config.kafka.group}-store`, log });
      return async () => {
        await lifecycle.start({ name: 'store', start: () => storing.start(), stop: () => storing.stop() });
        const told = new Map<string, number>();
        every(async () => {
          metrics.gauge('store_lag_messages', 'frames published and not yet stored', await storing.lag());
          for (const [topic, { rows, quarantined }] of Object.entries(storing.counters)) {
            metrics.count('store_rows', 'rows stored', rows - (told.get(topic) ?? 0), { topic });
            told.set(topic, rows);
            metrics.gauge('store_quarantined_frames', 'frames that could not be stored', quarantined, { topic });
          }
        });
        if (claimSets !== undefined) await startJudging(store, claimSets.sets, log, lifecycle);
        return { ended: storing.ended };
      };
    },
  );
}

function roleCommand(name: string, description: string, prepare: PrepareRole): Command {
  return withCommonFlags(new Command(name).description(`${description} (runs until it is stopped)`)).action(async (flags: CommonFlags) => {
    const settings = commonSettings(flags, 'info');
    const log = createLog(settings.config.logLevel, name);
    const bus = configuredKafka(settings.config, log);
    const metrics = createMetrics();
    const lifecycle = new Lifecycle(log);
    const timers: NodeJS.Timeout[] = [];
    let ready = false;
    try {
      const { host, port } = settings.config.metrics;
      const server = await serveMetrics(
        metrics,
        host,
        port,
        () => (ready ? undefined : 'starting'),
        () => ({ role: name, ready }),
      ).catch((error: NodeJS.ErrnoException) => {
        throw new UsageError(
          `the metrics port ${host}:${port} ${error.code === 'EADDRINUSE' ? 'is in use' : `cannot be opened (${error.code})`}; set metrics.port in the configuration, 0 for any`,
        );
      });
      await lifecycle.start({ name: 'metrics', stop: () => server.stop() });
      const every = (read: () => Promise<void>): void => {
        timers.push(
          setInterval(
            () => void read().catch((error: unknown) => log.warn({ error: String(error) }, 'a metric could not be read')),
            GAUGES_EVERY_MS,
          ),
        );
      };
      const start = await prepare({ settings, log, bus, metrics, lifecycle, every });
      await lifecycle.start({ name: 'kafka', start: () => bus.start(), stop: () => bus.stop() });
      const { ended } = await start();
      ready = true;
      log.info({ metrics: server.url }, 'ready');
      await Promise.race([untilSignal(), ended]);
    } finally {
      for (const timer of timers) clearInterval(timer);
      await lifecycle.stop();
    }
  });
}

function claimsOf({ config, approvals }: Settings): ClaimSets {
  if (config.claims.length === 0) throw new UsageError('name the claim files with --claims, CORDON_CLAIMS or in the configuration');
  return loadClaimSets(config.claims.map((file) => ({ file, approvals })));
}
