/*
 * A MUD file (RFC 8520) with its access lists (RFC 8519), read into what a claim could say: for each entry the peer, the ports of both ends and who begins.
 * The drafts before the RFC, which are in the field, name some members differently; both are read.
 */

/** Whom an entry means. `class`: by role, which addresses are not told. */
export type MudPeer =
  | { readonly kind: 'dns'; readonly name: string }
  | { readonly kind: 'network'; readonly cidr: string }
  | { readonly kind: 'class'; readonly name: string; readonly value: string }
  | { readonly kind: 'any' };

/** One entry, seen from the device. */
export interface MudEntry {
  readonly name: string;
  readonly peer: MudPeer;
  /** IP protocol number; undefined for any. */
  readonly protocol: number | undefined;
  /** Ports as ranges, '443' or '8000-8099'; undefined for any. */
  readonly devicePorts: readonly string[] | undefined;
  readonly peerPorts: readonly string[] | undefined;
  readonly initiated: 'from-device' | 'to-device' | undefined;
  /** What the entry asks beside this and no claim can say; the rule made of the rest would be wider. */
  readonly beyond: readonly string[];
}

export interface MudFile {
  readonly url: string;
  readonly info: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly entries: readonly MudEntry[];
  /** What was read and does not become an entry. */
  readonly leftOut: readonly string[];
}

/** No MUD file: a sentence that says why. */
export class MudError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MudError';
  }
}

type Json = Readonly<Record<string, unknown>>;
const CLASSES = ['controller', 'my-controller', 'local-networks', 'manufacturer', 'same-manufacturer', 'model'];
/** RFC 8519 layer 3 and 4 containers, and their names in the drafts. */
const LAYER3 = ['ipv4', 'ipv6', 'ipv4-acl', 'ipv6-acl'];
const LAYER4: Readonly<Record<string, number>> = { tcp: 6, udp: 17, 'tcp-acl': 6, 'udp-acl': 17 };
const KNOWN_MUD = ['mud-version', 'mud-url', 'last-update', 'mud-signature', 'cache-validity', 'is-supported', 'systeminfo', 'mfg-name'];
const KNOWN_MUD_2 = ['model-name', 'firmware-rev', 'software-rev', 'documentation', 'from-device-policy', 'to-device-policy'];

export function readMud(text: string): MudFile {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    throw new MudError('the file is no JSON; a MUD file is JSON (RFC 8520)');
  }
  const mud = member(root, 'mud');
  if (mud === undefined) throw new MudError("the file lacks 'ietf-mud:mud'; is it a MUD file (RFC 8520)?");
  const lists = listsOf(member(root, 'acls') ?? member(root, 'access-lists'));
  const leftOut = Object.keys(mud)
    .filter((key) => !KNOWN_MUD.includes(bare(key)) && !KNOWN_MUD_2.includes(bare(key)))
    .map((key) => `the extension '${key}' of the file`);
  const entries = (['from-device', 'to-device'] as const).flatMap((direction) => {
    const policy = member(member(mud, `${direction}-policy`), 'access-lists');
    return items(member(policy, 'access-list') ?? policy?.['access-list']).flatMap((one) => {
      const name = String(one.name ?? '');
      const list = lists.get(name);
      if (list === undefined) {
        leftOut.push(`the access list '${name}', which the file names and does not hold`);
        return [];
      }
      return list.flatMap((ace) => readEntry(ace, direction, leftOut));
    });
  });
  return {
    url: String(mud['mud-url'] ?? ''),
    info: String(mud.systeminfo ?? ''),
    manufacturer: String(mud['mfg-name'] ?? ''),
    model: String(mud['model-name'] ?? ''),
    entries: withoutMirrors(entries),
    leftOut,
  };
}

function bare(key: string): string {
  return key.slice(key.indexOf(':') + 1);
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The member of that name, with or without its module. */
function member(value: unknown, name: string): Json | undefined {
  if (!isJson(value)) return undefined;
  const found = Object.entries(value).find(([key]) => bare(key) === name)?.[1];
  return isJson(found) ? found : undefined;
}

function items(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isJson) : [];
}

function listsOf(container: Json | undefined): Map<string, Json[]> {
  return new Map(
    items(container?.acl).map((list) => [
      String(list.name ?? list['acl-name'] ?? ''),
      items((member(list, 'aces') ?? member(list, 'access-list-entries'))?.ace),
    ]),
  );
}

function readEntry(ace: Json, direction: 'from-device' | 'to-device', leftOut: string[]): MudEntry[] {
  const name = String(ace.name ?? ace['rule-name'] ?? '');
  const forwarding = bare(String(member(ace, 'actions')?.forwarding ?? ''));
  if (forwarding !== 'accept') {
    leftOut.push(`entry '${name}': it says ${forwarding || 'nothing'}, and rules only allow; what no rule allows is forbidden anyway`);
    return [];
  }
  const matches = member(ace, 'matches') ?? {};
  const beyond: string[] = [];
  let peer: MudPeer = { kind: 'any' };
  let protocol: number | undefined;
  let ports: Ports = { source: undefined, destination: undefined };
  let initiated: MudEntry['initiated'];
  const peerSide = direction === 'from-device' ? 'destination' : 'source';
  for (const [key, value] of Object.entries(matches)) {
    const part = isJson(value) ? value : {};
    const kind = bare(key);
    if (LAYER3.includes(kind)) {
      ({ peer, protocol } = readLayer3(part, peerSide, peer, protocol, beyond));
      ports = readPorts(part, ports, beyond, true);
    } else if (LAYER4[kind] !== undefined) {
      protocol = LAYER4[kind];
      const way = Object.entries(part).find(([inner]) => bare(inner) === 'direction-initiated')?.[1];
      if (way === 'from-device' || way === 'to-device') initiated = way;
      ports = readPorts(part, ports, beyond, false);
    } else if (kind === 'mud') {
      const [role, of] = Object.entries(part)[0] ?? ['', ''];
      if (CLASSES.includes(bare(role))) peer = { kind: 'class', name: bare(role), value: typeof of === 'string' ? of : '' };
      else beyond.push(`${key}.${role}`);
    } else beyond.push(key);
  }
  const [devicePorts, peerPorts] = direction === 'from-device' ? [ports.source, ports.destination] : [ports.destination, ports.source];
  return [{ name, peer, protocol, devicePorts, peerPorts, initiated, beyond }];
}

function readLayer3(part: Json, peerSide: string, before: MudPeer, protocolBefore: number | undefined, beyond: string[]) {
  let peer = before;
  let protocol = protocolBefore;
  for (const [key, value] of Object.entries(part)) {
    const kind = bare(key);
    const side = kind.startsWith('destination') || kind.startsWith('dst') ? 'destination' : 'source';
    if (kind === 'protocol' && typeof value === 'number') protocol = value;
    else if (/^(src|dst)-dnsname$/.test(kind) && side === peerSide) peer = { kind: 'dns', name: String(value).toLowerCase() };
    else if (/^(source|destination)-ipv[46]-network$/.test(kind) && side === peerSide) peer = { kind: 'network', cidr: String(value) };
    else if (!/-port(-range-or-operator)?$/.test(kind)) beyond.push(kind);
  }
  return { peer, protocol };
}

interface Ports {
  readonly source: readonly string[] | undefined;
  readonly destination: readonly string[] | undefined;
}

/** Port conditions; others of the container are told. `portsOnly`: a container that other code reads for the rest. */
function readPorts(part: Json, before: Ports, beyond: string[], portsOnly: boolean): Ports {
  const found = { ...before };
  for (const [key, value] of Object.entries(part)) {
    const side = /^(source|destination)-port/.exec(bare(key))?.[1] as keyof Ports | undefined;
    if (side === undefined) {
      if (!portsOnly && bare(key) !== 'direction-initiated') beyond.push(bare(key));
      continue;
    }
    const ranges = portRanges(isJson(value) ? value : {});
    if (ranges === undefined) beyond.push(bare(key));
    else found[side] = ranges;
  }
  return found;
}

/** RFC 8519 §4.2: eq, neq, gte, lte with `port`; a range with `lower-port` and `upper-port`. */
function portRanges(text: Json): string[] | undefined {
  const inner = member(text, 'port-range-or-operator') ?? text;
  const range = (from: number, to: number): string[] => (from > to ? [] : [from === to ? String(from) : `${from}-${to}`]);
  const whole = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
  const { port, 'lower-port': lower, 'upper-port': upper } = inner;
  if (whole(lower) && (upper === undefined || whole(upper))) return range(lower, upper ?? lower);
  if (!whole(port)) return undefined;
  switch (inner.operator ?? 'eq') {
    case 'eq':
      return range(port, port);
    case 'gte':
      return range(port, 65_535);
    case 'lte':
      return range(1, port);
    case 'neq':
      return [...range(1, port - 1), ...range(port + 1, 65_535)];
    default:
      return undefined;
  }
}

/** The two directions of one exchange are written as two entries that say the same from the device's side. */
function withoutMirrors(entries: readonly MudEntry[]): MudEntry[] {
  const seen = new Set<string>();
  return entries.filter(({ name: _, ...rest }) => {
    const key = JSON.stringify(rest);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
