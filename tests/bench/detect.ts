import { arch, cpus, totalmem } from 'node:os';
import { compileTexts } from '../../detector/claims/load.js';
import { createEngine } from '../../detector/engine/engine.js';
import { FlowBatch } from '../../flow/batch.js';
import { AssetSide, Completion, Initiator } from '../../flow/columns.js';

/*
 * How many records a second one engine judges: mixed allowed traffic of 100 assets (images to the archive, analysts, DNS, NTP), one record in a
 * hundred breaks a claim. Prints a table; asserts nothing.
 */

const ASSETS = 100;
const BATCH_ROWS = 16_384;
const BATCHES = 16;
const RUN_MS = 6000;

const claims = compileTexts([{ file: 'bench.yaml', text: claimFile() }]).compilation.claims;
const batches = makeBatches();
const rows = BATCHES * BATCH_ROWS;

const engine = createEngine({ claims });
let records = 0;
let shift = 0;
const cpuStarted = process.cpuUsage();
const started = performance.now();
while (performance.now() - started < RUN_MS) {
  for (const batch of batches) {
    engine.ingest(batch);
    engine.takeChanged();
    records += batch.length;
    later(batch);
  }
  shift += 1;
}
const seconds = (performance.now() - started) / 1000;
const cpu = process.cpuUsage(cpuStarted);
const cpuSeconds = (cpu.user + cpu.system) / 1e6;
const snapshotStarted = performance.now();
const snapshot = engine.snapshot();
const snapshotMs = performance.now() - snapshotStarted;

const lines = [
  ['machine', `${cpus()[0]?.model.trim() ?? arch()} × ${cpus().length}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}`],
  ['records', `${records} (${rows} distinct, ${shift} times)`],
  [
    'detector ingest',
    `${(records / seconds / 1e6).toFixed(2)} M records/s (${(records / cpuSeconds / 1e6).toFixed(2)} M per second of processor time)`,
  ],
  ['findings', String(engine.findings().length)],
  ['snapshot', `${(snapshot.length / 2 ** 20).toFixed(1)} MiB in ${snapshotMs.toFixed(0)} ms`],
  ['peak RSS', `${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`],
];
for (const [name, value] of lines) process.stdout.write(`${name!.padEnd(18)}${value}\n`);

/** Moves the batch's records behind the others in time, so that sessions end and bins close as they do in life. */
function later(batch: FlowBatch): void {
  const { flowStartMilliseconds, flowEndMilliseconds } = batch.columns;
  const by = BATCHES * 60_000;
  for (let row = 0; row < batch.length; row++) {
    flowStartMilliseconds[row]! += by;
    flowEndMilliseconds[row]! += by;
  }
}

function makeBatches(): FlowBatch[] {
  const from = Date.parse('2026-12-03T00:00:00Z');
  let seed = 12_345;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  return Array.from({ length: BATCHES }, (_, minute) => {
    const batch = new FlowBatch(BATCH_ROWS);
    batch.addRows(BATCH_ROWS);
    for (let row = 0; row < BATCH_ROWS; row++) writeRow(batch, row, from + minute * 60_000 + random(60_000), random);
    return batch;
  });
}

function writeRow(batch: FlowBatch, row: number, startMs: number, random: (below: number) => number): void {
  const columns = batch.columns;
  const asset = random(ASSETS);
  const kind = random(100);
  const assetAddress = [10, 40, 10 + Math.floor(asset / 200), 1 + (asset % 200)] as const;
  const [peer, port] =
    kind === 0
      ? ([[203, 0, 113, random(4)], 443] as const)
      : kind < 40
        ? ([[10, 40, 30, 10], 445] as const)
        : kind < 60
          ? ([[10, 40, 20, 1 + random(100)], 443] as const)
          : kind < 80
            ? ([[10, 40, 1, 53], 53] as const)
            : ([[10, 40, 1, 123], 123] as const);
  const inbound = kind >= 40 && kind < 60;
  const client = inbound ? peer : assetAddress;
  const server = inbound ? assetAddress : peer;
  const put = (bytes: Uint8Array, address: readonly number[]): void => {
    bytes.fill(0xff, row * 16 + 10, row * 16 + 12);
    bytes.set(address, row * 16 + 12);
  };
  put(columns.sourceIPv6Address.bytes, client);
  put(columns.destinationIPv6Address.bytes, server);
  columns.sourceTransportPort[row] = 32_768 + random(28_000);
  columns.destinationTransportPort[row] = port;
  columns.protocolIdentifier[row] = port === 53 || port === 123 ? 17 : 6;
  columns.tcpControlBits[row] = port === 53 || port === 123 ? 0 : 0x1b;
  columns.reverseTcpControlBits[row] = columns.tcpControlBits[row]!;
  columns.octetDeltaCount[row] = kind < 40 ? 1_000_000 : 500;
  columns.packetDeltaCount[row] = kind < 40 ? 700 : 4;
  columns.reverseOctetDeltaCount[row] = 900;
  columns.reversePacketDeltaCount[row] = 4;
  columns.biflow[row] = 1;
  columns.samplingInterval[row] = 1;
  columns.flowStartMilliseconds[row] = startMs;
  columns.flowEndMilliseconds[row] = startMs + random(20_000);
  columns.initiator[row] = Initiator.source;
  columns.initiatorConfidence[row] = 100;
  columns.completion[row] = Completion.established;
  columns.sensor.codes[row] = columns.sensor.dictionary.intern('border');
  columns.asset.codes[row] = columns.asset.dictionary.intern(`asset-${asset}`);
  columns.assetSide[row] = inbound ? AssetSide.destination : AssetSide.source;
}

function claimFile(): string {
  const members = Array.from({ length: ASSETS }, (_, asset) => {
    const address = `10.40.${10 + Math.floor(asset / 200)}.${1 + (asset % 200)}`;
    return `      - { name: asset-${asset}, ip: ["${address}"] }`;
  });
  return `version: 1
id: bench
owner: bench@example.org
timezone: Europe/Amsterdam
effective: { from: "2026-01-01" }
sets:
  analysts: { cidr: ["10.40.20.0/24"] }
  archive: { cidr: ["10.40.30.10"] }
  infra: { cidr: ["10.40.1.53", "10.40.1.123"] }
fleets:
  scanners:
    vendor: Example
    site: Example
    members:
${members.join('\n')}
sensors:
  border: { kind: ipfix, exporter: "10.40.0.1", sampling: 1, active_timeout: PT1M, heartbeat: PT5M, sees: [north-south, east-west] }
claims:
  - id: closed-network
    text: "The scanners talk only to analysts, archive and infrastructure."
    subject: scanners
    severity: critical
    assert: { only: [ { peer: { sets: [analysts] }, ports: [tcp/443], initiator: peer }, { peer: { sets: [archive] }, ports: [tcp/445], initiator: subject }, { peer: { sets: [infra] }, ports: [udp/53, udp/123], initiator: subject } ] }
    coverage: { sensors: [border], time: "99%", max_gap: PT10M }
  - id: no-internet
    text: "The scanners exchange nothing with the internet."
    subject: scanners
    severity: critical
    assert: { never: [ { peer: { internet: true } } ] }
    coverage: { sensors: [border], time: "99%", max_gap: PT10M }
  - id: data-stays
    text: "The scanners send no more than a terabyte a day to the archive."
    subject: scanners
    severity: high
    assert: { budget: [ { peer: { sets: [archive] }, budget: { bytes: 100TiB, per: P1D, direction: out, scope: member } } ] }
    coverage: { sensors: [border], time: "99%", max_gap: PT10M }
`;
}
