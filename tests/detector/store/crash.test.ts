import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createStore } from '../../../detector/store/store.js';
import { FlowBatch } from '../../../flow/batch.js';
import { decodeFrame } from '../../../flow/frame.js';
import { packageRoot } from '../../../flow/service/paths.js';
import { compileProgram } from './compile.js';
import { CRASH_ROWS, crashFrames } from './crash-input.js';
import { totals } from './totals.js';

const KILLS = 4;
let folder: string;
let program: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-crash-'));
  program = await compileProgram(join(packageRoot(), 'tests/detector/store/crash-program.ts'), join(folder, 'program'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs the program, kills it `afterMs` after it began to store (undefined: lets it end). True when it ended by itself. */
async function run(afterMs: number | undefined): Promise<boolean> {
  const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit') as Promise<[number | null, string | null]>;
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  while (!output.includes('storing') && child.exitCode === null) await Promise.race([once(child.stdout, 'data'), exit]);
  if (afterMs !== undefined) {
    await Promise.race([sleep(afterMs), exit]);
    child.kill('SIGKILL');
  }
  const [code] = await exit;
  if (afterMs === undefined) expect(code).toBe(0);
  return output.includes('done');
}

it('stores every row exactly once, in flows and both rollups, however often the process is killed', async () => {
  let ended = false;
  for (let kill = 0; kill < KILLS && !ended; kill++) ended = await run(40 + Math.floor(Math.random() * 300));
  if (!ended) await run(undefined);

  let octets = 0;
  const batch = new FlowBatch();
  for (const { message } of crashFrames()) {
    batch.clear();
    decodeFrame(message, batch);
    for (let row = 0; row < batch.length; row++) octets += batch.columns.octetDeltaCount[row]! + batch.columns.reverseOctetDeltaCount[row]!;
  }
  const store = createStore({ kind: 'chdb', path: join(folder, 'data') });
  await store.start();
  try {
    const expected = { rows: CRASH_ROWS, octets: String(octets) };
    expect(await totals(store)).toEqual({ flows: expected, minutes: expected, hours: expected, days: expected });
  } finally {
    await store.close();
  }
});
