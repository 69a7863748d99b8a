import { overlap } from '../../detector/claims/auxiliary.js';
import type { CompiledClaims } from '../../detector/claims/compiled.js';
import { formatPrefix } from '../../flow/address.js';
import { type WatchedAsset, WatchList } from '../../flow/watch-list.js';
import { UsageError } from '../errors.js';

/*
 * Assets belong to one claim set each, so that the engines of several share no state. What is watched beside the fleets may be common to several: a jump host, or
 * the probe of drills. Each engine then judges its rows for itself; they only must come to the partition where both do their work.
 */

/** Where a claim set is written, for people. */
type Source = { readonly file: string };

/** The assets of several claim sets, common jump hosts and probes once; the units that share one go to one partition. */
export function sharedWatchList(sets: readonly CompiledClaims[]): WatchList {
  const rootOf = new Map<string, string>();
  const root = (unit: string): string => {
    const next = rootOf.get(unit);
    return next === undefined || next === unit ? unit : root(next);
  };
  const assets: WatchedAsset[] = [];
  const auxiliary = new Map<string, WatchedAsset>();
  for (const claims of sets) {
    claims.watchList.assets.forEach((asset, index) => {
      const known = claims.assets[index]!.auxiliary ? auxiliary.get(asset.name) : undefined;
      if (known !== undefined) {
        rootOf.set(root(asset.unit), root(known.unit));
        return;
      }
      assets.push(asset);
      if (claims.assets[index]!.auxiliary) auxiliary.set(asset.name, asset);
    });
  }
  return new WatchList(rootOf.size === 0 ? assets : assets.map((asset) => ({ ...asset, unit: root(asset.unit) })));
}

/** Throws UsageError when two claim sets have one id, or watch the same asset in ways that rows cannot be filed by. */
export function refuseSharing(sets: readonly CompiledClaims[], sources: readonly Source[]): void {
  const byId = new Map<string, string>();
  const byName = new Map<string, string>();
  const byPrefix = new Map<string, string>();
  sets.forEach((claims, index) => {
    const file = sources[index]!.file;
    refuseTwice(byId, claims.id, file, `the id '${claims.id}'`, 'is that of', 'give every claim file an id of its own');
    claims.watchList.assets.forEach((asset, position) => {
      if (claims.assets[position]!.auxiliary) return;
      refuseTwice(byName, asset.name, file, `the asset '${asset.name}'`);
      for (const prefix of asset.prefixes) refuseTwice(byPrefix, formatPrefix(prefix), file, `the address ${formatPrefix(prefix)}`);
    });
  });
  for (const [index, claims] of sets.entries()) refuseAuxiliary(claims, sources[index]!.file, sets, sources);
}

/** A record is filed under one asset at each end: a jump host or probe that is more than that to another file would take its records, or lose its own. */
function refuseAuxiliary(claims: CompiledClaims, file: string, sets: readonly CompiledClaims[], sources: readonly Source[]): void {
  const own = claims.watchList.assets.filter((_, position) => claims.assets[position]!.auxiliary);
  sets.forEach((other, index) => {
    if (other === claims || own.length === 0) return;
    other.watchList.assets.forEach((asset, position) => {
      const isAuxiliary = other.assets[position]!.auxiliary;
      for (const one of own) {
        if (isAuxiliary && asset.name === one.name) continue;
        if (!asset.prefixes.some((prefix) => one.prefixes.some((mine) => overlap(mine, prefix)))) continue;
        const remedy = isAuxiliary
          ? 'write the same address or network in both files'
          : 'a file can watch its own members only: put the claims or drills that name it into that file';
        throw new UsageError(
          `${file}: ${one.name}, a jump host or probe here, ` +
            `${isAuxiliary ? `overlaps ${asset.name}` : `is the asset '${asset.name}'`} of ${sources[index]!.file}; ${remedy}`,
        );
      }
    });
  });
}

function refuseTwice(
  seen: Map<string, string>,
  key: string,
  file: string,
  what: string,
  relation = 'is watched by',
  remedy = 'an asset belongs to one claim file',
): void {
  const other = seen.get(key);
  if (other !== undefined && other !== file) throw new UsageError(`${file}: ${what} ${relation} ${other} too; ${remedy}`);
  seen.set(key, file);
}
