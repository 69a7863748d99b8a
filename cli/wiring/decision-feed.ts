import type { Decision } from '../../detector/decisions/decision.js';
import { type FollowedDecision, followedDecisions } from '../../detector/decisions/followed.js';
import { readDecisions } from '../../detector/store/queries/decisions.js';
import type { Config } from '../../flow/service/config.js';
import type { Lifecycle } from '../../flow/service/lifecycle.js';
import type { Log } from '../../flow/service/log.js';
import { deskOfProcess } from './desk-door.js';
import { configuredStore } from './stores.js';

/** Decisions are asked for this often; they take effect later than that (DECISION_LEAD_MS). */
const ASK_EVERY_MS = 5000;

/** Where decisions are read. */
interface DecisionSource {
  read(): Promise<readonly Decision[]>;
  close(): Promise<void>;
}

/**
 * What a detector over Kafka follows of people's decisions, until the lifecycle stops: read from the ClickHouse server that the configuration names, or of the process that
 * holds the embedded store of the same data folder, where one does. Who is away is asked again: judging does not wait for it, and a decision that is heard too late takes
 * effect with the next record.
 */
export async function startDecisionFeed(config: Config, log: Log, lifecycle: Lifecycle): Promise<() => readonly FollowedDecision[]> {
  let followed: readonly FollowedDecision[] = [];
  const source = config.clickhouse.url === undefined ? ofProcess(config.data) : ofServer(config);
  let told = '';
  const ask = async (): Promise<void> => {
    try {
      const next = followedDecisions(await source.read());
      if (JSON.stringify(next) !== JSON.stringify(followed)) {
        followed = next;
        log.info({ decisions: next.length }, 'decisions of people are followed');
      }
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
      await source.close();
    },
  });
  return () => followed;
}

function ofServer(config: Config): DecisionSource {
  const store = configuredStore(config, 'keep');
  let started = false;
  return {
    async read() {
      if (!started) await store.start();
      started = true;
      return await readDecisions(store);
    },
    close: () => store.close(),
  };
}

/** While nobody holds the store nobody can decide: what was known stays. */
function ofProcess(data: string): DecisionSource {
  let known: readonly Decision[] = [];
  return {
    async read() {
      known = (await deskOfProcess(data)?.trail()) ?? known;
      return known;
    },
    close: () => Promise.resolve(),
  };
}
