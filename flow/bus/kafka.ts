import { type Bus, BusError, type SubscribeOptions, TOPICS, type Topic } from './bus.js';
import { KafkaAdmin } from './kafka-admin.js';
import { createKafkaClients, unreachable } from './kafka-client.js';
import { type BusLog, defaultKafkaLimits, type Hole, type KafkaBusOptions, silentLog } from './kafka-options.js';
import { KafkaPublisher } from './kafka-publisher.js';
import { KafkaSubscription } from './kafka-subscription.js';
import { fetchTopicIdsPatiently, TopicIdsRefused } from './kafka-topic-ids.js';
import { ensureTopics, largestMessage } from './kafka-topics.js';
import { checkMessageSize } from './message-size.js';
import { within } from './timing.js';

export type { BusLog, Hole, KafkaBusOptions, KafkaLimits } from './kafka-options.js';

/** The bus over a Kafka cluster: `cordon collect`, `detect`, `store`. */
export function createKafkaBus(options: KafkaBusOptions): Bus {
  const limits = { ...defaultKafkaLimits, ...options.limits };
  const log = options.log ?? silentLog;
  const topicNames = new Map<Topic, string>(TOPICS.map((topic) => [topic, `${options.topicPrefix ?? ''}${topic}`]));
  let connected = false;
  // Until the first connection stands, `start` itself says what is wrong.
  const clientLog: BusLog = {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => (connected ? log.warn(fields, message) : log.debug(fields, message)),
    error: (fields, message) => log.error(fields, message),
  };
  const clients = createKafkaClients(options, limits, clientLog);
  const admin = new KafkaAdmin(clients, limits);
  const publisher = new KafkaPublisher(clients, options, limits, log);
  const subscriptions = new Set<KafkaSubscription>();
  let counts: ReadonlyMap<Topic, number> = new Map();
  let logs: ReadonlyMap<string, string> = new Map();
  let { maxMessageBytes } = limits;
  let stopping: Promise<void> | undefined;

  const onHole =
    options.onHole ??
    ((hole: Hole) => log.error({ ...hole }, `${hole.first - hole.expected} messages were removed by the broker before they were read`));

  const goOn = () => {
    if (stopping !== undefined) throw new BusError('stopped', 'the bus was stopped');
  };
  const live = () => {
    goOn();
    if (counts.size === 0) throw new BusError('stopped', 'the bus was not started');
  };
  const partitions = (topic: Topic): number => {
    const count = counts.get(topic);
    if (count === undefined) throw new BusError('stopped', 'the bus was not started: the number of partitions is not known');
    return count;
  };

  const refreshLogs = async () => {
    const names = [...topicNames.values()];
    const clusterId = await admin.clusterId();
    try {
      const ids = await fetchTopicIdsPatiently(clients, names, limits.requestTimeoutMs);
      logs = new Map(names.map((name) => [name, `${clusterId}/${ids.get(name)}`]));
    } catch (error) {
      // The name of a log must not change because a broker is away.
      if (logs.size > 0 || !(error instanceof TopicIdsRefused)) throw error;
      log.warn({ error: String(error) }, 'the broker gives no topic ids: a topic that is deleted and made anew is taken for the same log');
      logs = new Map(names.map((name) => [name, `${clusterId}/${name}`]));
    }
  };

  const connect = async () => {
    const found = await ensureTopics(admin, topicNames, options, limits, log);
    goOn();
    await refreshLogs();
    goOn();
    maxMessageBytes = await largestMessage(admin, topicNames, limits, log);
    goOn();
    await publisher.start();
    counts = found;
    connected = true;
  };

  return {
    start: async () => {
      goOn();
      try {
        await within(limits.startTimeoutMs, connect(), 'connecting');
      } catch (error) {
        clients.cutSockets();
        throw error instanceof BusError ? error : unreachable(options.brokers, error);
      }
    },

    partitions,

    publish: async (topic, partition, message) => {
      live();
      if (!(partition < partitions(topic))) throw new RangeError(`${topic} has no partition ${partition}`);
      const bytes = checkMessageSize(topic, message, maxMessageBytes);
      return publisher.publish(topicNames.get(topic)!, partition, message, bytes);
    },

    ends: async (topic) => {
      live();
      return admin.ends(topicNames.get(topic)!);
    },

    flush: async () => {
      live();
      await publisher.flush();
    },

    subscribe: async (subscribeOptions: SubscribeOptions) => {
      live();
      const subscription = new KafkaSubscription(subscribeOptions, {
        clients,
        admin,
        brokers: options.brokers,
        limits,
        log,
        onHole,
        logOf: (topicName) => logs.get(topicName)!,
        refreshLogs,
        topicNames,
        partitions,
      });
      subscriptions.add(subscription);
      const forget = () => subscriptions.delete(subscription);
      subscription.ended.then(forget, forget);
      await subscription.start();
      return subscription;
    },

    stop: () => {
      stopping ??= (async () => {
        const closed = Promise.all([...subscriptions].map((subscription) => subscription.close()));
        // Readers may need the publisher to finish. When that takes too long, its stop fails them, and they end too.
        await within(
          limits.stopTimeoutMs,
          closed.then(() => publisher.flush()),
          'closing',
        ).catch(() => {});
        const stopped = Promise.all([publisher.stop(), admin.close(), closed]);
        await within(limits.stopTimeoutMs + 500, stopped, 'closing').catch((error: unknown) => {
          log.warn({ error: String(error) }, 'the bus stops although a reader or the broker has not answered');
        });
        clients.close();
      })();
      return stopping;
    },
  };
}
