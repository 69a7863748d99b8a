import { BusError, type PartitionEnds, type Topic } from './bus.js';
import type { CommittedOffset, KafkaAdmin } from './kafka-admin.js';
import type { KafkaHolding } from './kafka-holding.js';
import type { BusLog, Hole, KafkaLimits } from './kafka-options.js';
import { sleep } from './timing.js';

export interface KafkaAssignmentContext {
  readonly admin: KafkaAdmin;
  readonly brokers: readonly string[];
  readonly limits: KafkaLimits;
  readonly log: BusLog;
  readonly onHole: (hole: Hole) => void;
  /** Identity of the log of a topic, by the topic's full name. */
  readonly logOf: (topicName: string) => string;
  readonly topicNames: ReadonlyMap<Topic, string>;
}

const retryPauseMs = 200;
/** A log that seems shorter than our offset is looked at again for this long: a broker that just started may not know its end yet. */
const truncationDoubtMs = 5_000;

/** Where a group is, and what the log still has: every question is asked until it is answered or the partition is lost. */
export class KafkaPositions {
  #context: KafkaAssignmentContext;
  #group: string;

  constructor(context: KafkaAssignmentContext, group: string) {
    this.#context = context;
    this.#group = group;
  }

  /** What the group committed, per topic name and partition. Undefined: all were lost before the broker answered. */
  committed(holdings: readonly KafkaHolding[]): Promise<Map<string, Map<number, CommittedOffset>> | undefined> {
    const topics = [...new Set(holdings.map(({ topicName }) => topicName))];
    return this.#untilAnswered(holdings, () => this.#context.admin.committed(this.#group, topics));
  }

  /** Holds the wish against what the log still has. Undefined: the partitions were lost before the broker answered. */
  async startOf(holding: KafkaHolding, wished: number | undefined): Promise<number | undefined> {
    const doubtUntil = Date.now() + truncationDoubtMs;
    for (;;) {
      const ends = await this.#untilAnswered([holding], () => this.endsOf(holding));
      if (ends === undefined) return undefined;
      const start = wished ?? ends.low;
      if (start < ends.low) {
        this.hole(holding, start, ends.low);
        return ends.low;
      }
      if (start <= ends.high) return start;
      if (Date.now() > doubtUntil) throw this.truncated(holding, start, ends.high);
      await sleep(retryPauseMs);
    }
  }

  async endsOf(holding: KafkaHolding): Promise<PartitionEnds> {
    const ends = (await this.#context.admin.ends(holding.topicName))[holding.partition];
    if (ends === undefined) throw new Error(`${holding.topicName}/${holding.partition} has no ends`);
    return ends;
  }

  async #untilAnswered<T>(holdings: readonly KafkaHolding[], question: () => Promise<T>): Promise<T | undefined> {
    for (;;) {
      if (holdings.every((holding) => holding.state === 'lost' || holding.state === 'closing')) return undefined;
      try {
        return await question();
      } catch (error) {
        this.#context.log.warn({ group: this.#group, error: String(error) }, 'the broker does not say where the group is; asking again');
        await sleep(retryPauseMs);
      }
    }
  }

  truncated({ topicName, partition }: KafkaHolding, at: number, high: number): BusError {
    return new BusError(
      'log-truncated',
      `${topicName}/${partition} ends at ${high}, and group ${this.#group} is at ${at}: the topic was made anew or the broker lost data. ` +
        'Use another topic prefix, or delete the group, to begin again',
    );
  }

  hole({ topic, partition, log }: KafkaHolding, expected: number, first: number): void {
    this.#context.onHole({ group: this.#group, topic, partition, log, expected, first });
  }
}
