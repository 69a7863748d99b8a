import type { Bus } from '../../flow/bus/bus.js';
import { createKafkaBus, type KafkaBusOptions, type KafkaLimits } from '../../flow/bus/kafka.js';
import type { Config } from '../../flow/service/config.js';
import type { Log } from '../../flow/service/log.js';
import { environment } from '../environment.js';
import { UsageError } from '../errors.js';

/** The bus over Kafka as configured. Throws UsageError where no broker is named. */
export function configuredKafka(config: Config, log: Log, limits: Partial<KafkaLimits> = {}): Bus {
  return createKafkaBus(kafkaOptions(config, log, limits));
}

/** How the cluster is reached, as configured. Throws UsageError where no broker is named. */
export function kafkaOptions({ kafka }: Config, log: Log, limits: Partial<KafkaLimits> = {}): KafkaBusOptions {
  if (kafka.brokers.length === 0) {
    throw new UsageError('no Kafka broker is named; set kafka.brokers in the configuration or CORDON_KAFKA_BROKERS=host:port');
  }
  const username = environment('CORDON_KAFKA_USERNAME');
  const password = environment('CORDON_KAFKA_PASSWORD');
  return {
    brokers: kafka.brokers,
    clientId: 'cordon',
    topicPrefix: kafka.topicPrefix,
    // Only flows are many; the others keep one order.
    partitions: { flows: kafka.partitions, coverage: 1, findings: 1, quarantine: 1 },
    replicationFactor: kafka.replicationFactor,
    compression: kafka.compression,
    // The rebalance waits for silent members as long as they may be silent.
    limits: {
      sessionTimeoutMs: kafka.sessionTimeoutMs,
      rebalanceTimeoutMs: kafka.sessionTimeoutMs,
      heartbeatIntervalMs: Math.min(1000, kafka.sessionTimeoutMs / 3),
      ...limits,
    },
    ssl: kafka.tls,
    ...(username !== undefined && password !== undefined ? { sasl: { mechanism: 'scram-sha-512', username, password } } : {}),
    log,
  };
}
