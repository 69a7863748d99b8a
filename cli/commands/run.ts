import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import type { FileFormat } from '../../collector/files.js';
import type { CompiledClaims } from '../../detector/claims/compiled.js';
import type { Verdict } from '../../detector/coverage/verdict-types.js';
import { createDesk, type FindingsDesk } from '../../detector/decisions/desk.js';
import { claimVersion } from '../../detector/engine/claim-version.js';
import type { DetectionSettings } from '../../detector/engine/parameters.js';
import { createHttpFront } from '../../detector/store/http-front/http-front.js';
import { writeVerdicts } from '../../detector/store/queries/verdicts.js';
import { KEEP_FOREVER } from '../../detector/store/store.js';
import type { Config } from '../../flow/service/config.js';
import { endSoon, Lifecycle, untilSignal } from '../../flow/service/lifecycle.js';
import { createLog, type Log } from '../../flow/service/log.js';
import { formatTime } from '../../flow/time.js';
import { environment } from '../environment.js';
import { Exit, UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { createFindingPrinter } from '../render/findings.js';
import { createProgress } from '../render/progress.js';
import { verdictTable } from '../render/verdicts.js';
import { differences, readExpected, summarise } from '../scenario/expected.js';
import { bundledScenarios, loadScenario, type Scenario } from '../scenario/scenario.js';
import { type ClaimsInForce, followClaims, openClaims } from '../wiring/claim-reload.js';
import { type ClaimSets, type ClaimSource, createSensorNamer, loadClaimSets } from '../wiring/claim-sets.js';
import { makeDataFolder } from '../wiring/data-folder.js';
import { warmUpMsOf } from '../wiring/desk.js';
import { serveDesk } from '../wiring/desk-door.js';
import { answerDrills } from '../wiring/drill-arrival.js';
import { type Embedded, type EmbeddedOptions, startEmbedded } from '../wiring/embedded.js';
import { playInputs } from '../wiring/inputs.js';
import { judgeStored, storedFindings, storeWindows } from '../wiring/judging.js';
import { type Listening, openListening } from '../wiring/listening.js';
import { liveStatus, startLiveParts } from '../wiring/live-collector.js';
import { startLocating } from '../wiring/locating.js';
import { startMonitoring, watchBuffer, watchClaims, watchCollector, watchDetector, watchStoring } from '../wiring/monitoring.js';
import { startNotifications } from '../wiring/notifications.js';
import { startJudging } from '../wiring/periodic-verdicts.js';
import { startWatching } from '../wiring/periodic-watches.js';
import { reportsOver } from '../wiring/report-source.js';
import { serveConsole } from '../wiring/serve-console.js';
import { watchOnce } from '../wiring/stored-watches.js';
import { configuredRetention } from '../wiring/stores.js';
import { frontTls } from '../wiring/tls-files.js';
import { type CommonFlags, commonSettings, portFlag, type Settings, withCommonFlags, withListenFlag } from './common.js';

const GUEST_SESSIONS = 2;

interface RunFlags extends CommonFlags {
  bundled?: boolean;
  once?: boolean;
  port?: string;
}

/** `cordon run`: everything in one process. */
export function runCommand(): Command {
  return withListenFlag(
    withCommonFlags(
      new Command('run')
        .option('--bundled', 'play the bundled scenarios first, in a temporary folder (what npm start does)')
        .option('--once', 'end after the table of verdicts; with --bundled exit 1 when anything differs from what the scenarios expect')
        .option('--port <port>', 'port of the console (default 3080, or a free one)'),
    ),
  ).action(async (flags: RunFlags) => {
    await run(flags);
  });
}

async function run(flags: RunFlags): Promise<void> {
  // A newcomer's first run shows results; advice about kernel settings belongs to a real one.
  const settings = commonSettings(flags, flags.bundled === true ? 'error' : 'warn');
  const { config } = settings;
  const log = createLog(config.logLevel, 'run');
  const scenarios = flags.bundled === true ? bundledScenarios().map(loadScenario) : [];
  if (flags.bundled === true && (flags.data !== undefined || flags.claims !== undefined)) {
    throw new UsageError('--bundled brings its own claims and a temporary folder; leave out --claims and --data');
  }
  portFlag(flags.port);
  if (flags.once === true && flags.bundled !== true)
    throw new UsageError('--once goes with --bundled; to judge files once use cordon replay');
  const sources = flags.bundled === true ? scenarios : config.claims.map((claims) => ({ claims, approvals: settings.approvals }));
  if (sources.length === 0)
    throw new UsageError('name the claim files with --claims or in the configuration: without claims there is nothing to watch');
  const files = sources.map(({ claims, approvals }) => ({ file: claims, approvals, lookup: settings.config.lookup }));
  const claimSets = loadClaimSets(files);
  const data = flags.bundled === true ? mkdtempSync(join(tmpdir(), 'cordon-')) : config.data;
  makeDataFolder(data);
  const lifecycle = new Lifecycle(log);
  try {
    await session({ settings, flags, log, files, claimSets, scenarios, data, lifecycle });
  } finally {
    await lifecycle.stop();
    if (flags.bundled === true) rmSync(data, { recursive: true, force: true });
    endSoon({ log });
  }
}

interface Session {
  readonly settings: Settings;
  readonly flags: RunFlags;
  readonly log: Log;
  readonly files: readonly ClaimSource[];
  readonly claimSets: ClaimSets;
  readonly scenarios: readonly Scenario[];
  readonly data: string;
  readonly lifecycle: Lifecycle;
}

async function session(about: Session): Promise<void> {
  const { settings, flags, log, files, claimSets, scenarios, data, lifecycle } = about;
  const { config } = settings;
  const print = createFindingPrinter((line) => process.stdout.write(line));
  // One that ends by itself needs nobody to watch it. Whoever looks for the metrics of the others finds the port in the data folder.
  const monitoring =
    flags.once === true
      ? undefined
      : await startMonitoring({ role: 'run', config, origins: settings.origins, data, log, lifecycle, orFree: true });
  const live = await startLiveParts({ config, data, log, lifecycle });
  let newestStartMs = (): number => Number.NEGATIVE_INFINITY;
  const inForce = flags.bundled === true ? undefined : openFiles(about, () => newestStartMs());
  const embedded = await startEmbedded(
    {
      data,
      claimSets,
      ...(inForce === undefined ? {} : { inForce }),
      parameters: detectionSettings(settings),
      retention: scenarios.length > 0 ? KEEP_FOREVER : configuredRetention(config),
      snapshotMs: config.detector.snapshotMs,
      guests: environment('CORDON_FRONT_PASSWORD') === undefined ? 0 : GUEST_SESSIONS,
      keepUnwatched: config.collector.keepUnwatched,
      live: live.settings,
      ...journalOf(flags, config, data),
      log,
      onFinding: print,
    },
    lifecycle,
  );
  newestStartMs = embedded.newestStartMs;
  const sensorOf = createSensorNamer(inForce?.sets ?? claimSets.sets, config.collector.sensors);
  const stopped = untilSignal();
  const desk = createDesk({
    ...{ store: embedded.store, now: Date.now, newestStartMs: embedded.newestStartMs, onDecision: embedded.follow },
    ...{ claims: inForce?.sets ?? (() => claimSets.sets), warmUpMs: warmUpMsOf(config) },
  });
  const doors = flags.once === true ? undefined : await openDoors(embedded, about, desk, sensorOf);
  if (doors !== undefined) {
    const report = reportsOver(embedded.store, data, files, (sentence) => log.warn({}, sentence));
    await serveDesk({ ...desk, report }, data, log, lifecycle);
    if (flags.bundled !== true) await startNotifications({ config, desk, log, lifecycle, monitoring });
  }
  if (monitoring !== undefined) {
    watchCollector(monitoring, () => liveStatus(embedded.collector, live, doors?.listening));
    const { journal } = embedded;
    if (journal !== undefined) watchBuffer(monitoring, () => journal.status());
    watchStoring(monitoring, embedded.storing);
    answerDrills(monitoring, embedded.store);
    watchDetector(monitoring, embedded.detector, embedded.judged);
    if (inForce !== undefined) watchClaims(monitoring, inForce);
    monitoring.ready();
    log.info({ metrics: monitoring.url }, 'ready');
  }
  if (scenarios.length > 0) {
    const playing = playScenarios(embedded, about, sensorOf);
    // After Ctrl-C the parts are stopped under it, which ends it with errors that mean nothing.
    playing.catch(() => undefined);
    if ((await Promise.race([playing, stopped])) !== undefined) throw new Exit(flags.once === true ? EXIT.interrupted : EXIT.ok);
  }
  if (doors === undefined) return;

  process.stdout.write(doors.sentences);
  const { failed } = await doors.listening.start();
  const always = claimSets.sets.map((claims) => claimVersion(claims));
  const versions = inForce?.versions ?? (() => always);
  await startJudging(embedded.store, versions, log, lifecycle);
  await startLocating(embedded.store, config.lookup, log, lifecycle);
  await startWatching(embedded.store, embedded.bus, versions, detectionSettings(settings), log, lifecycle);
  if (inForce !== undefined) await followClaims(inForce, log, lifecycle);
  await Promise.race([stopped, failed, embedded.failed]);
}

function detectionSettings({ config }: Settings): DetectionSettings {
  return config.detections as Record<string, Record<string, number>>;
}

/** What is in force, from the data folder's history of the claim files on. */
function openFiles({ files, claimSets, data, log }: Session, newestStartMs: () => number): ClaimsInForce {
  return openClaims({ sources: files, loaded: claimSets, data, log, now: Date.now, newestStartMs });
}

/** Frames on their way through the process are kept on disk, unless that is switched off or all is thrown away at the end. */
function journalOf(flags: RunFlags, { collector }: Config, data: string): Pick<EmbeddedOptions, 'journal'> {
  const { path, maxBytes } = collector.buffer;
  return flags.bundled === true || maxBytes === 0 ? {} : { journal: { folder: join(path ?? data, 'journal'), maxOctets: maxBytes } };
}

interface Doors {
  readonly listening: Listening;
  /** What can be reached where, for the terminal. */
  readonly sentences: string;
}

/** Opens every port before any work is done: one that is taken is told at once. */
async function openDoors(
  embedded: Embedded,
  about: Session,
  desk: FindingsDesk,
  sensorOf: ReturnType<typeof createSensorNamer>,
): Promise<Doors> {
  const { settings, flags, log, claimSets, lifecycle } = about;
  const { config, origins } = settings;
  const { collector } = embedded;
  const orFree = flags.bundled === true && !origins.has('collector.listen');
  const front = await serveFront(embedded, config, lifecycle);
  const url = await serveConsole({
    ...{ store: embedded.store, desk, config, origins, log, lifecycle, data: about.data },
    ...{ port: flags.port, claims: about.files.map(({ file }) => file), recorded: recordedRange(about.scenarios) },
  });
  const durable = (isLast: boolean): Promise<void> => (isLast ? embedded.drain() : embedded.bus.flush(['flows']));
  const listening = await openListening({ config, claimSets, collector, sensorOf, log, lifecycle, orFree, durable });
  const text = (addresses: Listening['addresses']): string =>
    addresses.map(({ address, port }) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`)).join(', ');
  const connections = listening.tcpAddresses.length === 0 ? '' : `, IPFIX on ${text(listening.tcpAddresses)} (TCP)`;
  if (config.collector.processes > 1) log.warn({}, 'collector.processes is for cordon collect; cordon run collects in one process');
  return {
    listening,
    sentences: `\nConsole   ${url}\n${front}Listening for NetFlow and IPFIX on ${text(listening.addresses)} (UDP)${connections}; Ctrl-C ends\n`,
  };
}

/** Plays each scenario and prints its findings as they appear, then one table of all verdicts. Throws Exit with --once. */
async function playScenarios(
  embedded: Embedded,
  { settings, scenarios, claimSets, flags }: Session,
  sensorOf: ReturnType<typeof createSensorNamer>,
): Promise<void> {
  const verdicts: Verdict[] = [];
  const different: string[] = [];
  for (const [index, scenario] of scenarios.entries()) {
    const claims = claimSets.sets[index]!;
    const [input] = scenario.inputs.values();
    process.stdout.write(`\n${scenario.title}\n${scenario.story}\n\n`);
    const progress = createProgress(true);
    const inputs = [{ path: input!.file, format: input!.format as FileFormat, sensor: input!.sensor }];
    await Promise.race([playInputs(embedded.collector, inputs, sensorOf, Number.POSITIVE_INFINITY, progress), embedded.failed]);
    await embedded.drain();
    progress.end();
    await Promise.race([watchOnce(embedded, claims, detectionSettings(settings)), embedded.failed]);
    const judged = await judge(embedded, claims, { fromMs: scenario.fromMs, toMs: scenario.untilMs }, Number.POSITIVE_INFINITY);
    verdicts.push(...judged);
    if (flags.once !== true) continue;
    const found = summarise(await storedFindings(embedded.store, claims), judged);
    different.push(...differences(readExpected(scenario.expected), found).map((line) => `${scenario.id}: ${line}`));
  }
  process.stdout.write(`\n${verdictTable(verdicts)}`);
  if (flags.once !== true) return;
  if (different.length > 0) {
    process.stderr.write(`\nNot what the scenarios expect:\n${different.join('\n')}\n`);
    throw new Exit(EXIT.bad);
  }
  process.stdout.write('\nFindings and verdicts are what the scenarios expect.\n');
}

async function judge(
  embedded: Embedded,
  claims: CompiledClaims,
  range: { fromMs: number; toMs: number },
  watermarkMs: number,
): Promise<Verdict[]> {
  const verdicts = await judgeStored(embedded.store, claims, [range], watermarkMs);
  await writeVerdicts(embedded.store, verdicts, Date.now());
  await storeWindows(embedded.store, claims, [range], Date.now());
  return verdicts;
}

/** The days of the scenarios, for a console that opens on them. */
function recordedRange(scenarios: readonly Scenario[]): { from: string; to: string } | undefined {
  if (scenarios.length === 0) return undefined;
  return {
    from: formatTime(Math.min(...scenarios.map(({ fromMs }) => fromMs))),
    to: formatTime(Math.max(...scenarios.map(({ untilMs }) => untilMs))),
  };
}

/** The read-only HTTP front for Grafana's data source, where a password was given: answers the line for the terminal. */
async function serveFront(embedded: Embedded, config: Config, lifecycle: Lifecycle): Promise<string> {
  const password = environment('CORDON_FRONT_PASSWORD');
  if (password === undefined) return '';
  const tls = frontTls(config.front.tls);
  const front = createHttpFront({
    store: embedded.store,
    username: 'grafana_reader',
    password,
    host: config.front.host,
    port: config.front.port,
    ...(tls === undefined ? {} : { tls }),
  });
  let url = '';
  await lifecycle.start({
    name: 'HTTP front',
    async start() {
      url = (await front.start()).url;
    },
    stop: () => front.stop(),
  });
  return `Grafana   ${url} (ClickHouse data source over HTTP, user grafana_reader, read-only)\n`;
}
