import { formatPrefix, isMappedIPv4, maskAddress, type Prefix, parseAddress } from '../../flow/address.js';
import { DAY_MS, formatTime } from '../../flow/time.js';
import type { ClaimSet } from '../claims/claim-set.js';
import { formatOctets } from '../findings/quantity.js';
import type { Exchange, Learned } from './learn.js';
import type { PlacedClaims } from './placed-claims.js';

/** So many neighbours in one /24 (IPv6: /64) become the prefix. */
export const NEIGHBOURS = 8;
const PROTOCOLS: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 47: 'gre', 50: 'esp', 58: 'icmpv6', 132: 'sctp' };

/** A question that a person should answer before a rule counts. */
export interface Question {
  readonly fleet: string;
  readonly what: string;
  readonly question: string;
}

export interface Draft {
  /** Text of a claim file with the marker `draft`, which no program loads. */
  readonly text: string;
  readonly questions: readonly Question[];
  readonly rules: number;
}

interface Group {
  readonly fleet: string;
  readonly began: Exchange['began'];
  readonly peers: readonly string[];
  /** Declared set, or ''. */
  readonly set: string;
  readonly ports: readonly string[];
  readonly exchanges: readonly Exchange[];
  readonly questions: readonly string[];
}

/**
 * A draft of `only` claims from what was seen. Peers with the same ports share a set; a declared set is named. A rule that raises a question stands as a comment, with the
 * question, so that nothing doubtful is allowed by not reading it.
 */
export function draftClaims(skeleton: PlacedClaims, learned: Learned): Draft {
  const fleets = [...skeleton.set.fleets.keys()];
  const groups = fleets.flatMap((fleet) => groupsOf(fleet, skeleton, learned));
  const sets = new Map<Group, string>();
  groups.forEach((group) => {
    sets.set(group, group.set !== '' ? group.set : `learned-${sets.size + 1}`);
  });
  const kept = groups.filter(({ questions }) => questions.length === 0);
  const range = `${formatTime(learned.fromMs)} to ${formatTime(learned.untilMs)}`;
  const lines = [
    '# A draft of cordon claims learn: what was seen, which is not the same as what should be. Nothing judges it while the line "draft" stands.',
    `# Seen: ${learned.exchanges.length === 0 ? 'nothing' : `${range}, ${learned.exchanges.length} kinds of exchange`}. Rules with an open question are comments: answer, then uncomment or delete.`,
    'draft: read every rule, answer the questions, then delete this line',
    ...headOf(skeleton.set),
    'sets:',
    ...declaredSets(skeleton.set, kept),
    ...groups
      .filter(({ set }) => set === '')
      .map((group) => `${mark(group)}${sets.get(group)}: ${JSON.stringify({ cidr: cidrOf(group.peers) })}`),
    'claims:',
    ...fleets.flatMap((fleet) =>
      claimLines(
        fleet,
        skeleton.set,
        groups.filter((group) => group.fleet === fleet),
        sets,
      ),
    ),
  ];
  const firstSet = lines.indexOf('sets:') + 1;
  const used = lines.slice(firstSet, lines.indexOf('claims:')).some((line) => !line.startsWith('  #'));
  const text = lines.map((line) => (line === 'sets:' && !used ? '# sets:' : line)).join('\n');
  const questions = groups.flatMap((group) =>
    group.questions.map((question) => ({ fleet: group.fleet, what: ruleOf(group, sets), question })),
  );
  return { text: `${text}\n`, questions, rules: kept.length };
}

function mark({ questions }: Group): string {
  return questions.length === 0 ? '  ' : '  # ';
}

function headOf(set: ClaimSet): string[] {
  const { fleets, sensors } = set;
  return [
    'version: 1',
    `id: ${set.id}`,
    `owner: ${JSON.stringify(set.owner)}`,
    `timezone: ${set.timezone.value}`,
    'fleets:',
    ...[...fleets].map(([name, { value }]) => `  ${name}: ${JSON.stringify(value)}`),
    'sensors:',
    ...[...sensors].map(([name, { value }]) => `  ${name}: ${JSON.stringify(value)}`),
  ];
}

/** The skeleton's sets that rules name, and those that they draw on. */
function declaredSets(set: ClaimSet, groups: readonly Group[]): string[] {
  const named = new Set<string>();
  const visit = (name: string): void => {
    const value = set.sets.get(name)?.value;
    if (value === undefined || named.has(name)) return;
    named.add(name);
    for (const inner of [...(value.sets ?? []), ...(value.except ?? [])]) visit(inner);
  };
  for (const group of groups) visit(group.set);
  return [...named].map((name) => `  ${name}: ${JSON.stringify(set.sets.get(name)!.value)}`);
}

function claimLines(fleet: string, set: ClaimSet, groups: readonly Group[], sets: ReadonlyMap<Group, string>): string[] {
  const lines = groups.flatMap((group) => {
    const dashed = `- ${ruleOf(group, sets)}`;
    return group.questions.length === 0 ? [`        ${dashed}`] : [`        # ASK: ${group.questions.join(' ')}`, `        # ${dashed}`];
  });
  const empty = groups.every(({ questions }) => questions.length > 0);
  return [
    `  - id: ${`learned-${fleet}`.slice(0, 63)}`,
    `    text: ${JSON.stringify(`The equipment of ${fleet} exchanges only what was learned and approved.`)}`,
    `    subject: ${fleet}`,
    '    severity: medium',
    ...(empty ? ['    assert: { only: [] }', ...lines] : ['    assert:', '      only:', ...lines]),
    `    coverage: { sensors: ${JSON.stringify([...set.sensors.keys()])}, time: "99%", max_gap: PT10M, max_lost: "0.1%" }`,
  ];
}

function ruleOf(group: Group, sets: ReadonlyMap<Group, string>): string {
  const side = group.began === 'unknown' ? '' : `, initiator: ${group.began}`;
  return `{ peer: { sets: [${sets.get(group)}] }, ports: [${group.ports.join(', ')}]${side}, note: ${JSON.stringify(evidenceOf(group.exchanges))} }`;
}

/** '2026-12-01 to 2026-12-05, on 5 days, 120 sessions, 3.2 MiB out, 1 MiB in, 3 peers' */
function evidenceOf(exchanges: readonly Exchange[]): string {
  const day = (ms: number): string => formatTime(ms).slice(0, 16).replace('T', ' ');
  const sum = (of: (exchange: Exchange) => number): number => exchanges.reduce((total, exchange) => total + of(exchange), 0);
  const days = new Set(exchanges.flatMap((exchange) => [...exchange.days])).size;
  const peers = new Set(exchanges.map(({ peer }) => peer)).size;
  const [first, last] = [Math.min(...exchanges.map(({ firstMs }) => firstMs)), Math.max(...exchanges.map(({ lastMs }) => lastMs))];
  return `seen ${day(first)} to ${day(last)} UTC on ${days} day${days === 1 ? '' : 's'}: ${sum(({ sessions }) => sessions)} sessions, ${formatOctets(sum(({ octetsOut }) => octetsOut))} out, ${formatOctets(sum(({ octetsIn }) => octetsIn))} in, ${peers} peer${peers === 1 ? '' : 's'}`;
}

/** Peers with the same ports, side and questions are one group; those of a declared set are one group of that set. */
function groupsOf(fleet: string, skeleton: PlacedClaims, learned: Learned): Group[] {
  const byPeer = new Map<string, Exchange[]>();
  for (const exchange of learned.exchanges.filter((one) => one.fleet === fleet)) {
    const questions = questionsOf(exchange, skeleton, learned).join(' ');
    const declared = skeleton.set.sets.has(exchange.peerName) ? exchange.peerName : '';
    const who = declared === '' ? exchange.peer : `set ${declared}`;
    const key = JSON.stringify([who, exchange.began, questions]);
    byPeer.set(key, [...(byPeer.get(key) ?? []), exchange]);
  }
  const alike = new Map<string, Exchange[]>();
  for (const exchanges of byPeer.values()) {
    const [first] = exchanges;
    const declared = skeleton.set.sets.has(first!.peerName) ? first!.peerName : '';
    const key = JSON.stringify([declared, first!.began, questionsOf(first!, skeleton, learned), portsOf(exchanges)]);
    alike.set(key, [...(alike.get(key) ?? []), ...exchanges]);
  }
  const groups = [...alike.values()].map((exchanges): Group => {
    const first = exchanges[0]!;
    return {
      fleet,
      began: first.began,
      peers: [...new Set(exchanges.map(({ peer }) => peer))].sort(),
      set: skeleton.set.sets.has(first.peerName) ? first.peerName : '',
      ports: portsOf(exchanges),
      exchanges,
      questions: questionsOf(first, skeleton, learned),
    };
  });
  return groups.sort((a, b) => a.questions.length - b.questions.length || (a.ports.join() < b.ports.join() ? -1 : 1));
}

function portsOf(exchanges: readonly Exchange[]): string[] {
  return [...new Set(exchanges.map(({ protocol, port }) => portText(protocol, port)))].sort();
}

/** The protocol and port as claim files write them; undefined for a protocol that has no name there. */
export function draftPort(protocol: number, port: number): string | undefined {
  return PROTOCOLS[protocol] === undefined ? undefined : portText(protocol, port);
}

function portText(protocol: number, port: number): string {
  const name = PROTOCOLS[protocol] ?? `protocol-${protocol}`;
  return port === 0 ? name : `${name}/${port}`;
}

function questionsOf(exchange: Exchange, { set }: PlacedClaims, { fromMs, untilMs }: Learned): string[] {
  const questions: string[] = [];
  if (PROTOCOLS[exchange.protocol] === undefined)
    questions.push(`Protocol ${exchange.protocol} has no name in claim files; a rule for it can only leave its ports open. What is it?`);
  if (!exchange.answered) questions.push('Nobody answered. Is something misconfigured, or does it look around?');
  if (exchange.outside) questions.push('The peer is outside, on the internet. Who runs it, and may the equipment talk to it?');
  if (set.fleets.has(exchange.peerName))
    questions.push(`The peer is a member of the fleet ${exchange.peerName}. Should members talk to each other?`);
  if (exchange.began === 'unknown') questions.push('Who began is not known. Which side should?');
  if (exchange.sessions <= 1) questions.push('It was seen once. Is it needed?');
  else if (!exchange.byDay) questions.push('It was seen at night only. Is it meant, and should a window bound it?');
  if (untilMs - fromMs > 2 * DAY_MS && exchange.firstMs > untilMs - DAY_MS) questions.push('It is new in the last day. What changed?');
  return questions;
}

/** Addresses as prefixes: many neighbours as the network that they share. */
function cidrOf(peers: readonly string[]): string[] {
  const networks = new Map<string, string[]>();
  for (const peer of peers) {
    const bytes = parseAddress(peer);
    const length = isMappedIPv4(bytes) ? 120 : 64;
    const network: Prefix = { bytes: maskAddress(bytes, length), length };
    const text = formatPrefix(network);
    networks.set(text, [...(networks.get(text) ?? []), peer]);
  }
  return [...networks].flatMap(([network, list]) => (list.length >= NEIGHBOURS ? [network] : list));
}
