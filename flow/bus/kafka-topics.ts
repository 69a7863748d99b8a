import kafkajs from 'kafkajs';
import { BusError, type Topic } from './bus.js';
import type { KafkaAdmin } from './kafka-admin.js';
import { type BusLog, framingBytes, type KafkaBusOptions, type KafkaLimits } from './kafka-options.js';

/** Creates the topics that are missing and says how many partitions each has. */
export async function ensureTopics(
  admin: KafkaAdmin,
  names: ReadonlyMap<Topic, string>,
  options: KafkaBusOptions,
  limits: KafkaLimits,
  log: BusLog,
): Promise<Map<Topic, number>> {
  const existing = new Set(await admin.ask('listing topics', (client) => client.listTopics()));
  const missing = [...names].filter(([, name]) => !existing.has(name));
  if (missing.length > 0) {
    const topics = missing.map(([topic, name]) => ({
      topic: name,
      numPartitions: options.partitions?.[topic] ?? 1,
      replicationFactor: options.replicationFactor ?? 1,
      configEntries: Object.entries({
        // Compaction makes gaps that look like loss.
        'cleanup.policy': 'delete',
        'max.message.bytes': String(limits.maxMessageBytes + framingBytes),
        ...options.topicSettings,
      }).map(([key, value]) => ({ name: key, value })),
    }));
    try {
      // False when another process was faster: as good. Leaders are waited for below: kafkajs' own wait ends with an error where a broker has
      // not heard of the topic yet.
      await admin.ask('creating topics', (client) =>
        client.createTopics({ topics, waitForLeaders: false, timeout: limits.requestTimeoutMs }),
      );
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const list = missing.map(([, name]) => name).join(', ');
      throw new BusError('topic-missing', `the topics ${list} are missing and could not be created (${reason}): create them`, {
        cause: error,
      });
    }
    log.info({ topics: missing.map(([, name]) => name) }, 'topics created');
  }
  return partitionCounts(admin, names);
}

/** Partitions of every topic, once all of them have leaders. */
async function partitionCounts(admin: KafkaAdmin, names: ReadonlyMap<Topic, string>): Promise<Map<Topic, number>> {
  const { topics } = await admin.ask('describing topics', (client) => client.fetchTopicMetadata({ topics: [...names.values()] }));
  const counts = new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
  return new Map([...names].map(([topic, name]) => [topic, counts.get(name) ?? 0]));
}

/**
 * What a topic that others made may hold per message, ours or less. Warns of compaction. Best effort: describing configurations may be
 * forbidden, and then the broker itself refuses what is too large.
 */
export async function largestMessage(
  admin: KafkaAdmin,
  names: ReadonlyMap<Topic, string>,
  limits: KafkaLimits,
  log: BusLog,
): Promise<number> {
  let largest = limits.maxMessageBytes;
  const configNames = ['cleanup.policy', 'max.message.bytes'];
  const resources = [...names.values()].map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name, configNames }));
  try {
    const answer = await admin.ask('describing topics', (client) => client.describeConfigs({ resources, includeSynonyms: false }));
    for (const { resourceName: topic, configEntries } of answer.resources) {
      const settings = new Map(configEntries.map(({ configName, configValue }) => [configName, configValue]));
      if (settings.get('cleanup.policy')?.includes('compact')) {
        log.warn({ topic }, 'the topic is compacted: what compaction removes will be reported as loss; set cleanup.policy=delete');
      }
      const room = Number(settings.get('max.message.bytes') ?? Number.NaN) - framingBytes;
      if (room < largest) {
        log.warn({ topic, room }, 'the topic takes smaller messages than ours may be; raise its max.message.bytes');
        largest = Math.max(1, room);
      }
    }
  } catch (error) {
    log.debug({ error: String(error) }, 'the settings of the topics cannot be read');
  }
  return largest;
}
