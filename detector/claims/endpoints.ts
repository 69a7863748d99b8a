import type { Prefix } from '../../flow/address.js';
import { type AddressSpace, type AtomSet, addAll, hasAtom, removeAll } from './address-space.js';
import { type PeerFacts, Truth, type UnknownPeer } from './compiled.js';
import type { EndpointText } from './file-types.js';
import type { LocationKey } from './location/location-key.js';
import { PeerFact, type PeerVocabulary } from './peer-vocabulary.js';

/** Keys of an endpoint that addresses in the claim file do not decide, in words. */
export const PEER_KEYS = { dns: 'name', asn: 'AS number', country: 'country', mac: 'MAC address' } as const;
export type PeerKey = keyof typeof PEER_KEYS;

/**
 * What is known about an endpoint. An address in `certain` belongs to it; an address outside `possible` does not, whatever else is known; between the
 * two lie the addresses that a name or MAC address may stand for, and those that the location data knows nothing of.
 */
export interface Endpoint {
  readonly certain: AtomSet;
  readonly possible: AtomSet;
  /** Keys of PEER_KEYS, of the endpoint itself and of all sets it draws on; sorted. */
  readonly keys: readonly PeerKey[];
  /** Those of `keys` for which there is no location data: nobody can judge them. */
  readonly unjudged: readonly PeerKey[];
  /** Whether a peer belongs to it: Truth. */
  truth(atom: number, facts: PeerFacts): number;
  /** Why `truth` is unknown there. */
  unknownBy(atom: number): UnknownPeer;
}

/** Location data cut to what the claims name. */
export interface PlacedPrefixes {
  /** Prefixes of a value ('NL', '64500'). */
  of(value: string): readonly Prefix[];
  /** Those that the data knows nothing of; special-purpose addresses lie nowhere. */
  readonly unknown: readonly Prefix[];
}

export interface EndpointParts {
  /** Endpoint of each set, as written, and its parsed prefixes. */
  readonly sets: ReadonlyMap<string, EndpointText>;
  readonly fleets: ReadonlyMap<string, readonly Prefix[]>;
  prefixesOf(endpoint: EndpointText): readonly Prefix[];
  readonly places: Partial<Readonly<Record<LocationKey, PlacedPrefixes>>>;
  readonly vocabulary: PeerVocabulary;
}

/** Makes endpoints into sets of atoms. References are known to exist and to have no circles (check.ts). Equal endpoints are made once. */
export function createEndpoints(space: AddressSpace, parts: EndpointParts, special: readonly Prefix[]): (text: EndpointText) => Endpoint {
  const made = new Map<string, Endpoint>();
  const specialAtoms = space.union(special);
  const internet = space.all();
  removeAll(internet, specialAtoms);
  const declared = [...[...parts.sets.values()].map(parts.prefixesOf), ...parts.fleets.values()];
  removeAll(internet, space.union(declared.flat()));
  const unknownOf = (key: LocationKey): AtomSet => {
    const atoms = space.union(parts.places[key]?.unknown ?? []);
    removeAll(atoms, specialAtoms);
    return atoms;
  };
  const unknown = { country: unknownOf('country'), asn: unknownOf('asn') };

  const once = (key: string, make: () => Endpoint): Endpoint => {
    let endpoint = made.get(key);
    if (endpoint === undefined) {
      endpoint = make();
      made.set(key, endpoint);
    }
    return endpoint;
  };
  const named = (name: string): Endpoint =>
    once(`set ${name}`, () => {
      const set = parts.sets.get(name);
      return set === undefined ? ofAtoms(space.union(parts.fleets.get(name) ?? [])) : build(set);
    });
  const ofAtoms = (atoms: AtomSet): Endpoint => ({
    certain: atoms,
    possible: atoms,
    keys: [],
    unjudged: [],
    truth: (atom) => (hasAtom(atoms, atom) ? Truth.yes : Truth.no),
    unknownBy: () => 'mac-unknown',
  });
  const build = (text: EndpointText): Endpoint => {
    const own = (Object.keys(PEER_KEYS) as PeerKey[]).filter((key) => text[key] !== undefined);
    const ownUnjudged = own.filter((key) => (key === 'country' || key === 'asn') && parts.places[key] === undefined);
    const facts = [
      ...(text.dns ?? []).map((name) => parts.vocabulary.ofName(name)),
      ...(text.mac ?? []).map((mac) => parts.vocabulary.ofMac(mac)),
    ];
    const added = [...(text.sets ?? []), ...(text.fleets ?? [])].map(named);
    const taken = (text.except ?? []).map(named);
    // Nothing of its own: it is what it names. Rules mostly are.
    if (own.length === 0 && !text.any && !text.internet && text.cidr === undefined && added.length === 1 && taken.length === 0)
      return added[0]!;
    // What addresses alone decide, known and unknown. Where they decide all, one set serves as both.
    const known = space.union(parts.prefixesOf(text));
    if (text.any) addAll(known, space.all());
    if (text.internet) addAll(known, internet);
    const maybe = own.length === 0 ? known : known.slice();
    for (const key of ['country', 'asn'] as const) {
      const values = text[key];
      const place = parts.places[key];
      if (values === undefined || place === undefined) continue;
      const atoms = space.union(values.flatMap((value) => place.of(String(value))));
      removeAll(atoms, specialAtoms);
      addAll(known, atoms);
      addAll(maybe, atoms);
      addAll(maybe, unknown[key]);
    }
    if (ownUnjudged.length > 0) addAll(maybe, space.all());

    const all = [...added, ...taken];
    const keys = [...new Set([...own, ...all.flatMap((part) => part.keys)])].sort();
    const certain = all.length === 0 ? known : known.slice();
    const possible = keys.length === 0 ? certain : maybe.slice();
    if (facts.length > 0) addAll(possible, space.all());
    for (const part of added) {
      addAll(certain, part.certain);
      if (possible !== certain) addAll(possible, part.possible);
    }
    for (const part of taken) {
      removeAll(certain, part.possible);
      if (possible !== certain) removeAll(possible, part.certain);
    }
    const unjudged = [...new Set([...ownUnjudged, ...all.flatMap((part) => part.unjudged)])].sort();
    const byAtoms = (atom: number): number => (hasAtom(certain, atom) ? Truth.yes : hasAtom(possible, atom) ? Truth.unknown : Truth.no);
    const macs = text.mac !== undefined;
    const byAll = (atom: number, about: PeerFacts): number => {
      let truth: number = hasAtom(known, atom) ? Truth.yes : hasAtom(maybe, atom) ? Truth.unknown : Truth.no;
      if (facts.some((fact) => about.has(fact))) truth = Truth.yes;
      else if (truth === Truth.no && macs && !about.has(PeerFact.macKnown)) truth = Truth.unknown;
      for (const part of added) truth = Math.max(truth, part.truth(atom, about));
      for (const part of taken) truth = Math.min(truth, Truth.yes - part.truth(atom, about));
      return truth;
    };
    return {
      certain,
      possible,
      keys,
      unjudged,
      truth: keys.includes('dns') || keys.includes('mac') ? byAll : byAtoms,
      unknownBy: (atom) => {
        if (keys.includes('country') && hasAtom(unknown.country, atom)) return 'geo-unknown';
        return keys.includes('asn') && hasAtom(unknown.asn, atom) ? 'asn-unknown' : 'mac-unknown';
      },
    };
  };
  return (text) => once(JSON.stringify(text), () => build(text));
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
