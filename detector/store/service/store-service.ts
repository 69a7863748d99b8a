import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus, Message, Subscription, Topic } from '../../../flow/bus/bus.js';
import type { Log } from '../../../flow/service/log.js';
import type { Store } from '../store-types.js';
import type { StoreTable } from '../tables.js';
import { BufferBudget } from './buffer-budget.js';
import { type StoreHealth, type TopicCounters, zeroCounters } from './counters.js';
import { defaultStoreServiceLimits, type StoreServiceLimits } from './limits.js';
import { PartitionWriter } from './partition-writer.js';

/** The topics that are stored, and the table each goes to. */
const TABLE_OF = { flows: 'flows', coverage: 'coverage', findings: 'findings', judgements: 'judgements' } as const satisfies Partial<
  Record<Topic, StoreTable>
>;
export type StoredTopic = keyof typeof TABLE_OF;
export const STORED_TOPICS = Object.keys(TABLE_OF) as readonly StoredTopic[];

export interface StoreServiceOptions {
  readonly bus: Bus;
  /** Started and migrated; the service does not close it. */
  readonly store: Store;
  /** Group of readers that share the partitions. */
  readonly group: string;
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly limits?: Partial<StoreServiceLimits>;
  readonly now?: () => number;
}

export interface StoreService {
  start(): Promise<void>;
  /** Stores all that was read so far without waiting for more. */
  flush(): Promise<void>;
  /** Stores what is buffered (for at most stopWaitMs), then leaves the group. Safe to call twice. */
  stop(): Promise<void>;
  /** Rejects with the error that ended the service by itself; resolves after `stop`. */
  readonly ended: Promise<void>;
  readonly counters: Readonly<Record<StoredTopic, Readonly<TopicCounters>>>;
  readonly health: Readonly<StoreHealth>;
  /** Messages published and not yet stored, over the partitions held. */
  lag(): Promise<number>;
  bufferedBytes(): number;
}

/** Reads flows, coverage and findings from the bus and stores each row exactly once (partition-writer.ts says how). */
export function createStoreService(options: StoreServiceOptions): StoreService {
  const { bus, store, group, log } = options;
  const limits = { ...defaultStoreServiceLimits, ...options.limits };
  const budget = new BufferBudget(limits.maxBufferedBytes);
  const counters = {
    flows: zeroCounters(),
    coverage: zeroCounters(),
    findings: zeroCounters(),
    judgements: zeroCounters(),
  } satisfies Record<StoredTopic, TopicCounters>;
  const health: StoreHealth = { problem: '', since: Number.NaN };
  const writers = new Map<string, PartitionWriter>();
  let subscription: Subscription | undefined;
  let subscribed: Promise<Subscription> | undefined;
  let stopping: Promise<void> | undefined;
  let failure: { readonly error: unknown } | undefined;
  let settle: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  const ended = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  ended.catch(() => {}); // whoever does not look at `ended` must not bring the process down

  const end = (error?: unknown) => {
    if (error === undefined) settle?.resolve();
    else settle?.reject(error);
  };
  const fail = (error: unknown) => {
    failure ??= { error };
    void (async () => {
      await stopWriters();
      await (await subscribed)?.close().catch(() => {}); // the first failure is the one to tell
      end(failure?.error);
    })();
  };

  const open = (topic: StoredTopic, at: ConstructorParameters<typeof PartitionWriter>[0]) =>
    new PartitionWriter(at, TABLE_OF[topic], {
      bus,
      store,
      limits,
      budget,
      counters: counters[topic],
      health,
      now: options.now ?? Date.now,
      subscription: () => subscription!,
      outage: (problem) =>
        problem === undefined ? log.info({}, 'the database takes rows again') : log.warn({ problem }, 'rows wait for the database'),
      failed: fail,
    });

  // Also wakes `messages` calls that wait for room, which closing the subscription waits for.
  const stopWriters = async () => void (await Promise.all([...writers.values()].map((writer) => writer.stop())));
  const flush = async () => void (await Promise.all([...writers.values()].map((writer) => writer.flush())));

  return {
    counters,
    health,
    ended,
    flush,
    bufferedBytes: () => budget.used,
    lag: async () => (subscription === undefined ? 0 : subscription.lag()),

    start: async () => {
      subscribed = bus.subscribe({
        group,
        topics: STORED_TOPICS,
        reader: {
          assigned: async (at) => {
            writers.set(`${at.topic}/${at.partition}`, open(at.topic as StoredTopic, at));
            return at.committed?.offset;
          },
          messages: async (batch: readonly Message[]) => {
            if (failure !== undefined) throw failure.error;
            // The bus may hand over messages before `subscribe` has returned to us.
            subscription ??= await subscribed!;
            for (const [name, messages] of byPartition(batch)) await writers.get(name)?.add(messages);
          },
          revoked: async (topic, partition) => {
            const writer = writers.get(`${topic}/${partition}`);
            writers.delete(`${topic}/${partition}`);
            await writer?.stop();
          },
        },
      });
      subscription = await subscribed;
      subscription.ended.then(
        () => end(failure?.error),
        (error: unknown) => end(failure?.error ?? error),
      );
    },

    stop: () => {
      stopping ??= (async () => {
        await Promise.race([flush(), sleep(limits.stopWaitMs, undefined, { ref: false })]);
        await stopWriters();
        await subscription?.close();
        end(failure?.error);
      })();
      return stopping;
    },
  };
}

function byPartition(batch: readonly Message[]): Map<string, Message[]> {
  const parts = new Map<string, Message[]>();
  for (const message of batch) {
    const name = `${message.topic}/${message.partition}`;
    const part = parts.get(name);
    if (part === undefined) parts.set(name, [message]);
    else part.push(message);
  }
  return parts;
}
