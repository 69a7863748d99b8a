import type { Batch, Consumer, EachBatchPayload } from 'kafkajs';
import { samePartitionAssigner } from './kafka-assigner.js';
import type { KafkaClients } from './kafka-client.js';
import type { BusLog, KafkaLimits } from './kafka-options.js';
import { within } from './timing.js';

/** Wakes up this often: new assignments, pauses and the end of a pause are noticed within it. */
const maxWaitTimeInMs = 200;
/** One fetch. Also what a slice of it may keep in memory. */
const maxFetchBytes = 8 << 20;

export interface Assigned {
  readonly memberId: string;
  readonly partitions: readonly { readonly topicName: string; readonly partition: number }[];
}

export interface KafkaConsumerEvents {
  /** The group has settled. Called before the first fetch; what it does at once (pause, seek) counts for that fetch. */
  joined(assigned: Assigned): void;
  /** `fetchedOffset`: where this fetch was told to begin. Fetching goes on when the promise resolves. */
  batch(batch: Batch, fetchedOffset: number): Promise<void>;
  crashed(error: Error): void;
}

/**
 * One life of a consumer of kafkajs. It never restarts itself: after a crash it is dead, and its owner makes another one. That is one
 * path instead of kafkajs' several, some of which are known to hang (tulios/kafkajs #1441, #1456, #1720).
 */
export class KafkaConsumer {
  #consumer: Consumer;
  #limits: KafkaLimits;
  #log: BusLog;
  #dead = false;
  /** What the broker acknowledged, by `topic/partition`. */
  #acknowledged = new Map<string, string>();

  constructor(clients: KafkaClients, group: string, limits: KafkaLimits, log: BusLog) {
    this.#limits = limits;
    this.#log = log;
    this.#consumer = clients.create({}).consumer({
      groupId: group,
      partitionAssigners: [samePartitionAssigner],
      sessionTimeout: limits.sessionTimeoutMs,
      rebalanceTimeout: limits.rebalanceTimeoutMs,
      heartbeatInterval: limits.heartbeatIntervalMs,
      maxWaitTimeInMs,
      maxBytes: maxFetchBytes,
      maxBytesPerPartition: maxFetchBytes,
      allowAutoTopicCreation: false,
      retry: { restartOnFailure: async () => false },
    });
  }

  async start(topics: readonly string[], concurrency: number, events: KafkaConsumerEvents): Promise<void> {
    const consumer = this.#consumer;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      // kafkajs may finish a join after it was stopped (#1593).
      if (this.#dead) return this.#disconnect();
      const partitions = Object.entries(payload.memberAssignment).flatMap(([topicName, list]) =>
        (list as number[]).map((partition) => ({ topicName, partition })),
      );
      events.joined({ memberId: payload.memberId, partitions });
      return;
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!this.#dead) events.crashed(payload.error);
    });
    consumer.on(consumer.events.COMMIT_OFFSETS, ({ payload }) => {
      for (const { topic, partitions } of payload.topics) {
        for (const { partition, offset } of partitions) this.#acknowledged.set(`${topic}/${partition}`, String(offset));
      }
    });
    await consumer.connect();
    // Where an offset is out of range kafkajs goes to this default without a word: the beginning, so that nothing that is left is missed.
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: concurrency,
      eachBatch: async ({ batch }: EachBatchPayload) => {
        if (this.#dead) return;
        await events.batch(batch, Number((batch as Batch & { readonly fetchedOffset: string }).fetchedOffset));
      },
    });
  }

  seek(topicName: string, partition: number, offset: number): void {
    this.#consumer.seek({ topic: topicName, partition, offset: String(offset) });
  }

  pause(topicName: string, partition: number): void {
    this.#consumer.pause([{ topic: topicName, partitions: [partition] }]);
  }

  resume(topicName: string, partition: number): void {
    this.#consumer.resume([{ topic: topicName, partitions: [partition] }]);
  }

  /** Resolves when the broker has it. kafkajs' own promise is not enough: it also resolves when the consumer has just stopped. */
  async commit(topicName: string, partition: number, offset: number, metadata: string): Promise<void> {
    const key = `${topicName}/${partition}`;
    this.#acknowledged.delete(key);
    await this.#consumer.commitOffsets([{ topic: topicName, partition, offset: String(offset), metadata }]);
    if (this.#acknowledged.get(key) !== String(offset)) throw new Error('the consumer is not running');
  }

  /** Leaves the group, if the broker lets us within the time. Never rejects. */
  async stop(): Promise<void> {
    this.#dead = true;
    await within(this.#limits.stopTimeoutMs, this.#disconnect(), 'leaving the group').catch((error: unknown) => {
      this.#log.debug({ error: String(error) }, 'the consumer did not leave its group');
    });
  }

  #disconnect(): Promise<void> {
    return this.#consumer.disconnect();
  }
}
