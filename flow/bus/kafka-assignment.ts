import type { Batch } from 'kafkajs';
import { type BatchLimits, batchLimitsOf } from './batch-limits.js';
import { BusError, type SubscribeOptions, type Topic } from './bus.js';
import { unreachable } from './kafka-client.js';
import type { Assigned, KafkaConsumer } from './kafka-consumer.js';
import { KafkaHolding, stateOf } from './kafka-holding.js';
import { type KafkaAssignmentContext, KafkaPositions } from './kafka-positions.js';
import { sleep } from './timing.js';

/** A full queue first makes the fetch wait this long, because pausing and resuming in kafkajs costs up to a fetch's wait. */
const fullQueueWaitMs = 200;
const retryPauseMs = 200;
/** What one reader holds, and the way of a message from a fetch into the reader. */
export class KafkaAssignment {
  readonly holdings = new Map<string, KafkaHolding>();
  /** Messages arrived since this was last set to false. */
  progressed = false;
  #context: KafkaAssignmentContext;
  #options: SubscribeOptions;
  #limits: BatchLimits;
  #fail: (error: unknown) => void;
  #positions: KafkaPositions;
  #consumer: KafkaConsumer | undefined;
  #memberId: string | undefined;
  /** Releases and assignments, one after the other. */
  #changes: Promise<void> = Promise.resolve();

  constructor(options: SubscribeOptions, context: KafkaAssignmentContext, fail: (error: unknown) => void) {
    this.#options = options;
    this.#limits = batchLimitsOf(options);
    this.#context = context;
    this.#fail = fail;
    this.#positions = new KafkaPositions(context, options.group);
  }

  get positions(): KafkaPositions {
    return this.#positions;
  }

  /** Everything that must be settled before the next fetch happens at once; the rest follows in order. */
  joined(consumer: KafkaConsumer, { memberId, partitions }: Assigned): void {
    // Under the same member id nobody else can have had our partitions in between: they go on where they are.
    const continues = consumer === this.#consumer && memberId === this.#memberId;
    this.#consumer = consumer;
    this.#memberId = memberId;

    const ours = new Set(partitions.map(({ topicName, partition }) => `${topicName}/${partition}`));
    const lost: KafkaHolding[] = [];
    for (const [key, holding] of this.holdings) {
      if (continues && ours.has(key)) {
        if (holding.state === 'active') consumer.seek(holding.topicName, holding.partition, holding.position);
        continue;
      }
      holding.stop('lost');
      this.holdings.delete(key);
      lost.push(holding);
    }
    const gained: KafkaHolding[] = [];
    for (const { topicName, partition } of partitions) {
      const key = `${topicName}/${partition}`;
      if (this.holdings.has(key)) continue;
      const holding = new KafkaHolding(this.#topicOf(topicName), topicName, partition, this.#context.logOf(topicName), this.#limits);
      this.holdings.set(key, holding);
      consumer.pause(topicName, partition);
      gained.push(holding);
    }
    this.#change(async () => {
      await this.#release(lost);
      await this.#acquire(consumer, gained);
    });
  }

  /** Takes everything away: the consumer is gone. */
  lose(): Promise<void> {
    const lost = [...this.holdings.values()];
    for (const holding of lost) holding.stop('lost');
    this.holdings.clear();
    this.#consumer = undefined;
    return this.#change(() => this.#release(lost));
  }

  /** Ends reading; the calls that run may still commit. */
  async close(): Promise<void> {
    for (const holding of this.holdings.values()) {
      this.#consumer?.pause(holding.topicName, holding.partition);
      holding.stop('closing');
    }
    await Promise.all([...this.holdings.values()].map(({ pump }) => pump));
    await this.lose();
  }

  #topicOf(topicName: string): Topic {
    for (const [topic, name] of this.#context.topicNames) if (name === topicName) return topic;
    throw new Error(`unknown topic ${topicName}`);
  }

  #change(step: () => Promise<void>): Promise<void> {
    this.#changes = this.#changes.then(step).catch((error: unknown) => this.#fail(error));
    return this.#changes;
  }

  async #release(lost: readonly KafkaHolding[]): Promise<void> {
    for (const holding of lost) {
      await holding.pump;
      if (holding.told) await this.#options.reader.revoked(holding.topic, holding.partition);
    }
  }

  async #acquire(consumer: KafkaConsumer, gained: readonly KafkaHolding[]): Promise<void> {
    if (gained.length === 0) return;
    const committed = await this.#positions.committed(gained);
    await Promise.all(
      gained.map(async (holding) => {
        holding.committed = committed?.get(holding.topicName)?.get(holding.partition);
        if (committed === undefined || stateOf(holding) === 'lost') return;
        const { topic, partition, log } = holding;
        holding.told = true;
        const wanted = await this.#options.reader.assigned({ topic, partition, log, committed: holding.committed });
        const start = await this.#positions.startOf(holding, wanted ?? holding.committed?.offset);
        // Lost meanwhile: the release that follows in #changes calls `revoked`.
        if (start === undefined || stateOf(holding) !== 'assigning') return;
        holding.activate(start, this.#options.reader, this.#fail);
        consumer.seek(holding.topicName, partition, start);
        consumer.resume(holding.topicName, partition);
      }),
    );
  }

  /** Fetching goes on when the promise resolves. */
  async batch(consumer: KafkaConsumer, batch: Batch, fetchedOffset: number): Promise<void> {
    const holding = this.holdings.get(`${batch.topic}/${batch.partition}`);
    if (consumer !== this.#consumer || holding?.state !== 'active') return;
    if (fetchedOffset !== holding.position) {
      await this.#recover(consumer, holding);
      return;
    }
    const first = batch.firstOffset();
    if (first !== null && Number(first) > holding.position) this.#positions.hole(holding, holding.position, Number(first));
    holding.push(batch.messages);
    holding.position = Number(batch.lastOffset()) + 1;
    this.progressed = true;
    await this.#untilRoom(consumer, holding);
  }

  /**
   * This fetch began elsewhere than we asked. Either it is a stray from before a rebalance; or our offset was out of range, and kafkajs has
   * jumped to the beginning of the log and overwritten our commit with a placeholder. The batch is dropped and asked for again.
   */
  async #recover(consumer: KafkaConsumer, holding: KafkaHolding): Promise<void> {
    const { low, high } = await this.#positions.endsOf(holding);
    if (stateOf(holding) !== 'active') return;
    if (holding.position > high) {
      this.#fail(this.#positions.truncated(holding, holding.position, high));
      return;
    }
    if (holding.position < low) {
      this.#positions.hole(holding, holding.position, low);
      holding.position = low;
      const { committed } = holding;
      if (committed !== undefined) {
        this.commit(holding.topic, holding.partition, committed.offset, committed.metadata).catch((error: unknown) => {
          this.#context.log.warn({ error: String(error) }, 'the commit that kafkajs overwrote could not be put back');
        });
      }
    }
    consumer.seek(holding.topicName, holding.partition, holding.position);
  }

  /** The share of the prefetched bytes that one partition may take. */
  #share(): number {
    return this.#context.limits.maxPrefetchBytes / Math.max(1, this.holdings.size);
  }

  async #untilRoom(consumer: KafkaConsumer, holding: KafkaHolding): Promise<void> {
    const until = Date.now() + fullQueueWaitMs;
    while (holding.state === 'active' && holding.queuedBytes > this.#share()) {
      const left = until - Date.now();
      if (left <= 0) {
        holding.paused = true;
        consumer.pause(holding.topicName, holding.partition);
        void this.#resumeLater(consumer, holding);
        return;
      }
      await Promise.race([holding.drained.next(), sleep(left)]);
    }
  }

  async #resumeLater(consumer: KafkaConsumer, holding: KafkaHolding): Promise<void> {
    while (holding.state === 'active' && holding.queuedBytes > this.#share() / 2) await holding.drained.next();
    holding.paused = false;
    holding.movedAt = Date.now();
    if (holding.state === 'active' && consumer === this.#consumer) consumer.resume(holding.topicName, holding.partition);
  }

  commit(topic: Topic, partition: number, offset: number, metadata: string): Promise<void> {
    const holding = this.holdings.get(`${this.#context.topicNames.get(topic)}/${partition}`);
    if (holding === undefined) return Promise.reject(this.#notAssigned(topic, partition));
    const mine = holding.commitTurn.then(() => this.#commit(holding, offset, metadata));
    holding.commitTurn = mine.catch(() => {});
    return mine;
  }

  /** Again and again while the group settles or the coordinator is away, as long as the partition is ours. */
  async #commit(holding: KafkaHolding, offset: number, metadata: string): Promise<void> {
    const deadline = Date.now() + this.#context.limits.commitTimeoutMs;
    for (;;) {
      const consumer = this.#consumer;
      if (stateOf(holding) === 'lost' || consumer === undefined) throw this.#notAssigned(holding.topic, holding.partition);
      try {
        await consumer.commit(holding.topicName, holding.partition, offset, metadata);
        holding.committed = { offset, metadata };
        return;
      } catch (error) {
        if (Date.now() > deadline) throw unreachable(this.#context.brokers, error);
        this.#context.log.debug({ error: String(error) }, 'commit refused; trying again');
        await sleep(retryPauseMs);
      }
    }
  }

  #notAssigned(topic: Topic, partition: number): BusError {
    return new BusError('not-assigned', `${topic}/${partition} is not held by this reader of group ${this.#options.group}`);
  }
}
