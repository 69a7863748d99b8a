import { type FollowedDecision, followedDecisions } from '../../detector/decisions/followed.js';
import { readDecisions } from '../../detector/store/queries/decisions.js';
import type { Config } from '../../flow/service/config.js';
import type { Lifecycle } from '../../flow/service/lifecycle.js';
import type { Log } from '../../flow/service/log.js';
import { configuredStore } from './stores.js';

/** A server is asked for decisions this often; they take effect later than that (DECISION_LEAD_MS). */
const ASK_EVERY_MS = 5000;

/**
 * What a detector over Kafka follows of people's decisions: read from the ClickHouse server that the configuration names, until the lifecycle stops; nothing where it names
 * none. A server that is away is asked again: judging does not wait for it, and a decision that is heard too late takes effect with the next record.
 */
export async function startDecisionFeed(config: Config, log: Log, lifecycle: Lifecycle): Promise<() => readonly FollowedDecision[]> {
  let followed: readonly FollowedDecision[] = [];
  if (config.clickhouse.url === undefined) return () => followed;
  const store = configuredStore(config, 'keep');
  let started = false;
  let told = '';
  const ask = async (): Promise<void> => {
    try {
      if (!started) await store.start();
      started = true;
      const next = followedDecisions(await readDecisions(store));
      if (JSON.stringify(next) !== JSON.stringify(followed)) followed = next;
      told = '';
    } catch (error) {
      // Once for each problem, not every few seconds.
      if (String(error) !== told) log.warn({ error: String(error) }, 'decisions of people cannot be read: those known so far are followed');
      told = String(error);
    }
  };
  await ask();
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  await lifecycle.start({
    name: 'decisions',
    async start() {
      timer = setInterval(() => {
        running = running.then(ask);
      }, ASK_EVERY_MS);
    },
    async stop() {
      clearInterval(timer);
      await running;
      await store.close();
    },
  });
  return () => followed;
}
