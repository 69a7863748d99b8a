import { formatAddress, formatPrefix, type Prefix } from '../../flow/address.js';
import type { ClaimSet } from './claim-set.js';
import type { EndpointText } from './file-types.js';

/** Something watched beside the fleets, because a claim or a drill needs to see it. */
export interface AuxiliaryAsset {
  readonly name: string;
  /** What its rows say as their fleet; no fleet can be called so. */
  readonly label: string;
  /** Fleet whose claim or drill needs it. */
  readonly fleet: string;
  readonly unit: string;
  readonly prefix: Prefix;
}

export interface Units {
  /** Unit of each fleet that is judged as a whole; fleets not named here are judged asset by asset. */
  readonly ofFleet: ReadonlyMap<string, string>;
  readonly auxiliary: readonly AuxiliaryAsset[];
}

export const JUMP_HOSTS = 'jump hosts';
export const DRILL_PROBES = 'drill probes';

/** The addresses of an endpoint, sets and fleets written out; undefined where it is more than a list of addresses. */
export function listedPrefixes(
  set: ClaimSet,
  text: EndpointText,
  prefixOf: (text: string) => Prefix,
  prefixesOfFleet: ReadonlyMap<string, readonly Prefix[]>,
): readonly Prefix[] | undefined {
  const { cidr = [], sets = [], fleets = [], note: _, ...others } = text;
  if (Object.keys(others).length > 0) return undefined;
  const all = [...cidr.map(prefixOf), ...fleets.flatMap((name) => prefixesOfFleet.get(name)!)];
  for (const name of sets) {
    const inner = listedPrefixes(set, set.sets.get(name)!.value, prefixOf, prefixesOfFleet);
    if (inner === undefined) return undefined;
    all.push(...inner);
  }
  return all;
}

/**
 * What is judged together. A session on a jump host decides about a session behind it, so both must reach the same state: fleets whose `via` claims share
 * jump hosts, and fleets that jump hosts belong to, are one unit, called after the first of them. `wide` are fleets that are units of their own at least.
 */
export function unitsOf(
  wide: readonly string[],
  jumpsOf: ReadonlyMap<string, readonly Prefix[]>,
  prefixesOfFleet: ReadonlyMap<string, readonly Prefix[]>,
): Units {
  const order = [...prefixesOfFleet.keys()];
  const ofFleet = new Map(wide.map((name) => [name, name]));
  const join = (a: string, b: string): void => {
    const [one, other] = [ofFleet.get(a) ?? a, ofFleet.get(b) ?? b];
    const first = order.indexOf(one) <= order.indexOf(other) ? one : other;
    for (const name of [a, b]) ofFleet.set(name, first);
    for (const [name, unit] of ofFleet) if (unit === one || unit === other) ofFleet.set(name, first);
  };
  const jumps = [...jumpsOf].flatMap(([fleet, prefixes]) => prefixes.map((prefix) => ({ fleet, prefix })));
  for (const { fleet, prefix } of jumps) {
    join(fleet, fleet);
    for (const [other, prefixes] of prefixesOfFleet) if (prefixes.some((theirs) => overlap(theirs, prefix))) join(fleet, other);
    for (const other of jumps) if (overlap(other.prefix, prefix)) join(fleet, other.fleet);
  }
  if (jumps.length === 0) return { ofFleet, auxiliary: [] };
  const members = new Set([...prefixesOfFleet.values()].flat().map(formatPrefix));
  const auxiliary = new Map<string, AuxiliaryAsset>();
  for (const { fleet, prefix } of jumps) {
    const name = nameOf(prefix);
    if (members.has(formatPrefix(prefix)) || auxiliary.has(name)) continue;
    auxiliary.set(name, { name, label: JUMP_HOSTS, fleet, unit: ofFleet.get(fleet)!, prefix });
  }
  return { ofFleet, auxiliary: [...auxiliary.values()] };
}

/** An address is called by itself, a network with its length. */
export function nameOf(prefix: Prefix): string {
  return prefix.length === 128 ? formatAddress(prefix.bytes) : formatPrefix(prefix);
}

/** True when one of the prefixes contains the other. */
export function overlap(a: Prefix, b: Prefix): boolean {
  const bits = Math.min(a.length, b.length);
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (a.bytes[i] !== b.bytes[i]) return false;
  const mask = (0xff00 >> (bits & 7)) & 0xff;
  return (bits & 7) === 0 || (a.bytes[whole]! & mask) === (b.bytes[whole]! & mask);
}
