import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createKafkaBus } from '../../../flow/bus/kafka.js';
import { inspectKafka } from '../../../flow/bus/kafka-inspection.js';
import { kafkaBrokers, kafkaSkip } from '../../kafka/shared.js';

describe.skipIf(kafkaSkip !== undefined)('looking at a cluster from outside', () => {
  it('tells topics that are not there, and makes none; then frames kept, and how far a group is behind', async () => {
    const topicPrefix = `inspect-${randomUUID().slice(0, 8)}.`;
    const brokers = await kafkaBrokers();
    const options = { brokers, topicPrefix, partitions: { flows: 3 } };
    const group = `${topicPrefix}store`;
    const look = () => inspectKafka(options, [{ group, topics: ['flows', 'coverage'] }]);
    const before = await look();
    expect(before.topics.map(({ name, partitions }) => [name, partitions])).toContainEqual([`${topicPrefix}flows`, 0]);
    expect(before.groups).toEqual([]);
    expect((await look()).topics).toEqual(before.topics);

    const bus = createKafkaBus(options);
    await bus.start();
    try {
      for (let message = 0; message < 5; message++)
        await bus.publish('flows', message % 3, { value: Uint8Array.of(message), headers: { 'cordon-frame': '1' } });
      await bus.flush();
      const published = await look();
      expect(published.topics.find(({ topic }) => topic === 'flows')).toMatchObject({ partitions: 3, messages: 5 });
      expect(published.groups).toEqual([
        { group, topic: 'flows', lag: Number.NaN },
        { group, topic: 'coverage', lag: Number.NaN },
      ]);

      let seen = 0;
      const subscription = await bus.subscribe({
        group,
        topics: ['flows'],
        reader: {
          assigned: async () => undefined,
          revoked: async () => undefined,
          async messages(batch) {
            for (const { topic, partition, offset } of batch) {
              seen++;
              if (partition === 0) await subscription.commit(topic, partition, offset + 1);
            }
          },
        },
      });
      await expect.poll(() => seen, { timeout: 30_000 }).toBe(5);
      await expect.poll(async () => (await look()).groups[0], { timeout: 30_000 }).toEqual({ group, topic: 'flows', lag: 3 });
    } finally {
      await bus.stop();
    }
  });

  it('says within its time that nobody answers, with the address', async () => {
    const options = { brokers: ['127.0.0.1:1'], limits: { startTimeoutMs: 2000 } };
    await expect(inspectKafka(options, [])).rejects.toMatchObject({
      code: 'broker-unreachable',
      message: expect.stringContaining('127.0.0.1:1'),
    });
  });
});
