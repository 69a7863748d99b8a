import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createKafkaBus } from '../../../flow/bus/kafka.js';
import { numbered, outgoing, RecordingReader } from '../../conformance/bus-reader.js';
import { startBroker } from '../../kafka/broker.js';
import { startFetchProxy } from '../../kafka/proxy.js';
import { ownKafkaSkip } from '../../kafka/shared.js';
import { freePorts } from '../../support/free-ports.js';

/** A broker of our own: these tests kill it. `KAFKA_BROKERS` does not apply. */
const limits = { sessionTimeoutMs: 3_000, rebalanceTimeoutMs: 3_000, heartbeatIntervalMs: 300, stopTimeoutMs: 3_000 };

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe.skipIf(ownKafkaSkip !== undefined)('Kafka that is not there', () => {
  it('says so after the time that a start may take, naming the address and the remedy', async () => {
    const [port] = await freePorts(1);
    const bus = createKafkaBus({ brokers: [`127.0.0.1:${port}`] });
    const begin = Date.now();
    // The limit is ten seconds; the rest is for a machine under load.
    const error = await bus.start().catch((failed: unknown) => failed);
    expect(error).toMatchObject({ code: 'broker-unreachable' });
    expect(String(error)).toMatch(new RegExp(`127\\.0\\.0\\.1:${port}.*ECONNREFUSED.*start the broker`));
    expect(Date.now() - begin).toBeLessThan(30_000);
    await bus.stop();
  });

  it('says so too when something answers the call and then nothing', async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const bus = createKafkaBus({ brokers: [`127.0.0.1:${port}`], limits: { startTimeoutMs: 2_000, stopTimeoutMs: 500 } });
    const begin = Date.now();
    await expect(bus.start()).rejects.toMatchObject({ code: 'broker-unreachable' });
    // Its own limit, and not the ten seconds that are the default.
    expect(Date.now() - begin).toBeLessThan(10_000);
    await bus.stop();
    server.close();
  });
});

describe.skipIf(ownKafkaSkip !== undefined)('Kafka that forgets its producers', () => {
  it('goes on when the broker has dropped the state of an idle producer', async () => {
    const broker = await startBroker({ properties: { 'producer.id.expiration.ms': 500, 'producer.id.expiration.check.interval.ms': 100 } });
    const bus = createKafkaBus({ brokers: broker.brokers, limits });
    try {
      await bus.start();
      const reader = new RecordingReader();
      await bus.subscribe({ group: 'a', topics: ['flows'], reader });
      for (const text of numbered(0, 3)) {
        await bus.publish('flows', 0, outgoing(text));
        await wait(2_000);
      }
      await reader.until(() => reader.received.length === 3);
      expect(reader.texts()).toEqual(numbered(0, 3));
    } finally {
      await bus.stop();
      await broker.stop();
    }
  }, 60_000);
});

describe.skipIf(ownKafkaSkip !== undefined)('Kafka whose fetches fall silent', () => {
  it('makes the consumer anew, and ends as stalled when that does not help', async () => {
    const [port] = await freePorts(1);
    const proxy = await startFetchProxy(port!);
    const broker = await startBroker({ port: port!, properties: { 'advertised.listeners': `PLAINTEXT://127.0.0.1:${proxy.port}` } });
    const warnings: string[] = [];
    const log = {
      debug: () => {},
      info: () => {},
      warn: (_fields: object, message: string) => void warnings.push(message),
      error: () => {},
    };
    const bus = createKafkaBus({
      brokers: [`127.0.0.1:${proxy.port}`],
      log,
      limits: { ...limits, stallTimeoutMs: 2_000, maxRestarts: 1, stopTimeoutMs: 1_000, requestTimeoutMs: 30_000 },
    });
    try {
      await bus.start();
      const reader = new RecordingReader();
      const subscription = await bus.subscribe({ group: 'a', topics: ['flows'], reader });
      await bus.publish('flows', 0, outgoing('before'));
      await reader.until(() => reader.received.length === 1);

      proxy.swallowFetches = true;
      await bus.publish('flows', 0, outgoing('during'));
      await reader.until(() => reader.revocations.length === 1);
      proxy.swallowFetches = false;
      // Nothing was committed: the new consumer begins at the beginning.
      await reader.until(() => reader.received.length === 3);
      expect(reader.texts()).toEqual(['before', 'before', 'during']);
      expect(warnings).toContain('the consumer is made anew');

      proxy.swallowFetches = true;
      await bus.publish('flows', 0, outgoing('never'));
      await expect(subscription.ended).rejects.toMatchObject({ code: 'stalled' });
    } finally {
      await bus.stop();
      await broker.stop();
      await proxy.close();
    }
  }, 120_000);
});
