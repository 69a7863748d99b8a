import type { Prefix } from '../../flow/address.js';
import { type WatchedAsset, WatchList } from '../../flow/watch-list.js';
import { unitsOf } from './auxiliary.js';
import type { ClaimSet } from './claim-set.js';
import { drillProbes } from './compile-drills.js';
import type { CompiledClaim, CompiledFleet } from './compiled.js';
import type { ClaimText, FleetText, MemberText } from './file-types.js';

export function memberPrefixes(member: MemberText, prefixOf: (text: string) => Prefix): Prefix[] {
  return [...(member.ip ?? []), ...(member.subnet === undefined ? [] : [member.subnet])].map(prefixOf);
}

/** What is watched, in units that are judged together: fleets, their members, and what stands beside them. */
export function compileInventory(
  set: ClaimSet,
  claims: readonly CompiledClaim[],
  prefixesOfFleet: ReadonlyMap<string, readonly Prefix[]>,
  prefixOf: (text: string) => Prefix,
  jumpsOf: (claim: ClaimText) => readonly Prefix[] | undefined,
) {
  const watched: WatchedAsset[] = [];
  const fleets: CompiledFleet[] = [];
  const subjects = [...prefixesOfFleet.keys()];
  const units = unitsOf(
    claims.filter(isFleetWide).map((claim) => subjects[claim.subject]!),
    jumpHosts(set, jumpsOf),
    prefixesOfFleet,
  );
  for (const [name, { value }] of set.fleets) {
    const index = fleets.length;
    const ofFleet = claims.filter((claim) => claim.subject === index);
    const members = value.members.map((member) => {
      watched.push({
        name: member.name,
        fleet: name,
        unit: units.ofFleet.get(name) ?? member.name,
        prefixes: memberPrefixes(member, prefixOf),
        macAddresses: member.mac === undefined ? [] : [Number.parseInt(member.mac.replaceAll(':', ''), 16)],
      });
      return watched.length - 1;
    });
    fleets.push({ name, ...fleetWords(value), members, claims: ofFleet.map((claim) => claim.index) });
  }
  const members = watched.map(({ name, fleet, unit }) => ({ name, fleet: subjects.indexOf(fleet), unit, auxiliary: false }));
  const beside = [
    ...units.auxiliary,
    ...drillProbes(set, [...watched, ...units.auxiliary.map(({ prefix }) => ({ prefixes: [prefix] }))], prefixOf),
  ];
  for (const { name, label, unit, prefix } of beside) {
    watched.push({ name, fleet: label, unit, prefixes: [prefix], macAddresses: [] });
  }
  const auxiliary = beside.map(({ name, fleet, unit }) => ({ name, fleet: subjects.indexOf(fleet), unit, auxiliary: true }));
  return { watchList: new WatchList(watched), fleets, assets: [...members, ...auxiliary] };
}

function isFleetWide(claim: CompiledClaim): boolean {
  return claim.kind === 'works_without' || claim.rules.some((rule) => rule.budget?.scope === 'fleet');
}

/** Addresses of the jump hosts of all `via` claims, by subject. */
function jumpHosts(set: ClaimSet, jumpsOf: (claim: ClaimText) => readonly Prefix[] | undefined): Map<string, readonly Prefix[]> {
  const jumps = new Map<string, readonly Prefix[]>();
  for (const { value } of set.claims) jumps.set(value.subject, [...(jumps.get(value.subject) ?? []), ...(jumpsOf(value) ?? [])]);
  return jumps;
}

function fleetWords(fleet: FleetText) {
  return { vendor: fleet.vendor, site: fleet.site, zone: fleet.zone ?? '', criticality: fleet.criticality ?? 'medium' } as const;
}
