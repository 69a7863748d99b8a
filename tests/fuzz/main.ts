import { fork } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { processorSeconds } from '../bench/report.js';
import type { Progress } from './loop.js';
import { TARGETS } from './targets.js';

/*
 * `npm run fuzz`: mutates inputs of every part that reads bytes of strangers, each in a process of its own, and prints one table. Exits 1 when an input broke
 * a rule: it is kept in a file, to be copied to tests/fuzz/crashers/ with the mend.
 *
 *   npm run fuzz -- [--seconds 60] [--jobs 2] [--seed N] [--folder .cache/fuzz] [TARGET…]
 */

/** A process that tells nothing for so long hangs in an input. */
const HANG_MS = 60_000;

interface Message {
  readonly progress: Progress;
  readonly done?: boolean;
  readonly crash?: { readonly file: string; readonly reason: string };
}

interface Outcome {
  readonly name: string;
  readonly progress: Progress;
  readonly processorSeconds: number;
  readonly trouble?: string;
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    seed: { type: 'string' },
    folder: { type: 'string', default: '.cache/fuzz' },
  },
});
const unknown = positionals.filter((name) => !(name in TARGETS));
const seconds = Number(flags.seconds);
const jobs = Number(flags.jobs);
// Another seed every run finds what the last one missed; it is printed, so that the run can be had again.
const seed = flags.seed === undefined ? Date.now() % 2 ** 31 : Number(flags.seed);
if (unknown.length > 0 || !(seconds > 0) || !(jobs >= 1) || !Number.isInteger(seed)) {
  process.stderr.write(
    unknown.length > 0
      ? `no target ${unknown.join(', ')}; there is ${Object.keys(TARGETS).join(', ')}\n`
      : 'give --seconds, --jobs and --seed as numbers\n',
  );
  process.exit(4);
}

const waiting = positionals.length > 0 ? positionals : Object.keys(TARGETS);
process.stdout.write(`${waiting.length} targets, ${seconds} s each, ${jobs} at a time, seed ${seed}\n`);
const outcomes: Outcome[] = [];
const queue = [...waiting];
await Promise.all(
  Array.from({ length: Math.min(jobs, queue.length) }, async () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const outcome = await runTarget(name);
      outcomes.push(outcome);
      process.stdout.write(`${line(outcome)}\n`);
    }
  }),
);
process.exitCode = outcomes.some(({ trouble }) => trouble !== undefined) ? 1 : 0;

function line({ name, progress, processorSeconds, trouble }: Outcome): string {
  const figures = `${progress.inputs} inputs, ${progress.behaviours} behaviours, slowest ${progress.slowestMs.toFixed(0)} ms, ${processorSeconds.toFixed(0)} s of processor`;
  return `${name.padEnd(12)} ${trouble === undefined ? 'ok  ' : 'FAIL'} ${figures}${trouble === undefined ? '' : `\n${trouble}`}`;
}

function runTarget(name: string): Promise<Outcome> {
  const program = join(dirname(fileURLToPath(import.meta.url)), 'run-target.js');
  const child = fork(program, [name, String(seconds), String(seed), flags.folder], {
    execArgv: ['--expose-gc', '--enable-source-maps', '--max-old-space-size=1024'],
  });
  const running = join(flags.folder, `${name}.running`);
  let progress: Progress = { inputs: 0, behaviours: 0, kept: 0, slowestMs: 0 };
  let done = false;
  let trouble: string | undefined;
  let processor = 0;
  const hang = setTimeout(() => {
    trouble = `an input did not end within ${HANG_MS / 1000} s`;
    child.kill('SIGKILL');
  }, HANG_MS);
  return new Promise((resolve) => {
    child.on('message', (message: Message) => {
      hang.refresh();
      progress = message.progress;
      done = message.done === true;
      processor = (child.pid === undefined ? undefined : processorSeconds(child.pid)) ?? processor;
      if (message.crash !== undefined) trouble = `  ${message.crash.file}\n  ${message.crash.reason}`;
    });
    child.once('close', (code) => {
      clearTimeout(hang);
      if (!done && trouble === undefined) trouble = `the process ended with ${code}`;
      if (!done && existsSync(running)) {
        const kept = join(flags.folder, `${name}-unfinished.input`);
        renameSync(running, kept);
        trouble = `  ${kept}\n  ${trouble}`;
      }
      rmSync(running, { force: true });
      resolve({ name, progress, processorSeconds: processor, ...(trouble === undefined ? {} : { trouble }) });
    });
  });
}
