import { AssetTimes } from '../../detector/baseline/asset-times.js';
import { LocalClock } from '../../detector/baseline/local-clock.js';
import { NumberPool } from '../../detector/baseline/number-pool.js';
import { VolumeTally } from '../../detector/baseline/volume-tally.js';
import { compileTexts } from '../../detector/claims/load.js';
import { claimViolation } from '../../detector/detections/claims/claim-violation.js';
import { DETECTION_IDS, DETECTIONS, type DetectionId } from '../../detector/detections/index.js';
import { Began, ObservedRecord } from '../../detector/detections/observed-record.js';
import { createEngine } from '../../detector/engine/engine.js';
import type { FindingSink } from '../../detector/findings/finding-sink.js';
import { ExchangeKinds, kindsOf } from '../../detector/sessions/exchange-kinds.js';
import { FlowBatch } from '../../flow/batch.js';
import { AssetSide, Completion, Initiator } from '../../flow/columns.js';
import { processorSeconds, report } from './report.js';

/*
 * Claims of a large site: 10 000 assets in 100 fleets, 100 claims of 10 rules each, 100 000 prefixes in the sets that they name. How long they take to load,
 * and how many records a second one core judges by them:
 *
 *   judge    a record that has been read, by what the claims say of it: kind of exchange, plan, windows, exceptions. Kinds are asked for as traffic
 *            does, the same few hundred peers of an asset again and again, and once with every kind new (the whole way: atom, all rules of the fleet)
 *   engine   everything that the detector does with a row: sessions, orientation, detections, counts. Two records a session; once with the detections that
 *            judge claims, once with all
 */

const FLEETS = 100;
const MEMBERS = 100;
const CLAIMS = 100;
const RULES = 10;
const PREFIXES = 100_000;
const PEERS_AN_ASSET = 100;
const RECORDS = 4_000_000;
const BATCH_ROWS = 16_384;

const text = claimFile();
compileTexts([{ file: 'warm.yaml', text: claimFile(1000) }]);
const before = seconds();
const { claims } = compileTexts([{ file: 'site.yaml', text }]).compilation;
const loadSeconds = seconds() - before;
print(
  `load ${claims.assets.length} assets, ${CLAIMS * RULES} rules, ${PREFIXES} prefixes: ${loadSeconds.toFixed(2)} s of processor time, ${claims.atomCount} atoms`,
);
report({
  name: 'claims: load 10 k assets, 1 k rules, 100 k prefixes',
  value: 1 / loadSeconds,
  unit: 'loads/s',
  target: 0.5,
  note: `${loadSeconds.toFixed(2)} s each`,
});

judgeAlone('same kinds again', PEERS_AN_ASSET, RECORDS, 2_000_000);
judgeAlone('every kind new', Number.POSITIVE_INFINITY, RECORDS / 10);
const OF_CLAIMS = DETECTION_IDS.filter((id) => DETECTIONS[id].claimKinds.length > 0);
wholeEngine('claims only', OF_CLAIMS);
wholeEngine('all detections', DETECTION_IDS);

function judgeAlone(name: string, peers: number, records: number, target?: number): void {
  // As the engine: a unit for each asset, reached by the record's asset, and one table of kinds.
  const clock = new LocalClock(claims.timezone);
  const kinds = new ExchangeKinds(kindsOf(1000));
  const times = new AssetTimes(claims.assets.length);
  const pool = new NumberPool();
  const tally = new VolumeTally(claims, kinds);
  const units = claims.assets.slice(0, 1000).map((_, asset) => {
    return {
      kinds,
      judge: claimViolation.evaluator({ claims, assets: [asset], clock, kinds, times, tally, pool }, { findingsPerPeriod: 1000 }),
    };
  });
  const counts = { broken: 0, other: 0 };
  const sink: FindingSink = {
    contribute: () => {
      counts.broken += 1;
    },
    measure: () => {
      counts.other += 1;
    },
    excuse: () => {
      counts.other += 1;
    },
    undecided: () => {
      counts.other += 1;
    },
    drill: () => {
      counts.other += 1;
    },
    stretch: () => {
      counts.other += 1;
    },
    rowOf: () => undefined,
  };
  const record = new ObservedRecord();
  const words = new Uint32Array(record.peerBytes.buffer);
  record.peerWords = words;
  record.peerBytes.fill(0xff, 10, 12);
  record.startMs = Date.parse('2026-12-03T11:00:00Z');
  record.endMs = record.startMs + 1000;
  record.protocol = 6;
  record.initiator = Began.asset;
  record.initiatorSeen = true;
  record.assetPort = 40_000;
  const run = (count: number, from: number): void => {
    let state = from;
    for (let i = 0; i < count; i++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const asset = state % units.length;
      const unit = units[asset]!;
      record.asset = asset;
      record.fleet = claims.assets[asset]!.fleet;
      const peer = Number.isFinite(peers) ? peerOf(record.fleet, asset, state) : (state >>> 4) % 8_000_000;
      // 20.0.0.0 on: every prefix of the sets, a /28 each, then addresses that no rule admits.
      const address = (20 * 2 ** 24 + Math.imul(peer, 16)) >>> 0;
      record.peerBytes[12] = address >>> 24;
      record.peerBytes[13] = address >>> 16;
      record.peerBytes[14] = address >>> 8;
      record.peerBytes[15] = address;
      record.peerPort = 8000 + (peer % 10);
      unit.kinds.find(record, Began.asset);
      unit.judge.judge(record, sink);
    }
  };
  run(records / 4, 1);
  const started = seconds();
  run(records, Number.isFinite(peers) ? 7 : records);
  const perSecond = records / (seconds() - started);
  print(`judge, ${name}: ${(perSecond / 1e6).toFixed(2)} M records per second of processor time, ${counts.broken} broke a claim`);
  report({ name: `judge, ${name}`, value: perSecond, unit: 'records/s and core', ...(target === undefined ? {} : { target }) });
}

function wholeEngine(name: string, detections: readonly DetectionId[]): void {
  const engine = createEngine({ claims, detections });
  const batches = Array.from({ length: 16 }, (_, index) => makeBatch(index));
  for (const batch of batches) engine.ingest(batch);
  let rows = 0;
  const started = seconds();
  while (seconds() - started < 4) {
    for (const batch of batches) {
      later(batch, batches.length * 60_000);
      engine.ingest(batch);
      engine.takeChanged();
      rows += batch.length;
    }
  }
  const perSecond = rows / (seconds() - started);
  print(`engine, ${name}, 1000 of the assets busy: ${(perSecond / 1e6).toFixed(2)} M records per second of processor time`);
  report({
    name: `engine under the same claims, ${name}`,
    value: perSecond,
    unit: 'records/s and core',
    note: `sessions, ${detections.length} detections, counts`,
  });
}

/** Number of a /28: of the asset's own peers, and with one in a hundred one that no rule admits. */
function peerOf(fleet: number, asset: number, state: number): number {
  const own = fleet * (PREFIXES / FLEETS) + ((asset * PEERS_AN_ASSET) % (PREFIXES / FLEETS)) + ((state >>> 12) % PEERS_AN_ASSET);
  return (state >>> 20) % 100 === 0 ? own + 2 * PREFIXES : own;
}

function makeBatch(minute: number): FlowBatch {
  const batch = new FlowBatch(BATCH_ROWS);
  const { columns } = batch;
  let state = 1 + minute;
  for (let row = 0; row < BATCH_ROWS; row++) {
    if (row % 2 === 0) state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const asset = state % 1000;
    const outward = row % 2 === 0;
    const peer = peerOf(claims.assets[asset]!.fleet, asset, state);
    const at = batch.add();
    const put = (bytes: Uint8Array, address: number): void => {
      bytes.fill(0xff, at * 16 + 10, at * 16 + 12);
      new DataView(bytes.buffer, bytes.byteOffset).setUint32(at * 16 + 12, address >>> 0);
    };
    const assetAddress = 10 * 2 ** 24 + asset;
    const peerAddress = 20 * 2 ** 24 + peer * 16;
    put(columns.sourceIPv6Address.bytes, outward ? assetAddress : peerAddress);
    put(columns.destinationIPv6Address.bytes, outward ? peerAddress : assetAddress);
    const client = 32_768 + (state >>> 18);
    columns.sourceTransportPort[at] = outward ? client : 8000 + (peer % 10);
    columns.destinationTransportPort[at] = outward ? 8000 + (peer % 10) : client;
    columns.protocolIdentifier[at] = 6;
    columns.tcpControlBits[at] = 0x1b;
    columns.octetDeltaCount[at] = 900;
    columns.packetDeltaCount[at] = 5;
    columns.samplingInterval[at] = 1;
    columns.initiator[at] = outward ? Initiator.source : Initiator.unknown;
    columns.initiatorConfidence[at] = outward ? 100 : 0;
    columns.completion[at] = Completion.established;
    columns.flowStartMilliseconds[at] = Date.parse('2026-12-03T11:00:00Z') + minute * 60_000 + row;
    columns.flowEndMilliseconds[at] = columns.flowStartMilliseconds[at]! + 1000;
    columns.sensor.codes[at] = columns.sensor.dictionary.intern('border');
    columns.asset.codes[at] = columns.asset.dictionary.intern(claims.assets[asset]!.name);
    columns.assetSide[at] = outward ? AssetSide.source : AssetSide.destination;
  }
  return batch;
}

function later(batch: FlowBatch, ms: number): void {
  const { flowStartMilliseconds, flowEndMilliseconds } = batch.columns;
  for (let row = 0; row < batch.length; row++) {
    flowStartMilliseconds[row]! += ms;
    flowEndMilliseconds[row]! += ms;
  }
}

function seconds(): number {
  return processorSeconds('self') ?? performance.now() / 1000;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Sets of /28 from 20.0.0.0 on; each claim's rules name ten sets of its own, so that every asset has peers of its own. */
function claimFile(prefixes = PREFIXES): string {
  const sets = CLAIMS * RULES;
  const each = prefixes / sets;
  const address = (number: number): string => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
  const lines = [
    'version: 1',
    'id: site',
    'owner: bench@example.org',
    'timezone: Europe/Amsterdam',
    'effective: { from: "2026-01-01" }',
    'sets:',
  ];
  for (let set = 0; set < sets; set++) {
    const list = Array.from({ length: each }, (_, index) => `"${address(20 * 2 ** 24 + (set * each + index) * 16)}/28"`);
    lines.push(`  set-${set}: { cidr: [${list.join(', ')}] }`);
  }
  lines.push('fleets:');
  for (let fleet = 0; fleet < FLEETS; fleet++) {
    lines.push(`  fleet-${fleet}:`, '    vendor: Example', '    site: Example', '    members:');
    for (let member = 0; member < MEMBERS; member++) {
      const asset = fleet * MEMBERS + member;
      lines.push(`      - { name: asset-${asset}, ip: ["${address(10 * 2 ** 24 + asset)}"] }`);
    }
  }
  lines.push('sensors:', '  border: { kind: ipfix, exporter: "192.0.2.1", sampling: 1, sees: [north-south, east-west] }', 'claims:');
  for (let claim = 0; claim < CLAIMS; claim++) {
    const rules = Array.from(
      { length: RULES },
      (_, rule) => `{ peer: { sets: [set-${claim * RULES + rule}] }, ports: [tcp/8000-8009], initiator: subject }`,
    );
    lines.push(
      `  - id: claim-${claim}`,
      '    text: "The fleet talks only to its peers."',
      `    subject: fleet-${claim % FLEETS}`,
      '    severity: high',
      `    assert: { only: [${rules.join(', ')}] }`,
      '    coverage: { sensors: [border], time: "99%", max_gap: PT10M }',
    );
  }
  return `${lines.join('\n')}\n`;
}
