/**
 * The bus between the parts: topics of partitions of messages in order, at-least-once, with offsets that the reader commits
 * after its work is durable. Two implementations (in process, Kafka) pass one conformance suite (tests/conformance/bus.ts).
 *
 * The one promise everything else rests on: within a partition of a log, a reader sees every message once or more, in order,
 * and after a restart begins at its committed offset.
 */

/** The topics, without the deployment's prefix. */
export const TOPICS = ['flows', 'coverage', 'findings', 'judgements', 'quarantine'] as const;
export type Topic = (typeof TOPICS)[number];

/** What a publisher hands over. The value must not be changed afterwards. */
export interface OutgoingMessage {
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a reader gets. */
export interface Message extends OutgoingMessage {
  readonly topic: Topic;
  readonly partition: number;
  /** Position in the log, from 0, growing by one (gaps are possible: retention, transaction markers). */
  readonly offset: number;
  /**
   * Name of the append-only log that `offset` counts in. Kafka: cluster and topic id, so that a deleted and re-created topic is another log.
   * In process: the identity of the input (content of the files replayed), so that the same replay is the same log.
   */
  readonly log: string;
}

/** What a reader supplies. Calls for one partition never overlap; different partitions may interleave at awaits. */
export interface Reader {
  /**
   * Called when a partition becomes ours, before its first message. `committed` is the group's committed offset (undefined: none yet) and the
   * metadata committed with it. Returns the offset to start at; undefined starts at `committed`, or at the beginning of the log.
   */
  assigned(at: Assignment): Promise<number | undefined>;
  /** Messages in order. Resolving means nothing but "send more"; what is durable is said by `commit`. A rejection stops the subscription with that error. */
  messages(batch: readonly Message[]): Promise<void>;
  /** The partition is no longer ours (rebalance or close): forget its state; commits for it would be refused. */
  revoked(topic: Topic, partition: number): Promise<void>;
}

export interface Assignment {
  readonly topic: Topic;
  readonly partition: number;
  readonly log: string;
  readonly committed: { readonly offset: number; readonly metadata: string } | undefined;
}

export interface SubscribeOptions {
  /** Readers of the same group share the partitions; each group sees every message. */
  readonly group: string;
  readonly topics: readonly Topic[];
  readonly reader: Reader;
  /** One `messages` call gets at most so much of what waits, values and headers, and one message at least; 8 MiB where it is left out. */
  readonly batchBytes?: number;
}

export interface Subscription {
  /**
   * Declares everything before `offset` done. `metadata` (at most 4 KB) comes back in `assigned`: the store keeps there the range it is about
   * to insert, so that a restart repeats exactly that range under the same deduplication token.
   */
  commit(topic: Topic, partition: number, offset: number, metadata?: string): Promise<void>;
  /** Messages published but not yet committed by this group, over the partitions it holds (Kafka: high watermark − committed). */
  lag(): Promise<number>;
  /** Stops fetching, lets the running `messages` call end, calls `revoked`, leaves the group. */
  close(): Promise<void>;
  /** Resolves when closed; rejects with the error that stopped the subscription. */
  readonly ended: Promise<void>;
}

export interface PartitionEnds {
  readonly low: number;
  readonly high: number;
}

export interface Bus {
  /** Connects; for Kafka, creates missing topics. Throws BusError('broker-unreachable') with the address and the remedy. */
  start(): Promise<void>;
  /** How many partitions the topic has. */
  partitions(topic: Topic): number;
  /**
   * Appends to a partition, in call order. Resolves with the message's offset when it is accepted: Kafka: acknowledged by all in-sync replicas;
   * in process: queued. Waits while the bus is full (back-pressure). After a message was lost on its way every later call rejects too, so that
   * none is overtaken.
   */
  publish(topic: Topic, partition: number, message: OutgoingMessage): Promise<number>;
  /** Where the log of each partition begins (`low`) and what the next message's offset would be (`high`), in the order of the partitions. */
  ends(topic: Topic): Promise<readonly PartitionEnds[]>;
  /** Resolves when everything published so far is durable: Kafka: acknowledged; in process: committed by every group that reads the topic. */
  flush(topics?: readonly Topic[]): Promise<void>;
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  /** Ends all subscriptions and connections. Safe to call twice. */
  stop(): Promise<void>;
}

export type BusErrorCode =
  | 'broker-unreachable'
  | 'topic-missing'
  | 'message-too-large'
  | 'stalled'
  | 'not-assigned'
  | 'log-truncated'
  | 'stopped';

export class BusError extends Error {
  readonly code: BusErrorCode;
  constructor(code: BusErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BusError';
    this.code = code;
  }
}
