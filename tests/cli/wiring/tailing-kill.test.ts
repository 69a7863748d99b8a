import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../../flow/service/paths.js';
import { pause, waitFor } from '../../collector/inputs/tailing.js';
import { HTTPS, header, line } from '../../collector/logs/zeek-lines.js';
import { compileProgram } from '../../detector/store/compile.js';

const KILLS = 4;
const folder = mkdtempSync(join(tmpdir(), 'cordon-tailing-kill-'));
const path = join(folder, 'conn.log');
let program: string;

beforeAll(async () => {
  program = await compileProgram(join(packageRoot(), 'tests/cli/wiring/tailing-program.ts'), join(folder, 'program'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let written = 0;
function write(records: number): void {
  if (!existsSync(path)) appendFileSync(path, header());
  let text = '';
  for (let i = 0; i < records; i++) text += line({ ...HTTPS, 'id.orig_p': String(written++) });
  appendFileSync(path, text);
}

const stored = (): number[] =>
  existsSync(join(folder, 'stored')) ? readFileSync(join(folder, 'stored'), 'utf8').trim().split('\n').map(Number) : [];

async function started(): Promise<{ child: ChildProcess; exit: Promise<unknown[]> }> {
  const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), exit]);
  return { child, exit };
}

test('however often the process is killed, over rotations too, every record is stored, and only what came after the last note is stored twice', async () => {
  const kills: { at: number; stored: number }[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const { child, exit } = await started();
    if (kill === 0) {
      // A log that is followed for the first time is known from its first note on.
      write(1);
      await waitFor(
        () => existsSync(join(folder, 'state', 'log-positions.json')),
        () => 'nothing noted',
        60_000,
      );
    }
    for (let step = 0; step < 6; step++) {
      write(40);
      await pause(15);
      if (step === 3 && kill % 2 === 1) {
        renameSync(path, join(folder, `conn.log.${kill}`));
        await pause(10);
      }
    }
    child.kill('SIGKILL');
    await exit;
    kills.push({ at: written, stored: stored().length });
    write(40);
  }
  const { child, exit } = await started();
  await waitFor(
    () => stored().at(-1) === written - 1,
    () => `${stored().length} stored, ${written} written`,
    60_000,
  );
  child.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);

  const ports = stored();
  expect([...new Set(ports)].sort((a, b) => a - b)).toEqual(Array.from({ length: written }, (_, i) => i));
  // Between two kills each record is stored once, in the order of the log.
  let from = 0;
  for (const end of [...kills.map((kill) => kill.stored), ports.length]) {
    const run = ports.slice(from, end);
    expect(run).toEqual(Array.from({ length: run.length }, (_, i) => run[0]! + i));
    from = end;
  }

  // A stop in order, and a start: nothing again.
  const again = await started();
  write(3);
  await waitFor(
    () => stored().at(-1) === written - 1,
    () => `${stored().length} stored, ${written} written`,
    60_000,
  );
  again.child.kill('SIGTERM');
  await again.exit;
  expect(stored().slice(ports.length)).toEqual([written - 3, written - 2, written - 1]);
});
