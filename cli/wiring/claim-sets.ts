import type { SensorNamer } from '../../collector/origins.js';
import type { CompiledClaims } from '../../detector/claims/compiled.js';
import { loadClaims } from '../../detector/claims/load.js';
import type { LookupFiles } from '../../detector/claims/location/location.js';
import type { ClaimVersion } from '../../detector/engine/claim-version.js';
import { formatAddress, parsePrefix } from '../../flow/address.js';
import { PrefixTable } from '../../flow/prefix-table.js';
import { WatchHistory, type WatchList } from '../../flow/watch-list.js';
import { UsageError } from '../errors.js';
import { refuseSharing, sharedWatchList } from './shared-assets.js';

/** One claim file with the approvals that open its ticketed windows. */
export interface ClaimSource {
  readonly file: string;
  readonly approvals: string | undefined;
  readonly lookup?: LookupFiles;
}

/** All claim sets that one process judges, and the assets of all of them. */
export interface ClaimSets {
  readonly sets: readonly CompiledClaims[];
  readonly watchList: WatchList;
}

/** Compiles every claim file. Throws ClaimsError with all problems of a file, UsageError when two files share what cannot be shared. */
export function loadClaimSets(sources: readonly ClaimSource[]): ClaimSets {
  const files = new Set<string>();
  for (const { file } of sources) {
    if (files.has(file)) throw new UsageError(`${file}: this claim file is named twice; name it once`);
    files.add(file);
  }
  const sets = sources.map(({ file, approvals, lookup }) => loadClaims(file, approvals, lookup).claims);
  refuseSharing(sets, sources);
  return { sets, watchList: sharedWatchList(sets) };
}

/** What is watched at any time by the claim sets that are in force then. */
export function watchHistory(versions: readonly ClaimVersion[]): WatchHistory {
  const begins = new Set([Number.NEGATIVE_INFINITY, ...versions.map(({ fromMs }) => fromMs)]);
  return new WatchHistory(
    [...begins]
      .sort((a, b) => a - b)
      .map((fromMs) => {
        const inForce = versions.filter((version) => version.fromMs <= fromMs && version.untilMs > fromMs);
        return { fromMs, list: sharedWatchList(inForce.map(({ claims }) => claims)) };
      }),
  );
}

/**
 * Names of sensors: those that the configuration gives to an address win, then the claim files' (the one with the same domain, else the one that
 * names none), then the address itself: telemetry of an undeclared exporter is kept and shown, never dropped.
 */
export function createSensorNamer(
  sets: readonly CompiledClaims[] | (() => readonly CompiledClaims[]),
  configured: Readonly<Record<string, string>>,
): SensorNamer {
  if (typeof sets === 'function') return followingNamer(sets, configured);
  const declared = sets.flatMap((claims) => claims.sensors);
  const table = new PrefixTable(declared.map((sensor, value) => ({ prefix: parsePrefix(sensor.exporter), value })));
  const direct = new Map(Object.entries(configured).map(([address, name]) => [formatAddress(parsePrefix(address).bytes), name]));
  return (exporter, domain) => {
    const text = formatAddress(exporter);
    const given = direct.get(text);
    if (given !== undefined) return given;
    const found = declared[table.lookup(exporter)];
    if (found === undefined) return text;
    const same = declared.filter((sensor) => sensor.exporter === found.exporter);
    return (same.find((sensor) => sensor.domain === domain) ?? same.find((sensor) => sensor.domain === undefined) ?? found).name;
  };
}

/** Of claim sets that may change; a changed list is a new array. */
function followingNamer(current: () => readonly CompiledClaims[], configured: Readonly<Record<string, string>>): SensorNamer {
  let sets = current();
  let named = createSensorNamer(sets, configured);
  return (exporter, domain) => {
    if (current() !== sets) {
      sets = current();
      named = createSensorNamer(sets, configured);
    }
    return named(exporter, domain);
  };
}
