import { setImmediate as nextTurn } from 'node:timers/promises';
import { type BatchLimits, batchLimitsOf } from './batch-limits.js';
import { BusError, type Reader, type SubscribeOptions, type Subscription, type Topic } from './bus.js';
import type { CommitStore } from './commit-store.js';
import type { LocalGroup } from './local-group.js';
import type { LocalLog } from './local-log.js';
import { checkMetadata } from './message-size.js';

interface Holding {
  committed: number | undefined;
  releasing: boolean;
  /** Ends when the last `messages` call ended. */
  pump: Promise<void>;
}

interface Settle {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A reader of the in-process bus. Its group gives and takes partitions; it pumps each of them into the reader. */
export class LocalSubscription implements Subscription {
  readonly topics: readonly Topic[];
  readonly ended: Promise<void>;
  #reader: Reader;
  #limits: BatchLimits;
  #group: LocalGroup;
  #commits: CommitStore;
  #holdings = new Map<LocalLog, Holding>();
  #closing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #settle: Settle;

  constructor(options: SubscribeOptions, group: LocalGroup, commits: CommitStore) {
    this.topics = options.topics;
    this.#reader = options.reader;
    this.#limits = batchLimitsOf(options);
    this.#group = group;
    this.#commits = commits;
    let settle: Settle | undefined;
    this.ended = new Promise<void>((resolve, reject) => {
      settle = { resolve, reject };
    });
    this.#settle = settle!;
    this.ended.catch(() => {}); // whoever does not look at `ended` must not bring the process down
  }

  /** Called by the group: this partition is ours now. */
  async acquire(log: LocalLog): Promise<void> {
    if (this.#failure !== undefined) return;
    try {
      const { topic, partition } = log;
      const committed = await this.#commits.read({ log: log.log, group: this.#group.name, topic, partition });
      const wanted = await this.#reader.assigned({ topic, partition, log: log.log, committed });
      const start = Math.max(log.origin, wanted ?? committed?.offset ?? log.first(this.#group.name));
      // A reader that begins below its commit does that work again: until it commits anew, `flush` must wait for it.
      log.positioned(this.#group.name, start, Math.min(start, committed?.offset ?? 0));
      const holding: Holding = { committed: committed?.offset, releasing: false, pump: Promise.resolve() };
      this.#holdings.set(log, holding);
      holding.pump = this.#pump(log, holding, start).catch((error: unknown) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Called by the group: the partition goes to another reader, or we close. */
  async release(log: LocalLog): Promise<void> {
    const holding = this.#holdings.get(log);
    if (holding === undefined) return;
    holding.releasing = true;
    log.changed.raise();
    await holding.pump;
    this.#holdings.delete(log);
    try {
      await this.#reader.revoked(log.topic, log.partition);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #pump(log: LocalLog, holding: Holding, start: number): Promise<void> {
    let offset = start;
    const { messages, bytes } = this.#limits;
    while (!holding.releasing && this.#failure === undefined) {
      // A replay begins at 0 again; what lies below the start was done before the restart.
      const batch = log.read(offset, messages, bytes);
      if (batch.length === 0) {
        await log.changed.next();
        continue;
      }
      await this.#reader.messages(batch);
      offset = batch[batch.length - 1]!.offset + 1;
      log.delivered(this.#group.name, offset);
      // Publisher and reader may both run on promises alone: timers, sockets and signals need their turn.
      await nextTurn();
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    void this.close();
  }

  async commit(topic: Topic, partition: number, offset: number, metadata = ''): Promise<void> {
    checkMetadata(metadata);
    if (!Number.isSafeInteger(offset) || offset < 0) throw new RangeError(`offset ${offset} cannot be committed`);
    for (const [log, holding] of this.#holdings) {
      if (log.topic !== topic || log.partition !== partition) continue;
      await this.#commits.write({ log: log.log, group: this.#group.name, topic, partition }, { offset, metadata });
      holding.committed = offset;
      log.committed(this.#group.name, offset);
      return;
    }
    throw new BusError('not-assigned', `${topic}/${partition} is not held by this reader of group ${this.#group.name}`);
  }

  async lag(): Promise<number> {
    let lag = 0;
    for (const [log, holding] of this.#holdings) lag += Math.max(0, log.head - (holding.committed ?? log.first(this.#group.name)));
    return lag;
  }

  /** Must not be awaited inside the reader's own calls: it waits for them. */
  close(): Promise<void> {
    this.#closing ??= this.#group.leave(this).then(() => {
      if (this.#failure === undefined) this.#settle.resolve();
      else this.#settle.reject(this.#failure.error);
    });
    return this.#closing;
  }
}
