import { AddressError, parsePrefix } from '../../flow/address.js';
import type { MudEntry, MudFile, MudPeer } from './mud-read.js';
import type { PlacedClaims } from './placed-claims.js';

/** A draft made of a MUD file: a vendor's suggestion, for a person to approve. */
export interface MudDraft {
  /** Text of a claim file with the marker `draft`, which no program loads. */
  readonly text: string;
  /** What the MUD file says and the draft does not, or only as a comment; nothing is dropped silently. */
  readonly open: readonly string[];
  readonly rules: number;
}

const PROTOCOLS: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 47: 'gre', 50: 'esp', 58: 'icmpv6', 132: 'sctp' };
const DNS_NAME = /^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]{2,63}$/;

/**
 * Makes a draft for the skeleton's first fleet. Roles (controller, manufacturer, …) name no addresses: where the skeleton has a set of the role's name, such as
 * `my-controller` or `local-networks`, the rule names it; otherwise it stands as a comment with a question.
 */
export function importMud(mud: MudFile, { set }: PlacedClaims): MudDraft {
  const [fleet, declared] = [...set.fleets][0]!;
  const open: string[] = mud.leftOut.map((what) => `Not taken over: ${what}.`);
  const used = new Set<string>();
  let rules = 0;
  const lines = mud.entries.flatMap((entry) => {
    const questions: string[] = [];
    const peer = peerText(entry.peer, fleet, [...set.sets.keys()], questions);
    const { ports, initiator } = sideOf(entry, questions);
    for (const what of entry.beyond) questions.push(`It asks for '${what}' too, which a claim cannot say: this rule would allow more.`);
    const parts = [
      `peer: ${peer}`,
      ...(ports === '' ? [] : [`ports: [${ports}]`]),
      ...(initiator === '' ? [] : [`initiator: ${initiator}`]),
    ];
    const rule = `- { ${parts.join(', ')}, note: ${JSON.stringify(`MUD entry ${entry.name}`.slice(0, 500))} }`;
    if (questions.length > 0) {
      open.push(`Entry '${entry.name}': ${questions.join(' ')}`);
      return [`        # ASK: ${oneLine(questions.join(' '))}`, `        # ${oneLine(rule)}`];
    }
    rules++;
    for (const name of set.sets.keys()) if (peer.includes(`sets: [${name}]`)) used.add(name);
    return [`        ${rule}`];
  });
  const sets = [...used].map((name) => `  ${name}: ${JSON.stringify(set.sets.get(name)!.value)}`);
  const text = [
    `# A draft of cordon claims import-mud from ${oneLine(mud.url || 'a MUD file')}. A vendor's file is a suggestion to approve: nothing judges it while the line "draft" stands.`,
    "draft: a vendor's suggestion; read every rule, answer the questions, then delete this line",
    ...['version: 1', `id: ${set.id}`, `owner: ${JSON.stringify(set.owner)}`, `timezone: ${set.timezone.value}`],
    ...['fleets:', `  ${fleet}: ${JSON.stringify(declared.value)}`],
    ...['sensors:', ...[...set.sensors].map(([name, { value }]) => `  ${name}: ${JSON.stringify(value)}`)],
    ...(sets.length > 0 ? ['sets:', ...sets] : []),
    ...['claims:', `  - id: ${`mud-${fleet}`.slice(0, 63)}`],
    `    text: ${JSON.stringify(`The equipment of ${fleet} does only what its vendor's MUD file says that it needs.`)}`,
    ...[`    subject: ${fleet}`, '    severity: medium'],
    ...(rules === 0 ? ['    assert: { only: [] }', ...lines] : ['    assert:', '      only:', ...lines]),
    `    coverage: { sensors: ${JSON.stringify([...set.sensors.keys()])}, time: "99%", max_gap: PT10M, max_lost: "0.1%" }`,
  ];
  return { text: `${text.join('\n')}\n`, open, rules };
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ');
}

function peerText(peer: MudPeer, fleet: string, sets: readonly string[], questions: string[]): string {
  switch (peer.kind) {
    case 'any':
      questions.push('It names no peer: anybody is allowed. Is that meant?');
      return '{ any: true }';
    case 'dns':
      if (!DNS_NAME.test(peer.name)) questions.push(`'${peer.name}' is no DNS name that a claim can hold. What is meant?`);
      return `{ dns: [${JSON.stringify(peer.name)}] }`;
    case 'network':
      try {
        parsePrefix(peer.cidr);
      } catch (error) {
        if (!(error instanceof AddressError)) throw error;
        questions.push(`${error.message}.`);
      }
      return `{ cidr: [${JSON.stringify(peer.cidr)}] }`;
    case 'class':
      return classText(peer, fleet, sets, questions);
  }
}

function classText(
  { name, value }: { readonly name: string; readonly value: string },
  fleet: string,
  sets: readonly string[],
  questions: string[],
): string {
  if (sets.includes(name)) return `{ sets: [${name}] }`;
  if (name === 'same-manufacturer') {
    questions.push(`The peer is equipment of the same manufacturer, here taken as the fleet itself. May its members talk to each other?`);
    return `{ fleets: [${fleet}] }`;
  }
  const of = value === '' ? '' : ` (${value})`;
  questions.push(`The peer is '${name}'${of}: a role, not addresses. Who has it here? Declare a set '${name}'.`);
  return `{ sets: [${name}] }`;
}

/** The responder's ports, and who begins. */
function sideOf({ protocol, devicePorts, peerPorts, initiated }: MudEntry, questions: string[]): { ports: string; initiator: string } {
  const name = protocol === undefined ? undefined : PROTOCOLS[protocol];
  if (protocol !== undefined && name === undefined) questions.push(`Protocol ${protocol} has no name in claims.`);
  if (protocol === undefined && (devicePorts ?? peerPorts) !== undefined) questions.push('It names ports and no protocol.');
  const begins =
    initiated ?? (devicePorts !== undefined && peerPorts === undefined ? 'to-device' : peerPorts !== undefined ? 'from-device' : undefined);
  const answering = begins === 'to-device' ? devicePorts : peerPorts;
  const asking = begins === 'to-device' ? peerPorts : devicePorts;
  if (asking !== undefined)
    questions.push(`It fixes the port of the side that begins (${asking.join(', ')}) too, which a claim cannot say.`);
  const ports = name === undefined ? '' : (answering?.map((range) => `${name}/${range}`).join(', ') ?? name);
  return { ports, initiator: begins === undefined ? '' : begins === 'to-device' ? 'peer' : 'subject' };
}
