import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { loadScenario } from '../../cli/scenario/scenario.js';
import { kafkaBrokers, kafkaSkip } from '../kafka/shared.js';
import { type Content, contentOf } from './support/content.js';
import { cordon, killAll, type Running, start, stop } from './support/cordon.js';
import { freshDist } from './support/dist.js';
import { createShape, type KafkaShape } from './support/kafka-shape.js';
import { writeLongCapture } from './support/long-capture.js';
import { createRandom } from './support/random.js';

/*
 * kill -9 at any moment, then a start with the same arguments: nothing is lost and nothing is there twice. The findings are the same bytes, and every
 * table holds the same rows, as after a run that nobody disturbed.
 */

const KILLS = 10;
/** 112 176 records of sixteen days, 14 400 of them between two scanners: some thirty frames, so that kills fall between them. */
const DAYS = 16;

const seed = Number(process.env.CORDON_TEST_SEED ?? Date.now() % 1_000_000_000);
const scenario = loadScenario('port-scanners');

let folder: string;
let capture: string;
let config: string;
let undisturbed: State;
let undisturbedMs: number;

interface State {
  readonly findings: string;
  readonly content: Content;
}

async function stateOf(data: string): Promise<State> {
  return { findings: await cordon(['findings', 'list', '--json', '--data', data]), content: await contentOf(data) };
}

function replayArguments(data: string): string[] {
  return ['replay', capture, '--claims', scenario.claims, '--config', config, '--data', data, '--json'];
}

beforeAll(async () => {
  process.stderr.write(`kill.test.ts: CORDON_TEST_SEED=${seed}\n`);
  await freshDist();
  folder = mkdtempSync(join(tmpdir(), 'cordon-kill-'));
  capture = join(folder, 'days.pcap');
  writeLongCapture(scenario.inputs.get('netflow5')!.file, capture, DAYS);
  config = join(folder, 'cordon.yaml');
  // Snapshots far more often than in operation: each is two more moments that a kill can fall between.
  writeFileSync(config, JSON.stringify({ detector: { snapshotMs: 50 } }));

  const data = join(folder, 'undisturbed');
  const from = performance.now();
  await cordon(replayArguments(data), [1]);
  undisturbedMs = performance.now() - from;
  undisturbed = await stateOf(data);
});
afterEach(killAll);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the undisturbed run is worth comparing with', () => {
  const { findings, content } = undisturbed;
  expect((JSON.parse(findings) as unknown[]).length).toBeGreaterThan(100);
  expect(content.flowSums).toMatchObject({ records: '112176', mirrored: '14400' });
  expect(content.rollupSums).toMatchObject({ records: '126576', octets: content.flowSums!.octets });
  expect(content.ledger).toMatchObject({ recordsReceived: '112176', recordsProduced: '112176', recordsLost: '0', messagesLost: '0' });
});

test(`one process, killed ${KILLS} times`, async () => {
  const random = createRandom(seed);
  const states: Promise<State>[] = [];
  let data = join(folder, 'killed-0');
  for (let kills = 0; kills < KILLS; ) {
    const one = start(replayArguments(data));
    const alarm = setTimeout(() => one.signal('SIGKILL'), random() * undisturbedMs);
    const code = await one.ended;
    clearTimeout(alarm);
    if (code === 'SIGKILL') {
      kills++;
      continue;
    }
    // It came to its end first: that must be right too, and the next kills need work that is still to do.
    expect(code, one.output()).toBe(1);
    states.push(stateOf(data));
    await states.at(-1);
    rmSync(data, { recursive: true });
    data = join(folder, `killed-${states.length}`);
  }
  await cordon(replayArguments(data), [1]);
  states.push(stateOf(data));
  for (const state of await Promise.all(states)) expect(state).toEqual(undisturbed);
});

describe.skipIf(kafkaSkip !== undefined)('over Kafka', () => {
  /** Recorded days that pass in a second: the producer is at work as long as others are killed. */
  const SPEED = `${Math.round(86_400 * 0.4)}x`;

  test(`detect and store, each killed ${KILLS} times`, async () => {
    const within = join(folder, 'kafka');
    mkdirSync(within);
    const shape = createShape({ brokers: await kafkaBrokers(), folder: within, claims: scenario.claims, partitions: 2 });
    const producing = cordon(['replay', capture, '--to', 'kafka', '--config', shape.config, '--speed', SPEED]);
    const survivors = await Promise.all([
      killedOften(shape, (name) => name.detect(), createRandom(seed + 1)),
      killedOften(shape, (name) => name.store(), createRandom(seed + 2)),
      producing,
    ]);
    const [detect, store] = survivors;
    await shape.drained([detect, store]);
    await Promise.all([stop(detect), stop(store)]);
    expect(await stateOf(shape.data)).toEqual(undisturbed);
  });

  /** Starts and kills; answers the process that is left alone at last. A life begins with up to three seconds until the dead member is missed. */
  async function killedOften(shape: KafkaShape, begin: (shape: KafkaShape) => Promise<Running>, random: () => number): Promise<Running> {
    for (let kills = 0; kills < KILLS; kills++) {
      const one = await begin(shape);
      await new Promise((resolve) => setTimeout(resolve, 1000 + random() * 4000));
      expect(one.isRunning(), one.output()).toBe(true);
      one.signal('SIGKILL');
      await one.ended;
    }
    return begin(shape);
  }
});
