import { parseArgs } from 'node:util';
import { renderTable } from '../../../cli/render/table.js';
import { DETECTION_IDS } from '../../../detector/detections/index.js';
import { WATCH_IDS } from '../../../detector/watches/index.js';
import { PUBLISHED } from '../../../fixtures/generator/published/index.js';
import { makeWorld, type World } from '../../../fixtures/generator/weeks/world.js';
import { DAY_MS, formatDuration } from '../../../flow/time.js';
import { RitaBeacons } from './baselines/rita.js';
import { FixedThresholds } from './baselines/thresholds.js';
import { type CorpusResult, runCorpora } from './corpora.js';
import { runWorld } from './generated.js';
import { type PublishedRun, publishedTable, runPublished } from './published.js';
import { type DetectionScore, type Score, score } from './score.js';

/*
 * `npm run evaluate`: every detection against truth that was planted in made-up weeks, and against labelled captures where those are at hand.
 *
 *   npm run evaluate -- [--seed 1] [--devices 260] [--weeks 10] [--only generated|corpora|published] [--kinds tor,vpn] [--false 20] [--json]
 *
 * --kinds: of the published traffic these alone. --false prints the first so many false findings of each detection. Two weeks of learning are not judged.
 */

const LEARNING_WEEKS = 2;
const TELEMETRY = { activeTimeout: 'PT5M', activeTimeoutMs: 300_000, sampling: 1 } as const;

const { values: flags } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    devices: { type: 'string', default: '260' },
    weeks: { type: 'string', default: '10' },
    only: { type: 'string', default: 'all' },
    kinds: { type: 'string', default: '' },
    false: { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
});
const [seed, devices, weeks, shown] = [whole('seed'), whole('devices'), whole('weeks'), whole('false')];
if (!['all', 'generated', 'corpora', 'published'].includes(flags.only)) fail(`--only ${flags.only}: write generated, corpora or published`);
if (weeks <= LEARNING_WEEKS) fail(`--weeks ${weeks}: ${LEARNING_WEEKS} weeks are learned from; write more`);
const text = flags.json ? process.stderr : process.stdout;

const wants = (part: string): boolean => flags.only === 'all' || flags.only === part;
const generated = wants('generated') ? evaluateGenerated() : undefined;
const corpora = wants('corpora') ? await runCorpora() : undefined;
const published = wants('published') ? await evaluatePublished() : undefined;
if (corpora !== undefined) for (const line of corpusLines(corpora)) text.write(line);
if (flags.json) process.stdout.write(`${JSON.stringify({ seed, devices, weeks, generated, corpora, published }, undefined, 2)}\n`);

async function evaluatePublished() {
  const runs: PublishedRun[] = [];
  const kinds = flags.kinds === '' ? undefined : new Set(flags.kinds.split(','));
  for (const make of PUBLISHED) {
    const scenario = make();
    if (kinds?.has(scenario.name) ?? true) runs.push(await runPublished(scenario));
  }
  text.write(`\nTraffic as published captures have it, by --watch alone\n\n${publishedTable(runs)}`);
  for (const { scenario, wrong } of runs)
    for (const { sentence } of wrong.slice(0, shown)) text.write(`false in ${scenario.name}: ${sentence.slice(0, 300)}\n`);
  return runs.map(({ scenario: { name, like }, by, afterMs, findings, incidents, wrong }) => ({
    ...{ name, like, by, afterMs, findings: findings.length, incidents: incidents.length, wrong: wrong.length },
  }));
}

function evaluateGenerated() {
  const world = makeWorld({ seed, devices, weeks });
  const rita = [new RitaBeacons('RITA ≥ 0.9', 0.9), new RitaBeacons('RITA ≥ 0.7', 0.7)];
  const fixed = new FixedThresholds();
  const run = runWorld(world, TELEMETRY, [...rita, fixed], (done) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${Math.round(done * 100)} % of ${weeks} weeks`);
  });
  const last = rita.flatMap((one) => {
    one.close();
    return one.alerts(world.toMs);
  });
  const alerts = [...run.alerts, ...last];
  const ours: readonly string[] = [...DETECTION_IDS, ...WATCH_IDS];
  const baselines = [...new Set(alerts.map(({ by }) => by))].filter((by) => !ours.includes(by)).sort();
  const result = score(world.truth, alerts, [...ours, ...baselines], world.fromMs + LEARNING_WEEKS * 7 * DAY_MS);
  const deviceWeeks = world.truth.devices * (weeks - LEARNING_WEEKS);
  const falseOurs = result.falseAlerts.filter(({ by }) => ours.includes(by)).length;
  text.write(
    `\nGenerated truth, seed ${seed}: ${world.truth.devices} devices × ${weeks} weeks (${deviceWeeks} device-weeks judged), ${world.truth.incidents.length} incidents, ${run.records} records\n`,
  );
  text.write(
    `engine ${(run.records / run.engineSeconds / 1000).toFixed(0)} k records per second of processor time, peak ${run.peakMiB.toFixed(0)} MiB\n\n`,
  );
  text.write(detectionTable(result, deviceWeeks, ours));
  text.write(`\n${kindTable(result)}`);
  for (const { missed } of result.kinds) for (const one of missed) text.write(`missed: ${one}\n`);
  text.write(`\nfalse findings in all: ${falseOurs}, ${(falseOurs / deviceWeeks).toFixed(3)} per device-week\n`);
  text.write(closedLine(world, result, weeks - LEARNING_WEEKS, ours));
  text.write(nuisanceLines(world.truth.nuisances, result));
  for (const by of ours) {
    for (const { asset, peer, fromMs, sentence } of result.falseAlerts.filter((alert) => alert.by === by).slice(0, shown))
      text.write(`false ${by}: ${asset} ${peer} ${new Date(fromMs).toISOString()} ${sentence.slice(0, 300)}\n`);
  }
  return { deviceWeeks, records: run.records, falsePerDeviceWeek: falseOurs / deviceWeeks, ...result, falseAlerts: falseOurs };
}

/** The issue's measure is for closed equipment: desks of which nothing is claimed are counted apart. */
function closedLine({ devices: all, fleets }: World, { falseAlerts }: Score, judgedWeeks: number, ours: readonly string[]): string {
  const open = new Set(fleets.filter(({ claimed }) => !claimed).map(({ name }) => name));
  const desks = new Set(all.filter(({ device }) => open.has(device.fleet)).map(({ device }) => device.name));
  const wrong = falseAlerts.filter(({ by }) => ours.includes(by));
  const ofDesks = wrong.filter(({ asset }) => desks.has(asset)).length;
  const rate = (count: number, devices: number): string => `${count} (${(count / devices / judgedWeeks).toFixed(3)} per device-week)`;
  return `closed equipment: ${rate(wrong.length - ofDesks, all.length - desks.size)}; desks without claims: ${rate(ofDesks, desks.size)}\n`;
}

function detectionTable({ detections }: Score, deviceWeeks: number, ours: readonly string[]): string {
  const percent = (part: number, of: number): string => (of === 0 ? '–' : `${part}/${of}`);
  const row = ({ by, own, foundOwn, found, medianMs, falseAlerts }: DetectionScore): string[] => [
    by,
    percent(foundOwn, own),
    String(found),
    Number.isNaN(medianMs) ? '–' : formatDuration(medianMs),
    String(falseAlerts),
    (falseAlerts / deviceWeeks).toFixed(3),
  ];
  const [mine, others] = [detections.filter(({ by }) => ours.includes(by)), detections.filter(({ by }) => !ours.includes(by))];
  return renderTable(
    [
      { title: 'detection' },
      { title: 'own incidents', right: true },
      { title: 'incidents in all', right: true },
      { title: 'median time to detect', right: true },
      { title: 'false', right: true },
      { title: 'per device-week', right: true },
    ],
    [...mine.map(row), ...others.map(row)],
  );
}

function kindTable({ kinds }: Score): string {
  return renderTable(
    [{ title: 'planted' }, { title: 'found', right: true }, { title: 'median time to detect', right: true }, { title: 'by', width: 80 }],
    kinds.map(({ kind, planted, found, medianMs, by }) => [
      kind,
      `${found}/${planted}`,
      Number.isNaN(medianMs) ? '–' : formatDuration(medianMs),
      by.join(', '),
    ]),
  );
}

function nuisanceLines(
  nuisances: readonly { kind: string; assets: readonly string[]; from: string; to: string }[],
  { falseAlerts }: Score,
): string {
  return nuisances
    .map(({ kind, assets, from, to }) => {
      const during = falseAlerts.filter(
        ({ asset, atMs, by }) =>
          assets.includes(asset) && atMs >= Date.parse(from) && atMs < Date.parse(to) + DAY_MS / 4 && !by.includes(' '),
      );
      const by = [...new Set(during.map((alert) => alert.by))].join(', ');
      return `${kind}: ${during.length} false findings of its ${assets.length} assets in its time${by === '' ? '' : ` (${by})`}\n`;
    })
    .join('');
}

function corpusLines(results: readonly CorpusResult[]): string[] {
  return results.map((result) =>
    'skipped' in result
      ? `\n${result.corpus}: skipped, ${result.skipped}\n`
      : `\n${result.corpus}, ${result.how}: ${result.findings.length} findings (${result.expected}: ${result.holds ? 'yes' : 'NO'}), RITA ≥ 0.9 ${result.baselines.rita}, fixed thresholds ${result.baselines.thresholds}\n${result.findings.map(({ by, sentence }) => `  ${by}: ${sentence}\n`).join('')}`,
  );
}

function whole(name: 'seed' | 'devices' | 'weeks' | 'false'): number {
  const value = Number(flags[name]);
  if (!Number.isSafeInteger(value) || value < 0) fail(`--${name} ${flags[name]}: write a whole number`);
  return value;
}

function fail(sentence: string): never {
  process.stderr.write(`evaluate: ${sentence}\n`);
  process.exit(4);
}
