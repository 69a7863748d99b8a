import type { Topic } from '../../flow/bus/bus.js';
import { inspectKafka } from '../../flow/bus/kafka-inspection.js';
import type { Config } from '../../flow/service/config.js';
import type { Log } from '../../flow/service/log.js';
import { formatCount } from '../render/text.js';
import { kafkaOptions } from '../wiring/kafka.js';
import { type Check, note, ok, wrong } from './check.js';

const SECTION = 'kafka';
/** Frames that a group may be behind before it is told. */
const LAG_FRAMES = 100;

/** What each role reads. */
const READERS = {
  detect: ['flows'],
  store: ['flows', 'coverage', 'findings'],
} as const satisfies Record<string, readonly Topic[]>;

/** The cluster that is configured, our topics, and how far their readers are behind. */
export async function examineKafka(config: Config, log: Log): Promise<Check[]> {
  const groups = Object.entries(READERS).map(([role, topics]) => ({ group: `${config.kafka.group}-${role}`, topics }));
  try {
    const { topics, groups: lags } = await inspectKafka(kafkaOptions(config, log), groups);
    const checks = [ok(SECTION, 'brokers', config.kafka.brokers.join(', '))];
    const missing = topics.filter(({ partitions }) => partitions === 0);
    if (missing.length > 0) {
      const names = missing.map(({ name }) => name).join(', ');
      checks.push(note(SECTION, 'topics', `not there yet: ${names}`, 'the first role that starts makes them, if the broker lets it'));
    }
    for (const { topic, name, partitions, messages } of topics) {
      if (partitions === 0) continue;
      const says = `${partitions} partitions, ${formatCount(messages)} frames kept`;
      if (topic === 'flows' && partitions !== config.kafka.partitions)
        checks.push(
          note(SECTION, name, says, `the configuration says ${config.kafka.partitions}; a topic that is there keeps its own number`),
        );
      else if (topic === 'quarantine' && messages > 0)
        checks.push(
          wrong(SECTION, name, says, 'frames that could not be read or stored: run the same version everywhere, then replay them'),
        );
      else checks.push(ok(SECTION, name, says));
    }
    for (const { group, topic, lag } of lags) checks.push(...behind(group, topic, lag));
    return checks;
  } catch (error) {
    return [
      wrong(SECTION, 'brokers', error instanceof Error ? error.message : String(error), 'collect keeps what it can until it is back'),
    ];
  }
}

function behind(group: string, topic: Topic, lag: number): Check[] {
  if (Number.isNaN(lag))
    return [
      note(
        SECTION,
        group,
        `has read nothing of ${topic} yet`,
        `start cordon ${group.slice(group.lastIndexOf('-') + 1)}, or let it run a minute`,
      ),
    ];
  if (lag <= LAG_FRAMES) return [ok(SECTION, group, `${formatCount(lag)} frames of ${topic} to read`)];
  return [
    wrong(
      SECTION,
      group,
      `${formatCount(lag)} frames of ${topic} behind`,
      'see whether its processes run; start one more when they cannot follow',
    ),
  ];
}
