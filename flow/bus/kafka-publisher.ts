import kafkajs, { type Producer, type RecordMetadata, type TopicMessages } from 'kafkajs';
import { BusError, type OutgoingMessage } from './bus.js';
import { type KafkaClients, kafkaErrorType, unreachable } from './kafka-client.js';
import type { BusLog, KafkaBusOptions, KafkaLimits } from './kafka-options.js';
import { createSignal } from './signal.js';
import { sleep, within } from './timing.js';

interface Pending {
  readonly topic: string;
  readonly partition: number;
  readonly message: OutgoingMessage;
  readonly bytes: number;
  readonly acknowledged: (offset: number) => void;
  readonly failed: (error: BusError) => void;
}

/** The broker does not know our sequence any more (it lost data, or forgot us): only a new producer id helps. */
const sequenceLost = new Set(['OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID', 'INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED']);
const tooLarge = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);
const retryPauseMs = 200;

/**
 * Sends what was published, in order per partition, each message once.
 *
 *   publish ──► queue per partition ──► one request at a time: from every partition one batch ──► acknowledged by all replicas
 *
 * One request at a time because order per partition must hold when a request is repeated, and because the idempotent producer of
 * kafkajs holds a lock per broker anyway. All partitions share the request, so that throughput does not suffer.
 *
 * kafkajs takes back its sequence numbers when a request fails, although the broker may have appended it. Sending *the same* batch again
 * is then recognised by the broker and appended once; sending *another* batch under the same number would be taken for the first and
 * dropped in silence. So a request is repeated unchanged until it is acknowledged or the publisher gives up for good.
 */
export class KafkaPublisher {
  #clients: KafkaClients;
  #options: KafkaBusOptions;
  #limits: KafkaLimits;
  #log: BusLog;
  #producer: Producer | undefined;
  #queues = new Map<string, Pending[]>();
  #bufferedBytes = 0;
  #unacknowledged = new Set<Promise<number>>();
  #turn: Promise<void> = Promise.resolve();
  #room = createSignal();
  #sending = false;
  #failure: BusError | undefined;

  constructor(clients: KafkaClients, options: KafkaBusOptions, limits: KafkaLimits, log: BusLog) {
    this.#clients = clients;
    this.#options = options;
    this.#limits = limits;
    this.#log = log;
  }

  async start(): Promise<void> {
    const producer = this.#clients.create({}).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      // Short: what lasts longer is tried again below, where stopping is noticed.
      retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 },
      allowAutoTopicCreation: false,
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
    });
    await producer.connect();
    this.#producer = producer;
    // Stopped meanwhile: nobody else would end the connection.
    if (this.#failure === undefined) return;
    await this.#dropProducer();
    throw this.#failure;
  }

  /** Resolves with the offset when acknowledged. Calls queue up in order while there is no room. */
  async publish(topic: string, partition: number, message: OutgoingMessage, bytes: number): Promise<number> {
    let acknowledged: Promise<number> | undefined;
    const queued = this.#turn.then(async () => {
      while (this.#failure === undefined && this.#bufferedBytes > 0 && this.#bufferedBytes + bytes > this.#limits.maxBufferedBytes) {
        await this.#room.next();
      }
      if (this.#failure !== undefined) throw this.#failure;
      acknowledged = this.#enqueue(topic, partition, message, bytes);
    });
    this.#turn = queued.catch(() => {});
    await queued;
    return acknowledged!;
  }

  #enqueue(topic: string, partition: number, message: OutgoingMessage, bytes: number): Promise<number> {
    const acknowledged = new Promise<number>((resolve, reject) => {
      const left = () => {
        this.#bufferedBytes -= bytes;
        this.#room.raise();
      };
      const pending: Pending = {
        topic,
        partition,
        message,
        bytes,
        acknowledged: (offset) => {
          left();
          resolve(offset);
        },
        failed: (error) => {
          left();
          reject(error);
        },
      };
      const key = `${topic}/${partition}`;
      const queue = this.#queues.get(key);
      if (queue === undefined) this.#queues.set(key, [pending]);
      else queue.push(pending);
    });
    this.#bufferedBytes += bytes;
    this.#unacknowledged.add(acknowledged);
    const forget = () => this.#unacknowledged.delete(acknowledged);
    acknowledged.then(forget, forget);
    if (!this.#sending) {
      this.#sending = true;
      setImmediate(() => void this.#send()); // what is published in this turn shares the request
    }
    return acknowledged;
  }

  async #send(): Promise<void> {
    while (this.#failure === undefined && this.#queues.size > 0) {
      const request = this.#take();
      let offsets: readonly number[];
      try {
        offsets = offsetsOf(request, await this.#untilAcknowledged(request));
      } catch (error) {
        this.#fail(error instanceof BusError ? error : unreachable(this.#options.brokers, error), request);
        return;
      }
      for (const [index, pending] of request.entries()) pending.acknowledged(offsets[index]!);
    }
    this.#sending = false;
  }

  /** From every partition one batch; the partitions that did not fit come first next time. */
  #take(): Pending[] {
    const request: Pending[] = [];
    let requestBytes = 0;
    for (const [key, queue] of [...this.#queues]) {
      let batchBytes = 0;
      let count = 0;
      for (const { bytes } of queue) {
        // A broker's limit counts for the batch, not for the message.
        if (count > 0 && batchBytes + bytes > this.#limits.maxMessageBytes) break;
        if (request.length + count > 0 && requestBytes + bytes > this.#limits.maxRequestBytes) break;
        batchBytes += bytes;
        requestBytes += bytes;
        count += 1;
      }
      if (count === 0) break;
      request.push(...queue.splice(0, count));
      this.#queues.delete(key);
      if (queue.length > 0) this.#queues.set(key, queue); // to the end
    }
    return request;
  }

  async #untilAcknowledged(request: readonly Pending[]): Promise<RecordMetadata[]> {
    const topicMessages = toTopicMessages(request);
    const compression = this.#options.compression === 'gzip' ? kafkajs.CompressionTypes.GZIP : kafkajs.CompressionTypes.None;
    const deadline = Date.now() + this.#limits.deliveryTimeoutMs;
    for (;;) {
      try {
        if (this.#producer === undefined) await this.start();
        return await this.#producer!.sendBatch({ acks: -1, timeout: this.#limits.requestTimeoutMs, compression, topicMessages });
      } catch (error) {
        if (this.#failure !== undefined) throw this.#failure;
        const type = kafkaErrorType(error);
        if (type !== undefined && tooLarge.has(type)) {
          throw new BusError('message-too-large', `the broker refused a batch (${type}): raise max.message.bytes of the topic`, {
            cause: error,
          });
        }
        if (Date.now() >= deadline) throw unreachable(this.#options.brokers, error);
        if (type !== undefined && sequenceLost.has(type)) {
          this.#log.warn({ type }, 'the broker lost count of this producer; what was under way may be there twice');
          await this.#dropProducer();
        }
        await sleep(retryPauseMs);
      }
    }
  }

  #fail(failure: BusError, request: readonly Pending[]): void {
    this.#failure ??= failure;
    for (const pending of request) pending.failed(this.#failure);
    for (const queue of this.#queues.values()) for (const pending of queue) pending.failed(this.#failure);
    this.#queues.clear();
    this.#room.raise();
  }

  /** Resolves when everything handed to `publish` before is acknowledged. */
  async flush(): Promise<void> {
    await this.#turn;
    await Promise.all(this.#unacknowledged);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #dropProducer(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    if (producer !== undefined) await within(this.#limits.stopTimeoutMs, producer.disconnect(), 'disconnecting').catch(() => {});
  }

  /** Fails what is not acknowledged. Whoever wants it to arrive calls `flush` before. */
  async stop(): Promise<void> {
    this.#fail(new BusError('stopped', 'the bus was stopped before the broker acknowledged the message'), []);
    await this.#dropProducer();
  }
}

/** The broker tells where each partition's batch begins; the messages of a request keep their order within a partition. */
function offsetsOf(request: readonly Pending[], answers: readonly RecordMetadata[]): number[] {
  const next = new Map(answers.map(({ topicName, partition, baseOffset }) => [`${topicName}/${partition}`, Number(baseOffset ?? -1)]));
  return request.map(({ topic, partition }) => {
    const key = `${topic}/${partition}`;
    const offset = next.get(key) ?? -1;
    if (offset >= 0) next.set(key, offset + 1);
    return offset;
  });
}

function toTopicMessages(request: readonly Pending[]): TopicMessages[] {
  const topics = new Map<string, TopicMessages>();
  for (const { topic, partition, message } of request) {
    let entry = topics.get(topic);
    if (entry === undefined) {
      entry = { topic, messages: [] };
      topics.set(topic, entry);
    }
    const { buffer, byteOffset, byteLength } = message.value;
    entry.messages.push({ partition, value: Buffer.from(buffer, byteOffset, byteLength), headers: { ...message.headers } });
  }
  return [...topics.values()];
}
