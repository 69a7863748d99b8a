import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../../cli/program.js';
import { packageRoot } from '../../../flow/service/paths.js';

/** What a command has done. */
export interface Outcome {
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stdoutBytes: Buffer;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Given on standard input, which is empty otherwise. */
  readonly input?: Uint8Array;
}

/** Runs `cordon ARGS` from dist to its end, without the settings that a developer has exported. */
export async function command(args: readonly string[], { env = {}, cwd, input }: CommandOptions = {}): Promise<Outcome> {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CORDON_')));
  const child = spawn(process.execPath, [join(packageRoot(), 'dist/cli/main.js'), ...args], {
    env: { ...inherited, UV_THREADPOOL_SIZE: '16', ...env },
    cwd: cwd ?? packageRoot(),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => void out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => void err.push(chunk));
  // A command that ends early closes its end first.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  const stdoutBytes = Buffer.concat(out);
  return { code: code ?? signal!, stdoutBytes, stdout: stdoutBytes.toString(), stderr: Buffer.concat(err).toString() };
}

let turn: Promise<unknown> = Promise.resolve();

/**
 * Runs `cordon ARGS` in this process: a hundredth of the time of `command`, for commands that end by themselves and whose text and exit code are looked at.
 * Working folder, environment and output are the process's, so one runs after the other.
 */
export function commandHere(args: readonly string[], options: Omit<CommandOptions, 'input'> = {}): Promise<Outcome> {
  const outcome = turn.then(() => runHere(args, options));
  turn = outcome.catch(() => undefined);
  return outcome;
}

async function runHere(args: readonly string[], { env = {}, cwd }: Omit<CommandOptions, 'input'>): Promise<Outcome> {
  const before = { cwd: process.cwd(), env: { ...process.env }, exitCode: process.exitCode };
  const [out, err] = [captured(process.stdout), captured(process.stderr)];
  try {
    for (const name of Object.keys(process.env)) if (name.startsWith('CORDON_')) delete process.env[name];
    Object.assign(process.env, env);
    process.chdir(cwd ?? packageRoot());
    const code = await runProgram(args);
    const stdoutBytes = out.bytes();
    return { code, stdoutBytes, stdout: stdoutBytes.toString(), stderr: err.bytes().toString() };
  } finally {
    out.restore();
    err.restore();
    process.chdir(before.cwd);
    for (const name of Object.keys(process.env)) if (!(name in before.env)) delete process.env[name];
    Object.assign(process.env, before.env);
    process.exitCode = before.exitCode;
  }
}

function captured(stream: NodeJS.WriteStream): { bytes(): Buffer; restore(): void } {
  const { write } = stream;
  const chunks: Buffer[] = [];
  stream.write = (chunk: string | Uint8Array) => {
    chunks.push(Buffer.from(chunk));
    return true;
  };
  return {
    bytes: () => Buffer.concat(chunks),
    restore() {
      stream.write = write;
    },
  };
}

/** A folder for one test file, removed when the process ends. */
export function scratchFolder(): { readonly path: string; write(name: string, content: string | Uint8Array): string } {
  const path = mkdtempSync(join(tmpdir(), 'cordon-cli-test-'));
  process.on('exit', () => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    write(name, content) {
      const file = join(path, name);
      writeFileSync(file, content);
      return file;
    },
  };
}

/** A file of a bundled scenario. */
export function scenarioFile(scenario: 'port-scanners' | 'billing-cluster', name: string): string {
  return join(packageRoot(), 'fixtures/scenarios', scenario, name);
}
