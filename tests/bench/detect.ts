import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { arch, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileTexts } from '../../detector/claims/load.js';
import { createEngine } from '../../detector/engine/engine.js';
import { gatheredRows } from '../../detector/engine/gathered-frames.js';
import { createFileSnapshotStore } from '../../detector/engine/snapshot-file.js';
import { FlowBatch } from '../../flow/batch.js';
import { AssetSide, Completion, Initiator } from '../../flow/columns.js';
import { addressOf, claimFile } from './detect-claims.js';
import { MEMORY_MB, report } from './report.js';

/*
 * How many records a second one engine judges with every detection: allowed traffic of assets (images to the archive, analysts, DNS, NTP), one session in a
 * hundred breaks claims. NTP keeps to port 123 on both ends and both its records begin in the same millisecond, so that nobody knows who began: the claim admits
 * either, as docs/claims.md advises. Prints tables; asserts nothing. The variants differ in how sessions come as records, in how many assets there are and how
 * often each is heard of, and are measured in a process of their own:
 *
 *   one-way   what NetFlow v5 and v9 exporters send: a record for each direction, images cut every minute by the active timeout, NTP from and to
 *             port 123 for ever. Three records a session; our recorded scenarios have 2.0 (they hold few long sessions).
 *   fleet     the same of 10 000 assets: what issue 5 asks of speed and memory. Each has a record every four seconds (the pipelines' traffic: two a second).
 *   sparse    the same of 10 000 assets with a record in 37 seconds each: the recorded time runs so fast that what is done once a minute is done for nearly
 *             every record, and each batch needs the state of nearly every asset.
 *   worst     every record a session of its own, both directions in it: what metered captures and biflow exporters send of short exchanges only.
 */

/** Rows of the input, in batches of as many as the detector judges at once when it is behind. */
const ROWS = 262_144;
const MINUTE_MS = 60_000;
/** Rounds over the input before the measured ones: V8 compiles, tables of assets begin and grow. The first is printed beside the figure. */
const WARM_ROUNDS = 10;
/** Processor time measured after them, in whole rounds. */
const RUN_CPU_SECONDS = 5;

/** Kinds of exchange, their share of all sessions in % (the sum so far), and how long they last at most. */
const KINDS = [
  { kind: 'violation', upTo: 1, seconds: 5 },
  { kind: 'image', upTo: 10, seconds: 360 },
  { kind: 'analyst', upTo: 50, seconds: 20 },
  { kind: 'dns', upTo: 90, seconds: 1 },
  { kind: 'ntp', upTo: 100, seconds: 1 },
] as const;
/** SYN, ACK, PSH, FIN as they fall into the parts of a session that was cut. */
const FLAGS = { only: 0x1b, first: 0x1a, middle: 0x18, last: 0x19 } as const;
type Kind = (typeof KINDS)[number]['kind'];

interface Exchange {
  readonly kind: Kind;
  readonly asset: number;
  readonly peer: readonly [number, number, number, number];
  readonly port: number;
  readonly clientPort: number;
  /** A client port of its own, also where clients keep to one. */
  readonly ephemeralPort: number;
  readonly startMs: number;
  readonly endMs: number;
}
interface Row {
  readonly exchange: Exchange;
  readonly startMs: number;
  readonly endMs: number;
  readonly way: 'both' | 'forward' | 'reverse';
  readonly part: 'only' | 'first' | 'middle' | 'last';
}
interface Variant {
  readonly rowsOf: (exchange: Exchange) => Row[];
  readonly assets: number;
  /** Of recorded time. */
  readonly recordsPerSecond: number;
  /** Records a second and core. */
  readonly target?: number;
  /** Of the whole process, the input included. */
  readonly peakBelowMB: number;
}
const VARIANTS: Readonly<Record<string, Variant>> = {
  'one-way': { rowsOf: oneWayRows, assets: 100, recordsPerSecond: 270, target: 1_000_000, peakBelowMB: MEMORY_MB.without },
  fleet: { rowsOf: oneWayRows, assets: 10_000, recordsPerSecond: 2700, target: 400_000, peakBelowMB: 500 },
  sparse: { rowsOf: oneWayRows, assets: 10_000, recordsPerSecond: 270, target: 400_000, peakBelowMB: 500 },
  worst: { rowsOf: biflowRows, assets: 100, recordsPerSecond: 270, peakBelowMB: MEMORY_MB.without },
};

const asked = process.argv[2];
if (asked !== undefined && asked in VARIANTS) await run(asked, VARIANTS[asked]!);
else {
  print(
    'machine',
    `${cpus()[0]?.model.trim() ?? arch()} × ${cpus().length}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}`,
  );
  for (const variant of Object.keys(VARIANTS))
    execFileSync(process.execPath, [fileURLToPath(import.meta.url), variant], { stdio: 'inherit' });
}

async function run(name: string, { rowsOf, assets, recordsPerSecond, target, peakBelowMB }: Variant): Promise<void> {
  const batchRows = gatheredRows(assets);
  const batchMs = Math.round((batchRows / recordsPerSecond) * 1000);
  const claims = compileTexts([{ file: 'bench.yaml', text: claimFile(assets) }]).compilation.claims;
  const batches = makeBatches(rowsOf, assets, batchRows, batchMs);
  const engine = createEngine({ claims });
  const round = (): void => {
    for (const batch of batches) {
      engine.ingest(batch);
      engine.takeChanged();
      later(batch, batches.length * batchMs);
    }
  };
  const rssAtStart = process.memoryUsage().rss / 2 ** 20;
  const first = timed(round);
  const firstRssMiB = process.resourceUsage().maxRSS / 1024;
  for (let warm = 1; warm < WARM_ROUNDS; warm++) round();
  const steady = { rounds: 0, cpuSeconds: 0, seconds: 0 };
  while (steady.cpuSeconds < RUN_CPU_SECONDS) {
    const { cpuSeconds, seconds } = timed(round);
    steady.rounds += 1;
    steady.cpuSeconds += cpuSeconds;
    steady.seconds += seconds;
  }
  const recordsOfRound = batches.length * batchRows;
  const records = steady.rounds * recordsOfRound;
  const judged = (WARM_ROUNDS + steady.rounds) * recordsOfRound;
  const rssBefore = process.resourceUsage().maxRSS / 1024;
  const snapshotStarted = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'cordon-detect-'));
  await createFileSnapshotStore(folder).save('bench', 0, { offset: 1, bytes: engine.snapshotParts() });
  const snapshotMs = performance.now() - snapshotStarted;
  const octets = readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
  const sum = (field: 'records' | 'flows'): number =>
    engine.judgements().reduce((total, judgement) => total + (judgement.kind === 'judged' ? judgement[field] : 0), 0);
  const held = batches.reduce((total, batch) => total + bytesOf(batch), 0);
  const million = (perSecond: number): string => `${(perSecond / 1e6).toFixed(2)} M`;
  print(name, `${million(judged)} records, ${(sum('records') / sum('flows')).toFixed(1)} a session, ${engine.findings().length} findings`);
  print(
    '  first round',
    `${million(recordsOfRound / first.cpuSeconds)} records per second of processor time, tables begin; ${firstRssMiB.toFixed(0)} MiB`,
  );
  print(
    '  steady',
    `${million(records / steady.cpuSeconds)} records per second of processor time (${million(records / steady.seconds)} per second), after ${WARM_ROUNDS} rounds`,
  );
  print('  snapshot', `${(octets / 2 ** 20).toFixed(1)} MiB on the disk in ${snapshotMs.toFixed(0)} ms`);
  print(
    '  peak RSS',
    `${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB (${rssBefore.toFixed(0)} before the snapshot); before the first record ${rssAtStart.toFixed(0)}: Node, claims, the input of ${(held / 2 ** 20).toFixed(0)} MiB (blank columns take no memory) and what making it left`,
  );
  report({
    name: `detect, ${name}`,
    value: records / steady.cpuSeconds,
    unit: 'records/s and core',
    peakBelowMB,
    ...(target === undefined ? { note: 'every record a session of its own' } : { target }),
    ...(assets > 100 ? { note: `${assets} assets` } : {}),
  });
  execFileSync(process.execPath, [fileURLToPath(new URL('detect-restart.js', import.meta.url)), folder, `${assets}`], { stdio: 'inherit' });
  rmSync(folder, { recursive: true });
}

function timed(work: () => void): { readonly cpuSeconds: number; readonly seconds: number } {
  const cpuStarted = process.cpuUsage();
  const started = performance.now();
  work();
  const { user, system } = process.cpuUsage(cpuStarted);
  return { cpuSeconds: (user + system) / 1e6, seconds: (performance.now() - started) / 1000 };
}

function print(name: string, value: string): void {
  process.stdout.write(`${name.padEnd(18)}${value}\n`);
}

function bytesOf(batch: FlowBatch): number {
  return Object.values(batch.columns).reduce((sum, column) => {
    if ('codes' in column) return sum + column.codes.byteLength;
    return sum + ('bytes' in column ? column.bytes.byteLength : column.byteLength);
  }, 0);
}

/** Moves the batch's records behind the others in time, so that sessions end and bins close as they do in life. */
function later(batch: FlowBatch, byMs: number): void {
  const { flowStartMilliseconds, flowEndMilliseconds } = batch.columns;
  for (let row = 0; row < batch.length; row++) {
    flowStartMilliseconds[row]! += byMs;
    flowEndMilliseconds[row]! += byMs;
  }
}

/** A batch for each stretch of `batchMs`, its records in the order in which an exporter lets go of them: by their end. */
function makeBatches(rowsOf: (exchange: Exchange) => Row[], assets: number, batchRows: number, batchMs: number): FlowBatch[] {
  const from = Date.parse('2026-12-03T00:00:00Z');
  let seed = 12_345;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  let pending: Row[] = [];
  return Array.from({ length: Math.floor(ROWS / batchRows) }, (_, index) => {
    const batchFrom = from + index * batchMs;
    const rows: Row[] = [];
    while (rows.length < batchRows) rows.push(...rowsOf(exchangeAt(batchFrom + random(batchMs), random(assets), random)));
    const open = pending.concat(rows).sort((a, b) => a.endMs - b.endMs);
    const batch = new FlowBatch(batchRows);
    for (const row of open.splice(0, batchRows)) writeRow(batch, row);
    pending = open;
    return batch;
  });
}

function exchangeAt(startMs: number, asset: number, random: (below: number) => number): Exchange {
  const lot = random(100);
  const { kind, seconds } = KINDS.find(({ upTo }) => lot < upTo)!;
  const ephemeral = 32_768 + random(28_000);
  const endMs = startMs + random(seconds * 1000);
  const of = (peer: Exchange['peer'], port: number, clientPort = ephemeral): Exchange => ({
    kind,
    asset,
    peer,
    port,
    clientPort,
    ephemeralPort: ephemeral,
    startMs,
    endMs,
  });
  if (kind === 'violation') return of([203, 0, 113, random(4)], 443);
  if (kind === 'image') return of([10, 40, 30, 10], 445);
  if (kind === 'analyst') return of([10, 40, 20, 1 + random(100)], 443);
  return kind === 'dns' ? of([10, 40, 1, 53], 53) : of([10, 40, 1, 123], 123, 123);
}

function oneWayRows(exchange: Exchange): Row[] {
  const parts = 1 + Math.floor((exchange.endMs - exchange.startMs) / MINUTE_MS);
  return Array.from({ length: parts }, (_, index) => {
    const startMs = exchange.startMs + index * MINUTE_MS;
    const endMs = Math.min(exchange.endMs, startMs + MINUTE_MS);
    const part = parts === 1 ? 'only' : index === 0 ? 'first' : index === parts - 1 ? 'last' : 'middle';
    return (['forward', 'reverse'] as const).map((way): Row => ({ exchange, startMs, endMs, way, part }));
  }).flat();
}

function biflowRows(exchange: Exchange): Row[] {
  const own = { ...exchange, clientPort: exchange.ephemeralPort };
  return [{ exchange: own, startMs: exchange.startMs, endMs: exchange.endMs, way: 'both', part: 'only' }];
}

function writeRow(batch: FlowBatch, { exchange, startMs, endMs, way, part }: Row): void {
  const { kind, asset, peer, port, clientPort } = exchange;
  const columns = batch.columns;
  const row = batch.add();
  const put = (bytes: Uint8Array, address: readonly number[]): void => {
    bytes.fill(0xff, row * 16 + 10, row * 16 + 12);
    bytes.set(address, row * 16 + 12);
  };
  const assetAddress = addressOf(asset);
  const inbound = kind === 'analyst';
  const swapped = way === 'reverse';
  // The record's source is the client, but in records of the way back.
  const assetIsSource = inbound === swapped;
  put(columns.sourceIPv6Address.bytes, assetIsSource ? assetAddress : peer);
  put(columns.destinationIPv6Address.bytes, assetIsSource ? peer : assetAddress);
  columns.sourceTransportPort[row] = swapped ? port : clientPort;
  columns.destinationTransportPort[row] = swapped ? clientPort : port;
  const tcp = kind !== 'dns' && kind !== 'ntp';
  const octets = kind === 'image' ? 1_000_000 : 500;
  columns.protocolIdentifier[row] = tcp ? 6 : 17;
  columns.tcpControlBits[row] = tcp ? FLAGS[part] : 0;
  columns.octetDeltaCount[row] = swapped ? 900 : octets;
  columns.packetDeltaCount[row] = swapped ? 4 : Math.ceil(octets / 1400) + 3;
  if (way === 'both') {
    columns.reverseTcpControlBits[row] = columns.tcpControlBits[row]!;
    columns.reverseOctetDeltaCount[row] = 900;
    columns.reversePacketDeltaCount[row] = 4;
    columns.biflow[row] = 1;
    columns.initiator[row] = Initiator.source;
    columns.initiatorConfidence[row] = 100;
    columns.completion[row] = Completion.established;
  }
  columns.samplingInterval[row] = 1;
  columns.flowStartMilliseconds[row] = startMs;
  columns.flowEndMilliseconds[row] = endMs;
  columns.sensor.codes[row] = columns.sensor.dictionary.intern('border');
  columns.asset.codes[row] = columns.asset.dictionary.intern(`asset-${asset}`);
  columns.assetSide[row] = assetIsSource ? AssetSide.source : AssetSide.destination;
}
