import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { vi } from 'vitest';
import { packageRoot } from '../../../flow/service/paths.js';

// Ten kills took 102 s on a machine with ten times its load, near vitest's limit for a test. What really hangs is ended by PATIENCE_MS.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

/** Longest that anything of these tests is waited for: a machine under load is slow, and a test that waits is no test that fails. */
export const PATIENCE_MS = 100_000;

/** A `cordon` process. Its output is kept, to be shown when something fails. */
export interface Running {
  readonly name: string;
  /** Both streams as they came. */
  readonly output: () => string;
  readonly stdout: () => string;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  readonly isRunning: () => boolean;
  signal(signal: NodeJS.Signals): void;
}

const running = new Set<Running>();
process.once('exit', () => {
  for (const one of running) one.signal('SIGKILL');
});

/** Starts `cordon ARGS` as a process of its own; by another program where `through` names one that becomes it, such as `ip netns exec NAME`. */
export function start(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  through: readonly string[] = [],
): Running {
  // Not the tests' own settings: what a developer exported must not reach the processes.
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CORDON_')));
  const [program, ...before] = [...through, process.execPath];
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(
    program!,
    [...before, join(packageRoot(), 'dist/cli/main.js'), ...args],
    {
      env: { ...inherited, UV_THREADPOOL_SIZE: '16', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const all: Buffer[] = [];
  const out: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => {
    all.push(chunk);
    out.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => void all.push(chunk));
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  const one: Running = {
    name: args[0] ?? 'cordon',
    output: () => Buffer.concat(all).toString(),
    stdout: () => Buffer.concat(out).toString(),
    ended,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    signal: (signal) => void child.kill(signal),
  };
  running.add(one);
  ended.then(
    () => running.delete(one),
    () => running.delete(one),
  );
  return one;
}

/** Runs `cordon ARGS` to its end and returns standard output. Throws with all output when it ends in another way than `codes` allow. */
export async function cordon(args: readonly string[], codes: readonly number[] = [0]): Promise<string> {
  const one = start(args);
  const code = await one.ended;
  if (typeof code !== 'number' || !codes.includes(code)) throw new Error(`cordon ${args.join(' ')} ended with ${code}:\n${one.output()}`);
  return one.stdout();
}

/** Resolves with the match as soon as the process has written something like `pattern`. */
export async function says(one: Running, pattern: RegExp): Promise<RegExpExecArray> {
  return until(`${one.name} says ${pattern}`, [one], async () => pattern.exec(one.output()) ?? undefined);
}

/** Ends a process as an operator would, and demands that it ends well and in time. */
export async function stop(one: Running): Promise<void> {
  one.signal('SIGTERM');
  const code = await Promise.race([one.ended, new Promise<string>((resolve) => setTimeout(resolve, PATIENCE_MS, 'no end at all').unref())]);
  const lingered = one.output().includes('did not end by itself');
  if (code !== 0 || lingered) throw new Error(`${one.name} ended with ${code}:\n${one.output()}`);
}

/** Asks until there is an answer. Fails at once when one of `processes` has ended, with what all of them wrote. */
export async function until<T>(what: string, processes: readonly Running[], ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    const dead = processes.find((one) => !one.isRunning());
    if (dead !== undefined || Date.now() > deadline) {
      const reason = dead === undefined ? `not within ${PATIENCE_MS / 1000} s` : `${dead.name} has ended`;
      throw new Error(`${what}: ${reason}\n${processes.map((one) => `── ${one.name}\n${one.output()}`).join('\n')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Kills whatever a failed test has left. */
export async function killAll(): Promise<void> {
  const left = [...running];
  for (const one of left) one.signal('SIGKILL');
  await Promise.all(left.map(({ ended }) => ended));
}
