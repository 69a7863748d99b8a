import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import kafkajs, { type Admin } from 'kafkajs';
import { STORED_TOPICS } from '../../../detector/store/service/store-service.js';
import { type Running, says, start, until } from './cordon.js';

/** Days that rows are kept in the tests: for ever, whatever the year they run in. */
export const KEEP_ALL = { flowsDays: 0, minutesDays: 0, hoursDays: 0 };

export interface ShapeOptions {
  readonly brokers: readonly string[];
  readonly folder: string;
  readonly claims: string;
  readonly approvals?: string | undefined;
  readonly partitions: number;
}

/** The distributed shape: a configuration with topics and groups of its own, and the processes that read it. */
export interface KafkaShape {
  readonly config: string;
  /** Data folder of `cordon store`. */
  readonly data: string;
  /** Starts a process with a data folder of its own, named after it; resolves when it is at work. */
  detect(name?: string): Promise<Running>;
  store(): Promise<Running>;
  /** Resolves when everything published is judged, and everything found is stored. */
  drained(processes: readonly Running[]): Promise<void>;
}

export function createShape(options: ShapeOptions): KafkaShape {
  const { brokers, folder, claims, approvals, partitions } = options;
  const name = `pipeline-${randomUUID().slice(0, 8)}`;
  const config = join(folder, 'cordon.yaml');
  // JSON is YAML.
  const sections = {
    claims: [claims],
    ...(approvals === undefined ? {} : { approvals }),
    // The broker of the tests lets a session be short: a process that was killed is missed after three seconds.
    kafka: { brokers, topicPrefix: `${name}.`, group: name, partitions, sessionTimeoutMs: 3000 },
    metrics: { port: 0 },
    // Often, so that nothing waits for the next commit, and kills fall into many different states.
    detector: { snapshotMs: 250 },
    retention: KEEP_ALL,
  };
  writeFileSync(config, JSON.stringify(sections));
  const data = join(folder, 'store');
  const begin = async (role: string, dataFolder: string): Promise<Running> => {
    const one = start([role, '--config', config, '--data', dataFolder]);
    await says(one, /"ready"/);
    return one;
  };
  return {
    config,
    data,
    detect: (part = 'detect') => begin('detect', join(folder, part)),
    store: () => begin('store', data),
    async drained(processes) {
      const admin = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING }).admin();
      await admin.connect();
      try {
        // The detector commits flows after what it found and what it judged are acknowledged, so the second answer counts only after the first.
        const done = (group: string, topics: readonly string[]) => async () =>
          (await isDone(
            admin,
            `${name}-${group}`,
            topics.map((topic) => `${name}.${topic}`),
          ))
            ? true
            : undefined;
        await until('all flows judged', processes, done('detect', ['flows']));
        await until('everything stored', processes, done('store', STORED_TOPICS));
      } finally {
        await admin.disconnect();
      }
    },
  };
}

async function isDone(admin: Admin, groupId: string, topics: string[]): Promise<boolean> {
  const committed = await admin.fetchOffsets({ groupId, topics });
  for (const { topic, partitions } of committed) {
    const at = new Map(partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    for (const { partition, high } of await admin.fetchTopicOffsets(topic)) {
      if (Number(high) > 0 && at.get(partition) !== Number(high)) return false;
    }
  }
  return true;
}
