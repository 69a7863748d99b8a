/**
 * Flow rows (39 columns, 300 assets, 12 peers each, five minutes of traffic) into the embedded ClickHouse: encoding of frames, inserts straight
 * through the store, and the whole store service behind the in-process bus. All rollups are filled with every insert. Prints figures; asserts nothing.
 *
 *   node <compiled>/tests/bench/insert.js [seconds per part]
 *
 * What was tried (2 shared vCPU, ClickHouse 26.7 in chdb 3.4, 100 000 rows an insert unless said; CPU seconds per million rows / rows per second):
 *   table alone                                  2.6–3.0 / 0.48–0.66 M
 *   + both rollups, each from flows              4.1     / 0.32 M
 *   + the hour from the minute rollup (chained)  4.1     / 0.33 M      no gain: the first rollup costs, not the second
 *   + 200 000 rows an insert                     2.8     / 0.46 M      most of an insert's cost is per part and file, so fewer are cheaper
 *   + new parts in one file (min_bytes_for_wide) 2.6     / 0.54 M
 *   + views in parallel                          2.6     / 0.63 M      shipped at 160 000 rows, for the memory
 *   + fsync of every part                        2.1     / 11 and 29 % slower in two runs back to back (0.94 → 0.84, 0.65 → 0.47 M)
 *   ZSTD on all columns instead                  3.0     / 0.41 M      15 instead of 22 octets a row
 *   blocks of 65 536 rows instead of one         4.4     / 0.37 M
 *   rollup keys nearly all different (worst)     5.7     / 0.23 M      what an address scan looks like
 *   two threads, with six rollups                2.4–3.1 / 0.067 → 0.126 M beside 20 other processes: before, the engine gave an insert one (chdb-store.ts)
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { createStoreService } from '../../detector/store/service/store-service.js';
import { createStore } from '../../detector/store/store.js';
import { createLocalBus } from '../../flow/bus/local.js';
import { FLOW_COLUMNS } from '../../flow/columns.js';
import { FrameEncoder } from '../../flow/frame.js';
import { DAY, flowRows } from '../detector/store/rows.js';
import { MEMORY_MB, report } from './report.js';

const seconds = Number(process.argv[2] ?? 5);
const ROWS_PER_FRAME = 4500;
const FRAMES = 35;
const shape = { assets: 300, peersPerAsset: 12, stepMs: 300_000 / (FRAMES * ROWS_PER_FRAME) };

function print(what: string, rows: number, elapsedMs: number, cpu: NodeJS.CpuUsage): void {
  const cells = [
    what.padEnd(46),
    `${(rows / elapsedMs / 1000).toFixed(3).padStart(7)} M rows/s`,
    `${((cpu.user + cpu.system) / rows).toFixed(2).padStart(6)} CPU s per M rows`,
    `${((process.resourceUsage().maxRSS * 1024) / 1e6).toFixed(0).padStart(5)} MB peak`,
  ];
  process.stdout.write(`${cells.join('  ')}\n`);
}

/** Of `counted` rows since `started`. */
function perSecond(counted: number): number {
  return (counted / (performance.now() - started)) * 1000;
}

process.env.UV_THREADPOOL_SIZE = '16'; // before the first file: libuv reads it once
process.stdout.write(
  `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} CPUs, ${(totalmem() / 1e9).toFixed(0)} GB, Node ${process.version}\n`,
);

const encoder = new FrameEncoder(FLOW_COLUMNS);
const batch = flowRows({ ...shape, rows: ROWS_PER_FRAME, startMs: DAY });
let started = performance.now();
let cpu = process.cpuUsage();
let rows = 0;
while (performance.now() - started < 1500) {
  encoder.encode(batch);
  rows += ROWS_PER_FRAME;
}
print('frame encode', rows, performance.now() - started, process.cpuUsage(cpu));
report({ name: 'frame encode', value: perSecond(rows), unit: 'rows/s', peakBelowMB: MEMORY_MB.without });

const frames = Array.from({ length: FRAMES }, (_, index) =>
  encoder.encode(flowRows({ ...shape, rows: ROWS_PER_FRAME, startMs: DAY + index * ROWS_PER_FRAME * shape.stepMs }, index)),
).flat();
const payloads = frames.map((frame) => frame.value);
const folder = await mkdtemp(join(tmpdir(), 'cordon-bench-'));
const store = createStore({ kind: 'chdb', path: folder, readers: 1 });
await store.start();
await store.migrate();

const insertFor = async (table: string): Promise<void> => {
  started = performance.now();
  cpu = process.cpuUsage();
  rows = 0;
  for (let insert = 0; performance.now() - started < seconds * 1000; insert++) {
    await store.insertNative('flows', payloads, `${table}-${insert}`);
    rows += FRAMES * ROWS_PER_FRAME;
  }
  const value = perSecond(rows);
  print(`insert of ${FRAMES * ROWS_PER_FRAME} rows, ${table}`, rows, performance.now() - started, process.cpuUsage(cpu));
  report({ name: `insert into chdb, ${table}`, value, unit: 'rows/s', target: 500_000, peakBelowMB: MEMORY_MB.withChdb });
};
await insertFor('flows and all rollups');

const bus = createLocalBus({ groups: { flows: ['store'] } });
await bus.start();
const service = createStoreService({ bus, store, group: 'store', log: { info: () => {}, warn: () => {} } });
await service.start();
started = performance.now();
cpu = process.cpuUsage();
rows = 0;
while (performance.now() - started < seconds * 1000) {
  for (const frame of frames) await bus.publish('flows', 0, frame);
  rows += FRAMES * ROWS_PER_FRAME;
}
await bus.flush(['flows']);
report({ name: 'bus and store service into chdb', value: perSecond(rows), unit: 'rows/s', peakBelowMB: MEMORY_MB.withChdb });
print(
  `bus and store service, ${Math.round(rows / service.counters.flows.inserts)} rows an insert`,
  rows,
  performance.now() - started,
  process.cpuUsage(cpu),
);

const { rows: parts } = await store.query<{ table: string; rows: string; octets: number }>(
  'SELECT p.table AS table, sum(p.rows) AS rows, round(sum(p.bytes_on_disk) / sum(p.rows), 1) AS octets FROM system.parts AS p WHERE database = currentDatabase() AND active GROUP BY table ORDER BY table',
);
for (const { table, rows: stored, octets } of parts)
  process.stdout.write(`${table.padEnd(16)} ${stored.padStart(10)} rows, ${octets} octets each\n`);
await service.stop();
await bus.stop();
await store.close();
await rm(folder, { recursive: true, force: true });
