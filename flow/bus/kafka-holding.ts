import type { KafkaMessage } from 'kafkajs';
import type { BatchLimits } from './batch-limits.js';
import { BusError, type Message, type Reader, type Topic } from './bus.js';
import { messageBytes } from './message-size.js';
import { createSignal } from './signal.js';

export type HoldingState = 'assigning' | 'active' | 'closing' | 'lost';

/**
 * A partition that this reader holds: what was fetched and not yet read, and how far we are. Fetching and reading are decoupled, so
 * that a reader that works for minutes does not keep the member from its heartbeats.
 *
 *   assigning ──► active ──► closing ──► lost
 *
 * Closing: nothing more is read, the running call may still commit. Lost, at once when the group says so: what is queued is forgotten
 * and commits are refused.
 */
export class KafkaHolding {
  readonly topic: Topic;
  readonly topicName: string;
  readonly partition: number;
  readonly log: string;
  state: HoldingState = 'assigning';
  /** The reader's `assigned` was called, so it must hear `revoked`. */
  told = false;
  /** The offset we ask for next. */
  position = 0;
  committed: { readonly offset: number; readonly metadata: string } | undefined;
  /** Fetching rests until the reader has caught up a little. */
  paused = false;
  /** When `position` last moved, or had no reason to (milliseconds since the epoch). For the watchdog. */
  movedAt = Date.now();
  /** Ends when the last `messages` call ended. */
  pump: Promise<void> = Promise.resolve();
  /** Commits of a partition go out one after the other. */
  commitTurn: Promise<void> = Promise.resolve();
  /** Raised when the queue became shorter. */
  readonly drained = createSignal();
  #limits: BatchLimits;
  #queue: Message[] = [];
  #queuedBytes = 0;
  #filled = createSignal();

  constructor(topic: Topic, topicName: string, partition: number, log: string, limits: BatchLimits) {
    this.topic = topic;
    this.topicName = topicName;
    this.partition = partition;
    this.log = log;
    this.#limits = limits;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  push(messages: readonly KafkaMessage[]): void {
    const { topic, partition, log } = this;
    for (const fetched of messages) {
      const offset = Number(fetched.offset);
      if (offset < this.position) continue; // kafkajs asked for an older one after a rebalance
      const value = fetched.value ?? new Uint8Array(0);
      const message: Message = { topic, partition, log, offset, value, headers: headersOf(fetched) };
      this.#queue.push(message);
      this.#queuedBytes += messageBytes(message);
      this.position = offset + 1;
    }
    this.movedAt = Date.now();
    this.#filled.raise();
  }

  activate(position: number, reader: Reader, failed: (error: unknown) => void): void {
    this.position = position;
    this.movedAt = Date.now();
    this.state = 'active';
    this.pump = this.#run(reader).catch(failed);
  }

  async #run(reader: Reader): Promise<void> {
    while (this.state === 'active') {
      const batch = this.#take();
      if (batch.length === 0) await this.#filled.next();
      else await this.#hand(reader, batch);
    }
  }

  async #hand(reader: Reader, batch: readonly Message[]): Promise<void> {
    try {
      await reader.messages(batch);
    } catch (error) {
      // It tried to commit what meanwhile went to another member: no failure, that member begins at the last commit.
      if (this.state === 'lost' && error instanceof BusError && error.code === 'not-assigned') return;
      throw error;
    }
  }

  #take(): Message[] {
    let bytes = 0;
    let count = 0;
    for (const message of this.#queue) {
      const size = messageBytes(message);
      if (count === this.#limits.messages || (count > 0 && bytes + size > this.#limits.bytes)) break;
      bytes += size;
      count += 1;
    }
    const batch = this.#queue.splice(0, count);
    this.#queuedBytes -= bytes;
    if (count > 0) this.drained.raise();
    return batch;
  }

  /** Nothing more is handed to the reader after the running call. */
  stop(state: 'closing' | 'lost'): void {
    if (this.state !== 'lost') this.state = state;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#filled.raise();
    this.drained.raise();
  }
}

function headersOf({ headers = {} }: KafkaMessage): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) plain[name] = first.toString();
  }
  return plain;
}

/** The state as it is now: it changes while we wait, which the compiler cannot know. */
export function stateOf(holding: KafkaHolding): HoldingState {
  return holding.state;
}
