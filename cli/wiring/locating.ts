import { statSync } from 'node:fs';
import { type LookupFiles, readLocations } from '../../detector/claims/location/location.js';
import { ClaimsError } from '../../detector/claims/problem.js';
import { createPlaceFinder, type PlaceFinder } from '../../detector/places/place-finder.js';
import { locatePeers } from '../../detector/store/queries/places.js';
import type { Store } from '../../detector/store/store.js';
import type { Lifecycle } from '../../flow/service/lifecycle.js';
import type { Log } from '../../flow/service/log.js';
import { MINUTE_MS } from '../../flow/time.js';

const UNUSABLE = 'location data cannot be used: screens do not tell where peers are';
/** New peers are looked up this often. */
const LOCATE_EVERY_MS = MINUTE_MS;

/** Stores where the peers of all assets are, by the location data named in the configuration: for input that has ended. Data that cannot be used is logged. */
export async function locateOnce(store: Store, lookup: LookupFiles, log: Log): Promise<void> {
  try {
    await locatePeers(store, createPlaceFinder(readLocations(lookup)), Date.now(), { mostRounds: Number.POSITIVE_INFINITY });
  } catch (error) {
    if (!(error instanceof ClaimsError)) throw error;
    log.error({ error: String(error) }, UNUSABLE);
  }
}

/**
 * The same for new peers once a minute (`everyMs`), until the lifecycle stops. Files that were replaced are read again, and all peers looked up anew; a file
 * that cannot be used is logged, and what was read before stays in use.
 */
export async function startLocating(
  store: Store,
  lookup: LookupFiles,
  log: Log,
  lifecycle: Lifecycle,
  everyMs = LOCATE_EVERY_MS,
): Promise<void> {
  let finder: PlaceFinder | undefined;
  let read: string | undefined;
  const locate = async (): Promise<void> => {
    const state = stateOf(lookup);
    if (state !== read) {
      read = state;
      try {
        finder = createPlaceFinder(readLocations(lookup));
      } catch (error) {
        log.error({ error: String(error) }, UNUSABLE);
      }
    }
    if (finder !== undefined) await locatePeers(store, finder, Date.now());
  };
  let running: Promise<void> | undefined;
  const begin = (): void => {
    running ??= locate()
      .catch((error: unknown) => log.error({ error: String(error) }, 'peers could not be located'))
      .finally(() => {
        running = undefined;
      });
  };
  const timer = setInterval(begin, everyMs);
  begin();
  await lifecycle.start({
    name: 'locations of peers',
    async stop() {
      clearInterval(timer);
      await running;
    },
  });
}

/** What tells that a file was replaced: its time and size. */
function stateOf({ country, asn }: LookupFiles): string {
  return [country, asn]
    .map((file) => {
      const stat = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false });
      return stat === undefined ? '' : `${stat.mtimeMs} ${stat.size}`;
    })
    .join();
}
