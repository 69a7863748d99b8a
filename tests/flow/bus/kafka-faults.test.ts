import { randomUUID } from 'node:crypto';
import kafkajs, { type Admin } from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Bus, Message, Subscription } from '../../../flow/bus/bus.js';
import { createKafkaBus, type Hole, type KafkaBusOptions } from '../../../flow/bus/kafka.js';
import { numbered, outgoing, RecordingReader, textOf } from '../../conformance/bus-reader.js';
import { startBroker, type TestBroker } from '../../kafka/broker.js';
import { ownKafkaSkip } from '../../kafka/shared.js';

/** A broker of our own: these tests kill it. `KAFKA_BROKERS` does not apply. */
const limits = { sessionTimeoutMs: 3_000, rebalanceTimeoutMs: 3_000, heartbeatIntervalMs: 300, stopTimeoutMs: 3_000 };

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe.skipIf(ownKafkaSkip !== undefined)('Kafka that fails', () => {
  let broker: TestBroker;
  let admin: Admin;
  const buses: Bus[] = [];

  beforeAll(async () => {
    broker = await startBroker();
    admin = new kafkajs.Kafka({ brokers: broker.brokers, logLevel: kafkajs.logLevel.NOTHING }).admin();
  });
  afterEach(async () => {
    await Promise.all(buses.splice(0).map((bus) => bus.stop()));
  });
  afterAll(async () => {
    await broker?.stop();
  });

  const optionsOf = (more: Partial<KafkaBusOptions> = {}): KafkaBusOptions => ({
    brokers: broker.brokers,
    topicPrefix: `f-${randomUUID().slice(0, 8)}.`,
    partitions: { flows: 2 },
    ...more,
    limits: { ...limits, ...more.limits },
  });
  const open = async (options: KafkaBusOptions): Promise<Bus> => {
    const bus = createKafkaBus(options);
    buses.push(bus);
    await bus.start();
    return bus;
  };
  /** A broker that was away or frozen serves before it leads its partitions again: what may pass is asked again. */
  const withAdmin = async <T>(work: (connected: Admin) => Promise<T>): Promise<T> => {
    for (let attempt = 0; ; attempt++) {
      await admin.connect();
      try {
        return await work(admin);
      } catch (error) {
        if (attempt === 20 || !(error instanceof kafkajs.KafkaJSError && error.retriable)) throw error;
        await wait(500);
      } finally {
        await admin.disconnect();
      }
    }
  };
  const deleteBefore = (topic: string, offset: string) =>
    withAdmin(async (connected) => {
      await connected.fetchTopicOffsets(topic); // else kafkajs has no metadata of the topic
      await connected.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] });
    });
  const highWatermarks = (options: KafkaBusOptions) =>
    withAdmin(async (connected) => {
      const ends = await connected.fetchTopicOffsets(`${options.topicPrefix}flows`);
      return ends.sort((a, b) => a.partition - b.partition).map(({ high }) => Number(high));
    });

  it('loses nothing, keeps the order and writes nothing twice when the broker is killed three times', async () => {
    const options = optionsOf({ compression: 'gzip' });
    const bus = await open(options);
    const reader = new RecordingReader();
    let subscription: Subscription | undefined;
    reader.work = async (batch) => {
      const { partition, offset } = batch[batch.length - 1]!;
      await subscription!.commit('flows', partition, offset + 1);
    };
    subscription = await bus.subscribe({ group: 'a', topics: ['flows'], reader });

    const perPartition = 600;
    const publishing = [0, 1].map(async (partition) => {
      const acknowledged: Promise<number>[] = [];
      for (const text of numbered(0, perPartition, `${partition}:`)) {
        acknowledged.push(bus.publish('flows', partition, outgoing(text.padEnd(20_000))));
        await wait(15);
      }
      await Promise.all(acknowledged);
    });
    for (let kill = 0; kill < 3; kill++) {
      await wait(700 + kill * 400);
      await broker.kill9();
      await wait(300);
      await broker.restart();
    }
    await Promise.all(publishing);

    expect(await highWatermarks(options)).toEqual([perPartition, perPartition]);
    const seen = (partition: number) => new Set(reader.texts(partition));
    await reader.until(() => seen(0).size === perPartition && seen(1).size === perPartition, 60_000);
    for (const partition of [0, 1]) {
      expect([...seen(partition)].map((text) => text.trim())).toEqual(numbered(0, perPartition, `${partition}:`));
    }
    await subscription.close();
    await subscription.ended;
  }, 180_000);

  it('writes once what was sent twice because the broker was silent', async () => {
    const options = optionsOf({ limits: { requestTimeoutMs: 1_500 } });
    const bus = await open(options);
    await bus.publish('flows', 0, outgoing('first'));
    const all = numbered(0, 100).map(async (text, index) => {
      await wait(index * 30);
      await bus.publish('flows', 0, outgoing(text.padEnd(50_000)));
    });
    for (let pause = 0; pause < 2; pause++) {
      await wait(500);
      broker.freeze();
      await wait(4_000);
      broker.thaw();
    }
    await Promise.all(all);
    expect((await highWatermarks(options))[0]).toBe(101);
  }, 60_000);

  it('stops within seconds when the broker is gone, and fails what was not acknowledged', async () => {
    const bus = await open(optionsOf());
    const reader = new RecordingReader();
    const subscription = await bus.subscribe({ group: 'a', topics: ['flows'], reader });
    await reader.until(() => reader.assignments.length === 2);
    await broker.kill9();
    try {
      const publishing = expect(bus.publish('flows', 0, outgoing('x'))).rejects.toMatchObject({ code: 'stopped' });
      await wait(500);
      const begin = Date.now();
      await bus.stop();
      await publishing;
      await subscription.ended;
      expect(reader.revocations).toHaveLength(2);
      expect(Date.now() - begin).toBeLessThan(15_000);
    } finally {
      await broker.restart();
    }
  }, 60_000);

  it('gives up publishing after the delivery timeout, saying why', async () => {
    const bus = await open(optionsOf({ limits: { deliveryTimeoutMs: 2_000 } }));
    await broker.kill9();
    try {
      await expect(bus.publish('flows', 0, outgoing('x'))).rejects.toMatchObject({ code: 'broker-unreachable' });
      await expect(bus.publish('flows', 0, outgoing('y'))).rejects.toMatchObject({ code: 'broker-unreachable' });
      await expect(bus.flush()).rejects.toMatchObject({ code: 'broker-unreachable' });
      await bus.stop();
    } finally {
      await broker.restart();
    }
  }, 60_000);

  it('reports the hole when retention took what a group had not read', async () => {
    const holes: Hole[] = [];
    const options = optionsOf({ onHole: (hole) => holes.push(hole) });
    const bus = await open(options);
    for (const text of numbered(0, 20)) await bus.publish('flows', 0, outgoing(text));
    const first = new RecordingReader();
    const subscription = await bus.subscribe({ group: 'a', topics: ['flows'], reader: first });
    await first.until(() => first.received.length === 20);
    await subscription.commit('flows', 0, 5, 'five');
    await subscription.close();
    const topic = `${options.topicPrefix}flows`;
    await deleteBefore(topic, '12');

    const second = new RecordingReader();
    await bus.subscribe({ group: 'a', topics: ['flows'], reader: second });
    await second.until(() => second.received.length === 8);
    expect(second.texts()).toEqual(numbered(12, 20));
    expect(second.assignments.find(({ partition }) => partition === 0)?.committed).toEqual({ offset: 5, metadata: 'five' });
    expect(holes).toMatchObject([{ group: 'a', topic: 'flows', partition: 0, expected: 5, first: 12 }]);
  }, 60_000);

  it('reports the hole when retention overtakes a reader, and puts the commit back that kafkajs overwrites', async () => {
    const holes: Hole[] = [];
    const options = optionsOf({ onHole: (hole) => holes.push(hole), limits: { maxPrefetchBytes: 2 } });
    const bus = await open(options);
    const reader = new RecordingReader();
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let subscription: Subscription | undefined;
    reader.work = async ([message]) => {
      if (message?.offset !== 0) return;
      await subscription!.commit('flows', 0, 1, 'one');
      await released;
    };
    subscription = await bus.subscribe({ group: 'a', topics: ['flows'], reader });
    await reader.until(() => reader.assignments.length === 2);
    // The reader works on the first; the second is fetched and fills the queue; what follows stays with the broker.
    await bus.publish('flows', 0, outgoing('m0'));
    await reader.until(() => reader.received.length === 1);
    await bus.publish('flows', 0, outgoing('m1'));
    await wait(1_000);
    for (const text of numbered(2, 20)) await bus.publish('flows', 0, outgoing(text));
    const topic = `${options.topicPrefix}flows`;
    await deleteBefore(topic, '12');
    release();
    await reader.until(() => reader.received.length === 10);
    expect(reader.texts()).toEqual(['m0', 'm1', ...numbered(12, 20)]);
    expect(holes).toMatchObject([{ expected: 2, first: 12 }]);
    await wait(500);
    const offsets = await withAdmin((connected) => connected.fetchOffsets({ groupId: 'a', topics: [topic] }));
    expect(offsets[0]?.partitions.find(({ partition }) => partition === 0)).toMatchObject({ offset: '1', metadata: 'one' });
  }, 60_000);

  it('takes a topic that was made anew for another log', async () => {
    const options = optionsOf();
    const topic = `${options.topicPrefix}flows`;
    const logs: string[] = [];
    for (let life = 0; life < 2; life++) {
      const bus = await open(options);
      await bus.publish('flows', 0, outgoing(`life ${life}`));
      const reader = new RecordingReader();
      const subscription = await bus.subscribe({ group: 'a', topics: ['flows'], reader });
      await reader.until(() => reader.received.length === 1);
      await subscription.commit('flows', 0, 1);
      logs.push(reader.received[0]!.log);
      await bus.stop();
      await withAdmin((connected) => connected.deleteTopics({ topics: [topic] }));
      await wait(1_000);
    }
    expect(new Set(logs).size).toBe(2);
  }, 60_000);

  it('refuses to go on where the log is shorter than the commit', async () => {
    const bus = await open(optionsOf());
    await bus.publish('flows', 0, outgoing('x'));
    const reader = new RecordingReader();
    const subscription = await bus.subscribe({ group: 'a', topics: ['flows'], reader });
    await reader.until(() => reader.received.length === 1);
    await subscription.commit('flows', 0, 30);
    await subscription.close();
    const resumed = await bus.subscribe({ group: 'a', topics: ['flows'], reader: new RecordingReader() });
    await expect(resumed.ended).rejects.toMatchObject({ code: 'log-truncated' });
  }, 60_000);

  it('heeds the limits of a topic that others made', async () => {
    const warnings: string[] = [];
    const log = {
      debug: () => {},
      info: () => {},
      warn: (_fields: object, message: string) => void warnings.push(message),
      error: () => {},
    };
    const options = optionsOf({ log });
    const configEntries = Object.entries({ 'max.message.bytes': '200000', 'cleanup.policy': 'compact' }).map(([name, value]) => ({
      name,
      value,
    }));
    await withAdmin((connected) =>
      connected.createTopics({ topics: [{ topic: `${options.topicPrefix}flows`, numPartitions: 3, configEntries }] }),
    );
    const bus = await open(options);
    expect(bus.partitions('flows')).toBe(3);
    await expect(bus.publish('flows', 2, { value: new Uint8Array(190_000), headers: {} })).rejects.toMatchObject({
      code: 'message-too-large',
    });
    expect(warnings.join()).toMatch(/compacted.*max\.message\.bytes/);
  });

  it('gives partition p of every topic to the same member', async () => {
    const options = optionsOf({ partitions: { flows: 3, coverage: 3 } });
    const readers = [new RecordingReader(), new RecordingReader()];
    for (const reader of readers) {
      const bus = await open(options);
      await bus.subscribe({ group: 'a', topics: ['flows', 'coverage'], reader });
      await reader.until(() => reader.assignments.length > 0);
    }
    const held = ({ assignments, revocations }: RecordingReader) => assignments.length - revocations.length;
    await readers[0]!.until(() => readers.reduce((sum, reader) => sum + held(reader), 0) === 6);
    const gone = new Set(readers[0]!.revocations);
    const first = readers[0]!.assignments.map(({ topic, partition }) => `${topic}/${partition}`).filter((key) => !gone.has(key));
    const of = (topic: string) => first.filter((key) => key.startsWith(topic)).map((key) => key.slice(-1));
    expect(of('coverage').sort()).toEqual(of('flows').sort());
  });

  it('gives every message to the group at least once while members come and go', async () => {
    const options = optionsOf({ partitions: { flows: 4 } });
    const seen = new Map<string, number>();
    const commitsPerBatch = (subscription: () => Subscription) => async (batch: readonly Message[]) => {
      for (const message of batch) seen.set(textOf(message), (seen.get(textOf(message)) ?? 0) + 1);
      await wait(5);
      const { partition, offset } = batch[batch.length - 1]!;
      await subscription().commit('flows', partition, offset + 1);
    };
    const member = async () => {
      const bus = await open(options);
      const reader = new RecordingReader();
      let subscription: Subscription | undefined;
      reader.work = commitsPerBatch(() => subscription!);
      subscription = await bus.subscribe({ group: 'a', topics: ['flows'], reader });
      return { bus, reader, subscription };
    };
    const first = await member();
    await first.reader.until(() => first.reader.assignments.length === 4);
    const total = 2_000;
    const publishing = (async () => {
      for (let index = 0; index < total; index++) {
        await first.bus.publish('flows', index % 4, outgoing(`m${index}`));
      }
    })();
    const second = await member();
    await second.reader.until(() => second.reader.assignments.length === 2);
    const third = await member();
    await third.reader.until(() => third.reader.assignments.length >= 1);
    await second.subscription.close();
    await publishing;
    await expect.poll(() => seen.size).toBe(total);
    for (const { subscription } of [first, third]) {
      await subscription.close();
      await subscription.ended;
    }
  }, 180_000);
});
