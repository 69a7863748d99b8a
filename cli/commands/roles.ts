import { join } from 'node:path';
import { Command, Option } from 'commander';
import { createBusOutput, createCollector } from '../../collector/collector.js';
import { createDesk } from '../../detector/decisions/desk.js';
import { createClaimEngines } from '../../detector/engine/engine-set.js';
import { createDetectorService, type DetectorService } from '../../detector/engine/service.js';
import { createFileSnapshotStore } from '../../detector/engine/snapshot-file.js';
import { createStoreService } from '../../detector/store/service/store-service.js';
import type { Config } from '../../flow/service/config.js';
import { endSoon, Lifecycle, untilSignal } from '../../flow/service/lifecycle.js';
import { createLog, type Log } from '../../flow/service/log.js';
import { Exit, UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { bufferedKafka } from '../wiring/buffered-kafka.js';
import { type ClaimsInForce, followClaims, onReloadSignal, openClaims } from '../wiring/claim-reload.js';
import { type ClaimSets, type ClaimSource, createSensorNamer, loadClaimSets } from '../wiring/claim-sets.js';
import { startCluster } from '../wiring/cluster.js';
import { type ClusterMember, joinCluster, memberConfig } from '../wiring/cluster-member.js';
import { makeDataFolder } from '../wiring/data-folder.js';
import { startDecisionFeed } from '../wiring/decision-feed.js';
import { DECISION_LEAD_MS, warmUpMsOf } from '../wiring/desk.js';
import { serveDesk } from '../wiring/desk-door.js';
import { answerDrills } from '../wiring/drill-arrival.js';
import { newestJudgedMs } from '../wiring/embedded.js';
import { configuredKafka } from '../wiring/kafka.js';
import { openListening } from '../wiring/listening.js';
import { liveStatus, startLiveParts } from '../wiring/live-collector.js';
import { startLocating } from '../wiring/locating.js';
import {
  type Monitoring,
  startMonitoring,
  watchBuffer,
  watchClaims,
  watchCollector,
  watchDetector,
  watchStoring,
} from '../wiring/monitoring.js';
import { startNotifications } from '../wiring/notifications.js';
import { startJudging } from '../wiring/periodic-verdicts.js';
import { startWatching } from '../wiring/periodic-watches.js';
import type { Role as RoleName } from '../wiring/process-status.js';
import { reportsOver } from '../wiring/report-source.js';
import { configuredRetention, configuredStore } from '../wiring/stores.js';
import { type CommonFlags, commonSettings, type Settings, withCommonFlags, withListenFlag } from './common.js';

interface Connection {
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface Role<B extends Connection> {
  readonly settings: Settings;
  readonly log: Log;
  readonly bus: B;
  readonly monitoring: Monitoring;
  readonly lifecycle: Lifecycle;
  /** Folder of this host's processes; one of several that collect has another for itself. */
  readonly folder: string;
  /** Where this process is one of several that collect. */
  readonly member?: ClusterMember | undefined;
}

/**
 * Reads and opens what is local, so that what is wrong there is told before a broker is waited for, and answers how to start the role's parts once the bus
 * has started; `ended` rejects when one of them ends by an error.
 */
type PrepareRole<B extends Connection> = (role: Role<B>) => Promise<() => Promise<{ readonly ended: Promise<unknown> }>>;

/** `cordon collect`: exporters to Kafka; by several processes where the configuration says so. */
export function collectCommand(): Command {
  const command = withCommonFlags(new Command('collect'))
    .addOption(new Option('--member <number>', 'number of this process among several that collect').hideHelp())
    .action(async (flags: CommonFlags & { member?: string }) => {
      const settings = commonSettings(flags, 'info');
      const { config } = settings;
      if (flags.member !== undefined) {
        const { data } = config;
        memberConfig(config, Number(flags.member));
        await runRole('collect', settings, bufferedKafka, collect, { member: joinCluster(), data });
      } else if (config.collector.processes > 1) await runCluster(settings);
      else await runRole('collect', settings, bufferedKafka, collect);
    });
  return withListenFlag(command);
}

const collect: PrepareRole<ReturnType<typeof bufferedKafka>> = async ({ settings, log, bus, monitoring, lifecycle, folder, member }) => {
  const { config } = settings;
  const claimSets = claimsOf(settings);
  let newestStartMs = (): number => Number.NEGATIVE_INFINITY;
  const inForce = openFiles({ settings, log, folder }, () => newestStartMs(), claimSets);
  const live = await startLiveParts({ config, data: config.data, log, lifecycle });
  const { keepUnwatched } = config.collector;
  const output = createBusOutput({ bus, watchList: inForce.watched, keepUnwatched });
  newestStartMs = output.flows.newestStartMs;
  const collector = createCollector(output, live.settings);
  const sensorOf = createSensorNamer(inForce.sets, config.collector.sensors);
  const listening = await openListening({
    config,
    claimSets,
    collector,
    sensorOf,
    log,
    lifecycle,
    ...(member === undefined ? {} : { member }),
  });
  watchCollector(monitoring, () => liveStatus(collector, live, listening));
  return async () => {
    const { status } = bus;
    if (status !== undefined) watchBuffer(monitoring, () => status.call(bus));
    watchClaims(monitoring, inForce);
    await followClaims(inForce, log, lifecycle);
    const { failed } = await listening.start();
    member?.attach(listening.input, collector);
    log.info({ addresses: listening.addresses }, 'listening');
    return { ended: failed };
  };
};

async function runCluster(settings: Settings): Promise<void> {
  const { config } = settings;
  const log = createLog(config.logLevel, 'collect');
  const lifecycle = new Lifecycle(log);
  const claimSets = claimsOf(settings);
  // The processes stop when they are told to, by us: a signal of the terminal reaches them too, and is not in the way.
  const stopped = untilSignal();
  // Its processes look at the claim files themselves.
  onReloadSignal(() => undefined);
  try {
    const { addresses, metricsUrl, failed } = await Promise.race([
      startCluster({
        config,
        claimSets,
        log,
        lifecycle,
        program: process.argv[1]!,
        args: (member) => [...process.argv.slice(2), '--member', String(member)],
      }),
      stopped.then(() => Promise.reject(new Exit(EXIT.interrupted))),
    ]);
    log.info({ addresses, processes: config.collector.processes, metrics: metricsUrl }, 'ready');
    await Promise.race([stopped, failed]);
  } finally {
    await lifecycle.stop();
    endSoon({ log });
  }
}

/** `cordon detect`: flow records to findings. */
export function detectCommand(): Command {
  return roleCommand('detect', configuredKafka, async ({ settings, log, bus, monitoring, lifecycle, folder }) => {
    const { config } = settings;
    const inForce = openFiles({ settings, log, folder }, () => newestJudgedMs(detector));
    const parameters = config.detections as Record<string, Record<string, number>>;
    const { metrics } = monitoring;
    const decisions = await startDecisionFeed(config, log, lifecycle);
    let judged = 0;
    const detector: DetectorService = createDetectorService({
      bus,
      group: `${config.kafka.group}-detect`,
      engineFactory: () => createClaimEngines(inForce.versions, parameters, decisions),
      snapshots: createFileSnapshotStore(join(config.data, 'state')),
      snapshotEveryMs: config.detector.snapshotMs,
      log,
      metrics: {
        frames: (frames, records) => {
          judged += records;
          metrics.count('detector_frames', 'frames judged', frames);
        },
        findings: (count) => metrics.count('detector_findings', 'findings published, every revision', count),
        quarantined: (count) => metrics.count('detector_quarantined_frames', 'frames that could not be read', count),
      },
    });
    return async () => {
      await lifecycle.start({ name: 'detector', start: () => detector.start(), stop: () => detector.stop() });
      watchDetector(monitoring, detector, () => judged);
      watchClaims(monitoring, inForce);
      await followClaims(inForce, log, lifecycle);
      return { ended: detector.ended };
    };
  });
}

/** `cordon store`: flow records, ledger and findings to ClickHouse; verdicts where claims are named. */
export function storeCommand(): Command {
  return roleCommand('store', configuredKafka, async ({ settings, log, bus, monitoring, lifecycle, folder }) => {
    const { config } = settings;
    const inForce = config.claims.length > 0 ? openFiles({ settings, log, folder }, () => Number.NEGATIVE_INFINITY) : undefined;
    const store = configuredStore(config, configuredRetention(config));
    await lifecycle.start({ name: 'database', start: () => store.start(), stop: () => store.close() });
    await store.migrate();
    answerDrills(monitoring, store);
    const storing = createStoreService({ bus, store, group: `${config.kafka.group}-store`, log });
    return async () => {
      await lifecycle.start({ name: 'store', start: () => storing.start(), stop: () => storing.stop() });
      watchStoring(monitoring, storing);
      const desk = createDesk({
        ...{ store, now: Date.now, leadMs: DECISION_LEAD_MS, warmUpMs: warmUpMsOf(config) },
        ...(inForce === undefined ? {} : { claims: inForce.sets }),
      });
      // A database server answers for itself; the embedded store is held by this process.
      if (config.clickhouse.url === undefined) {
        const report = reportsOver(store, config.data, sourcesOf(settings), (sentence) => log.warn({}, sentence));
        await serveDesk({ ...desk, report }, config.data, log, lifecycle);
      }
      await startNotifications({ config, desk, log, lifecycle, monitoring });
      await startLocating(store, config.lookup, log, lifecycle);
      if (inForce !== undefined) {
        watchClaims(monitoring, inForce);
        await startJudging(store, inForce.versions, log, lifecycle);
        await startWatching(store, bus, inForce.versions, config.detections as Record<string, Record<string, number>>, log, lifecycle);
        await followClaims(inForce, log, lifecycle);
      }
      return { ended: storing.ended };
    };
  });
}

function roleCommand<B extends Connection>(role: RoleName, connect: (config: Config, log: Log) => B, prepare: PrepareRole<B>): Command {
  return withCommonFlags(new Command(role)).action((flags: CommonFlags) => runRole(role, commonSettings(flags, 'info'), connect, prepare));
}

async function runRole<B extends Connection>(
  role: RoleName,
  settings: Settings,
  connect: (config: Config, log: Log) => B,
  prepare: PrepareRole<B>,
  cluster?: { readonly member: ClusterMember /** Folder of the cluster, where `cordon doctor` looks. */; readonly data: string },
): Promise<void> {
  const { config, origins } = settings;
  const member = cluster?.member;
  const log = createLog(config.logLevel, role);
  const bus = connect(config, log);
  const lifecycle = new Lifecycle(log);
  try {
    const folder = cluster?.data ?? config.data;
    makeDataFolder(folder);
    const monitoring = await startMonitoring({ role, config, origins, data: folder, log, lifecycle });
    const start = await prepare({ settings, log, bus, monitoring, lifecycle, folder, member });
    await lifecycle.start({ name: 'kafka', start: () => bus.start(), stop: () => bus.stop() });
    const { ended } = await start();
    monitoring.ready();
    log.info({ metrics: monitoring.url }, 'ready');
    member?.ready(monitoring.url);
    await Promise.race([untilSignal(), ended, ...(member === undefined ? [] : [member.stopped])]);
  } finally {
    await lifecycle.stop();
    member?.leave();
    endSoon({ log });
  }
}

function claimsOf(settings: Settings): ClaimSets {
  const sources = sourcesOf(settings);
  if (sources.length === 0) throw new UsageError('name the claim files with --claims, CORDON_CLAIMS or in the configuration');
  return loadClaimSets(sources);
}

function sourcesOf({ config, approvals }: Settings): ClaimSource[] {
  return config.claims.map((file) => ({ file, approvals, lookup: config.lookup }));
}

/** What is in force, from the history in the data folder on: each host follows its own copy of the files. */
function openFiles(
  { settings, log, folder }: { readonly settings: Settings; readonly log: Log; readonly folder: string },
  newestStartMs: () => number,
  loaded = claimsOf(settings),
): ClaimsInForce {
  return openClaims({ sources: sourcesOf(settings), loaded, data: folder, log, now: Date.now, newestStartMs, shared: true });
}
