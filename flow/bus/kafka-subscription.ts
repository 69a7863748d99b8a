import { BusError, type SubscribeOptions, type Subscription, type Topic } from './bus.js';
import { KafkaAssignment } from './kafka-assignment.js';
import type { KafkaClients } from './kafka-client.js';
import { KafkaConsumer } from './kafka-consumer.js';
import type { KafkaHolding } from './kafka-holding.js';
import type { KafkaAssignmentContext } from './kafka-positions.js';
import { checkMetadata } from './message-size.js';
import { sleep } from './timing.js';

export interface KafkaSubscriptionContext extends KafkaAssignmentContext {
  readonly clients: KafkaClients;
  readonly partitions: (topic: Topic) => number;
  /** Asks again which logs the topic names stand for. */
  readonly refreshLogs: () => Promise<void>;
}

const retryPauseMs = 1_000;
const leastWatchPeriodMs = 250;

/** A reader of Kafka: a consumer, what it holds, and the watchdog that replaces the consumer when nothing moves. */
export class KafkaSubscription implements Subscription {
  readonly ended: Promise<void>;
  #context: KafkaSubscriptionContext;
  #options: SubscribeOptions;
  #assignment: KafkaAssignment;
  #consumer: KafkaConsumer | undefined;
  /** When the present consumer was started; undefined once it joined the group. */
  #joiningSince: number | undefined;
  /** Consumers made anew since the last message. */
  #restarts = 0;
  #restartReason: string | undefined;
  #restarting: Promise<void> | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #resolveEnded: () => void = () => {};
  #rejectEnded: (error: unknown) => void = () => {};

  constructor(options: SubscribeOptions, context: KafkaSubscriptionContext) {
    this.#options = options;
    this.#context = context;
    this.#assignment = new KafkaAssignment(options, context, (error) => this.#fail(error));
    this.ended = new Promise<void>((resolve, reject) => {
      this.#resolveEnded = resolve;
      this.#rejectEnded = reject;
    });
    this.ended.catch(() => {}); // whoever does not look at `ended` must not bring the process down
  }

  async start(): Promise<void> {
    let looking = false;
    this.#watchdog = setInterval(
      () => {
        if (looking) return;
        looking = true;
        void this.#look().finally(() => {
          looking = false;
        });
      },
      Math.max(leastWatchPeriodMs, this.#context.limits.stallTimeoutMs / 4),
    );
    await this.#openConsumer();
  }

  async #openConsumer(): Promise<void> {
    const { clients, limits, log, partitions, topicNames } = this.#context;
    const { group, topics } = this.#options;
    const consumer = new KafkaConsumer(clients, group, limits, log);
    this.#consumer = consumer;
    this.#joiningSince = Date.now();
    const concurrency = topics.reduce((sum, topic) => sum + partitions(topic), 0);
    try {
      await this.#context.refreshLogs();
      await consumer.start(
        topics.map((topic) => topicNames.get(topic)!),
        concurrency,
        {
          joined: (assigned) => {
            if (consumer !== this.#consumer || this.#closing !== undefined) return;
            this.#joiningSince = undefined;
            try {
              this.#assignment.joined(consumer, assigned);
            } catch (error) {
              this.#fail(error); // kafkajs would only log it
            }
          },
          batch: (batch, fetchedOffset) => this.#assignment.batch(consumer, batch, fetchedOffset),
          crashed: (error) => this.#restart(consumer, `the consumer crashed: ${error.message}`),
        },
      );
    } catch (error) {
      this.#restart(consumer, `the consumer did not start: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #restart(consumer: KafkaConsumer, reason: string): void {
    if (consumer !== this.#consumer || this.#closing !== undefined) return;
    this.#restartReason = reason;
    this.#restarting ??= this.#replaceConsumer().finally(() => {
      this.#restarting = undefined;
    });
  }

  /** A consumer that failed is not repaired but replaced. Its partitions are given back first: the new one begins at the commits. */
  async #replaceConsumer(): Promise<void> {
    const { admin, limits, log } = this.#context;
    while (this.#restartReason !== undefined && this.#closing === undefined) {
      const reason = this.#restartReason;
      this.#restartReason = undefined;
      log.warn({ group: this.#options.group, reason, restarts: this.#restarts }, 'the consumer is made anew');
      const old = this.#consumer;
      this.#consumer = undefined;
      this.#joiningSince = undefined;
      await Promise.all([this.#assignment.lose(), old?.stop()]);

      if (this.#assignment.progressed) this.#restarts = 0;
      this.#assignment.progressed = false;
      // An absent broker is waited for, however long: it is not the consumer that is at fault.
      while (this.#closing === undefined && !(await answers(() => admin.clusterId()))) await sleep(retryPauseMs);
      if (this.#restarts >= limits.maxRestarts) {
        this.#fail(
          new BusError('stalled', `group ${this.#options.group} makes no progress after ${limits.maxRestarts} new consumers: ${reason}`),
        );
        return;
      }
      if (this.#restarts > 0) await sleep(retryPauseMs);
      this.#restarts += 1;
      if (this.#closing === undefined) await this.#openConsumer();
    }
  }

  /** The watchdog: messages are there, and none arrive. */
  async #look(): Promise<void> {
    const consumer = this.#consumer;
    if (consumer === undefined || this.#closing !== undefined) return;
    const { limits } = this.#context;
    if (this.#joiningSince !== undefined) {
      const waited = Date.now() - this.#joiningSince;
      if (waited > limits.stallTimeoutMs + limits.rebalanceTimeoutMs) this.#restart(consumer, `not in the group after ${waited} ms`);
      return;
    }
    for (const [holding, high] of await this.#highWatermarks()) {
      if (holding.state !== 'active') continue;
      const behind = high !== undefined && high !== holding.position && !holding.paused && holding.queuedBytes === 0;
      if (!behind) holding.movedAt = Date.now();
      if (Date.now() - holding.movedAt < limits.stallTimeoutMs) continue;
      if (high! < holding.position) this.#fail(this.#assignment.positions.truncated(holding, holding.position, high!));
      else this.#restart(consumer, `${holding.topicName}/${holding.partition} stands at ${holding.position} of ${high}`);
      return;
    }
  }

  /** The end of every partition held; undefined where the broker does not say. */
  async #highWatermarks(): Promise<Map<KafkaHolding, number | undefined>> {
    const holdings = [...this.#assignment.holdings.values()];
    const answer = new Map<KafkaHolding, number | undefined>();
    for (const topicName of new Set(holdings.map((holding) => holding.topicName))) {
      const ends = await this.#context.admin.ends(topicName).catch(() => []);
      for (const holding of holdings) if (holding.topicName === topicName) answer.set(holding, ends[holding.partition]?.high);
    }
    return answer;
  }

  async commit(topic: Topic, partition: number, offset: number, metadata = ''): Promise<void> {
    checkMetadata(metadata);
    if (!Number.isSafeInteger(offset) || offset < 0) throw new RangeError(`offset ${offset} cannot be committed`);
    await this.#assignment.commit(topic, partition, offset, metadata);
  }

  async lag(): Promise<number> {
    const { admin } = this.#context;
    const holdings = [...this.#assignment.holdings.values()];
    let lag = 0;
    for (const topicName of new Set(holdings.map((holding) => holding.topicName))) {
      const ends = await admin.ends(topicName);
      for (const holding of holdings) {
        const end = ends[holding.partition];
        if (holding.topicName === topicName && end !== undefined) lag += Math.max(0, end.high - (holding.committed?.offset ?? end.low));
      }
    }
    return lag;
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    void this.close();
  }

  /** Must not be awaited inside the reader's own calls: it waits for them. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#watchdog);
    await Promise.resolve(); // #closing is set before anything else happens
    await this.#assignment.close();
    await this.#consumer?.stop();
    if (this.#failure === undefined) this.#resolveEnded();
    else this.#rejectEnded(this.#failure.error);
  }
}

async function answers(question: () => Promise<unknown>): Promise<boolean> {
  try {
    await question();
    return true;
  } catch {
    return false;
  }
}
