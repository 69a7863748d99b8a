import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { loadScenario } from '../../cli/scenario/scenario.js';
import { DiskLog } from '../../collector/outputs/buffer/disk-log.js';
import { DEFAULT_BUFFER_LIMITS } from '../../collector/outputs/buffer/limits.js';
import { packageRoot } from '../../flow/service/paths.js';
import { freePorts } from '../support/free-ports.js';
import { cordon, killAll, type Running, says, start, stop } from './support/cordon.js';
import { freshDist } from './support/dist.js';
import { KEEP_ALL } from './support/kafka-shape.js';
import { createRandom } from './support/random.js';
import { flowsOf } from './support/topic.js';
import { createV5Sender } from './support/v5-sender.js';

/*
 * kill -9 of `cordon run` under live traffic: every flow that had reached its journal is stored once, and judged once.
 */

const KILLS = 5;
const seed = Number(process.env.CORDON_TEST_SEED ?? Date.now() % 1_000_000_000);
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

let folder: string;
beforeAll(async () => {
  process.stderr.write(`kill-collector-embedded.test.ts: CORDON_TEST_SEED=${seed}\n`);
  await freshDist();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-run-'));
});
afterEach(async () => {
  await killAll();
  rmSync(folder, { recursive: true, force: true });
});

/** Flows in the journal of a process that is no more. */
async function journalled(journal: string): Promise<number[]> {
  const copy = mkdtempSync(join(folder, 'copy-'));
  for (const name of readdirSync(journal).filter((file) => file.endsWith('.frames'))) copyFileSync(join(journal, name), join(copy, name));
  const log = new DiskLog({ folder: copy, limits: DEFAULT_BUFFER_LIMITS, isDone: () => false, lastSequence: 0, log: quiet, now: Date.now });
  const numbers: number[] = [];
  for (let entry = await log.next(); entry !== undefined; entry = await log.next())
    if (entry.topic === 'flows') numbers.push(...flowsOf([entry.message]).map(({ number }) => number));
  await log.close();
  return numbers;
}

interface StoredFinding {
  readonly asset: string;
  readonly claim: string;
  readonly octetsOut: number;
  readonly records: number;
}

interface StoredFlow {
  readonly asset: string;
  readonly number: number;
}

test(`cordon run, killed ${KILLS} times`, async () => {
  const random = createRandom(seed);
  const data = join(folder, 'data');
  const [port] = await freePorts(1);
  const config = join(folder, 'cordon.yaml');
  const claims = join(folder, 'claims.yaml');
  // In force today, whenever that is.
  writeFileSync(
    claims,
    readFileSync(loadScenario('port-scanners').claims, 'utf8').replace(
      /^effective: .*$/m,
      'effective: { from: "2020-01-01", until: "2100-01-01" }',
    ),
  );
  writeFileSync(
    config,
    JSON.stringify({
      claims: [claims],
      data,
      collector: { listen: [`127.0.0.1:${port}`], keepUnwatched: true, flushMs: 50 },
      detector: { snapshotMs: 200 },
      retention: KEEP_ALL,
      metrics: { port: 0 },
      console: { port: 0 },
    }),
  );
  const run = async (): Promise<Running> => {
    const one = start(['run', '--config', config]);
    await says(one, /Listening/);
    return one;
  };
  let one = await run();
  const sender = await createV5Sender(port!);
  sender.begin(200);
  const reached = new Set<number>();
  for (let kills = 0; kills < KILLS; kills++) {
    await new Promise((resolve) => setTimeout(resolve, 800 + random() * 1200));
    one.signal('SIGKILL');
    await one.ended;
    for (const number of await journalled(join(data, 'journal'))) reached.add(number);
    one = await run();
  }
  await sender.close();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await stop(one);

  const program = join(packageRoot(), 'tests/pipeline/support/flow-numbers.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [program, join(data, 'store')], { maxBuffer: 1 << 28 });
  const flows = JSON.parse(stdout) as StoredFlow[];
  const stored = new Set(flows.map(({ number }) => number));
  expect(stored.size).toBe(flows.length);
  expect(reached.size).toBeGreaterThan(100);
  expect([...reached].filter((number) => !stored.has(number))).toEqual([]);

  // Every flow of the scanners breaks this claim, and its finding adds them up: what was judged is what was stored, to the octet.
  const findings = JSON.parse(await cordon(['findings', 'list', '--json', '--data', data])) as StoredFinding[];
  for (const asset of ['scan-mv-01', 'scan-mv-02']) {
    const judged = findings.filter((finding) => finding.asset === asset && finding.claim === 'closed-network');
    const ofAsset = flows.filter((flow) => flow.asset === asset);
    const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
    expect(sum(judged.map(({ records }) => records))).toBe(ofAsset.length);
    expect(sum(judged.map(({ octetsOut }) => octetsOut))).toBe(sum(ofAsset.map(({ number }) => number)));
  }
});
