/**
 * The verdicts of one day about 100 assets, with 10 million judged flows, their findings and a day's ledger of ten sensors in the embedded ClickHouse: how
 * long it takes from the question to the answer, as `cordon verdict` asks it. Prints figures; asserts nothing.
 *
 *   node <compiled>/tests/bench/verdict.js [flows]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judgeStored, storedStretches } from '../../cli/wiring/judging.js';
import { compileTexts } from '../../detector/claims/load.js';
import { addJudgement, createJudgementBatch } from '../../detector/findings/judgement-batch.js';
import { createStore } from '../../detector/store/store.js';
import { ColumnBatch } from '../../flow/batch.js';
import { COVERAGE_COLUMNS } from '../../flow/coverage.js';
import { encodeBlock } from '../../flow/native/block.js';
import { DAY_MS, MINUTE_MS } from '../../flow/time.js';
import { DAY, flowFrames } from '../detector/store/rows.js';
import { MEMORY_MB, median, report } from './report.js';

const flows = Number(process.argv[2] ?? 10_000_000);
const ASSETS = 100;
const SENSORS = 10;
const CLAIMS = 20;
const QUESTIONS = 5;
/** What the issue asks for. */
const TARGET_SECONDS = 10;
const ROWS_PER_INSERT = 160_000;

const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${prefix}-${n}`);
const sensors = names('fw', SENSORS);
const text = `version: 1
id: bench
owner: o
timezone: UTC
sets: { far: { cidr: ["203.0.113.0/24"] } }
fleets: { fleet-0: { vendor: V, site: S, members: [${names('asset', ASSETS)
  .map((name, n) => `{ name: ${name}, ip: ["10.40.${n >> 8}.${n & 255}"] }`)
  .join(', ')}] } }
sensors:
${sensors.map((name, n) => `  ${name}: { kind: ipfix, exporter: "10.41.0.${n}", sampling: 1, active_timeout: PT1M, sees: [north-south] }`).join('\n')}
claims:
${names('c', CLAIMS)
  .map(
    (id) => `  - id: ${id}
    text: "Nothing goes far away."
    subject: fleet-0
    severity: high
    assert: { never: [{ peer: { sets: [far] } }] }
    coverage: { sensors: [${sensors.join(', ')}], time: "99%", max_gap: PT10M, max_lost: "0.1%" }`,
  )
  .join('\n')}
`;
const { claims } = compileTexts([{ file: 'bench.yaml', text }]).compilation;

process.env.UV_THREADPOOL_SIZE = '16'; // before the first file: libuv reads it once
const folder = await mkdtemp(join(tmpdir(), 'cordon-bench-'));
const store = createStore({ kind: 'chdb', path: folder, readers: 1, retention: 'keep' });
await store.start();
await store.migrate();

let from = performance.now();
const shape = { assets: ASSETS, peersPerAsset: 12, stepMs: DAY_MS / flows };
for (let at = 0; at < flows; at += ROWS_PER_INSERT) {
  const rows = Math.min(ROWS_PER_INSERT, flows - at);
  const frames = flowFrames({ ...shape, rows, startMs: DAY + at * shape.stepMs }, 5000);
  await store.insertNative(
    'flows',
    frames.map((frame) => frame.value),
    `flows-${at}`,
  );
}
const coverage = new ColumnBatch(COVERAGE_COLUMNS);
for (let minute = 0; minute < DAY_MS / MINUTE_MS; minute++) {
  for (const sensor of sensors) {
    const row = coverage.add();
    const { columns: c } = coverage;
    const start = DAY + minute * MINUTE_MS;
    c.sensor.codes[row] = c.sensor.dictionary.intern(sensor);
    c.exportProtocol.codes[row] = c.exportProtocol.dictionary.intern('ipfix');
    c.minute[row] = start;
    c.firstMessageMilliseconds[row] = start + 1000;
    c.lastMessageMilliseconds[row] = start + 59_000;
    c.messagesSent[row] = c.messagesReceived[row] = 60;
    c.recordsSent[row] = c.recordsReceived[row] = c.recordsDecoded[row] = Math.round(flows / 1440 / SENSORS);
    c.clockOffsetMilliseconds[row] = 12;
  }
}
await store.insertNative('coverage', [encodeBlock(coverage)], 'coverage');
const judgements = createJudgementBatch(ASSETS * 4);
const counts = { claimsHash: claims.hash, fleet: 'fleet-0', periodFromMs: DAY, firstMs: DAY, lastMs: DAY + DAY_MS - 1 };
for (const asset of names('asset', ASSETS)) {
  // Each of a day's snapshots told the counts once more: the store keeps the highest.
  for (const share of [0.25, 0.5, 0.75, 1]) {
    const records = Math.round((flows / ASSETS) * share);
    addJudgement(judgements, {
      ...counts,
      unit: asset,
      kind: 'judged',
      claim: '',
      about: asset,
      flows: records,
      records,
      octets: records * 900,
    });
  }
}
await store.insertNative('judgements', [encodeBlock(judgements)], 'judgements');
process.stdout.write(
  `${flows} flows, ${coverage.length} rows of the ledger stored in ${((performance.now() - from) / 1000).toFixed(1)} s\n`,
);

const seconds: number[] = [];
for (let question = 0; question < QUESTIONS; question++) {
  from = performance.now();
  await storedStretches(store, claims);
  const verdicts = await judgeStored(store, claims, [{ fromMs: DAY, toMs: DAY + DAY_MS }], Number.POSITIVE_INFINITY);
  seconds.push((performance.now() - from) / 1000);
  if (question === 0) process.stdout.write(`${verdicts[0]!.sentence}\n${verdicts.length} verdicts\n`);
}
process.stdout.write(`verdict of the day: ${seconds.map((value) => value.toFixed(2)).join(' ')} s\n`);
report({
  name: `verdict of a day, ${flows / 1e6} M flows, ${CLAIMS} claims`,
  value: 1 / median(seconds),
  unit: 'verdicts of a day/s',
  target: 1 / TARGET_SECONDS,
  peakBelowMB: MEMORY_MB.withChdb,
});
await store.close();
await rm(folder, { recursive: true, force: true });
