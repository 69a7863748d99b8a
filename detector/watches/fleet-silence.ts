import { formatDuration, MINUTE_MS } from '../../flow/time.js';
import type { Severity } from '../claims/compiled.js';
import type { ParameterTable } from '../detections/detection.js';
import type { Finding } from '../findings/finding.js';
import { formatCount } from '../findings/quantity.js';
import { formatSpan } from '../findings/time-span.js';
import { inAgreedWindow } from './agreement.js';
import { type FleetEvent, fleetEventsOf, type Scope, SPREAD_MINUTES, TOGETHER_MINUTES } from './fleet-events.js';
import { FLEET_SILENCE_EXAMPLES } from './fleet-silence-examples.js';
import { silentOf } from './recompute.js';
import type { Scene } from './scene.js';
import { minuteMs, toldUntil } from './silence-text.js';
import type { Watch } from './watch.js';
import { watchFinding } from './watch-finding.js';

const ID = 'fleet-silence';
/** Names of devices that the sentence tells. */
const MOST_NAMED = 5;

const PARAMETERS = {
  warmUpHours: {
    default: 168,
    least: 24,
    most: 8760,
    unit: 'hours since the first record of each asset',
    reason: 'What a whole fleet does on Friday evenings is known after a week.',
  },
  leastSurprise: {
    default: 6.9,
    least: 6.9,
    most: 1000,
    unit: 'sum of −ln of the probability of an empty minute, per device',
    reason: 'One in a thousand for each device alone: that they stop together is what is improbable.',
  },
  chance: {
    default: 0.001,
    least: 0.00001,
    most: 0.1,
    unit: 'probability that a device stops by itself in a given two minutes',
    reason: 'Ten stops a week, far above what was met (detection.md D13).',
  },
  tail: {
    default: 0.000001,
    least: 1e-12,
    most: 0.01,
    unit: 'probability that so many stop together by chance',
    reason: 'All of two or three, 3 of 10, 4 of 40 (detection.md D13).',
  },
} as const satisfies ParameterTable;

const SEVERITY: Readonly<Record<Scope, Severity>> = {
  vendor: 'critical',
  fleet: 'high',
  site: 'high',
  exporter: 'medium',
  unclear: 'high',
};
const CONFIDENCE: Readonly<Record<Scope, number>> = { vendor: 95, fleet: 75, site: 85, exporter: 85, unclear: 50 };

export const fleetSilence: Watch<typeof PARAMETERS> = {
  id: ID,
  title: 'Silence of a fleet',
  question: 'What stopped in the same minute, and is it the vendor’s equipment, the site or the exporter?',
  attack: [
    { id: 'T1489', matrix: 'enterprise', version: '18.0' },
    { id: 'T1498', matrix: 'enterprise', version: '18.0' },
    { id: 'T0826', matrix: 'ics', version: '18.0' },
    { id: 'T0813', matrix: 'ics', version: '18.0' },
    { id: 'T0827', matrix: 'ics', version: '18.0' },
    { id: 'T0816', matrix: 'ics', version: '18.0' },
  ],
  severity: 'high',
  parameters: PARAMETERS,
  history: 'a week of the records of the assets; it learns from up to four weeks before the day',
  falsePositives: [
    'A planned stop of a production line that no agreed window covers.',
    'Loss of power or of a switch that only this vendor’s equipment hangs on: nothing in the telemetry tells it from a stop by the vendor.',
  ],
  runbook: [
    'The finding names what the silent ones have in common and who went on: vendor, site or exporter. Begin there.',
    'vendor: treat it as an attack on all equipment of that vendor until somebody at the place knows better; look for control-then-silence.',
    'site: power, switch, uplink. exporter: look at the sensor; its time counts as not observed.',
  ],
  references: ['reference/detection.md D13'],
  examples: FLEET_SILENCE_EXAMPLES,
  evaluate: (scene) => evaluate(scene),
  recompute: (finding, { rows }, claims) => silentOf(rows, (name) => isOf(finding, name, claims), finding),
};

/** Whether the asset belongs to what the finding is about. */
function isOf({ asset: subject }: Finding, name: string, claims: Parameters<typeof fleetSilence.recompute>[2]): boolean {
  const asset = claims.assets.find((one) => one.name === name);
  if (asset === undefined) return false;
  const fleet = claims.fleets[asset.fleet]!;
  const isGroup = claims.fleets.some((one) => [one.name, one.vendor, one.site].includes(subject));
  // An exporter’s name says nothing about who is seen by it: the rows that were handed over are.
  return !isGroup || fleet.name === subject || fleet.vendor === subject || fleet.site === subject;
}

function evaluate(scene: Scene): Finding[] {
  const groups = new Map<string, FleetEvent[]>();
  for (const event of fleetEventsOf(scene)) {
    const { fromMs } = scene.claims.periodOf(minuteMs(event.silences[0]!.onset));
    const key = `${fromMs} ${event.scope} ${event.name}`;
    groups.set(key, [...(groups.get(key) ?? []), event]);
  }
  return [...groups.values()].map((events) => findingOf(scene, events));
}

function findingOf(scene: Scene, events: readonly FleetEvent[]): Finding {
  const { claims } = scene;
  const event = events.reduce((best, one) => (one.silences.length > best.silences.length ? one : best));
  const { scope, name, silences, from } = event;
  const onset = Math.min(...silences.map((one) => one.onset));
  const until = toldUntil({ onset: from, end: event.until, open: silences.every(({ open }) => open) });
  const fleets = [...new Set(silences.map(({ asset }) => claims.assets[asset]!.fleet))].sort((a, b) => a - b);
  const agreed = silences.every((one) => inAgreedWindow(claims, claims.assets[one.asset]!.fleet, minuteMs(one.onset)));
  return watchFinding(claims, {
    detection: ID,
    part: `${scope}:${name}`,
    fleet: claims.fleets[fleets[0]!]!.name,
    asset: scope === 'vendor' && fleets.length === 1 ? claims.fleets[fleets[0]!]!.name : name,
    severity: agreed ? 'info' : SEVERITY[scope],
    confidence: CONFIDENCE[scope],
    atMs: minuteMs(onset),
    firstSeenMs: minuteMs(Math.min(...events.flatMap((one) => one.silences.map((silence) => silence.onset)))),
    lastSeenMs: minuteMs(Math.max(...events.flatMap((one) => one.silences.map(toldUntil)))),
    observed: event.atWork.filter((asset) => scene.activity.active(asset).count(from, until) === 0).length,
    expected: 0,
    unit: 'assets',
    windowFromMs: minuteMs(from),
    windowToMs: minuteMs(until),
    sessions: events.length,
    records: silences.length,
    rule: `at least so many of a vendor or site silent together (${TOGETHER_MINUTES} min apart at most, ${SPREAD_MINUTES} min in all) that chance does it once in a million such times`,
    sentence: sentenceOf(scene, event, events.length, onset, until, agreed),
  });
}

function sentenceOf(scene: Scene, event: FleetEvent, events: number, onset: number, until: number, agreed: boolean): string {
  const { silences, atWork, scope } = event;
  const names = silences.map(({ asset }) => scene.claims.assets[asset]!.name).sort();
  const more = names.length - MOST_NAMED;
  const named = `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  const open = silences.filter((one) => one.open).length;
  const parts = [
    `${silences.length} of ${formatCount(atWork.length, 'device')} at work fell silent within ${Math.max(TOGETHER_MINUTES, Math.max(...silences.map((one) => one.onset)) - onset)} min (${named}), ${formatSpan(minuteMs(onset), minuteMs(until))}, ${formatDuration((until - onset) * MINUTE_MS)} so far as all of them were silent${open > 0 ? `; ${open === silences.length ? 'none' : `${silences.length - open}`} came back` : ''}.`,
    whyOf(event),
  ];
  if (scope !== 'exporter' && !Number.isNaN(event.recordsPerMinute))
    parts.push(
      `The sensors told of ${rate(event.recordsPerMinute)} records a minute meanwhile, ${rate(event.recordsBefore)} in the hour before.`,
    );
  if (events > 1) parts.push(`It happened ${events} times that day.`);
  if (agreed) parts.push('An agreed window was open when it began.');
  return parts.join(' ');
}

function whyOf({ scope, name, controls, controlsTalking }: FleetEvent): string {
  const others = `${controlsTalking} of ${formatCount(controls, 'other device')} on the same sensors or site went on`;
  switch (scope) {
    case 'vendor':
      return `They are equipment of ${name}, and ${others}: a stop of the vendor's equipment, not of the site or the exporter.`;
    case 'fleet':
      return `Nothing else is watched there; the exporter went on telling of others, so ${name} stopped, or what only it hangs on.`;
    case 'site':
      return `Everything watched at ${name} stopped${controls > 0 ? `, and ${others} elsewhere` : ''}: power, network or all equipment of the site, not the exporter.`;
    case 'exporter':
      return `All of them are seen by ${name}, and ${others}: the exporter stopped telling, and nobody knows whether the devices did.`;
    case 'unclear':
      return `${controls > 0 ? `Of others there ${others}` : 'Nothing else is watched there and the exporter told of hardly anything else'}: devices, site and exporter cannot be told apart.`;
  }
}

function rate(perMinute: number): string {
  return perMinute >= 10 ? String(Math.round(perMinute)) : String(Math.round(perMinute * 10) / 10);
}
