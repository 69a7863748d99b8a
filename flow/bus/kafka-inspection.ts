import { TOPICS, type Topic } from './bus.js';
import { KafkaAdmin } from './kafka-admin.js';
import { createKafkaClients, unreachable } from './kafka-client.js';
import { defaultKafkaLimits, type KafkaBusOptions, silentLog } from './kafka-options.js';
import { within } from './timing.js';

/** What a cluster holds of ours, as seen from outside: nothing is created, no group is joined. */
export interface KafkaInspection {
  readonly topics: readonly TopicInspection[];
  readonly groups: readonly GroupInspection[];
}

export interface TopicInspection {
  readonly topic: Topic;
  readonly name: string;
  /** 0: there is no such topic. */
  readonly partitions: number;
  /** Kept now, over all partitions. */
  readonly messages: number;
}

/** How far a group of readers is behind. */
export interface GroupInspection {
  readonly group: string;
  readonly topic: Topic;
  /** Published and not committed; NaN where the group never committed. */
  readonly lag: number;
}

/** Looks at the topics and at the commits of `groups`. Throws BusError('broker-unreachable') within `startTimeoutMs`. */
export async function inspectKafka(
  options: KafkaBusOptions,
  groups: readonly { readonly group: string; readonly topics: readonly Topic[] }[],
): Promise<KafkaInspection> {
  const limits = { ...defaultKafkaLimits, ...options.limits };
  const clients = createKafkaClients(options, limits, silentLog);
  const admin = new KafkaAdmin(clients, limits);
  const nameOf = (topic: Topic): string => `${options.topicPrefix ?? ''}${topic}`;
  const look = async (): Promise<KafkaInspection> => {
    const existing = new Set(await admin.ask('listing topics', (client) => client.listTopics()));
    const highs = new Map<Topic, number[]>();
    const topics: TopicInspection[] = [];
    for (const topic of TOPICS) {
      const name = nameOf(topic);
      const ends = existing.has(name) ? await admin.ends(name) : [];
      const messages = ends.reduce((sum, { low, high }) => sum + high - low, 0);
      topics.push({ topic, name, partitions: ends.length, messages });
      highs.set(
        topic,
        ends.map(({ high }) => high),
      );
    }
    const lags: GroupInspection[] = [];
    for (const { group, topics: read } of groups) {
      const there = read.filter((topic) => existing.has(nameOf(topic)));
      const committed = await admin.committed(group, there.map(nameOf));
      for (const topic of there) {
        const offsets = committed.get(nameOf(topic)) ?? new Map();
        const lag = highs.get(topic)!.reduce((sum, high, partition) => sum + Math.max(0, high - (offsets.get(partition)?.offset ?? 0)), 0);
        lags.push({ group, topic, lag: offsets.size === 0 ? Number.NaN : lag });
      }
    }
    return { topics, groups: lags };
  };
  try {
    return await within(limits.startTimeoutMs, look(), 'asking');
  } catch (error) {
    throw unreachable(options.brokers, error);
  } finally {
    await within(limits.stopTimeoutMs, admin.close(), 'closing').catch(() => undefined);
    clients.close();
  }
}
