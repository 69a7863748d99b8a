import type { Admin } from 'kafkajs';
import { BusError, type Topic } from './bus.js';
import type { KafkaClients } from './kafka-client.js';
import { type BusLog, framingBytes, type KafkaBusOptions, type KafkaLimits } from './kafka-options.js';
import { sleep, within } from './timing.js';

export interface PartitionEnds {
  readonly low: number;
  readonly high: number;
}

export interface CommittedOffset {
  readonly offset: number;
  readonly metadata: string;
}

/**
 * What we ask the cluster beside producing and consuming. An admin connection of kafkajs that met a broken socket may stay
 * broken, so one that failed is thrown away and the next question opens another. Every question has a time limit.
 */
export class KafkaAdmin {
  #clients: KafkaClients;
  #limits: KafkaLimits;
  #admin: Promise<Admin> | undefined;

  constructor(clients: KafkaClients, limits: KafkaLimits) {
    this.#clients = clients;
    this.#limits = limits;
  }

  async ask<T>(what: string, question: (admin: Admin) => Promise<T>): Promise<T> {
    this.#admin ??= this.#connect();
    const mine = this.#admin;
    try {
      return await within(this.#limits.requestTimeoutMs, mine.then(question), what);
    } catch (error) {
      if (this.#admin === mine) this.#admin = undefined;
      mine.then((admin) => admin.disconnect()).catch(() => {});
      throw error;
    }
  }

  async #connect(): Promise<Admin> {
    const admin = this.#clients.create({ retries: 2 }).admin();
    await admin.connect();
    return admin;
  }

  clusterId(): Promise<string> {
    return this.ask('describing the cluster', async (admin) => (await admin.describeCluster()).clusterId);
  }

  /** Low and high watermark of every partition of a topic, in the order of the partitions. */
  ends(topic: string): Promise<PartitionEnds[]> {
    return this.ask(`asking for the ends of ${topic}`, async (admin) => {
      const ends: PartitionEnds[] = [];
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic))
        ends[partition] = { low: Number(low), high: Number(high) };
      return ends;
    });
  }

  /** What the group committed, per topic and partition; nothing where it never did. */
  committed(group: string, topics: readonly string[]): Promise<Map<string, Map<number, CommittedOffset>>> {
    return this.ask(`asking for the commits of group ${group}`, async (admin) => {
      const answer = await admin.fetchOffsets({ groupId: group, topics: [...topics] });
      return new Map(
        answer.map(({ topic, partitions }) => [
          topic,
          new Map(
            partitions
              // -1: none. -2 and less: kafkajs' trace of an offset that was out of range (see kafka-holding.ts).
              .filter(({ offset }) => Number(offset) >= 0)
              .map(({ partition, offset, metadata }) => [partition, { offset: Number(offset), metadata: metadata ?? '' }]),
          ),
        ]),
      );
    });
  }

  async close(): Promise<void> {
    const admin = this.#admin;
    this.#admin = undefined;
    await admin?.then((open) => within(this.#limits.stopTimeoutMs, open.disconnect(), 'disconnecting')).catch(() => {});
  }
}

/** Creates the topics that are missing and says how many partitions each has. */
export async function ensureTopics(
  admin: KafkaAdmin,
  names: ReadonlyMap<Topic, string>,
  options: KafkaBusOptions,
  limits: KafkaLimits,
  log: BusLog,
): Promise<Map<Topic, number>> {
  const existing = new Set(await admin.ask('listing topics', (client) => client.listTopics()));
  const missing = [...names].filter(([, name]) => !existing.has(name));
  if (missing.length > 0) {
    const topics = missing.map(([topic, name]) => ({
      topic: name,
      numPartitions: options.partitions?.[topic] ?? 1,
      replicationFactor: options.replicationFactor ?? 1,
      configEntries: Object.entries({
        // Compaction makes gaps that look like loss.
        'cleanup.policy': 'delete',
        'max.message.bytes': String(limits.maxMessageBytes + framingBytes),
        ...options.topicSettings,
      }).map(([key, value]) => ({ name: key, value })),
    }));
    try {
      // False when another process was faster: as good.
      await admin.ask('creating topics', (client) =>
        client.createTopics({ topics, waitForLeaders: true, timeout: limits.requestTimeoutMs }),
      );
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const list = missing.map(([, name]) => name).join(', ');
      throw new BusError('topic-missing', `the topics ${list} are missing and could not be created (${reason}): create them`, {
        cause: error,
      });
    }
    log.info({ topics: missing.map(([, name]) => name) }, 'topics created');
  }
  return partitionCounts(admin, names, limits);
}

async function partitionCounts(admin: KafkaAdmin, names: ReadonlyMap<Topic, string>, limits: KafkaLimits): Promise<Map<Topic, number>> {
  const deadline = Date.now() + limits.requestTimeoutMs;
  for (;;) {
    try {
      const { topics } = await admin.ask('describing topics', (client) => client.fetchTopicMetadata({ topics: [...names.values()] }));
      const counts = new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
      return new Map([...names].map(([topic, name]) => [topic, counts.get(name) ?? 0]));
    } catch (error) {
      // A topic made a moment ago may be unknown to the broker we asked.
      if (Date.now() > deadline) throw error;
      await sleep(200);
    }
  }
}
