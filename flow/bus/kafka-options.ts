import type { KafkaConfig } from 'kafkajs';
import type { Topic } from './bus.js';

/** What the bus needs of a logger; pino fits. */
export interface BusLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Offsets that a group should have read and never will: [expected, first) of the log is gone. */
export interface Hole {
  readonly group: string;
  readonly topic: Topic;
  readonly partition: number;
  readonly log: string;
  readonly expected: number;
  readonly first: number;
}

export interface KafkaBusOptions {
  /** host:port of one or more brokers, from which the others are learned. */
  readonly brokers: readonly string[];
  readonly clientId?: string;
  /** Put before every topic name: `cordon.` gives `cordon.flows`. */
  readonly topicPrefix?: string;
  /** For topics that are created; a topic that is there keeps its own count. */
  readonly partitions?: Partial<Readonly<Record<Topic, number>>>;
  readonly replicationFactor?: number;
  /** Further settings of topics that are created, for example `{ 'retention.ms': '86400000' }`. */
  readonly topicSettings?: Readonly<Record<string, string>>;
  readonly compression?: 'none' | 'gzip';
  readonly ssl?: KafkaConfig['ssl'];
  readonly sasl?: KafkaConfig['sasl'];
  readonly log?: BusLog;
  /** Told of every hole, once. Without it holes are logged as errors. */
  readonly onHole?: (hole: Hole) => void;
  readonly limits?: Partial<KafkaLimits>;
}

export interface KafkaLimits {
  /** Largest message, value and headers; also decides `max.message.bytes` of topics that are created. */
  readonly maxMessageBytes: number;
  /** Published and not yet acknowledged; more makes `publish` wait. */
  readonly maxBufferedBytes: number;
  /** One produce request, over all partitions. Brokers accept 100 MB; smaller requests answer sooner. */
  readonly maxRequestBytes: number;
  /** Fetched ahead of the reader, over all partitions of a subscription. */
  readonly maxPrefetchBytes: number;
  /** How long `start` tries before it says that no broker is there. */
  readonly startTimeoutMs: number;
  /**
   * How long a message is sent again and again before publishing fails for good: longer than a broker's restart. 0: what the client's own few attempts
   * do not bring there fails, for those who find out in the log whether it has arrived.
   */
  readonly deliveryTimeoutMs: number;
  /** How long `commit` is tried again while the group settles or the coordinator is away. */
  readonly commitTimeoutMs: number;
  /** A member that was silent this long is out of the group. The least that brokers allow by default is 6 s. */
  readonly sessionTimeoutMs: number;
  /** How long a rebalance waits for a silent member: with a session as short, the time a killed process holds up the others. */
  readonly rebalanceTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** Messages are there, none arrive: after this long the consumer is made anew. */
  readonly stallTimeoutMs: number;
  /** Consumers made anew without a single message in between, the broker being reachable, before the subscription ends as 'stalled'. */
  readonly maxRestarts: number;
  /** How long `close`, and each of the two steps of `stop`, wait for broker and readers before sockets are cut: `stop` ends within 10 s. */
  readonly stopTimeoutMs: number;
  /** One request. */
  readonly requestTimeoutMs: number;
}

export const defaultKafkaLimits: KafkaLimits = {
  maxMessageBytes: 1_000_000,
  maxBufferedBytes: 32 << 20,
  maxRequestBytes: 8 << 20,
  maxPrefetchBytes: 32 << 20,
  startTimeoutMs: 10_000,
  deliveryTimeoutMs: 120_000,
  commitTimeoutMs: 30_000,
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 10_000,
  heartbeatIntervalMs: 1_000,
  stallTimeoutMs: 30_000,
  maxRestarts: 5,
  stopTimeoutMs: 4_000,
  requestTimeoutMs: 15_000,
};

/** What a broker adds around a message: batch header, record header, lengths. Generous. */
export const framingBytes = 48_588;

export const silentLog: BusLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
