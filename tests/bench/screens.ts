/**
 * How long the screens take: a month of 1 000 assets in the embedded ClickHouse, then every query of every panel, variable and annotation of every dashboard over
 * an hour, a day and 30 days, each five times, and the whole overview as the console asks for it. Prints figures; asserts nothing.
 *
 *   node <compiled>/tests/bench/screens.js [flow records] [folder] [--fill-only]
 *
 * With a folder the store is made there and kept: what it holds already is not filled again, so a second run only measures. Filling that was interrupted goes on.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Library, loadLibrary } from '../../dashboards/console/library.js';
import type { Dashboard, QueryRequest, Selection } from '../../dashboards/console/model.js';
import { createQueryGate } from '../../dashboards/console/query-gate.js';
import { createStore, KEEP_FOREVER, type Store } from '../../detector/store/store.js';
import { packageRoot } from '../../flow/service/paths.js';
import { MEMORY_MB, median, peakMiB, report } from './report.js';
import { fillScreensStore, type ScreensShape } from './screens-data.js';

const [flowsWanted, kept] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const fillOnly = process.argv.includes('--fill-only');
const flows = Number(flowsWanted ?? 100_000_000);
if (fillOnly && kept === undefined) throw new Error('--fill-only needs a folder to keep the store in');
const RUNS = 5;
const RANGES = ['1h', '24h', '30d'] as const;
/** What the issue asks for: the median of a panel, and the overview from the first question to the last answer. */
const PANEL_MS = 300;
const OVERVIEW_MS = 1500;
const TO_MS = Date.UTC(2026, 10, 21);
const shape: ScreensShape = { flows, days: 30, assets: 1000, sensors: 8, claims: 60, findings: 5000, toMs: TO_MS };
/** The screens of one device and of one finding are opened on one. */
const ONE: Readonly<Record<string, Selection>> = {
  'cordon-device': { asset: ['asset-0042'] },
  'cordon-finding': { finding: ['cfcd208495d565ef66e7dff9f98764da'] },
};

interface Question {
  readonly dashboard: Dashboard;
  readonly name: string;
  readonly source: QueryRequest['source'];
  readonly selection: Selection;
}

process.env.UV_THREADPOOL_SIZE = '16'; // before the first file: libuv reads it once
const print = (line: string): void => void process.stdout.write(`${line}\n`);
print(
  `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} CPUs, ${(totalmem() / 1e9).toFixed(0)} GB, Node ${process.version}, load ${loadavg()[0]!.toFixed(1)}`,
);
const library = loadLibrary(join(packageRoot(), 'dashboards', 'generated'));
const folder = kept ?? (await mkdtemp(join(tmpdir(), 'cordon-bench-')));
const store = createStore({ kind: 'chdb', path: folder, retention: KEEP_FOREVER });
await store.start();
await store.migrate();
await fillScreensStore(store, shape, print);
await mergesDone(store);
await printTables(store);
if (fillOnly) {
  await store.close();
  process.exit(0);
}

const questions = library.dashboards.flatMap((dashboard) => questionsOf(dashboard));
const medians: { readonly where: string; readonly range: string; readonly ms: number; readonly cpuMs: number }[] = [];
print(`\n${'dashboard, panel'.padEnd(58)} ${RANGES.map((range) => `${range.padStart(6)} median worst  cpu`).join(' ')}   ms`);
for (const question of questions) {
  const cells: string[] = [];
  for (const range of RANGES) {
    const times: number[] = [];
    const cpu: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      const before = process.cpuUsage();
      const from = performance.now();
      await ask(library, store, question, range);
      times.push(performance.now() - from);
      const { user, system } = process.cpuUsage(before);
      cpu.push((user + system) / 1000);
    }
    medians.push({ where: where(question), range, ms: median(times), cpuMs: median(cpu) });
    cells.push(
      `${median(times).toFixed(0).padStart(13)}${Math.max(...times)
        .toFixed(0)
        .padStart(6)}${median(cpu).toFixed(0).padStart(5)}`,
    );
  }
  print(`${where(question).padEnd(58)} ${cells.join(' ')}`);
}

const overview = questions.filter(({ dashboard }) => dashboard.uid === 'cordon-overview');
const wholes: number[] = [];
for (const range of RANGES) {
  const times: number[] = [];
  const cpu: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const gate = createQueryGate();
    const before = process.cpuUsage();
    const from = performance.now();
    await Promise.all(overview.map((question) => gate(() => ask(library, store, question, range))));
    times.push(performance.now() - from);
    const { user, system } = process.cpuUsage(before);
    cpu.push((user + system) / 1000);
  }
  wholes.push(median(times));
  print(
    `overview complete, ${overview.length} queries, ${range}: median ${median(times).toFixed(0)} ms, worst ${Math.max(...times).toFixed(0)} ms, processor ${median(cpu).toFixed(0)} ms`,
  );
}
const slow = medians.filter(({ ms }) => ms > PANEL_MS).sort((a, b) => b.ms - a.ms);
print(
  `\n${medians.length - slow.length} of ${medians.length} medians are at most ${PANEL_MS} ms; peak ${peakMiB()?.toFixed(0)} MiB, load ${loadavg()[0]!.toFixed(1)}`,
);
for (const { where: name, range, ms, cpuMs } of slow) print(`  ${name}, ${range}: ${ms.toFixed(0)} ms (processor ${cpuMs.toFixed(0)} ms)`);
const stored = `${flows / 1e6} M flow records`;
report({
  name: `slowest panel, ${stored}`,
  value: 1000 / Math.max(...medians.map(({ ms }) => ms)),
  unit: 'answers/s',
  target: 1000 / PANEL_MS,
  peakBelowMB: MEMORY_MB.withChdb,
});
report({
  name: `overview complete, ${stored}`,
  value: 1000 / Math.max(...wholes),
  unit: 'screens/s',
  target: 1000 / OVERVIEW_MS,
  peakBelowMB: MEMORY_MB.withChdb,
});
await store.close();
if (kept === undefined) await rm(folder, { recursive: true, force: true });

function questionsOf(dashboard: Dashboard): Question[] {
  const sources: { name: string; source: QueryRequest['source'] }[] = [
    ...dashboard.panels.flatMap((panel) =>
      panel.targets.map(({ refId }) => ({ name: panel.title, source: { kind: 'panel', panel: panel.id, refId } as const })),
    ),
    ...dashboard.templating.list
      .filter(({ query }) => typeof query === 'object')
      .map(({ name }) => ({ name: `$${name}`, source: { kind: 'variable', name } as const })),
    ...dashboard.annotations.list.map(({ name }) => ({ name: `@${name}`, source: { kind: 'annotation', name } as const })),
  ];
  const one = ONE[dashboard.uid];
  const knowsAll = dashboard.templating.list.every(({ type, includeAll }) => type !== 'query' || includeAll !== false);
  const selections: readonly Selection[] = [...(knowsAll ? [{}] : []), ...(one === undefined ? [] : [one])];
  return selections.flatMap((selection) => sources.map((entry) => ({ dashboard, ...entry, selection })));
}

function where({ dashboard, name, selection }: Question): string {
  return `${dashboard.uid.replace('cordon-', '')}: ${name}${Object.keys(selection).length === 0 ? '' : ' (one)'}`;
}

async function ask(from: Library, to: Store, { dashboard, source, selection }: Question, range: string): Promise<void> {
  const { sql } = from.expand({ dashboard: dashboard.uid, source, from: `now-${range}`, to: 'now', variables: selection }, TO_MS);
  try {
    await to.query(sql);
  } catch (error) {
    print(
      `${dashboard.uid} ${JSON.stringify(source)} over ${range}: ${error instanceof Error ? error.message.slice(0, 200) : String(error)}`,
    );
  }
}

/** Parts are merged behind an insert for a while; what is measured is the store as it stands for most of its life. */
async function mergesDone(of: Store): Promise<void> {
  for (let waited = 0; waited < 600; waited++) {
    const { rows } = await of.query<{ running: string }>("SELECT count() AS running FROM system.merges WHERE database = 'cordon'");
    if (Number(rows[0]!.running) === 0) return;
    await sleep(1000);
  }
}

async function printTables(of: Store): Promise<void> {
  const { rows } = await of.query<{ name: string; stored: string; parts: string; disk: string }>(
    "SELECT p.table AS name, sum(p.rows) AS stored, count() AS parts, formatReadableSize(sum(p.bytes_on_disk)) AS disk FROM system.parts AS p WHERE database = 'cordon' AND active GROUP BY name ORDER BY name",
  );
  for (const { name, stored, parts, disk } of rows)
    print(`${name.padEnd(20)} ${stored.padStart(12)} rows in ${parts.padStart(4)} parts, ${disk}`);
}
