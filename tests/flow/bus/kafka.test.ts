import { randomUUID } from 'node:crypto';
import { describe } from 'vitest';
import type { Bus } from '../../../flow/bus/bus.js';
import { createKafkaBus, type KafkaBusOptions } from '../../../flow/bus/kafka.js';
import { busConformance } from '../../conformance/bus.js';
import { kafkaBrokers, kafkaSkip } from '../../kafka/shared.js';

/** Shorter than in operation, so that a group settles quickly. */
const quickLimits = { sessionTimeoutMs: 6_000, rebalanceTimeoutMs: 6_000, heartbeatIntervalMs: 300, stopTimeoutMs: 3_000 };

const twoEach = { flows: 2, coverage: 2, findings: 2, quarantine: 2 };

for (const compression of ['none', 'gzip'] as const) {
  describe.skipIf(kafkaSkip !== undefined)(`Kafka, compression ${compression}`, () => {
    busConformance(async () => {
      const options: KafkaBusOptions = {
        brokers: await kafkaBrokers(),
        topicPrefix: `t-${randomUUID().slice(0, 8)}.`,
        partitions: twoEach,
        compression,
        limits: quickLimits,
      };
      const open = async (): Promise<Bus> => {
        const bus = createKafkaBus(options);
        await bus.start();
        return bus;
      };
      return { open, reopen: open, republishesAfterRestart: false };
    });
  });
}
