import { setTimeout as sleep } from 'node:timers/promises';
import { type Assignment, type Bus, BusError, type Message, type Subscription } from '../../../flow/bus/bus.js';
import { frameProblem } from '../../../flow/frame.js';
import { StoreError } from '../store-error.js';
import type { Store } from '../store-types.js';
import { STORE_TABLES, type StoreTable } from '../tables.js';
import type { BufferBudget } from './buffer-budget.js';
import type { StoreHealth, TopicCounters } from './counters.js';
import type { StoreServiceLimits } from './limits.js';
import { PartitionQueue, rowsOf } from './partition-queue.js';
import { type FrameRange, intentText, rangeToken, readIntent } from './range.js';

/** What a writer shares with its service. */
export interface WriterContext {
  readonly bus: Bus;
  readonly store: Store;
  readonly limits: StoreServiceLimits;
  readonly budget: BufferBudget;
  readonly counters: TopicCounters;
  readonly health: StoreHealth;
  readonly now: () => number;
  /** The service's subscription; there from before the first message on. */
  subscription(): Subscription;
  /** Told once when an outage begins and once when it ends. */
  outage(problem: string | undefined): void;
  /** The writer cannot go on (the bus refuses commits): the service ends. */
  failed(error: unknown): void;
}

/**
 * Stores the frames of one partition, one range after another:
 *
 *   commit(from, intent {upTo, token})  →  insert under the token  →  commit(upTo)
 *
 * A crash before the insert leaves an intent that the next run fulfils; a crash behind it leaves one that the next run repeats, and the
 * token makes the repetition add nothing. So every frame is stored exactly once although it may be read twice.
 */
export class PartitionWriter {
  readonly #at: Assignment;
  readonly #table: StoreTable;
  readonly #context: WriterContext;
  readonly #queue: PartitionQueue;
  readonly #stopping = new AbortController();
  #working: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #due = false;
  #repeating: boolean;

  constructor(at: Assignment, table: StoreTable, context: WriterContext) {
    this.#at = at;
    this.#table = table;
    this.#context = context;
    const intent = readIntent(at);
    this.#repeating = intent !== undefined;
    this.#queue = new PartitionQueue(context.limits, at.committed?.offset, intent?.upTo);
  }

  /** Takes messages in; resolves when more may come. */
  async add(messages: readonly Message[]): Promise<void> {
    const { budget } = this.#context;
    for (const message of messages) {
      this.#queue.push(message);
      budget.add(message.value.byteLength);
    }
    this.#kick();
    while (budget.exceeded && !this.#queue.empty && !this.#queue.owesMessages && !this.#stopping.signal.aborted) {
      this.#due = true;
      this.#kick();
      await budget.changed();
    }
  }

  /** Stores what is here now without waiting for more; resolves when it is stored, or the writer was stopped. */
  async flush(): Promise<void> {
    while (!this.#queue.empty && !this.#queue.owesMessages && !this.#stopping.signal.aborted) {
      this.#due = true;
      this.#kick();
      await this.#working;
    }
    await this.#working;
  }

  /** Forgets what is not stored, lets a running insert end. Whoever holds the partition next reads the rest again. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    this.#context.budget.wake();
    await this.#working;
    this.#context.budget.release(this.#queue.bytes);
    this.#queue.clear();
  }

  #kick(): void {
    if (this.#working !== undefined || this.#stopping.signal.aborted) return;
    const range = this.#queue.take(this.#due);
    if (range === undefined) {
      this.#wait();
      return;
    }
    this.#due = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#working = this.#store(range)
      .catch((error: unknown) => {
        this.#stopping.abort();
        if (!(error instanceof BusError && error.code === 'not-assigned')) this.#context.failed(error);
      })
      .finally(() => {
        this.#working = undefined;
        this.#context.budget.release(range.messages.reduce((sum, message) => sum + message.value.byteLength, 0));
        this.#kick();
      });
  }

  #wait(): void {
    if (this.#queue.empty || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#due = true;
      this.#kick();
    }, this.#context.limits.maxWaitMs);
  }

  async #store(range: FrameRange): Promise<void> {
    const repeated = this.#repeating;
    this.#repeating = false;
    const readable: Message[] = [];
    for (const message of range.messages) {
      const problem = frameProblem(message, STORE_TABLES[this.#table]);
      if (problem === undefined) readable.push(message);
      else await this.#quarantine(message, problem);
    }
    if (readable.length > 0) await this.#insert({ ...range, messages: readable }, repeated);
    else await this.#commit(range.upTo);
  }

  /** Commits the intent, inserts, commits the end. A range that the database refuses is stored frame by frame, to find the one at fault. */
  async #insert(range: FrameRange, repeated: boolean): Promise<void> {
    const { from, upTo, messages } = range;
    const token = rangeToken(this.#at, from, upTo);
    if (repeated) this.#context.counters.repeated++;
    else await this.#commit(from, intentText({ upTo, token }));
    try {
      await this.#insertUntilTaken(messages, token);
      this.#count(messages);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'insert-refused') throw error;
      if (messages.length > 1) return this.#insertOneByOne(range);
      await this.#quarantine(messages[0]!, error.message);
    }
    await this.#commit(upTo);
  }

  async #insertOneByOne({ from, upTo, messages }: FrameRange): Promise<void> {
    let start = from;
    for (const [index, message] of messages.entries()) {
      const end = index === messages.length - 1 ? upTo : message.offset + 1;
      await this.#insert({ from: start, upTo: end, messages: [message] }, false);
      start = end;
    }
  }

  /** Repeats with growing pauses until the database takes the rows; throws 'insert-refused', or when the writer is stopped meanwhile. */
  async #insertUntilTaken(messages: readonly Message[], token: string): Promise<void> {
    const { store, limits, counters, health } = this.#context;
    const payloads = messages.map((message) => message.value);
    let pause = limits.retryFirstMs;
    for (;;) {
      try {
        await store.insertNative(this.#table, payloads, token);
        if (health.problem !== '') {
          health.problem = '';
          health.since = Number.NaN;
          this.#context.outage(undefined);
        }
        return;
      } catch (error) {
        if (!(error instanceof StoreError) || error.code === 'insert-refused' || error.code === 'not-started') throw error;
        counters.retries++;
        if (health.problem === '') {
          health.since = this.#context.now();
          this.#context.outage(error.message);
        }
        health.problem = error.message;
        await this.#pause(pause);
        pause = Math.min(pause * 2, limits.retryMostMs);
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    try {
      await sleep(ms, undefined, { signal: this.#stopping.signal });
    } catch {
      throw new BusError('not-assigned', 'the partition was given up while the database was away');
    }
  }

  async #quarantine(message: Message, reason: string): Promise<void> {
    this.#context.counters.quarantined++;
    await this.#context.bus.publish('quarantine', 0, {
      value: message.value,
      headers: {
        ...message.headers,
        'quarantine-reason': reason.slice(0, maxReasonLength),
        'quarantine-topic': message.topic,
        'quarantine-partition': String(message.partition),
        'quarantine-offset': String(message.offset),
      },
    });
  }

  #commit(offset: number, metadata?: string): Promise<void> {
    return this.#context.subscription().commit(this.#at.topic, this.#at.partition, offset, metadata);
  }

  #count(messages: readonly Message[]): void {
    const { counters } = this.#context;
    counters.inserts++;
    counters.frames += messages.length;
    for (const message of messages) {
      counters.rows += rowsOf(message);
      counters.bytes += message.value.byteLength;
    }
  }
}

/** A reason is a sentence for people; ClickHouse's can quote pages of types. */
const maxReasonLength = 500;
