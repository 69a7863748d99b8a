import { formatTime } from '../../flow/time.js';
import type { EndpointText, RuleText } from '../claims/file-types.js';
import { portRanges } from '../claims/rules.js';
import type { PlacedClaims } from './placed-claims.js';

export interface MudExport {
  /** RFC 8520 with RFC 8519, as JSON. */
  readonly text: string;
  /** What the claims say and MUD cannot; nothing is dropped silently. */
  readonly open: readonly string[];
}

interface Network {
  readonly family: 'ipv4' | 'ipv6';
  /** Conditions on the peer; `to` as it stands in from-device lists, `from` in to-device lists. */
  readonly to: object;
  readonly from: object;
}

/** The `only` claim of a fleet as a MUD file. `nowMs` becomes its last-update. */
export function exportMud({ set }: PlacedClaims, fleet: string, url: string, nowMs: number): MudExport {
  const open: string[] = [];
  const declared = set.fleets.get(fleet)!.value;
  const claims = set.claims.filter(({ value }) => value.subject === fleet);
  const [main, ...more] = claims.filter(({ value }) => value.assert.only !== undefined);
  for (const { name } of more) open.push(`Claim '${name}': a second list of what is allowed; MUD has one, here that of '${main!.name}'.`);
  for (const { name, value } of claims)
    if (value.assert.only === undefined) open.push(`Claim '${name}': MUD has no way to say '${Object.keys(value.assert)[0]}'.`);
  for (const { name, value } of set.exceptions)
    if (value.claim === main?.name) open.push(`Exception '${name}': MUD has none, and nothing that expires.`);
  if (main !== undefined) open.push(`Claim '${main.name}': its coverage demands, severity and sentence.`);
  const aces = { ipv4: { from: [] as object[], to: [] as object[] }, ipv6: { from: [] as object[], to: [] as object[] } };
  (main?.value.assert.only ?? []).forEach((rule, index) => {
    const name = `rule-${index + 1}`;
    if (rule.during !== undefined) open.push(`${name}: its windows (${rule.during.join(', ')}); the entry allows it at any time.`);
    if (rule.budget !== undefined) open.push(`${name}: its budget.`);
    const peers = peersOf(rule.peer, set, open, name, new Set());
    for (const [position, network] of peers.entries())
      for (const [at, part] of transports(rule, open, name).entries()) {
        const ace = (way: object, matches: object): object => ({
          name: `${name}-${position + 1}-${at + 1}`,
          matches: {
            ...(Object.keys(way).length > 0 || part.protocol !== undefined ? { [network.family]: { ...way, ...protocolOf(part) } } : {}),
            ...matches,
          },
          actions: { forwarding: 'accept' },
        });
        aces[network.family].from.push(ace(network.to, part.fromDevice));
        aces[network.family].to.push(ace(network.from, part.toDevice));
      }
  });
  const used = (['ipv4', 'ipv6'] as const).filter((family) => aces[family].from.length > 0);
  const policy = (way: string): object => ({
    'access-lists': { 'access-list': used.map((family) => ({ name: `${fleet}-${family}-${way}` })) },
  });
  const file = {
    'ietf-mud:mud': {
      'mud-version': 1,
      'mud-url': url,
      'last-update': formatTime(nowMs).replace(/\.\d+Z$/, '+00:00'),
      'cache-validity': 48,
      'is-supported': true,
      systeminfo: `${declared.vendor}, ${declared.site}`.slice(0, 60),
      'from-device-policy': policy('from'),
      'to-device-policy': policy('to'),
    },
    'ietf-access-control-list:acls': {
      acl: used.flatMap((family) =>
        (['from', 'to'] as const).map((way) => ({
          name: `${fleet}-${family}-${way}`,
          type: `${family}-acl-type`,
          aces: { ace: aces[family][way] },
        })),
      ),
    },
  };
  return { text: `${JSON.stringify(file, undefined, 2)}\n`, open };
}

interface Transport {
  /** Number where no layer 4 container tells the protocol. */
  readonly protocol: number | undefined;
  readonly fromDevice: object;
  readonly toDevice: object;
}

function protocolOf({ protocol }: Transport): object {
  return protocol === undefined ? {} : { protocol };
}

function transports(rule: RuleText, open: string[], name: string): Transport[] {
  const ranges = portRanges(rule);
  if (ranges === undefined) {
    if (rule.initiator !== undefined && rule.initiator !== 'any') open.push(`${name}: who begins; MUD says so of TCP only.`);
    return [{ protocol: undefined, fromDevice: {}, toDevice: {} }];
  }
  return ranges.map(({ protocol, from, to, named }) => {
    const kind = protocol === 6 ? 'tcp' : protocol === 17 ? 'udp' : undefined;
    if (kind === undefined) {
      if (named) open.push(`${name}: ports of protocol ${protocol}; MUD has ports of TCP and UDP only.`);
      return { protocol, fromDevice: {}, toDevice: {} };
    }
    const sided = rule.initiator === 'subject' || rule.initiator === 'peer';
    if (sided && kind === 'udp' && !named) open.push(`${name}: who begins; MUD says so of TCP only.`);
    const way =
      sided && kind === 'tcp' ? { 'ietf-mud:direction-initiated': rule.initiator === 'subject' ? 'from-device' : 'to-device' } : {};
    const port = from === to ? { operator: 'eq', port: from } : { operator: 'range', 'lower-port': from, 'upper-port': to };
    const [source, destination] = rule.initiator === 'peer' ? ['source-port', 'destination-port'] : ['destination-port', 'source-port'];
    if (named && !sided) open.push(`${name}: the port counts whoever begins; the entry takes it as the peer's.`);
    return {
      protocol,
      fromDevice: { [kind]: { ...way, ...(named ? { [source!]: port } : {}) } },
      toDevice: { [kind]: { ...way, ...(named ? { [destination!]: port } : {}) } },
    };
  });
}

function peersOf(peer: EndpointText, set: PlacedClaims['set'], open: string[], name: string, seen: Set<string>): Network[] {
  if (peer.except !== undefined) {
    open.push(`${name}: MUD cannot take addresses out of others (except ${peer.except.join(', ')}); the rule is left out.`);
    return [];
  }
  for (const key of ['asn', 'country', 'mac'] as const)
    if (peer[key] !== undefined) open.push(`${name}: peers by ${key}; they are left out.`);
  if (peer.internet) open.push(`${name}: the internet as such; the entry allows any address.`);
  const both = (to: (family: 'ipv4' | 'ipv6') => object, from: (family: 'ipv4' | 'ipv6') => object): Network[] =>
    (['ipv4', 'ipv6'] as const).map((family) => ({ family, to: to(family), from: from(family) }));
  const networks = (list: readonly string[]): Network[] =>
    list.map((cidr) => {
      const family = cidr.includes(':') ? 'ipv6' : 'ipv4';
      const network = cidr.includes('/') ? cidr : `${cidr}/${family === 'ipv4' ? 32 : 128}`;
      return { family, to: { [`destination-${family}-network`]: network }, from: { [`source-${family}-network`]: network } };
    });
  return [
    ...networks(peer.cidr ?? []),
    ...(peer.dns ?? []).flatMap((dns) =>
      both(
        () => ({ 'ietf-acldns:dst-dnsname': dns }),
        () => ({ 'ietf-acldns:src-dnsname': dns }),
      ),
    ),
    ...(peer.any || peer.internet
      ? both(
          () => ({}),
          () => ({}),
        )
      : []),
    ...(peer.sets ?? []).flatMap((inner) => {
      if (seen.has(inner)) return [];
      seen.add(inner);
      return peersOf(set.sets.get(inner)!.value, set, open, name, seen);
    }),
    ...(peer.fleets ?? []).flatMap((inner) =>
      networks(
        set.fleets.get(inner)!.value.members.flatMap(({ ip, subnet }) => [...(ip ?? []), ...(subnet === undefined ? [] : [subnet])]),
      ),
    ),
  ];
}
