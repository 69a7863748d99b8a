import type { ClaimVersion } from '../../detector/engine/claim-version.js';
import { writeVerdicts } from '../../detector/store/queries/verdicts.js';
import type { Store } from '../../detector/store/store.js';
import type { Lifecycle } from '../../flow/service/lifecycle.js';
import type { Log } from '../../flow/service/log.js';
import { DAY_MS, HOUR_MS } from '../../flow/time.js';
import { forgetRunningVerdicts, judgeVersion, storeVersionWindows } from './version-verdicts.js';

/** Live verdicts are computed anew this often. */
const JUDGE_EVERY_MS = 60_000;
/** Periods that became final are looked at again this often, because data may come late: what changes a verdict then amends it. */
const AMEND_EVERY_MS = HOUR_MS;
/** Data that is later than this amends nothing here; `cordon verdict` judges any period. */
const AMEND_WITHIN_MS = 7 * DAY_MS;

/**
 * Computes and stores the verdicts of the running period, and of the one before it, which may just have become final, until the lifecycle stops. Claims
 * that were changed are judged for the part of the period that each version was in force.
 */
export async function startJudging(store: Store, versions: () => readonly ClaimVersion[], log: Log, lifecycle: Lifecycle): Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let amendedMs = Date.now();
  const judge = async (): Promise<void> => {
    try {
      const now = Date.now();
      const amends = now - amendedMs >= AMEND_EVERY_MS;
      for (const version of versions()) {
        const { claims, untilMs } = version;
        const { fromMs, toMs } = claims.periodOf(now);
        const range = { fromMs: amends ? Math.min(fromMs - 1, now - AMEND_WITHIN_MS) : fromMs - 1, toMs };
        await writeVerdicts(store, await judgeVersion(store, version, [range], now), now);
        await storeVersionWindows(store, version, range, now);
        if (Number.isFinite(untilMs)) await forgetRunningVerdicts(store, version);
      }
      if (amends) amendedMs = now;
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
