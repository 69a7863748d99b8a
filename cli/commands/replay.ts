import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { FILE_FORMATS, type FileFormat } from '../../collector/files.js';
import type { Verdict } from '../../detector/coverage/verdict-types.js';
import type { Finding } from '../../detector/findings/finding.js';
import { findingsJson } from '../../detector/findings/json.js';
import { writeVerdicts } from '../../detector/store/queries/verdicts.js';
import { KEEP_FOREVER } from '../../detector/store/store.js';
import { Lifecycle } from '../../flow/service/lifecycle.js';
import { createLog, type Log } from '../../flow/service/log.js';
import { environment } from '../environment.js';
import { Exit, printed, UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { cutSentence } from '../render/cut.js';
import { createFindingPrinter, findingLines } from '../render/findings.js';
import { createProgress } from '../render/progress.js';
import { formatCount } from '../render/text.js';
import { exitOf, verdictTable } from '../render/verdicts.js';
import { differences, readExpected, summarise } from '../scenario/expected.js';
import { bundledScenarios, loadScenario } from '../scenario/scenario.js';
import { type ClaimSets, type ClaimSource, createSensorNamer, loadClaimSets } from '../wiring/claim-sets.js';
import { type Embedded, startEmbedded } from '../wiring/embedded.js';
import { playInputs, type ReplayInput, replayLogName } from '../wiring/inputs.js';
import { judgeStored, type Range, rangesAsked, storedFindings, storedStretches, storeWindows } from '../wiring/judging.js';
import { locateOnce } from '../wiring/locating.js';
import { resendExports } from '../wiring/resend.js';
import { watchOnce } from '../wiring/stored-watches.js';
import { watchedSets } from '../wiring/watching.js';
import { several } from './claims/assets.js';
import { type CommonFlags, commonSettings, withCommonFlags } from './common.js';
import { instantOf, refuseBackwards } from './instants.js';

interface ReplayFlags extends CommonFlags {
  scenario?: string;
  input?: string;
  format: FileFormat;
  sensor?: string;
  watch?: string[];
  speed: string;
  to: string;
  expect?: string;
  writeExpected?: string;
  from?: string;
  until?: string;
  json?: boolean;
}

/** `cordon replay FILE…`: files through the same pipeline as live telemetry; prints findings and verdicts. */
export function replayCommand(): Command {
  return withCommonFlags(
    new Command('replay')
      .argument('[file...]', 'captures or flow exports; or name a bundled scenario with --scenario')
      .option('--scenario <id>', `a bundled scenario: ${bundledScenarios().join(', ')}`)
      .option('--input <name>', 'how the scenario was recorded: packets, netflow5, netflow9 or ipfix (default: packets)')
      .addOption(new Option('--format <format>', 'what the files hold').choices(FILE_FORMATS).default('auto'))
      .option(
        '--sensor <name>',
        'sensor of the claim file that captures of traffic stand for (default: the first one that the claims name)',
      )
      .option(
        '--watch <prefix>',
        'no claim file: every address that sends inside this prefix is an asset, and detections judge by what they learn; may be given several times',
        several,
      )
      .option('--speed <factor>', "pace of recorded time: 1x as recorded, 60x a minute per second, or 'max'", 'max')
      .option('--to <target>', 'embedded, kafka, or udp://host:port (sends export datagrams on as they are)', 'embedded')
      .option('--from <instant>', 'judge from here (ISO 8601 with zone; default: the first record)')
      .option('--until <instant>', 'judge up to here (default: the last record)')
      .option('--expect <file>', 'compare findings and verdicts with this file; exit 1 on a difference')
      .option('--write-expected <file>', 'write what came out as such a file')
      .option('--json', 'print findings and verdicts as JSON'),
  )
    .addHelpText(
      'after',
      `
Exit codes: 0 all verified (or equal to --expect) · 1 a claim is violated (or a difference) · 2 something is not proven.
With --watch nothing is claimed: 0 no finding · 1 findings.

Examples:
  cordon replay --scenario port-scanners --input ipfix
  cordon replay --claims site.claims.yaml --sensor border-fw day.pcap.gz
  cordon replay --watch 192.168.0.0/16 day.pcap            (a capture alone, no claim file)
  cordon replay --to udp://127.0.0.1:2055 --speed 60x export.pcap`,
    )
    .action(async (files: string[], flags: ReplayFlags) => {
      await replay(files, flags);
    });
}

/** Flags that would be ignored are refused: who gives them expects that they do something. */
function refuseContradictions(files: readonly string[], flags: ReplayFlags): void {
  const given = (names: readonly (keyof ReplayFlags)[]): string[] =>
    names.filter((name) => flags[name] !== undefined).map((name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
  if (flags.scenario !== undefined) {
    const extra = [...files.slice(0, 1), ...given(['claims', 'approvals', 'sensor', 'watch', 'from', 'until'])];
    if (extra.length > 0) throw new UsageError(`--scenario brings its own files, claims and period; leave out ${extra.join(', ')}`);
  } else if (flags.input !== undefined) {
    throw new UsageError('--input goes with --scenario; name files instead, their format is guessed or given with --format');
  }
  if (flags.watch !== undefined) {
    const extra = given(['claims', 'approvals', 'from', 'until']);
    if (extra.length > 0) throw new UsageError(`--watch is for telemetry without a claim file; leave out ${extra.join(', ')}`);
    if (flags.to !== 'embedded') throw new UsageError(`--watch judges here, and --to ${flags.to} only sends; leave one of them out`);
  }
  if (flags.to === 'embedded') return;
  const extra = given(['from', 'until', 'expect', 'writeExpected', 'json']);
  if (extra.length > 0) throw new UsageError(`--to ${flags.to} only sends; nothing is judged here, so leave out ${extra.join(', ')}`);
}

/** What one replay is about, from flags or from a bundled scenario. */
interface Plan {
  readonly inputs: readonly ReplayInput[];
  readonly claims: readonly ClaimSource[];
  readonly range: Partial<Range>;
}

async function replay(files: readonly string[], flags: ReplayFlags): Promise<void> {
  refuseContradictions(files, flags);
  const { config, approvals } = commonSettings(flags);
  const log = createLog(config.logLevel, 'replay');
  const speed = parseSpeed(flags.speed);
  const udp = /^udp:\/\/(.+):(\d+)$/.exec(flags.to);
  const plan = flags.scenario === undefined ? planFromFiles(files, flags, config.claims, approvals) : planFromScenario(flags);
  if (udp !== null && !(Number(udp[2]) > 0 && Number(udp[2]) <= 65_535))
    throw new UsageError(`--to ${flags.to}: a port is a number from 1 to 65535`);
  if (udp !== null) return resendExports(plan.inputs, udp[1]!, Number(udp[2]), speed, createProgress(true));
  const claimSets =
    flags.watch === undefined
      ? loadClaimSets(plan.claims.map((source) => ({ ...source, lookup: config.lookup })))
      : await watchedSets(flags.watch, plan.inputs);
  const sensorOf = createSensorNamer(claimSets.sets, config.collector.sensors);
  const inputs = plan.inputs.map((input) => ({ ...input, sensor: input.sensor || (claimSets.sets[0]?.sensors[0]?.name ?? 'capture') }));
  if (flags.to === 'kafka') {
    // The client of Kafka is large, and most replays do without.
    const { publishToKafka } = await import('../wiring/to-kafka.js');
    return publishToKafka({ config, claimSets, inputs, sensorOf, speed, log });
  }
  if (flags.to !== 'embedded') throw new UsageError(`--to ${flags.to} is no target; write embedded, kafka or udp://host:port`);

  const expected = flags.expect === undefined ? undefined : readExpected(flags.expect);
  await withEmbedded({ flags, config, claimSets, inputs, log }, async (embedded) => {
    const progress = createProgress(flags.json !== true);
    const read = await Promise.race([playInputs(embedded.collector, inputs, sensorOf, speed, progress), embedded.failed]);
    await embedded.drain();
    progress.end();
    read.forEach(({ cut }, index) => {
      if (cut) process.stderr.write(printed(cutSentence(inputs[index]!.path)));
    });
    const findings: Finding[] = [];
    const verdicts: Verdict[] = [];
    for (const claims of claimSets.sets) {
      await Promise.race([watchOnce(embedded, claims, config.detections as Record<string, Record<string, number>>), embedded.failed]);
      findings.push(...(await storedFindings(embedded.store, claims)));
      const judged = rangesAsked(await storedStretches(embedded.store, claims), plan.range);
      const tell = (sentence: string): void => void process.stderr.write(`cordon: ${sentence}\n`);
      verdicts.push(...(await judgeStored(embedded.store, claims, judged, Number.POSITIVE_INFINITY, tell)));
      await storeWindows(embedded.store, claims, judged, Date.now());
    }
    await writeVerdicts(embedded.store, verdicts, Date.now());
    await locateOnce(embedded.store, config.lookup, log);
    report(findings, verdicts, flags, claimSets);
    finish(findings, verdicts, flags, expected);
  });
}

function report(findings: readonly Finding[], verdicts: readonly Verdict[], flags: ReplayFlags, { watchList }: ClaimSets): void {
  if (flags.json === true) {
    process.stdout.write(`{"findings":${findingsJson(findings).trimEnd()},\n"verdicts":${JSON.stringify(verdicts, undefined, 2)}}\n`);
    return;
  }
  if (isPaced(flags) && findings.length > 0) process.stdout.write('\nAt the end:\n');
  process.stdout.write(findingLines(findings));
  if (flags.watch !== undefined) {
    process.stdout.write(
      `${formatCount(findings.length)} findings about ${formatCount(watchList.assets.length)} assets inside ${flags.watch.join(', ')}. Nothing is claimed of them, so nothing is proven.\n`,
    );
  } else if (verdicts.length === 0) {
    process.stdout.write('No record concerns an asset of the claims: nothing was judged, and nothing is proven.\n');
  } else {
    process.stdout.write(`\n${verdictTable(verdicts)}`);
  }
}

function finish(
  findings: readonly Finding[],
  verdicts: readonly Verdict[],
  flags: ReplayFlags,
  expected: ReturnType<typeof summarise> | undefined,
): void {
  const summary = summarise(findings, verdicts);
  if (flags.writeExpected !== undefined) writeFileSync(flags.writeExpected, `${JSON.stringify(summary, undefined, 2)}\n`);
  if (expected === undefined && flags.watch !== undefined) throw new Exit(findings.length === 0 ? EXIT.ok : EXIT.bad);
  if (expected === undefined) throw new Exit(verdicts.length === 0 ? EXIT.notProven : exitOf(verdicts));
  const lines = differences(expected, summary);
  for (const line of lines) process.stderr.write(`${line}\n`);
  throw new Exit(lines.length === 0 ? EXIT.ok : EXIT.bad);
}

interface Session {
  readonly flags: ReplayFlags;
  readonly config: ReturnType<typeof commonSettings>['config'];
  readonly claimSets: ReturnType<typeof loadClaimSets>;
  readonly inputs: readonly ReplayInput[];
  readonly log: Log;
}

/** Runs `work` with a started pipeline, in the folder given with --data or in one that is removed afterwards. */
async function withEmbedded(
  { flags, config, claimSets, inputs, log }: Session,
  work: (embedded: Embedded) => Promise<void>,
): Promise<void> {
  const given = flags.data ?? environment('CORDON_DATA');
  const data = given === undefined ? mkdtempSync(join(tmpdir(), 'cordon-replay-')) : config.data;
  const lifecycle = new Lifecycle(log);
  const logName = replayLogName(inputs, claimSets, { detections: config.detections, collector: config.collector });
  const print = createFindingPrinter((line) => process.stdout.write(line));
  try {
    const embedded = await startEmbedded(
      {
        data,
        claimSets,
        parameters: config.detections as Record<string, Record<string, number>>,
        ...(logName === undefined ? {} : { logName }),
        retention: KEEP_FOREVER,
        snapshotMs: config.detector.snapshotMs,
        log,
        // At full speed all are told at the end, with what they have come to; what is played slowly is watched.
        ...(isPaced(flags) && flags.json !== true ? { onFinding: print } : {}),
      },
      lifecycle,
    );
    await work(embedded);
  } finally {
    await lifecycle.stop();
    if (given === undefined) rmSync(data, { recursive: true, force: true });
  }
}

function planFromScenario(flags: ReplayFlags): Plan {
  const scenario = loadScenario(flags.scenario!);
  const input = scenario.inputs.get(flags.input ?? 'packets');
  if (input === undefined)
    throw new UsageError(`scenario ${scenario.id} has no input '${flags.input}'; it has ${[...scenario.inputs.keys()].join(', ')}`);
  return {
    inputs: [{ path: input.file, format: input.format as FileFormat, sensor: input.sensor }],
    claims: [{ file: scenario.claims, approvals: scenario.approvals }],
    range: { fromMs: scenario.fromMs, toMs: scenario.untilMs },
  };
}

function planFromFiles(files: readonly string[], flags: ReplayFlags, claims: readonly string[], approvals: string | undefined): Plan {
  if (files.length === 0) throw new UsageError('name the files to replay, or a scenario with --scenario');
  const needsClaims = !flags.to.startsWith('udp://') && flags.watch === undefined;
  if (needsClaims && claims.length === 0)
    throw new UsageError(
      'name the claim files with --claims: without claims there is nothing to judge; or name what to look at with --watch, such as --watch 192.168.0.0/16',
    );
  return {
    inputs: files.map((path) => ({ path, format: flags.format, sensor: flags.sensor ?? '' })),
    claims: (flags.watch === undefined ? claims : []).map((file) => ({ file, approvals })),
    range: rangeOf(flags),
  };
}

function rangeOf(flags: ReplayFlags): Partial<Range> {
  const fromMs = instantOf('--from', flags.from);
  const toMs = instantOf('--until', flags.until);
  refuseBackwards(fromMs, toMs);
  return { ...(fromMs === undefined ? {} : { fromMs }), ...(toMs === undefined ? {} : { toMs }) };
}

function isPaced({ speed }: ReplayFlags): boolean {
  return Number.isFinite(parseSpeed(speed));
}

function parseSpeed(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const factor = Number(/^(\d{1,6}(?:\.\d{1,3})?)x?$/.exec(text)?.[1]);
  if (!(factor > 0)) throw new UsageError(`--speed ${text} is no pace; write 1x, 60x or max`);
  return factor;
}
