import { ADDRESS_BYTES, isIPv6Prefix, type Prefix, parsePrefix } from '../../flow/address.js';
import { createPlaceFinder, type PlaceFinder } from '../places/place-finder.js';
import { AddressSpace, type AtomSet, hasAtom } from './address-space.js';
import type { Approval, TicketDecision } from './approvals.js';
import { listedPrefixes } from './auxiliary.js';
import { createPeriods, createTimeZone, parseLocal, type TimeZone } from './calendar.js';
import type { PrefixCache } from './check.js';
import type { ClaimSet, Declared } from './claim-set.js';
import { compileDrills } from './compile-drills.js';
import { compileInventory, memberPrefixes } from './compile-inventory.js';
import { compileIsland, compileVia, unjudgedKind } from './compile-kinds.js';
import { createWindows } from './compile-windows.js';
import {
  CLAIM_KINDS,
  type ClaimKind,
  type CompiledClaim,
  type CompiledClaims,
  type CompiledException,
  type CompiledLocation,
  type CompiledSensor,
  type CompiledVia,
  type CompiledWindow,
  type CoverageDemand,
} from './compiled.js';
import { createEndpoints, type Endpoint, PEER_KEYS, type PeerKey, type PlacedPrefixes } from './endpoints.js';
import type { ClaimText, CoverageText, EndpointText, RuleText } from './file-types.js';
import type { Locations } from './location/location.js';
import type { LocationKey } from './location/location-key.js';
import { createPeerVocabulary } from './peer-vocabulary.js';
import { createClaimedPorts } from './ports.js';
import { ClaimsError } from './problem.js';
import { compileRule, portRanges, type RuleSide } from './rules.js';
import { SPECIAL_PURPOSE } from './special-purpose.js';
import { durationMs, isCalendarDuration, parseOctets, parseShare } from './units.js';
import type { IntervalWindow } from './windows.js';

/** What compiling makes; beside the tables that judge, what the lints look at. */
export interface Compilation {
  readonly claims: CompiledClaims;
  readonly zone: TimeZone;
  readonly space: AddressSpace;
  /** Atoms of the special-purpose blocks. */
  readonly specialPurpose: AtomSet;
  readonly prefixesOfFleet: ReadonlyMap<string, readonly Prefix[]>;
  endpointOf(text: EndpointText): Endpoint;
  windowOf(name: string, fleet: string): IntervalWindow;
  ticketsOf(name: string, fleet: string): readonly TicketDecision[];
}

/** Compiles a checked claim set. `hash` covers the files it came from, and the location data that it draws on (locationKeys). */
export function compileClaimSet(
  set: ClaimSet,
  prefixes: PrefixCache,
  approvals: readonly Approval[],
  locations: Locations,
  hash: string,
  drillKey?: Uint8Array,
): Compilation {
  const zone = createTimeZone(set.timezone.value);
  const special = SPECIAL_PURPOSE.map(parsePrefix);
  const prefixOf = (text: string): Prefix => prefixes.get(text)!;
  const prefixesOf = remembered((endpoint: EndpointText): readonly Prefix[] => (endpoint.cidr ?? []).map(prefixOf));
  const prefixesOfFleet = new Map(
    [...set.fleets].map(([name, { value }]) => [name, value.members.flatMap((member) => memberPrefixes(member, prefixOf))]),
  );
  const places = placesOf(set, locations);
  const placed = Object.values(places).flatMap(({ all }) => all);
  const space = new AddressSpace([...special, ...prefixes.values(), ...placed.flat()]);
  const sets = new Map([...set.sets].map(([name, { value }]) => [name, value]));
  const vocabulary = createPeerVocabulary();
  const endpointOf = createEndpoints(space, { sets, fleets: prefixesOfFleet, prefixesOf, places, vocabulary }, special);
  const { windowOf, ticketsOf } = createWindows(set, approvals, zone);
  const specialPurpose = space.union(special);
  const withIPv6 = new Map([...prefixesOfFleet].map(([name, prefixes]) => [name, prefixes.some(isIPv6Prefix)]));
  const hasIPv6 = (text: EndpointText): boolean =>
    prefixesOf(text).some(isIPv6Prefix) ||
    [...(text.sets ?? []), ...(text.fleets ?? [])].some((name) => {
      const known = withIPv6.get(name) ?? hasIPv6(sets.get(name)!);
      withIPv6.set(name, known);
      return known;
    });
  const namesIPv6 = (rules: readonly RuleText[]): boolean => rules.some(({ peer }) => hasIPv6(peer));
  const jumpsOf = (claim: ClaimText): readonly Prefix[] | undefined =>
    claim.assert.via === undefined ? undefined : listedPrefixes(set, claim.assert.via.jump, prefixOf, prefixesOfFleet);
  const claims = set.claims.map((claim, index) => {
    const via = compileVia(set, claim.value, endpointOf, specialPurpose, space.atomCount);
    return compileClaim(set, claim, index, endpointOf, windowOf, zone, via, jumpsOf(claim.value) !== undefined, places, namesIPv6);
  });
  const { watchList, fleets, assets } = compileInventory(set, claims, prefixesOfFleet, prefixOf, jumpsOf);
  const effective = set.effective?.value;
  const instantOf = (date: string | undefined, absent: number): number =>
    date === undefined ? absent : zone.toInstant(parseLocal(date) ?? 0);
  const periodMs = durationMs(set.period.value, 0);
  const nameOf = createNames(space, [
    ...[...sets].map(([name, text]) => ({ name, prefixes: prefixesOf(text) })),
    ...[...prefixesOfFleet].map(([name, list]) => ({ name, prefixes: list })),
  ]);
  const internet = endpointOf({ internet: true }).certain;
  const compiled: CompiledClaims = {
    id: set.id,
    owner: set.owner,
    hash,
    timezone: zone.name,
    periodMs,
    effectiveFromMs: instantOf(effective?.from, Number.NEGATIVE_INFINITY),
    effectiveUntilMs: instantOf(effective?.until, Number.POSITIVE_INFINITY),
    fleets,
    assets,
    watchList,
    sensors: [...set.sensors].map(
      ([name, { value }]): CompiledSensor => ({
        name,
        kind: value.kind,
        exporter: value.exporter,
        domain: value.domain,
        samplingInterval: value.sampling ?? 0,
        activeTimeoutMs: durationMs(value.active_timeout, 0),
        heartbeatMs: durationMs(value.heartbeat, 0),
        sees: value.sees,
      }),
    ),
    claims,
    drills: compileDrills(set, assets, (address) => watchList.assetOf(address), prefixOf, drillKey),
    atomOf: (bytes, offset) => space.atomOf(bytes, offset),
    atomCount: space.atomCount,
    prefixOfAtom: (atom) => space.prefixOf(atom),
    isOutside: (bytes, offset) => hasAtom(internet, space.atomOf(bytes, offset)),
    peers: vocabulary,
    locations: Object.values(places).map(({ identity }) => identity),
    isClaimedPort: createClaimedPorts(allRules(set).flatMap((rule) => portRanges(rule) ?? [])),
    periodOf: createPeriods(zone, periodMs, isCalendarDuration(set.period.value)),
    nameOf,
    placeOf: createPlaces(locations),
  };
  return { claims: compiled, zone, space, specialPurpose, prefixesOfFleet, endpointOf, windowOf, ticketsOf };
}

/** The answer of each object is worked out once. */
function remembered<K extends object, V>(make: (key: K) => V): (key: K) => V {
  const made = new Map<K, V>();
  return (key) => {
    let value = made.get(key);
    if (value === undefined) {
      value = make(key);
      made.set(key, value);
    }
    return value;
  };
}

/** Keys of location data that the claims draw on, whether there is data or not. */
export function locationKeys(set: ClaimSet): LocationKey[] {
  return (['country', 'asn'] as const).filter((key) => valuesOf(set, key).length > 0);
}

function valuesOf(set: ClaimSet, key: LocationKey): string[] {
  return [...new Set(endpointTexts(set).flatMap((endpoint) => (endpoint[key] ?? []).map(String)))];
}

interface Place extends PlacedPrefixes {
  readonly identity: CompiledLocation;
  readonly all: readonly (readonly Prefix[])[];
}

function placesOf(set: ClaimSet, locations: Locations): Partial<Record<LocationKey, Place>> {
  const places: Partial<Record<LocationKey, Place>> = {};
  for (const key of locationKeys(set)) {
    const data = locations[key];
    if (data === undefined) continue;
    const { of, unknown } = data.split(valuesOf(set, key));
    places[key] = { identity: data.identity, of: (value) => of.get(value) ?? [], unknown, all: [...of.values(), unknown] };
  }
  return places;
}

/** Every endpoint of the files: of sets, rules and exceptions. */
export function endpointTexts(set: ClaimSet): EndpointText[] {
  return [
    ...[...set.sets.values()].map(({ value }) => value),
    ...allRules(set).map(({ peer }) => peer),
    ...set.claims.flatMap(({ value: { assert } }) => [
      ...(assert.works_without === undefined ? [] : [assert.works_without.peer]),
      ...(assert.via === undefined ? [] : [assert.via.from, assert.via.jump]),
    ]),
  ];
}

/** Name of the narrowest prefix that an address lies in; of equal prefixes the one declared first counts. */
function createNames(
  space: AddressSpace,
  groups: readonly { readonly name: string; readonly prefixes: readonly Prefix[] }[],
): (bytes: Uint8Array, offset: number) => string {
  const numbers = space.narrowest(groups.map(({ prefixes }) => prefixes));
  return (bytes, offset) => groups[numbers[space.atomOf(bytes, offset)]!]?.name ?? '';
}

/** The data is read when the first address is asked for. What claims draw on was read before: data that they do not need must not end the judging. */
function createPlaces(locations: Locations): CompiledClaims['placeOf'] {
  let finder: PlaceFinder | undefined;
  return (bytes, offset) => {
    const address = bytes.subarray(offset, offset + ADDRESS_BYTES);
    try {
      finder ??= createPlaceFinder(locations);
      return finder.placeOf(address);
    } catch (error) {
      if (!(error instanceof ClaimsError)) throw error;
      finder = createPlaceFinder({});
      return finder.placeOf(address);
    }
  };
}

function allRules(set: ClaimSet): RuleText[] {
  const ofClaims = set.claims.flatMap(({ value: { assert } }) => [
    ...(assert.only ?? []),
    ...(assert.never ?? []),
    ...(assert.authorised ?? []),
    ...(assert.budget ?? []),
    ...(assert.works_without === undefined ? [] : [assert.works_without.alive]),
    ...(assert.via === undefined ? [] : [assert.via.to]),
  ]);
  return [...ofClaims, ...set.exceptions.map(({ value }) => value.match)];
}

type EndpointOf = (text: EndpointText) => Endpoint;
type WindowOf = (name: string, fleet: string) => CompiledWindow;

function compileClaim(
  set: ClaimSet,
  at: Declared<ClaimText>,
  index: number,
  endpointOf: EndpointOf,
  windowOf: WindowOf,
  zone: TimeZone,
  via: CompiledVia | undefined,
  jumpIsListed: boolean,
  places: Partial<Record<LocationKey, Place>>,
  namesIPv6: (rules: readonly RuleText[]) => boolean,
): CompiledClaim {
  const claim = at.value;
  const kind = CLAIM_KINDS.find((name) => claim.assert[name] !== undefined)!;
  const judged = kind === 'only' || kind === 'never' || kind === 'authorised' || kind === 'budget';
  const texts = judged ? (claim.assert[kind] ?? []) : [];
  const compile = (text: RuleText, position: number, side: RuleSide) =>
    compileRule(
      text,
      position,
      side,
      endpointOf(text.peer),
      text.during?.map((name) => windowOf(name, claim.subject)),
    );
  // By their ids: which of two that cover the same exchange is told does not depend on the order in the file.
  const exceptions = set.exceptions.filter(({ value }) => value.claim === claim.id).sort((one, other) => (one.name < other.name ? -1 : 1));
  const rules = judged ? texts : peersOf(claim);
  const keys = [...rules, ...exceptions.map(({ value }) => value.match)].flatMap(({ peer }) => endpointOf(peer).keys);
  return {
    id: claim.id,
    index,
    kind,
    text: claim.text,
    severity: claim.severity,
    subject: [...set.fleets.keys()].indexOf(claim.subject),
    rules: texts.map((text, position) => compile(text, position, kind === 'only' ? 'allows' : 'forbids')),
    exceptions: exceptions.map(
      ({ value }, position): CompiledException => ({
        id: value.id,
        rule: compile(value.match, position, 'allows'),
        reason: value.reason,
        ticket: value.ticket,
        approvedBy: value.approved_by,
        fromMs: zone.toInstant(parseLocal(value.from) ?? 0),
        expiresMs: zone.toInstant(parseLocal(value.expires) ?? 0),
      }),
    ),
    island: compileIsland(set, claim, endpointOf),
    via,
    namesIPv6: namesIPv6(judged ? texts : peersOf(claim)),
    coverage: compileCoverage(set, claim.coverage),
    residual: claim.residual ?? [],
    supports: claim.supports ?? [],
    source: claim.source === undefined ? undefined : { who: claim.source.who, quote: claim.source.quote, ref: claim.source.ref },
    notJudged: unjudgedKind(claim, via, jumpIsListed) ?? unjudgedPeers(kind, rules, exceptions, endpointOf),
    locations: Object.values(places).flatMap(({ identity }) => (keys.includes(identity.key) ? [identity] : [])),
  };
}

/** The peers of the kinds that have no list of rules, in the order of the file's keys. */
function peersOf({ assert: { works_without: island, via } }: ClaimText): RuleText[] {
  if (island !== undefined) return [{ peer: island.peer }, island.alive];
  return via === undefined ? [] : [{ peer: via.from }, { peer: via.jump }, via.to];
}

/** The sentence where a rule names its peer by location and there is no data of it; undefined where all can be judged. */
function unjudgedPeers(
  kind: ClaimKind,
  rules: readonly RuleText[],
  exceptions: ClaimSet['exceptions'],
  endpointOf: EndpointOf,
): string | undefined {
  const named = (list: readonly RuleText[]): PeerKey[] => list.flatMap((rule) => endpointOf(rule.peer).unjudged);
  const words = (keys: readonly PeerKey[]): string =>
    [...new Set(keys)]
      .sort()
      .map((key) => PEER_KEYS[key])
      .join(', ');
  const numbers = rules.flatMap((rule, index) => (endpointOf(rule.peer).unjudged.length > 0 ? [index + 1] : []));
  if (numbers.length > 0) {
    return `Rule ${numbers.join(', ')} of this '${kind}' claim names its peer by ${words(named(rules))}, for which no location data is configured (lookup); its other parts are judged.`;
  }
  const excepted = exceptions.filter(({ value }) => endpointOf(value.match.peer).unjudged.length > 0);
  if (excepted.length === 0) return undefined;
  return `Exception ${excepted.map(({ name }) => name).join(', ')} names its peer by ${words(named(excepted.map(({ value }) => value.match)))}, for which no location data is configured (lookup).`;
}

function compileCoverage(set: ClaimSet, text: CoverageText): CoverageDemand {
  const sensors = [...set.sensors.keys()];
  return {
    sensors: text.sensors.map((name) => sensors.indexOf(name)),
    mode: text.mode ?? 'all',
    time: parseShare(text.time),
    maxGapMs: durationMs(text.max_gap, Number.NaN),
    maxLost: parseShare(text.max_lost),
    detectOctets: text.detect === undefined ? Number.NaN : parseOctets(text.detect.bytes),
    detectConfidence: parseShare(text.detect?.confidence),
    canaryMs: durationMs(text.canary, Number.NaN),
    reconcile: parseShare(text.reconcile),
    maxSkewMs: durationMs(text.max_skew, Number.NaN),
  };
}
