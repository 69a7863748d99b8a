import kafkajs, { type Admin } from 'kafkajs';
import type { PartitionEnds } from './bus.js';
import type { KafkaClients } from './kafka-client.js';
import type { KafkaLimits } from './kafka-options.js';
import { sleep, within } from './timing.js';

export interface CommittedOffset {
  readonly offset: number;
  readonly metadata: string;
}

const ASK_AGAIN_MS = 200;

/**
 * What we ask the cluster beside producing and consuming. An admin connection of kafkajs that met a broken socket may stay
 * broken, so one that failed is thrown away and the next question opens another. Every question has a time limit, and is asked again within it
 * where the broker says that asking again may help: one that came back a moment ago has no leaders yet, and of a new topic it hears later.
 */
export class KafkaAdmin {
  #clients: KafkaClients;
  #limits: KafkaLimits;
  #admin: Promise<Admin> | undefined;
  #closed = false;

  constructor(clients: KafkaClients, limits: KafkaLimits) {
    this.#clients = clients;
    this.#limits = limits;
  }

  async ask<T>(what: string, question: (admin: Admin) => Promise<T>): Promise<T> {
    const deadline = Date.now() + this.#limits.requestTimeoutMs;
    for (;;) {
      try {
        return await this.#askOnce(what, question);
      } catch (error) {
        if (this.#closed || !mayPass(error) || Date.now() > deadline) throw error;
        await sleep(ASK_AGAIN_MS);
      }
    }
  }

  async #askOnce<T>(what: string, question: (admin: Admin) => Promise<T>): Promise<T> {
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
    this.#closed = true;
    const admin = this.#admin;
    this.#admin = undefined;
    await admin?.then((open) => within(this.#limits.stopTimeoutMs, open.disconnect(), 'disconnecting')).catch(() => {});
  }
}

/** What the broker itself answers and calls passing; a broker out of reach is not among it, kafkajs has tried that a few times already. */
function mayPass(error: unknown): boolean {
  if (error instanceof kafkajs.KafkaJSProtocolError) return error.retriable;
  // kafkajs' own few attempts end in an error that is final; what it met is in the cause.
  return error instanceof kafkajs.KafkaJSError && mayPass(error.cause);
}
