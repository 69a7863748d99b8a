import type { Prefix } from '../../flow/address.js';
import { type AddressSpace, type AtomSet, addAll, removeAll } from './address-space.js';
import type { EndpointText } from './file-types.js';

/** Keys of an endpoint that this version reads and cannot judge: it keeps no table of observed names, no routing and no location data. */
export const UNJUDGED_PEERS = { dns: 'name', asn: 'AS number', country: 'country', mac: 'MAC address' } as const;
export type UnjudgedPeer = keyof typeof UNJUDGED_PEERS;

/**
 * What is known about an endpoint. An address in `certain` belongs to it; an address outside `possible` does not; between the two lie the addresses
 * that a name, AS number, country or MAC address may stand for. Without such keys the two are equal.
 */
export interface Endpoint {
  readonly certain: AtomSet;
  readonly possible: AtomSet;
  /** Keys that could not be judged, of the endpoint itself and of all sets it draws on; sorted. */
  readonly unjudged: readonly UnjudgedPeer[];
}

export interface DeclaredNames {
  /** Endpoint of each set, as written, and its parsed prefixes. */
  readonly sets: ReadonlyMap<string, EndpointText>;
  readonly fleets: ReadonlyMap<string, readonly Prefix[]>;
  prefixesOf(endpoint: EndpointText): readonly Prefix[];
}

/** Makes endpoints into sets of atoms. References are known to exist and to have no circles (check.ts). Sets are made once. */
export function createEndpoints(space: AddressSpace, names: DeclaredNames, special: readonly Prefix[]): (text: EndpointText) => Endpoint {
  const ofSet = new Map<string, Endpoint>();
  const ofFleet = new Map<string, Endpoint>();
  const internet = space.all();
  removeAll(internet, space.union(special));
  for (const set of names.sets.values()) removeAll(internet, space.union(names.prefixesOf(set)));
  for (const prefixes of names.fleets.values()) removeAll(internet, space.union(prefixes));

  const named = (name: string): Endpoint => {
    const set = names.sets.get(name);
    const made = set === undefined ? ofFleet : ofSet;
    let endpoint = made.get(name);
    if (endpoint === undefined) {
      const atoms = set === undefined ? space.union(names.fleets.get(name) ?? []) : undefined;
      endpoint = atoms === undefined ? build(set ?? {}) : { certain: atoms, possible: atoms, unjudged: [] };
      made.set(name, endpoint);
    }
    return endpoint;
  };
  const build = (text: EndpointText): Endpoint => {
    const certain = space.union(names.prefixesOf(text));
    if (text.any) addAll(certain, space.all());
    if (text.internet) addAll(certain, internet);
    const possible = certain.slice();
    const unjudged = new Set<UnjudgedPeer>();
    for (const key of Object.keys(UNJUDGED_PEERS) as UnjudgedPeer[]) if (text[key] !== undefined) unjudged.add(key);
    if (unjudged.size > 0) addAll(possible, space.all());
    for (const part of [...(text.sets ?? []), ...(text.fleets ?? [])].map(named)) {
      addAll(certain, part.certain);
      addAll(possible, part.possible);
      for (const key of part.unjudged) unjudged.add(key);
    }
    for (const part of (text.except ?? []).map(named)) {
      removeAll(certain, part.possible);
      removeAll(possible, part.certain);
      for (const key of part.unjudged) unjudged.add(key);
    }
    return { certain, possible, unjudged: [...unjudged].sort() };
  };
  return build;
}

/** Every endpoint text of a list, in words for people: 'image-archive, 10.40.1.53, internet except jump'. */
export function endpointWords(text: EndpointText): string {
  const shown = (values: readonly (string | number)[], most = 3): string[] =>
    values.length > most ? [...values.slice(0, most).map(String), `${values.length - most} more`] : values.map(String);
  const parts = [
    ...shown(text.sets ?? []),
    ...shown(text.fleets ?? []),
    ...shown(text.cidr ?? []),
    ...shown(text.dns ?? []),
    ...shown((text.asn ?? []).map((asn) => `AS${asn}`)),
    ...shown((text.country ?? []).map((country) => `country ${country}`)),
    ...shown(text.mac ?? []),
    ...(text.internet ? ['internet'] : []),
    ...(text.any ? ['any'] : []),
  ];
  return text.except === undefined ? parts.join(', ') : `${parts.join(', ')} except ${shown(text.except).join(', ')}`;
}
