import type { ClaimSet } from '../claims/claim-set.js';
import type { AssertionText, EndpointText } from '../claims/file-types.js';
import type { PlacedClaims } from './placed-claims.js';

/** Something beside traffic that two files say differently: coverage demands, windows, exceptions, inventory, sensors, sentences. */
export interface OtherChange {
  /** 'claims.closed-network.coverage.time' */
  readonly path: string;
  /** JSON; undefined where the file says nothing. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export function otherChanges(a: PlacedClaims, b: PlacedClaims): OtherChange[] {
  const changes: OtherChange[] = [];
  compare(shown(a.set), shown(b.set), '', changes);
  return changes;
}

/** What is compared as text. Sets and rules by address are left out: they show as traffic. */
function shown(set: ClaimSet): unknown {
  const values = <T>(map: ReadonlyMap<string, { readonly value: T }>): Record<string, T> =>
    Object.fromEntries([...map].map(([name, { value }]) => [name, value]));
  const claims = set.claims.map(({ value: { id, assert, ...rest } }) => {
    const kind = Object.keys(assert)[0] ?? '';
    const byName = [...(assert.only ?? []), ...(assert.never ?? []), ...(assert.authorised ?? []), ...(assert.budget ?? [])]
      .map(({ peer, ports, initiator, during }) => ({ ...namedPeers(peer, set), ports, initiator, during }))
      .filter((rule) => rule.names.length > 0);
    const sessions = { works_without: islandText(assert.works_without, set), via: viaText(assert.via, set) };
    return [id, { ...rest, kind, ...(byName.length > 0 ? { peersByName: byName } : {}), ...sessions }];
  });
  return {
    owner: set.owner,
    timezone: set.timezone.value,
    period: set.period.value,
    effective: set.effective?.value,
    fleets: Object.fromEntries(
      [...set.fleets].map(([name, { value }]) => [
        name,
        { ...value, members: Object.fromEntries(value.members.map(({ name: member, ...rest }) => [member, rest])) },
      ]),
    ),
    sensors: values(set.sensors),
    windows: values(set.windows),
    claims: Object.fromEntries(claims),
    exceptions: Object.fromEntries(
      set.exceptions.map(({ value: { match, ...rest } }) => [rest.id, { ...rest, ...namedPeers(match.peer, set) }]),
    ),
  };
}

/** How long and how much, which no single exchange can show, and peers by name. */
function islandText(island: AssertionText['works_without'], set: ClaimSet): unknown {
  if (island === undefined) return undefined;
  const { peer, alive, ...amounts } = island;
  return { ...amounts, ...named('peer', peer, set), ...named('alive', alive.peer, set) };
}

function viaText(via: AssertionText['via'], set: ClaimSet): unknown {
  if (via === undefined) return undefined;
  return { ...named('from', via.from, set), ...named('jump', via.jump, set), ...named('to', via.to.peer, set) };
}

function named(key: string, peer: EndpointText, set: ClaimSet): Record<string, readonly string[]> {
  const { names } = namedPeers(peer, set);
  return names.length === 0 ? {} : { [key]: names };
}

/** Peers that are no addresses: names, MAC addresses, countries and AS numbers, also through sets. */
function namedPeers(peer: EndpointText, set: ClaimSet): { names: string[] } {
  const names = new Set<string>();
  const seen = new Set<string>();
  const visit = (endpoint: EndpointText, sign: string): void => {
    for (const name of [...(endpoint.dns ?? []), ...(endpoint.mac ?? []), ...(endpoint.country ?? [])]) names.add(sign + name);
    for (const asn of endpoint.asn ?? []) names.add(`${sign}AS${asn}`);
    for (const [list, mark] of [
      [endpoint.sets, sign],
      [endpoint.except, 'except '],
    ] as const) {
      for (const name of list ?? []) {
        const inner = set.sets.get(name)?.value;
        if (inner === undefined || seen.has(mark + name)) continue;
        seen.add(mark + name);
        visit(inner, mark);
      }
    }
  };
  visit(peer, '');
  return { names: [...names].sort() };
}

function compare(before: unknown, after: unknown, path: string, changes: OtherChange[]): void {
  if (isMap(before) && isMap(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
      compare(before[key], after[key], path === '' ? key : `${path}.${key}`, changes);
    return;
  }
  const [was, is] = [JSON.stringify(before), JSON.stringify(after)];
  if (was !== is) changes.push({ path, before: was, after: is });
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
