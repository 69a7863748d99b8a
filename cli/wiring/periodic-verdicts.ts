import type { CompiledClaims } from '../../detector/claims/compiled.js';
import { writeVerdicts } from '../../detector/store/queries/verdicts.js';
import type { Store } from '../../detector/store/store.js';
import type { Lifecycle } from '../../flow/service/lifecycle.js';
import type { Log } from '../../flow/service/log.js';
import { judgeStored } from './judging.js';

/** Live verdicts are computed anew this often. */
const JUDGE_EVERY_MS = 60_000;

/** Computes and stores the verdicts of the running period, and of the one before it, which may just have become final, until the lifecycle stops. */
export async function startJudging(store: Store, sets: readonly CompiledClaims[], log: Log, lifecycle: Lifecycle): Promise<void> {
  let running: Promise<void> = Promise.resolve();
  const judge = async (): Promise<void> => {
    try {
      const now = Date.now();
      for (const claims of sets) {
        const { fromMs, toMs } = claims.periodOf(now);
        await writeVerdicts(store, await judgeStored(store, claims, { fromMs: fromMs - 1, toMs }, now), now);
      }
    } catch (error) {
      log.error({ error: String(error) }, 'verdicts could not be computed');
    }
  };
  const timer = setInterval(() => {
    running = running.then(judge);
  }, JUDGE_EVERY_MS);
  await lifecycle.start({
    name: 'verdicts',
    async stop() {
      clearInterval(timer);
      await running;
    },
  });
}
