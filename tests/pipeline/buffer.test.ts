import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startBroker, type TestBroker } from '../kafka/broker.js';
import { ownKafkaSkip } from '../kafka/shared.js';
import { createCollectShape, drained, statusOf } from './support/collecting.js';
import { killAll, says, stop, until } from './support/cordon.js';
import { freshDist } from './support/dist.js';
import { flowsOf, ledgerOf, readTopic } from './support/topic.js';
import { createV5Sender, FLOWS_PER_DATAGRAM } from './support/v5-sender.js';

/*
 * Back-pressure ends at UDP: what the broker cannot take waits on disk, and what the kernel could not keep is told by the ledger, to the datagram.
 */

const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe.skipIf(ownKafkaSkip !== undefined)('cordon collect', () => {
  let folder: string;
  let broker: TestBroker;
  beforeAll(async () => {
    await freshDist();
    broker = await startBroker();
  });
  afterAll(() => broker.stop());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cordon-away-'));
  });
  afterEach(async () => {
    await killAll();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Flows in the order of their partitions; none twice, an asset's in the order in which they were sent. */
  async function flowsOnTopic(topicPrefix: string): Promise<Set<number>> {
    const flows = flowsOf(await readTopic(broker.brokers, topicPrefix, 'flows'));
    const last = new Map<string, number>();
    for (const { asset, number } of flows) {
      if (number <= (last.get(asset) ?? 0)) throw new Error(`flow ${number} of ${asset} after ${last.get(asset)}`);
      last.set(asset, number);
    }
    return new Set(flows.map(({ number }) => number));
  }

  test.each([
    ['is killed and comes back', async () => broker.kill9(), async () => broker.restart()],
    ['freezes and thaws', async () => broker.freeze(), async () => broker.thaw()],
  ])('a broker that %s under load loses no flow and doubles none', async (_what, leave, comeBack) => {
    const shape = await createCollectShape(broker.brokers, folder);
    const collect = await shape.collect();
    const sender = await createV5Sender(shape.port);
    sender.begin(800);
    await wait(1500);
    await leave();
    await wait(4000);
    await says(collect, /the disk buffer keeps them/);
    await comeBack();
    await wait(1500);
    await sender.close();
    await drained(collect);
    await says(collect, /the disk buffer has drained/);
    await stop(collect);

    const onTopic = await flowsOnTopic(shape.topicPrefix);
    const ledger = ledgerOf(await readTopic(broker.brokers, shape.topicPrefix, 'coverage'));
    expect(onTopic.size).toBe(ledger.recordsProduced);
    expect(onTopic.size + ledger.recordsLost).toBe(sender.flows);
    expect(ledger.recordsLost).toBe(ledger.kernelDrops * FLOWS_PER_DATAGRAM);
    expect(ledger.messagesOverrun).toBe(0);
  });

  test('what a full buffer could not take is in the ledger, to the datagram', async () => {
    const shape = await createCollectShape(broker.brokers, folder, { buffer: { maxBytes: 16 << 20 }, receiveBufferBytes: 4 << 20 });
    const collect = await shape.collect();
    const sender = await createV5Sender(shape.port);
    await sender.burst(10);
    await drained(collect);
    broker.freeze();
    // 16 MB take some 2 000 datagrams, and 16 384 wait before the collector.
    sender.begin(4000);
    await until('datagrams are dropped', [collect], async () => ((await statusOf(collect)).collector.overrun > 1000 ? true : undefined));
    await sender.pause();
    broker.thaw();
    await drained(collect);
    await wait(500);
    await sender.burst(10);
    await wait(500);
    await sender.close();
    await drained(collect);
    await stop(collect);

    const onTopic = await flowsOnTopic(shape.topicPrefix);
    const ledger = ledgerOf(await readTopic(broker.brokers, shape.topicPrefix, 'coverage'));
    expect(ledger.messagesOverrun).toBeGreaterThan(1000);
    expect(ledger.recordsLost).toBe((ledger.messagesOverrun + ledger.kernelDrops) * FLOWS_PER_DATAGRAM);
    expect(onTopic.size + ledger.recordsLost).toBe(sender.flows);
  });

  test('what the kernel drops while the collector cannot read is in the ledger, to the datagram', async () => {
    const shape = await createCollectShape(broker.brokers, folder, { receiveBufferBytes: 65_536 });
    const collect = await shape.collect();
    const sender = await createV5Sender(shape.port);
    await sender.burst(10);
    await wait(500);
    collect.signal('SIGSTOP');
    await sender.burst(1000);
    collect.signal('SIGCONT');
    await wait(1000);
    // What comes after the gap reveals it.
    await sender.burst(10);
    await wait(500);
    await sender.close();
    await drained(collect);
    await stop(collect);

    const onTopic = await flowsOnTopic(shape.topicPrefix);
    const ledger = ledgerOf(await readTopic(broker.brokers, shape.topicPrefix, 'coverage'));
    expect(ledger.kernelDrops).toBeGreaterThan(100);
    expect(ledger.messagesReceived + ledger.kernelDrops).toBe(1020);
    expect(ledger.recordsLost).toBe(ledger.kernelDrops * FLOWS_PER_DATAGRAM);
    expect(onTopic.size).toBe(ledger.messagesReceived * FLOWS_PER_DATAGRAM);
  });
});
