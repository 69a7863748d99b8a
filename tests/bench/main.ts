import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { kafkaAvailability } from '../kafka/availability.js';
import { describeMachine, type Figure, figureIn, type Machine, REPORT_VARIABLE } from './report.js';
import { figureTable } from './table.js';

/*
 * `npm run bench`: every program of this folder in a process of its own, one after the other, then one table.
 *
 *   npm run bench -- [--only decode,metering,…] [--quick] [--json]
 */

interface Program {
  /** Arguments for a full run, and for --quick. */
  readonly full: readonly string[];
  readonly quick: readonly string[];
  readonly needsKafka?: boolean;
}

const PROGRAMS = {
  decode: { full: [], quick: [] },
  'export-file': { full: ['10000000'], quick: ['2000000'] },
  logs: { full: [], quick: [] },
  metering: { full: ['1000000'], quick: ['200000'] },
  udp: { full: ['10'], quick: ['5', '100000,140000'] },
  insert: { full: ['10'], quick: ['3'] },
  detect: { full: [], quick: [] },
  judge: { full: [], quick: [] },
  rhythm: { full: [], quick: [] },
  verdict: { full: [], quick: ['1000000'] },
  contacts: { full: [], quick: ['1000'] },
  screens: { full: ['100000000'], quick: ['1000000'] },
  bus: { full: ['400', '4'], quick: ['100', '4'], needsKafka: true },
  pipeline: { full: ['4000000'], quick: ['1000000'] },
  'kafka-pipeline': { full: ['4000000'], quick: ['1000000'], needsKafka: true },
} as const satisfies Record<string, Program>;
type ProgramName = keyof typeof PROGRAMS;

/** Cores that others may use before the figures are called doubtful. */
const IDLE_BELOW_CORES = 0.2;
const here = dirname(fileURLToPath(import.meta.url));

const { values: flags } = parseArgs({
  options: { only: { type: 'string' }, quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const wanted = chosen(flags.only);
/** Text of the programs: beside the result, where that is JSON. */
const text = flags.json ? process.stderr : process.stdout;

const machine = await describeMachine();
for (const line of machineLines(machine)) text.write(`${line}\n`);
const figures: (Figure & { readonly program: ProgramName })[] = [];
let failed = false;
for (const name of wanted) {
  text.write(`\n── ${name}\n`);
  const unavailable = whyNot(PROGRAMS[name]);
  if (unavailable !== undefined) {
    figures.push({ program: name, name, unit: '', note: unavailable });
    continue;
  }
  const status = await runProgram(name);
  if (status !== 0) {
    failed = true;
    figures.push({ program: name, name, unit: '', note: `failed with exit ${status}` });
  }
}
if (flags.json) process.stdout.write(`${JSON.stringify({ machine, quick: flags.quick, figures }, undefined, 2)}\n`);
else process.stdout.write(`\n${machineLines(machine).join('\n')}\n\n${figureTable(figures)}`);
process.exitCode = failed ? 1 : 0;

function chosen(only: string | undefined): ProgramName[] {
  const all = Object.keys(PROGRAMS) as ProgramName[];
  if (only === undefined) return all;
  const names = only.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !all.includes(name as ProgramName));
  if (unknown.length > 0) {
    process.stderr.write(`--only ${unknown.join(',')}: there is ${all.join(', ')}\n`);
    process.exit(4);
  }
  return all.filter((name) => names.includes(name));
}

function whyNot(program: Program): string | undefined {
  if (program.needsKafka !== true) return undefined;
  const kafka = kafkaAvailability(process.env);
  return kafka.kind === 'none' ? kafka.reason : undefined;
}

function machineLines(of: Machine): string[] {
  const { processor, cores, memoryGiB, node, kernel, loadAverage, busyCores } = of;
  const lines = [
    `${processor}, ${cores} cores, ${memoryGiB} GiB, Node ${node}, Linux ${kernel}`,
    `load average ${loadAverage.toFixed(2)}, ${busyCores.toFixed(2)} cores busy before the first program`,
  ];
  if (busyCores > IDLE_BELOW_CORES) lines.push('WARNING: the machine is not idle; figures are lower than it can do');
  return lines;
}

/** Runs one program, passes its text on and collects its figures. Resolves with its exit status. */
async function runProgram(name: ProgramName): Promise<number> {
  const args = flags.quick ? PROGRAMS[name].quick : PROGRAMS[name].full;
  const child = spawn(process.execPath, ['--enable-source-maps', join(here, `${name}.js`), ...args], {
    env: { ...process.env, [REPORT_VARIABLE]: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const figure = figureIn(line);
    if (figure === undefined) text.write(`${line}\n`);
    else figures.push({ program: name, ...figure });
  }
  return ended;
}
