import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadScenario } from '../../cli/scenario/scenario.js';
import { formatTime } from '../../flow/time.js';
import { kafkaBrokers, kafkaSkip } from '../kafka/shared.js';
import { cordon, killAll, stop } from './support/cordon.js';
import { freshDist } from './support/dist.js';
import { createShape } from './support/kafka-shape.js';

/*
 * One input, one answer: findings are the same bytes and verdicts the same, whether one process does everything or the three roles share the work over
 * Kafka, and however many partitions and processes there are.
 */

let folder: string;
beforeAll(freshDist);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-pipeline-'));
});
afterEach(async () => {
  await killAll();
  rmSync(folder, { recursive: true, force: true });
});

interface Results {
  readonly findings: string;
  readonly verdicts: unknown;
}

/** Reads what is stored, by the commands that people use. */
async function results(scenarioId: string, flags: readonly string[]): Promise<Results> {
  const { claims, approvals, fromMs, untilMs } = loadScenario(scenarioId);
  const judged = ['--claims', claims, ...(approvals === undefined ? [] : ['--approvals', approvals]), '--closed', '--json'];
  const range = ['--from', formatTime(fromMs), '--until', formatTime(untilMs)];
  return {
    findings: await cordon(['findings', 'list', '--json', ...flags]),
    verdicts: JSON.parse(await cordon(['verdict', ...judged, ...range, ...flags], [0, 1, 2])),
  };
}

/** One process; what it prints must be what is stored. */
async function embedded(scenarioId: string, input: string, data: string): Promise<Results> {
  const printed = await cordon(['replay', '--scenario', scenarioId, '--input', input, '--json', '--data', data], [0, 1, 2]);
  const stored = await results(scenarioId, ['--data', data]);
  const told = JSON.parse(printed) as { findings: unknown; verdicts: unknown };
  const listed = JSON.parse(stored.findings) as { standing: unknown }[];
  // What is listed has how people decided beside it: here nobody did.
  expect(listed.map(({ standing: _standing, ...finding }) => finding)).toEqual(told.findings);
  for (const { standing } of listed) expect(standing).toMatchObject({ state: 'open', muted: false });
  expect(told.verdicts).toEqual(stored.verdicts);
  return stored;
}

async function distributed(scenarioId: string, input: string, partitions: number, detectors: number, within: string): Promise<Results> {
  const { claims, approvals } = loadScenario(scenarioId);
  const shape = createShape({ brokers: await kafkaBrokers(), folder: within, claims, approvals, partitions });
  const processes = await Promise.all([shape.store(), ...Array.from({ length: detectors }, (_, index) => shape.detect(`detect-${index}`))]);
  await cordon(['replay', '--scenario', scenarioId, '--input', input, '--to', 'kafka', '--config', shape.config]);
  await shape.drained(processes);
  await Promise.all(processes.map(stop));
  return results(scenarioId, ['--config', shape.config, '--data', shape.data]);
}

function folderOf(name: string): string {
  return mkdtempSync(join(folder, `${name}-`));
}

describe.each([
  ['port-scanners', 'packets'],
  ['billing-cluster', 'ipfix'],
])('%s from %s', (scenarioId, input) => {
  let once: Results;
  beforeAll(async () => {
    const data = mkdtempSync(join(tmpdir(), 'cordon-pipeline-'));
    try {
      once = await embedded(scenarioId, input, data);
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
    expect(JSON.parse(once.findings)).not.toEqual([]);
  });

  test('in one process a second time', async () => {
    expect(await embedded(scenarioId, input, folderOf('again'))).toEqual(once);
  });

  describe.skipIf(kafkaSkip !== undefined)('over Kafka', () => {
    // Several partitions of one detector: kill.test.ts.
    test.each([
      ['one partition', 1, 1],
      ['four partitions shared by two detectors', 4, 2],
    ])('%s', async (_name, partitions, detectors) => {
      expect(await distributed(scenarioId, input, partitions, detectors, folder)).toEqual(once);
    });
  });
});
