import { parseAddress } from '../../flow/address.js';
import { formatDuration, HOUR_MS, MINUTE_MS } from '../../flow/time.js';
import type { CompiledClaims, Severity } from '../claims/compiled.js';
import type { ParameterTable, ParameterValues } from '../detections/detection.js';
import type { Finding } from '../findings/finding.js';
import { formatCount, formatOctets, formatPort } from '../findings/quantity.js';
import { formatInstant } from '../findings/time-span.js';
import { type Agreement, agreementOf } from './agreement.js';
import { CONTROL_THEN_SILENCE_EXAMPLES } from './control-then-silence-examples.js';
import { fleetEventsOf } from './fleet-events.js';
import { type InboundSession, VISIT_HISTORY_MS, VISIT_MS } from './inbound.js';
import { longestGapMinutes, silentOf } from './recompute.js';
import type { Scene } from './scene.js';
import { minuteMs, percentText, toldUntil } from './silence-text.js';
import { candidatesOf, type Silence } from './silences.js';
import type { Watch } from './watch.js';
import { addressOf, subjectOf, watchFinding } from './watch-finding.js';

const ID = 'control-then-silence';
/** Prior of a Beta distribution: before anything is known, one session in 21 is followed by silence (detection.md D11). */
const PRIOR = { all: 21 } as const;
/** So much goes in with new firmware, and a device that was given it is back so soon (detection.md D11). */
const FIRMWARE_OCTETS = 1_000_000;
const FIRMWARE_MINUTES = 30;
/** Sessions that the finding shows. */
const MOST_SESSIONS = 10;

const PARAMETERS = {
  withinMinutes: {
    default: 15,
    least: 1,
    most: 240,
    unit: 'minutes between the last packet of the session and the silence',
    reason: 'A shutdown takes minutes; a delayed one of hours is not told from chance (detection.md D11).',
  },
  leastRatio: {
    default: 20,
    least: 1,
    most: 100_000,
    unit: 'times as likely to fall silent after a session of this peer as at any time',
    reason: 'Who polls all day is always the last to have talked: only a peer that comes rarely says something.',
  },
  leastRatioUnagreed: {
    default: 4,
    least: 1,
    most: 100_000,
    unit: 'times, where the session was outside of what is agreed, or one source went before the silence of several devices',
    reason: 'Either is reason enough to look; a day of the asset allows for a ratio of five.',
  },
  leastSurprise: {
    default: 13.8,
    least: 6.9,
    most: 1000,
    unit: 'sum of −ln of the probability of an empty minute',
    reason: 'One in a million that the silence alone is chance (detection.md D12).',
  },
  warmUpHours: {
    default: 24,
    least: 24,
    most: 8760,
    unit: 'hours since the first record of the asset',
    reason: 'A stop within two hours of a session is judged, not what a week looks like: a day shows what is usual by day and night.',
  },
} as const satisfies ParameterTable;

export const controlThenSilence: Watch<typeof PARAMETERS> = {
  id: ID,
  title: 'Silence after a remote session',
  question: 'Did somebody switch the equipment off from afar?',
  attack: [
    { id: 'T1529', matrix: 'enterprise', version: '18.0' },
    { id: 'T1489', matrix: 'enterprise', version: '18.0' },
    { id: 'T1485', matrix: 'enterprise', version: '18.0' },
    { id: 'T0816', matrix: 'ics', version: '18.0' },
    { id: 'T0881', matrix: 'ics', version: '18.0' },
    { id: 'T0857', matrix: 'ics', version: '18.0' },
    { id: 'T0858', matrix: 'ics', version: '18.0' },
    { id: 'T0855', matrix: 'ics', version: '18.0' },
    { id: 'T0826', matrix: 'ics', version: '18.0' },
    { id: 'T0827', matrix: 'ics', version: '18.0' },
    { id: 'T0829', matrix: 'ics', version: '18.0' },
  ],
  severity: 'high',
  parameters: PARAMETERS,
  history: 'a day of the asset’s records; it learns from up to four weeks before the day',
  falsePositives: [
    'A reboot by those who maintain the equipment, outside of the agreed window; an update of its firmware is told with less severity where the device is back soon.',
    'Loss of power just after somebody rare had looked at the equipment.',
  ],
  runbook: [
    'Who is the peer, and who sat behind it? The finding lists the last sessions with the time between each and the silence.',
    'Does the equipment come back by itself? What does it talk to then (new destinations)?',
    'With several devices by one source: cut that source off first.',
  ],
  references: ['reference/detection.md D11'],
  examples: CONTROL_THEN_SILENCE_EXAMPLES,
  evaluate: (scene, parameters) => evaluate(scene, parameters),
  recompute: (finding, { rows }) => {
    if (finding.unit === 'minutes') return longestGapMinutes(rows, finding.windowFromMs, finding.windowToMs);
    const reached = new Set(rows.filter(({ peer }) => peer === finding.peerAddress).map(({ asset }) => asset));
    return silentOf(rows, (asset) => reached.has(asset), finding);
  },
};

/** A silence and the session before it that makes it suspicious. */
interface Case {
  readonly silence: Silence;
  readonly session: InboundSession;
  readonly before: readonly InboundSession[];
  readonly agreement: Agreement;
  readonly ratio: number;
  readonly periodFromMs: number;
}

function evaluate(scene: Scene, parameters: ParameterValues<typeof PARAMETERS>): Finding[] {
  const cases = candidatesOf(scene).flatMap((silence) => caseOf(scene, silence, parameters) ?? []);
  const bySource = new Map<string, Case[]>();
  for (const one of cases) {
    const key = `${one.periodFromMs} ${one.session.peer}`;
    bySource.set(key, [...(bySource.get(key) ?? []), one]);
  }
  return [...bySource.values()].flatMap((list) => {
    const several = new Set(list.map(({ silence }) => silence.asset)).size > 1;
    const kept = list.filter((one) => one.ratio >= parameters.leastRatio || several || isUnagreed(scene.claims, one));
    return kept.length === 0 ? [] : findingsOf(scene, kept, parameters);
  });
}

/** Whether the silence is one that somebody may have brought about: who called before it is looked at then. */
function isSudden(
  { sudden, onsetSeen, surprise, usualSurprise, historyMs }: Silence,
  parameters: Readonly<Record<string, number>>,
): boolean {
  // What happened twice in the last weeks needs nobody to bring it about.
  if (surprise <= usualSurprise || !sudden || !onsetSeen) return false;
  return surprise >= parameters.leastSurprise! && historyMs >= parameters.warmUpHours! * HOUR_MS;
}

/** Assets and times whose inbound sessions this watch asks for: a source that reads them from a store reads them first. */
export function momentsOf(scene: Scene): { readonly asset: number; readonly fromMs: number; readonly toMs: number }[] {
  const parameters = scene.parameters[ID]!;
  return candidatesOf(scene)
    .filter((one) => isSudden(one, parameters))
    .map(({ asset, onset }) => ({ asset, fromMs: minuteMs(onset) - parameters.withinMinutes! * MINUTE_MS, toMs: minuteMs(onset) }));
}

function caseOf(scene: Scene, silence: Silence, parameters: ParameterValues<typeof PARAMETERS>): Case | undefined {
  if (!isSudden(silence, parameters)) return undefined;
  const { asset, onset } = silence;
  const onsetMs = minuteMs(onset);
  const before = scene.activity.inbound(asset, onsetMs - parameters.withinMinutes * MINUTE_MS, onsetMs);
  let worst: Case | undefined;
  for (const session of before) {
    if (session.octetsOut === 0) continue; // nobody answered: nothing was commanded
    const ratio = ratioOf(silence, session);
    if (ratio < Math.min(parameters.leastRatio, parameters.leastRatioUnagreed) || (worst !== undefined && ratio <= worst.ratio)) continue;
    const agreement = agreementOf(scene.claims, asset, session);
    worst = { silence, session, before, agreement, ratio, periodFromMs: scene.claims.periodOf(onsetMs).fromMs };
  }
  return worst;
}

/** Outside of what claims agree on; where no claim speaks, somebody of the internet. */
function isUnagreed(claims: CompiledClaims, { agreement, session }: Case): boolean {
  if (agreement === 'unclaimed') return claims.isOutside(parseAddress(session.peer), 0);
  return agreement === 'outside-window' || agreement === 'not-agreed';
}

/**
 * P(silence | session of that peer) by P(silence), both as means of Beta distributions over stretches of VISIT_MS: of those with a session of the peer one, this
 * one, was followed by such a silence; and one of all stretches in which the asset was known.
 */
function ratioOf({ historyMs }: Silence, { visits }: InboundSession): number {
  const stretches = Math.min(historyMs, VISIT_HISTORY_MS) / VISIT_MS;
  return (PRIOR.all + stretches) / (PRIOR.all + Math.min(visits, stretches));
}

/** One finding for each device, or one for the fleet where a source stopped several. */
function findingsOf(scene: Scene, cases: readonly Case[], parameters: ParameterValues<typeof PARAMETERS>): Finding[] {
  const { claims } = scene;
  const assets = new Set(cases.map(({ silence }) => silence.asset));
  if (assets.size === 1) {
    const longest = cases.reduce((best, one) => (one.silence.seen > best.silence.seen ? one : best));
    return [findingOf(scene, longest, cases, parameters)];
  }
  const byFleet = new Map<number, Case[]>();
  for (const one of cases) {
    const { fleet } = claims.assets[one.silence.asset]!;
    byFleet.set(fleet, [...(byFleet.get(fleet) ?? []), one]);
  }
  return [...byFleet.values()].map((list) => {
    const longest = list.reduce((best, one) => (one.silence.seen > best.silence.seen ? one : best));
    return findingOf(scene, longest, list, parameters, assets.size);
  });
}

function findingOf(
  scene: Scene,
  worst: Case,
  cases: readonly Case[],
  parameters: ParameterValues<typeof PARAMETERS>,
  devices = 1,
): Finding {
  const { claims } = scene;
  const { silence, session, ratio, before } = worst;
  const { asset, onset } = silence;
  const fleet = claims.fleets[claims.assets[asset]!.fleet]!;
  const isFleet = devices > 1;
  return watchFinding(claims, {
    detection: ID,
    fleet: fleet.name,
    asset: isFleet ? fleet.name : claims.assets[asset]!.name,
    assetAddress: isFleet ? '::' : addressOf(claims, asset),
    peerAddress: session.peer,
    peerName: claims.nameOf(parseAddress(session.peer), 0),
    protocol: session.protocol,
    port: session.port,
    initiator: 'peer',
    completion: 'established',
    severity: severityOf(claims, cases, devices),
    confidence: Math.min(99, 50 + 20 * Math.log10(Math.max(1, ratio)) + (devices > 1 ? 20 : 0)),
    atMs: minuteMs(onset),
    firstSeenMs: Math.min(...cases.map((one) => one.session.startMs)),
    lastSeenMs: Math.max(...cases.map((one) => minuteMs(toldUntil(one.silence)))),
    ...(isFleet ? measuredOf(cases) : durationOf(silence)),
    sessions: cases.length,
    records: cases.reduce((sum, one) => sum + one.session.records, 0),
    octetsIn: cases.reduce((sum, one) => sum + one.session.octetsIn, 0),
    octetsOut: cases.reduce((sum, one) => sum + one.session.octetsOut, 0),
    rule: `silence within ${parameters.withinMinutes} min of a session of a peer after which it is at least ${parameters.leastRatio} times as likely as otherwise`,
    sentence: sentenceOf(scene, worst, cases, devices),
    evidence: before.slice(-MOST_SESSIONS).map((one) => one.evidence),
  });
}

/** How long the device was silent. */
function durationOf(silence: Silence) {
  const { onset, usual, seen, unseen } = silence;
  const minutes = toldUntil(silence) - onset;
  return {
    observed: minutes,
    expected: minutes - Math.round((usual * minutes) / (seen + unseen)),
    unit: 'minutes',
    windowFromMs: minuteMs(onset),
    windowToMs: minuteMs(onset + minutes),
  };
}

/** How many devices of the fleet were silent at once after sessions of the source. */
function measuredOf(cases: readonly Case[]) {
  const from = Math.max(...cases.map(({ silence }) => silence.onset));
  const to = Math.min(...cases.map(({ silence }) => toldUntil(silence)));
  return {
    observed: new Set(cases.map(({ silence }) => silence.asset)).size,
    expected: 0,
    unit: 'assets',
    windowFromMs: minuteMs(from),
    windowToMs: minuteMs(Math.max(from, to)),
  };
}

/**
 * What was agreed for that time is information; what was not, or happened to several devices by one source, is as bad as it gets. One device that came back soon after much
 * went in was given new firmware, as far as anybody can tell: somebody should know, and nobody need run.
 */
function severityOf(claims: CompiledClaims, cases: readonly Case[], devices: number): Severity {
  if (cases.every(({ agreement }) => agreement === 'in-window')) return 'info';
  if (devices > 1 || cases.some((one) => isUnagreed(claims, one))) return 'critical';
  return cases.every(isUpdate) ? 'medium' : 'high';
}

function isUpdate({ session, silence }: Case): boolean {
  return session.octetsIn >= FIRMWARE_OCTETS && !silence.open && silence.end - silence.onset <= FIRMWARE_MINUTES;
}

function sentenceOf(scene: Scene, worst: Case, cases: readonly Case[], devices: number): string {
  const { claims } = scene;
  const { silence, session, ratio, before, agreement } = worst;
  const { asset, onset, seen, usual } = silence;
  const told = toldUntil(silence);
  const parts = [
    `${subjectOf(claims, asset)} fell silent ${gapText(session, onset)} a session of ${peerText(claims, session)} (${formatOctets(session.octetsIn)} in, ${formatOctets(session.octetsOut)} out, from ${formatInstant(session.startMs)}, ${AGREEMENT[agreement]}), for ${formatDuration((told - onset) * MINUTE_MS)} in which it usually sends in ${percentText(usual, seen)} of the minutes: ${Math.round(ratio)} times as likely after this peer as otherwise.`,
  ];
  if (devices > 1) {
    const names = [...new Set(cases.map((one) => claims.assets[one.silence.asset]!.name))].sort();
    parts.push(`The same source went before the silence of ${formatCount(devices, 'device')}, here ${names.join(', ')}.`);
  }
  if (isUpdate(worst))
    parts.push(
      `${formatOctets(session.octetsIn)} went in before, and it came back within ${FIRMWARE_MINUTES} min: as with new firmware. Ask who brought it; what it does since is for new-destination to tell.`,
    );
  const others = before.filter((one) => one !== session);
  if (others.length > 0) {
    const told5 = others.slice(-5).map((one) => `${peerText(claims, one)} ${gapText(one, onset)}`);
    parts.push(`Other sessions before it: ${told5.join(', ')}.`);
  }
  parts.push(controlText(scene, silence));
  return parts.join(' ');
}

const AGREEMENT: Readonly<Record<Agreement, string>> = {
  admitted: 'agreed at any time',
  'in-window': 'in its agreed window',
  'outside-window': 'outside its agreed window',
  'not-agreed': 'not agreed by any claim',
  unclaimed: 'no claim speaks of it',
};

function peerText(claims: CompiledClaims, { peer, protocol, port }: InboundSession): string {
  const name = claims.nameOf(parseAddress(peer), 0);
  return `${peer}${name === '' ? '' : ` (${name})`} on ${formatPort(protocol, port)}`;
}

/** 'during', or how long after its last packet, by the minute in which the asset's last packet lay. */
function gapText({ endMs }: InboundSession, onset: number): string {
  const afterMs = minuteMs(onset) - endMs;
  return afterMs <= 0 ? 'during' : `${formatDuration(afterMs)} after`;
}

/** Who went on meanwhile, and whether the sensors saw. */
function controlText(scene: Scene, silence: Silence): string {
  const { claims, activity } = scene;
  const event = fleetEventsOf(scene).find(({ silences }) => silences.includes(silence));
  const until = Math.max(silence.onset + silence.floor, Math.min(silence.end, silence.onset + 60));
  const peers = claims.assets.flatMap(({ auxiliary }, asset) =>
    !auxiliary && asset !== silence.asset && activity.active(asset).count(silence.onset - 60, silence.onset) > 0 ? [asset] : [],
  );
  const talking = peers.filter((asset) => activity.active(asset).count(silence.onset, until) > 0).length;
  const seen = `${silence.sensors.join(' and ')} saw ${silence.seen} of the ${silence.seen + silence.unseen} minutes`;
  const fleet = event === undefined ? '' : ` It is part of a silence of ${event.silences.length} devices (fleet-silence).`;
  return `${talking} of ${formatCount(peers.length, 'other device')} at work went on; ${seen}.${fleet}`;
}
