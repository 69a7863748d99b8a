import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createDesk, type FindingsDesk } from '../../detector/decisions/desk.js';
import { effectiveParameters } from '../../detector/engine/parameters.js';
import type { Store } from '../../detector/store/store.js';
import { StoreError } from '../../detector/store/store-error.js';
import type { Config } from '../../flow/service/config.js';
import { HOUR_MS, MINUTE_MS } from '../../flow/time.js';
import { UsageError } from '../errors.js';
import { loadClaimSets } from './claim-sets.js';
import { deskOfProcess } from './desk-door.js';
import { configuredStore } from './stores.js';

/** Detectors in other processes hear of a new decision within seconds: it counts from later than that on. */
export const DECISION_LEAD_MS = 2 * MINUTE_MS;

/** Those that answer while they hold the embedded store (desk-door.ts). */
export const ANSWERING = 'Only cordon run and cordon store answer';

/** How long assets learn, as configured. */
export function warmUpMsOf({ detections }: Config): number {
  return effectiveParameters(detections as Record<string, Record<string, number>>)['new-destination'].warmUpHours! * HOUR_MS;
}

/** Opens the store that the configuration names, for somebody who looks into it. A folder named wrongly is refused: an empty store would look like good news. */
export async function withConfiguredStore<T>(config: Config, work: (store: Store) => Promise<T>): Promise<T> {
  const { clickhouse, data } = config;
  if (clickhouse.url === undefined && !existsSync(join(data, 'store')))
    throw new UsageError(`there is no store in ${data}; name the folder that run or replay wrote with --data, or a ClickHouse server`);
  const store = configuredStore(config, 'keep');
  try {
    await store.start();
    await store.migrate();
    return await work(store);
  } finally {
    await store.close();
  }
}

/** The desk over the configured store; where a running process holds the embedded store, that process answers. */
export async function withDesk<T>(config: Config, work: (desk: FindingsDesk) => Promise<T>): Promise<T> {
  const { clickhouse, data } = config;
  const elsewhere = clickhouse.url === undefined ? deskOfProcess(data) : undefined;
  if (elsewhere !== undefined) return await work(elsewhere);
  return await explainLocked(`${ANSWERING} questions about findings while they work`, () =>
    withConfiguredStore(config, (store) => work(deskOver(store, config))),
  );
}

/** The desk over a store that this process has opened, and nobody else feeds with decisions: detectors that read a server's hear of each a little later. */
export function deskOver(store: Store, config: Config): FindingsDesk {
  return createDesk({
    store,
    now: Date.now,
    claims: () => loadClaimSets(config.claims.map((file) => ({ file, approvals: config.approvals, lookup: config.lookup }))).sets,
    warmUpMs: warmUpMsOf(config),
    ...(config.clickhouse.url === undefined ? {} : { leadMs: DECISION_LEAD_MS }),
  });
}

/** Says who could have answered where another process holds the store and has no door. `who`: 'Only cordon run and … while they work'. */
export async function explainLocked<T>(who: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'directory-locked') throw error;
    throw new UsageError(`${error.message}. ${who}; wait for a replay to end`);
  }
}
