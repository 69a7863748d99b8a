import { randomUUID } from 'node:crypto';
import { type Bus, BusError, type SubscribeOptions, TOPICS, type Topic } from './bus.js';
import { type CommitStore, createMemoryCommitStore } from './commit-store.js';
import { LocalGroup } from './local-group.js';
import { LocalLog } from './local-log.js';
import { LocalSubscription } from './local-subscription.js';
import { checkMessageSize, defaultMaxMessageBytes } from './message-size.js';

export interface LocalBusOptions {
  /** Partitions per topic; 1 where nothing is said. */
  readonly partitions?: Partial<Readonly<Record<Topic, number>>>;
  /**
   * Identity of the logs that a restart publishes again from offset 0, message for message (a replay of files: a hash of their content). Other
   * topics get a name of their own in every process.
   */
  readonly logs?: Partial<Readonly<Record<Topic, string>>>;
  /**
   * Where such a log begins in this process, if not at 0: what lies before was committed by every group, and is not published again. A reader that would
   * begin earlier begins here.
   */
  readonly origins?: Partial<Readonly<Record<Topic, number>>>;
  /** Where commits of the topics in `logs` survive a restart (openCommitFile). Those of other topics end with the process. */
  readonly commits?: CommitStore;
  /**
   * The groups that will read a topic. Messages are kept for them from the first on, also before they subscribe (a full partition then makes
   * `publish` wait for them). A group that is not named here gets what is kept when it subscribes; a topic that nobody reads keeps
   * nothing, so that publishing to it never blocks.
   */
  readonly groups?: Partial<Readonly<Record<Topic, readonly string[]>>>;
  /** Bound per partition: messages. */
  readonly maxMessages?: number;
  /** Bound per partition: bytes of values and headers. */
  readonly maxBytes?: number;
  /** Larger messages are refused with BusError 'message-too-large', as Kafka would. */
  readonly maxMessageBytes?: number;
}

/** About eighteen full frames per partition: the reader has the next ones at hand, and the memory stays small. */
export const defaultLocalLimits = { maxMessages: 1024, maxBytes: 16 << 20 };

/** The bus inside one process: `cordon run` and `cordon replay --to embedded`. */
export function createLocalBus(options: LocalBusOptions = {}): Bus {
  const limits = {
    maxMessages: options.maxMessages ?? defaultLocalLimits.maxMessages,
    maxBytes: options.maxBytes ?? defaultLocalLimits.maxBytes,
  };
  const maxMessageBytes = options.maxMessageBytes ?? defaultMaxMessageBytes;
  const session = `process-${randomUUID()}`;
  const memoryCommits = createMemoryCommitStore();
  const logs = new Map<Topic, readonly LocalLog[]>();
  for (const topic of TOPICS) {
    const identity = options.logs?.[topic] ?? session;
    const count = options.partitions?.[topic] ?? 1;
    const origin = options.origins?.[topic] ?? 0;
    const partitions = Array.from({ length: count }, (_, partition) => new LocalLog(topic, partition, identity, limits, origin));
    for (const group of options.groups?.[topic] ?? []) for (const log of partitions) log.addGroup(group, true);
    logs.set(topic, partitions);
  }
  const commits: CommitStore = {
    read: (key) => (key.log === session ? memoryCommits : (options.commits ?? memoryCommits)).read(key),
    write: (key, commit) => (key.log === session ? memoryCommits : (options.commits ?? memoryCommits)).write(key, commit),
  };
  const groups = new Map<string, LocalGroup>();
  const subscriptions = new Set<LocalSubscription>();
  /** Groups whose reader failed and was not replaced: nobody will commit for them, so `flush` must not wait. */
  const failures = new Map<string, { readonly topics: readonly Topic[]; readonly error: unknown }>();
  let stopping: Promise<void> | undefined;

  const logOf = (topic: Topic, partition: number): LocalLog => {
    const log = logs.get(topic)?.[partition];
    if (log === undefined) throw new RangeError(`${topic} has no partition ${partition}`);
    return log;
  };
  const live = () => {
    if (stopping !== undefined) throw new BusError('stopped', 'the bus was stopped');
  };

  return {
    start: async () => live(),
    partitions: (topic) => logs.get(topic)!.length,

    publish: async (topic, partition, message) => {
      live();
      const log = logOf(topic, partition);
      checkMessageSize(topic, message, maxMessageBytes);
      return log.publish(message);
    },

    ends: async (topic) => logs.get(topic)!.map(({ base, head }) => ({ low: base, high: head })),

    flush: async (topics = TOPICS) => {
      const waiting = topics.flatMap((topic) => logs.get(topic)!).map((log) => ({ log, head: log.published }));
      for (const { log, head } of waiting) {
        while (!log.settled(head)) {
          live();
          for (const failure of failures.values()) if (failure.topics.includes(log.topic)) throw failure.error;
          await log.changed.next();
        }
      }
    },

    subscribe: async (subscribeOptions: SubscribeOptions) => {
      live();
      const name = subscribeOptions.group;
      for (const topic of subscribeOptions.topics) for (const log of logs.get(topic)!) log.addGroup(name, false);
      let group = groups.get(name);
      if (group === undefined) {
        group = new LocalGroup(name, logs);
        groups.set(name, group);
      }
      const subscription = new LocalSubscription(subscribeOptions, group, commits);
      subscriptions.add(subscription);
      failures.delete(name);
      subscription.ended
        .catch((error: unknown) => {
          failures.set(name, { topics: subscribeOptions.topics, error });
          for (const topic of subscribeOptions.topics) for (const log of logs.get(topic)!) log.changed.raise();
        })
        .finally(() => subscriptions.delete(subscription));
      void group.join(subscription);
      return subscription;
    },

    stop: () => {
      stopping ??= (async () => {
        for (const log of [...logs.values()].flat()) log.stop();
        await Promise.all([...subscriptions].map((subscription) => subscription.close()));
      })();
      return stopping;
    },
  };
}
