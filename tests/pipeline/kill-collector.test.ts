import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DiskLog, type Entry, IDENTITY_HEADER } from '../../collector/outputs/buffer/disk-log.js';
import { DEFAULT_BUFFER_LIMITS } from '../../collector/outputs/buffer/limits.js';
import { startBroker, type TestBroker } from '../kafka/broker.js';
import { ownKafkaSkip } from '../kafka/shared.js';
import { type CollectShape, createCollectShape, drained } from './support/collecting.js';
import { killAll, type Running, stop } from './support/cordon.js';
import { freshDist } from './support/dist.js';
import { createRandom } from './support/random.js';
import { flowsOf, readTopic } from './support/topic.js';
import { createV5Sender } from './support/v5-sender.js';

/*
 * kill -9 of the collector at any moment, with the broker away and with the broker there: every frame that had reached the buffer is on the topic,
 * once, and in order.
 */

const KILLS_AWAY = 10;
/** Fewer: after each the buffer drains before the next. */
const KILLS_THERE = 4;
const seed = Number(process.env.CORDON_TEST_SEED ?? Date.now() % 1_000_000_000);
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

describe.skipIf(ownKafkaSkip !== undefined)('cordon collect, killed again and again', () => {
  let folder: string;
  let broker: TestBroker;
  let shape: CollectShape;
  /** Every frame that was found in the buffer of a killed process. */
  let reached: Map<string, Entry>;

  beforeAll(async () => {
    process.stderr.write(`kill-collector.test.ts: CORDON_TEST_SEED=${seed}\n`);
    await freshDist();
    broker = await startBroker();
  });
  afterAll(() => broker.stop());
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cordon-kills-'));
    shape = await createCollectShape(broker.brokers, folder);
    reached = new Map();
  });
  afterEach(async () => {
    await killAll();
    rmSync(folder, { recursive: true, force: true });
  });

  async function kill(collect: Running): Promise<void> {
    collect.signal('SIGKILL');
    await collect.ended;
    const copy = mkdtempSync(join(folder, 'copy-'));
    for (const name of readdirSync(shape.buffer).filter((file) => file.endsWith('.frames')))
      copyFileSync(join(shape.buffer, name), join(copy, name));
    const log = new DiskLog({
      folder: copy,
      limits: DEFAULT_BUFFER_LIMITS,
      isDone: () => false,
      lastSequence: 0,
      log: quiet,
      now: Date.now,
    });
    for (let entry = await log.next(); entry !== undefined; entry = await log.next())
      reached.set(entry.message.headers[IDENTITY_HEADER]!, entry);
    expect(log.counters.damagedRecords).toBe(0);
    await log.close();
    rmSync(copy, { recursive: true });
  }

  async function check(): Promise<void> {
    const frames = await readTopic(broker.brokers, shape.topicPrefix, 'flows');
    const seen = new Map<string, number>();
    for (const { headers } of frames) seen.set(headers[IDENTITY_HEADER]!, (seen.get(headers[IDENTITY_HEADER]!) ?? 0) + 1);
    const coverage = await readTopic(broker.brokers, shape.topicPrefix, 'coverage');
    for (const { headers } of coverage) seen.set(headers[IDENTITY_HEADER]!, (seen.get(headers[IDENTITY_HEADER]!) ?? 0) + 1);
    expect([...seen].filter(([, times]) => times > 1)).toEqual([]);
    expect([...reached.keys()].filter((identity) => !seen.has(identity))).toEqual([]);
    // Flows are numbered as they were sent: an asset's are in order, none is there twice.
    const last = new Map<string, number>();
    for (const { asset, number } of flowsOf(frames)) {
      if (number <= (last.get(asset) ?? 0)) throw new Error(`flow ${number} of ${asset} after ${last.get(asset)}`);
      last.set(asset, number);
    }
  }

  test(`${KILLS_AWAY} times while it buffers, the broker being away`, async () => {
    const random = createRandom(seed);
    let collect = await shape.collect();
    const sender = await createV5Sender(shape.port);
    sender.begin(800);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await broker.kill9();
    for (let kills = 0; kills < KILLS_AWAY; kills++) {
      await new Promise((resolve) => setTimeout(resolve, 200 + random() * 600));
      await kill(collect);
      collect = await shape.collect();
    }
    await broker.restart();
    await sender.close();
    await drained(collect);
    await stop(collect);
    // Some for every kill, however slow the machine is; usually several hundred.
    expect(reached.size).toBeGreaterThan(2 * KILLS_AWAY);
    await check();
  });

  test(`${KILLS_THERE} times while the broker takes frames, some of them under way`, async () => {
    const random = createRandom(seed + 1);
    let collect = await shape.collect();
    const sender = await createV5Sender(shape.port);
    let found = 0;
    for (let kills = 0; kills < KILLS_THERE; kills++) {
      sender.begin(800);
      await new Promise((resolve) => setTimeout(resolve, 200 + random() * 600));
      await kill(collect);
      collect = await shape.collect();
      // Under traffic there is always a frame on its way: a buffer that is looked at now and then may never be seen empty.
      await sender.pause();
      found += (await drained(collect)).foundOnBus;
    }
    await sender.close();
    await drained(collect);
    await stop(collect);
    process.stderr.write(`kill-collector.test.ts: ${found} frames were found on the topic instead of being sent again\n`);
    await check();
  });
});
