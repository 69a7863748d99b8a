import type { CompiledClaims } from '../../detector/claims/compiled.js';
import type { ClaimVersion } from '../../detector/engine/claim-version.js';
import type { DetectionSettings } from '../../detector/engine/parameters.js';
import type { Store } from '../../detector/store/store.js';
import type { Bus } from '../../flow/bus/bus.js';
import type { Lifecycle } from '../../flow/service/lifecycle.js';
import type { Log } from '../../flow/service/log.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, minuteOf } from '../../flow/time.js';
import { publishFindings, StoredWatches } from './stored-watches.js';

/** Watches look at what is stored this often. */
const WATCH_EVERY_MS = MINUTE_MS;
/** After a look the process has this many times as long for everything else: with ten thousand irregular assets a look takes seconds. */
const REST_FACTOR = 9;
/** Record time is taken to be complete so long ago: what a minute of the ledger holds is sent when the next one has begun. */
const SETTLED_MS = 2 * MINUTE_MS;
/** Each look reaches this far back; at midnight to the day before. */
const LOOK_BACK_MS = 2 * HOUR_MS;
/** Every hour everything is read anew for so long, because data may come late and take a finding back. */
const ANEW_EVERY_MS = HOUR_MS;
const ANEW_BACK_MS = 7 * DAY_MS;

/** Runs the watches of every claim set in force once a minute (`everyMs`), until the lifecycle stops. */
export async function startWatching(
  store: Store,
  bus: Bus,
  versions: () => readonly ClaimVersion[],
  settings: DetectionSettings,
  log: Log,
  lifecycle: Lifecycle,
  everyMs = WATCH_EVERY_MS,
): Promise<void> {
  const watchesOf = new Map<CompiledClaims, StoredWatches>();
  let running: Promise<void> = Promise.resolve();
  let anewMs = Number.NEGATIVE_INFINITY;
  const look = async (): Promise<void> => {
    const now = Date.now();
    const anew = now - anewMs >= ANEW_EVERY_MS;
    const untilMs = minuteOf(now - SETTLED_MS);
    const inForce = versions().filter((version) => version.fromMs < untilMs && version.untilMs > untilMs - LOOK_BACK_MS);
    for (const known of watchesOf.keys()) if (inForce.every(({ claims }) => claims !== known)) watchesOf.delete(known);
    for (const { claims, fromMs, untilMs: endMs } of inForce) {
      const watches = watchesOf.get(claims) ?? new StoredWatches(store, claims, settings);
      watchesOf.set(claims, watches);
      const range = { fromMs: Math.max(fromMs, untilMs - (anew ? ANEW_BACK_MS : LOOK_BACK_MS)), toMs: Math.min(endMs, untilMs) };
      await publishFindings(bus, await watches.changes(range, anew));
    }
    if (anew) anewMs = now;
  };
  let busy = false;
  let restedMs = 0;
  const timer = setInterval(() => {
    const beginMs = performance.now();
    if (busy || beginMs < restedMs) return;
    busy = true;
    running = look()
      .catch((error: unknown) => log.error({ error: String(error) }, 'watches could not be evaluated'))
      .finally(() => {
        busy = false;
        restedMs = beginMs + (performance.now() - beginMs) * (1 + REST_FACTOR);
      });
  }, everyMs);
  await lifecycle.start({
    name: 'watches',
    async stop() {
      clearInterval(timer);
      await running;
    },
  });
}
