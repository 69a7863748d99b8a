import { inject } from 'vitest';
import './global-setup.js';

const kafka = inject('kafka');

/** Why the Kafka tests cannot run here; undefined when they can. For `describe.skipIf(kafkaSkip !== undefined)`. */
export const kafkaSkip: string | undefined =
  kafka === undefined ? 'no tests/kafka/global-setup.ts in vitest.config.ts' : 'skip' in kafka ? kafka.skip : undefined;

/** Why a test cannot start a broker of its own with `startBroker`; also when `KAFKA_BROKERS` names one and Java is missing. */
export const ownKafkaSkip: string | undefined =
  kafkaSkip ?? (kafka !== undefined && 'canStart' in kafka && !kafka.canStart ? 'java or mvn not found' : undefined);

/** The brokers that all tests of this run share; the first call starts them. Use topic prefixes of your own: others are there too. */
export async function kafkaBrokers(): Promise<string[]> {
  if (kafka === undefined || 'skip' in kafka) throw new Error(`Kafka is not available: ${kafkaSkip}`);
  const response = await fetch(kafka.url);
  const body = await response.text();
  if (!response.ok) throw new Error(body);
  return JSON.parse(body) as string[];
}
