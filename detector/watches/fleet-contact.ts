import { parseAddress } from '../../flow/address.js';
import { formatDuration, MINUTE_MS } from '../../flow/time.js';
import type { CompiledClaims } from '../claims/compiled.js';
import type { FindingFlow, ParameterTable } from '../detections/detection.js';
import type { Finding } from '../findings/finding.js';
import { formatCount, formatPort } from '../findings/quantity.js';
import { formatInstant } from '../findings/time-span.js';
import { networkText } from '../incidents/peer-group.js';
import { inAgreedWindow } from './agreement.js';
import { responderPortOf } from './contacts.js';
import { FLEET_CONTACT_EXAMPLES } from './fleet-contact-examples.js';
import type { Scene } from './scene.js';
import { type GroupKind, type PlaceKind, TOGETHER_MS, type WakeUp, wakeUpsOf } from './wake-ups.js';
import type { Watch } from './watch.js';
import { watchFinding } from './watch-finding.js';

const ID = 'fleet-contact';
/** Devices that the sentence names, and records that the finding shows. */
const MOST_NAMED = 5;
const MOST_EVIDENCE = 20;

const PARAMETERS = {
  warmUpHours: {
    default: 168,
    least: 24,
    most: 8760,
    unit: 'hours since the first record of the asset, and of the sensor that told of it',
    reason: 'What is new to a whole fleet is known after a week, the first time that a sensor looks everything is.',
  },
  chance: {
    default: 0.001,
    least: 0.00001,
    most: 0.1,
    unit: 'probability that a device meets a given new place in given ten minutes by itself',
    reason:
      'Closed equipment met 0 to 0.7 new peers an hour in the measured captures (detection.md D02), one and the same by far more rarely.',
  },
  tail: {
    default: 0.000001,
    least: 1e-12,
    most: 0.01,
    unit: 'probability that so many meet it together by chance',
    reason: 'All of two or three, 3 of 10, 4 of 40 (detection.md D13).',
  },
} as const satisfies ParameterTable;

/** How the rule names the place: `recompute` goes by it. */
const PLACE: Readonly<Record<PlaceKind, string>> = {
  network: 'network (/24, /48)',
  as: 'AS',
  port: 'responder’s port, with peers that are new,',
};
const CONFIDENCE: Readonly<Record<PlaceKind, number>> = { network: 85, as: 75, port: 70 };

export const fleetContact: Watch<typeof PARAMETERS> = {
  id: ID,
  title: 'A fleet meets the same new place',
  question: 'Did equipment of one vendor or site begin together to talk to somebody that none of it knew?',
  attack: [
    { id: 'T1195.002', matrix: 'enterprise', version: '18.0' },
    { id: 'T1072', matrix: 'enterprise', version: '18.0' },
    { id: 'T1071', matrix: 'enterprise', version: '18.0' },
    { id: 'T0862', matrix: 'ics', version: '18.0' },
    { id: 'T0884', matrix: 'ics', version: '18.0' },
  ],
  severity: 'high',
  parameters: PARAMETERS,
  history: 'a week of the records of asset and sensor; whom the group met is known as far back as the hours of `retention.hoursDays`',
  falsePositives: [
    'An update of the equipment by its vendor that brings a new server along, outside of an agreed window.',
    'A service that moved, asked every few minutes. One that is asked once a day or week at the same hour is known by that: the devices ask the new place at that hour and the old one no more.',
    'A change at the border (proxy, NAT) by which another address is seen for the same service.',
  ],
  runbook: [
    'The finding names devices, place and the ten minutes. Was an update of this vendor announced for then? Ask the vendor, not the devices.',
    'What went before it: a session with one of the devices or with the vendor’s server (control-then-silence, vendor-access), an upload since (asymmetry-flip, volume-up)?',
    'Nobody knows the place: block it for the whole fleet, before the devices are looked at one by one. What is found of each (new-destination, a broken claim) is in one incident with this: `cordon findings incidents` tells them in the order of time.',
  ],
  references: ['reference/detection.md D13'],
  examples: FLEET_CONTACT_EXAMPLES,
  evaluate: (scene, parameters) => wakeUpsOf(scene, parameters).map((event) => findingOf(scene, event)),
  recompute: (finding, { rows }, claims) => metBy(finding, rows, claims),
};

function findingOf(scene: Scene, event: WakeUp): Finding {
  const { claims } = scene;
  const { group, place, key, contacts } = event;
  const first = contacts[0]!;
  const last = contacts.at(-1)!;
  const agreed = contacts.every(({ asset, atMs }) => inAgreedWindow(claims, claims.assets[asset]!.fleet, atMs));
  const about = place === 'port' ? {} : { peerAddress: first.peer, peerName: claims.nameOf(parseAddress(first.peer), 0) };
  const ports = new Set(contacts.map(({ protocol, port }) => `${protocol} ${port}`));
  return watchFinding(claims, {
    detection: ID,
    part: `${group.kind}:${group.name}:${key}`,
    fleet: claims.fleets[claims.assets[first.asset]!.fleet]!.name,
    asset: group.name,
    ...about,
    ...(ports.size === 1 ? { protocol: first.protocol, port: first.port } : {}),
    initiator: contacts.every(({ initiator }) => initiator === first.initiator) ? first.initiator : 'unknown',
    severity: agreed ? 'info' : 'high',
    confidence: CONFIDENCE[place],
    atMs: first.atMs,
    firstSeenMs: first.atMs,
    lastSeenMs: last.atMs,
    observed: contacts.length,
    expected: 0,
    unit: 'assets',
    windowFromMs: first.atMs,
    windowToMs: last.atMs + 1,
    sessions: contacts.length,
    records: contacts.length,
    rule: `${PLACE[place]} that nobody of the group had to do with before, met by at least so many within ${TOGETHER_MS / MINUTE_MS} min that chance does it once in a million such times`,
    sentence: sentenceOf(scene, event, agreed),
    evidence: contacts.slice(0, MOST_EVIDENCE).map(({ evidence }) => evidence),
  });
}

const GROUP: Readonly<Record<GroupKind, string>> = { fleet: 'the fleet', vendor: 'equipment of', site: 'the site' };

function sentenceOf({ claims }: Scene, { group, place, key, contacts, atWork, others }: WakeUp, agreed: boolean): string {
  const [first, last] = [contacts[0]!, contacts.at(-1)!];
  const names = contacts.map(({ asset }) => claims.assets[asset]!.name).sort();
  const more = names.length - MOST_NAMED;
  const named = `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  const peers = new Set(contacts.map(({ peer }) => peer));
  const ports = [...new Set(contacts.map(({ protocol, port }) => formatPort(protocol, port)))].sort();
  const peersText = peers.size === 1 ? first.peer : formatCount(peers.size, 'peer');
  const placeText = place === 'port' ? `${ports[0]!}, with ${peersText} outside` : peers.size === 1 ? first.peer : `${key} (${peersText})`;
  const portText = place === 'port' ? '' : ` on ${ports.slice(0, MOST_NAMED).join(', ')}`;
  const took = last.atMs - first.atMs;
  const parts = [
    `${contacts.length} of ${formatCount(atWork, 'device')} at work of ${GROUP[group.kind]} ${group.name} (${named}) met ${placeText}${portText} for the first time ${took < MINUTE_MS ? 'within a minute' : `within ${formatDuration(Math.ceil(took / MINUTE_MS) * MINUTE_MS)}`}, from ${formatInstant(first.atMs)}: none of the group had to do with ${place === 'port' ? 'that port' : 'it'} before, and ${last.evidence.sensor} saw the time before.`,
  ];
  if (others > 0) parts.push(`They met ${formatCount(others, 'other new network')} in these minutes.`);
  if (agreed) parts.push('An agreed window was open.');
  return parts.join(' ');
}

/** How many assets of the group sent something to the place in the finding's window. */
function metBy(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  const { asset: subject, windowFromMs, windowToMs } = finding;
  const met = new Set<string>();
  for (const row of rows) {
    if (row.packetsOut === 0 && row.octetsOut === 0) continue;
    if (row.startMs < windowFromMs || row.startMs >= windowToMs) continue;
    const asset = claims.assets.find(({ name }) => name === row.asset);
    if (asset === undefined || asset.auxiliary || !isAtPlace(finding, row, claims)) continue;
    const { name, vendor, site } = claims.fleets[asset.fleet]!;
    if (name === subject || vendor === subject || site === subject) met.add(row.asset);
  }
  return met.size;
}

function isAtPlace({ rule, peerAddress, peerAsn, protocol, port }: Finding, row: FindingFlow, claims: CompiledClaims): boolean {
  const peer = parseAddress(row.peer);
  if (rule.startsWith(PLACE.network)) return networkText(row.peer) === networkText(peerAddress);
  if (!claims.isOutside(peer, 0)) return false;
  if (rule.startsWith(PLACE.as)) return claims.placeOf(peer, 0).asn === peerAsn;
  return row.protocol === protocol && responderPortOf(row.protocol, row.initiator, row.assetPort, row.peerPort) === port;
}
