import { createHash } from 'node:crypto';
import { MINUTE_MS } from '../../flow/time.js';
import type { Severity } from '../claims/compiled.js';
import type { Finding } from '../findings/finding.js';
import { formatCount } from '../findings/quantity.js';
import { formatSpan } from '../findings/time-span.js';
import { isWithdrawn } from '../findings/withdrawn.js';
import { compareInStory, isFleetContact, isPartOf } from './fleet-contact.js';
import { peerGroupsOf } from './peer-group.js';
import { confidenceScore, type Score, severityScore, severityWord } from './score.js';

/** Findings of one device and peer group belong to one incident while no more than this lies between the end of what was seen and what is seen next. */
export const INCIDENT_GAP_MS = 30 * MINUTE_MS;
/** Peers that an incident names. */
const MAX_PEERS = 20;

/** One chapter of the story: a finding, where it began. */
export interface Chapter {
  readonly atMs: number;
  readonly finding: string;
  readonly detection: string;
  readonly claim: string;
  readonly severity: Severity;
  /** Text addresses; '::' where there is no single one. */
  readonly assetAddress: string;
  readonly peerAddress: string;
  /** Two letters and AS number of the peer; '' and 0 where nobody tells. */
  readonly peerCountry: string;
  readonly peerAsn: number;
  readonly protocol: number;
  /** Responder's port. */
  readonly port: number;
  readonly initiator: Finding['initiator'];
  readonly sentence: string;
}

/** What one device, or a fleet as a whole, had with one peer group in one go: findings of all detections, in the order of time. */
export interface Incident {
  /** Derived from the device and the finding that began it: the same in any replay. */
  readonly id: string;
  readonly fleet: string;
  /** The asset, or the fleet where it is about the fleet as a whole. */
  readonly subject: string;
  /** What people call the peers: a set, an AS, a network; '' where no finding is about a single peer. */
  readonly peerGroup: string;
  /** The first of them. */
  readonly peers: readonly string[];
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** Connections, as far as they can be told apart; at least the number of findings. */
  readonly count: number;
  readonly severity: Severity;
  readonly severityScore: Score;
  readonly confidenceScore: Score;
  /** Ids of detections in the order in which they spoke. */
  readonly detections: readonly string[];
  readonly story: readonly Chapter[];
  readonly sentence: string;
}

interface Growing {
  readonly findings: Finding[];
  /** What a fleet met together, where the incident is about that. */
  readonly contacts: Finding[];
  /** Names of the peer group; empty while no finding is about a single peer. */
  readonly groups: Set<string>;
  lastSeenMs: number;
}

/**
 * The incidents that findings make, oldest first. Pure: equal findings, in whatever order they are given, make equal incidents. Findings about no single
 * peer (a volume, a silence) belong to what the device has at that time with a peer, if it has; those of devices about a place that their fleet met together belong
 * to the fleet's incident. `known`: identities that were given before, by finding; an incident
 * keeps the one of its earliest finding that has one, so that it stays the same when an earlier finding comes late or the oldest are out of sight.
 */
export function incidentsOf(findings: readonly Finding[], known: ReadonlyMap<string, string> = new Map()): Incident[] {
  const bySubject = new Map<string, Growing[]>();
  const all: Growing[] = [];
  const fleets: Growing[] = [];
  for (const finding of [...findings].filter((one) => !isWithdrawn(one)).sort(compareInStory)) {
    const subject = JSON.stringify([finding.fleet, finding.asset]);
    const near = (bySubject.get(subject) ?? []).filter((incident) => isNear(incident, finding));
    const groups = peerGroupsOf(finding);
    let incident = fleetsOf(fleets, finding) ?? groupOf(near, groups);
    if (incident === undefined) {
      incident = { findings: [], contacts: [], groups: new Set(), lastSeenMs: finding.lastSeenMs };
      all.push(incident);
    }
    if (!near.includes(incident)) near.push(incident);
    bySubject.set(subject, near);
    incident.findings.push(finding);
    if (isFleetContact(finding)) {
      incident.contacts.push(finding);
      if (!fleets.includes(incident)) fleets.push(incident);
    }
    for (const group of groups) incident.groups.add(group);
    incident.lastSeenMs = Math.max(incident.lastSeenMs, finding.lastSeenMs);
  }
  return all.map((growing) => incidentOf(growing, known)).sort((a, b) => a.firstSeenMs - b.firstSeenMs || (a.id < b.id ? -1 : 1));
}

function isNear({ lastSeenMs }: Growing, { firstSeenMs }: Finding): boolean {
  return firstSeenMs <= lastSeenMs + INCIDENT_GAP_MS;
}

/** The fleet's incident that the finding of a device belongs to. */
function fleetsOf(fleets: readonly Growing[], finding: Finding): Growing | undefined {
  if (isFleetContact(finding)) return undefined;
  return fleets.find((incident) => isNear(incident, finding) && incident.contacts.some((contact) => isPartOf(finding, contact)));
}

function groupOf(near: readonly Growing[], groups: readonly string[]): Growing | undefined {
  if (groups.length === 0) return near[0];
  return near.find((incident) => groups.some((group) => incident.groups.has(group))) ?? near.find((incident) => incident.groups.size === 0);
}

function incidentOf({ findings, groups, lastSeenMs }: Growing, known: ReadonlyMap<string, string>): Incident {
  const first = findings[0]!;
  const peers = [...new Set(findings.map(({ peerAddress }) => peerAddress).filter((peer) => peer !== '::'))];
  const severity = severityScore(findings);
  const about = { fleet: first.fleet, subject: first.asset, peerGroup: [...groups][0] ?? '', firstSeenMs: first.firstSeenMs, lastSeenMs };
  const detections = [...new Set(findings.map(({ detection }) => detection))];
  return {
    id: findings.map(({ id }) => known.get(id)).find((id) => id !== undefined) ?? identityOf(first),
    ...about,
    peers: peers.slice(0, MAX_PEERS),
    count: findings.reduce((total, { sessions }) => total + Math.max(1, sessions), 0),
    severity: severityWord(severity.value),
    severityScore: severity,
    confidenceScore: confidenceScore(findings),
    detections,
    story: findings.map(chapterOf),
    sentence: sentenceOf(about, detections, findings, peers.length),
  };
}

function chapterOf(finding: Finding): Chapter {
  const { id, detection, claim, severity, assetAddress, peerAddress, peerCountry, peerAsn, protocol, port, initiator, sentence } = finding;
  return {
    atMs: finding.firstSeenMs,
    finding: id,
    detection,
    claim,
    severity,
    assetAddress,
    peerAddress,
    peerCountry,
    peerAsn,
    protocol,
    port,
    initiator,
    sentence,
  };
}

/** 32 hex digits. */
function identityOf({ fleet, asset, id }: Finding): string {
  return createHash('sha256')
    .update(JSON.stringify(['incident', fleet, asset, id]))
    .digest('hex')
    .slice(0, 32);
}

function sentenceOf(
  { subject, peerGroup, firstSeenMs, lastSeenMs }: Pick<Incident, 'subject' | 'peerGroup' | 'firstSeenMs' | 'lastSeenMs'>,
  detections: readonly string[],
  findings: readonly Finding[],
  peers: number,
): string {
  const group = peerGroup === '' ? '' : ` with ${peerGroup}${peers > 1 ? ` (${peers} peers)` : ''}`;
  const first = findings[0]!;
  const told = `${formatCount(findings.length, 'finding')}, ${formatSpan(firstSeenMs, lastSeenMs)}`;
  const order = detections.length === 1 ? `all of ${detections[0]}` : `first ${detections.join(', then ')}`;
  return `${subject}${group}: ${told}: ${order}. It began so: ${first.sentence}`;
}
