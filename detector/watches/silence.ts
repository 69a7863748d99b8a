import { formatDuration, HOUR_MS, MINUTE_MS } from '../../flow/time.js';
import type { CompiledFleet, Severity } from '../claims/compiled.js';
import type { ParameterTable, ParameterValues } from '../detections/detection.js';
import type { Finding } from '../findings/finding.js';
import { formatCount } from '../findings/quantity.js';
import { formatSpan } from '../findings/time-span.js';
import { inAgreedWindow } from './agreement.js';
import { fleetEventsOf } from './fleet-events.js';
import { longestGapMinutes } from './recompute.js';
import type { Scene } from './scene.js';
import { SILENCE_EXAMPLES } from './silence-examples.js';
import { chanceText, minuteMs, percentText, toldUntil } from './silence-text.js';
import { candidatesOf, type Silence } from './silences.js';
import type { Watch } from './watch.js';
import { addressOf, subjectOf, watchFinding } from './watch-finding.js';

const ID = 'silence';

const PARAMETERS = {
  warmUpHours: {
    default: 168,
    least: 24,
    most: 8760,
    unit: 'hours since the first record of the asset',
    reason: 'A week shows every hour of the week once: equipment that rests on Sundays is not missed on the first one.',
  },
  leastMinutes: {
    default: 5,
    least: 1,
    most: 1440,
    unit: 'min',
    reason: 'Chatty equipment makes three minutes improbable, and nobody would get up for them.',
  },
  leastSurprise: {
    default: 13.8,
    least: 7,
    most: 1000,
    unit: 'sum of −ln of the probability of an empty minute',
    reason: 'One in a million (detection.md D12): 10 000 pauses a week give one false finding in two years.',
  },
  pauseFactor: {
    default: 3,
    least: 1,
    most: 100,
    unit: 'times the second most surprising pause of the last four weeks',
    reason: 'Empty minutes come in rows: what happened twice is no news, whatever the probability of single minutes says.',
  },
  beats: {
    default: 3,
    least: 2,
    most: 100,
    unit: 'usual pauses of an asset that sends in a rhythm',
    reason: 'Two missed beats happen; and twice the second longest pause must have passed as well.',
  },
} as const satisfies ParameterTable;

/** The longest pause of a rhythm is no longer than so many usual ones: otherwise it is none. */
const RHYTHM_SPREAD = 4;

/** The asset's past makes the pause improbable, or it sends in a rhythm and several beats did not come. */
export function isSilence(silence: Silence, parameters: ParameterValues<typeof PARAMETERS>): boolean {
  const { seen, surprise, usualSurprise, longPause, medianPause, historyMs } = silence;
  if (historyMs < parameters.warmUpHours * HOUR_MS || seen < parameters.leastMinutes) return false;
  if (surprise >= Math.max(parameters.leastSurprise, parameters.pauseFactor * usualSurprise)) return true;
  const rhythm = medianPause > 0 && longPause <= RHYTHM_SPREAD * medianPause;
  return rhythm && seen >= Math.max(parameters.beats * (medianPause + 1), 2 * (longPause + 1));
}

export const silence: Watch<typeof PARAMETERS> = {
  id: ID,
  title: 'Silence of a device',
  question: 'Which equipment has stopped talking, though it would be expected to go on?',
  attack: [
    { id: 'T1489', matrix: 'enterprise', version: '18.0' },
    { id: 'T1529', matrix: 'enterprise', version: '18.0' },
    { id: 'T0826', matrix: 'ics', version: '18.0' },
    { id: 'T0829', matrix: 'ics', version: '18.0' },
    { id: 'T0815', matrix: 'ics', version: '18.0' },
    { id: 'T0804', matrix: 'ics', version: '18.0' },
  ],
  severity: 'medium',
  parameters: PARAMETERS,
  history: 'a week of the asset’s records; it learns from up to four weeks before the day',
  falsePositives: [
    'The equipment was switched off by those who use it, on a day on which it usually works.',
    'It was moved to another address, or to a network that no sensor sees.',
    'A public holiday, the first time.',
  ],
  runbook: [
    'Is it one device, or are others silent too? The watch fleet-silence says so in one finding for all of them.',
    'Ask at the place whether it is switched on and works; a device that works and is not seen has lost its network or found another one.',
    'Who had a session with it just before? control-then-silence tells where somebody had.',
  ],
  references: ['reference/detection.md D12'],
  examples: SILENCE_EXAMPLES,
  evaluate: (scene, parameters) => evaluate(scene, parameters),
  recompute: (finding, { rows }) => longestGapMinutes(rows, finding.windowFromMs, finding.windowToMs),
};

function evaluate(scene: Scene, parameters: ParameterValues<typeof PARAMETERS>): Finding[] {
  const explained = new Set(fleetEventsOf(scene).flatMap((event) => event.silences));
  const byPeriod = new Map<string, Silence[]>();
  for (const one of candidatesOf(scene)) {
    if (explained.has(one) || !isSilence(one, parameters)) continue;
    const key = `${one.asset} ${scene.claims.periodOf(minuteMs(one.onset)).fromMs}`;
    byPeriod.set(key, [...(byPeriod.get(key) ?? []), one]);
  }
  return [...byPeriod.values()].map((silences) => findingOf(scene, silences, parameters));
}

function findingOf(scene: Scene, silences: readonly Silence[], parameters: ParameterValues<typeof PARAMETERS>): Finding {
  const { claims } = scene;
  const longest = silences.reduce((best, one) => (one.seen > best.seen ? one : best));
  const { asset, onset, usual, usualSurprise } = longest;
  const told = toldUntil(longest);
  const fleet = claims.fleets[claims.assets[asset]!.fleet]!;
  const agreed = silences.every((one) => inAgreedWindow(claims, claims.assets[asset]!.fleet, minuteMs(one.onset)));
  return watchFinding(claims, {
    detection: ID,
    fleet: fleet.name,
    asset: claims.assets[asset]!.name,
    assetAddress: addressOf(claims, asset),
    severity: agreed ? 'info' : severityOf(fleet),
    confidence: confidenceOf(longest, Math.max(parameters.leastSurprise, parameters.pauseFactor * usualSurprise)),
    atMs: minuteMs(onset),
    firstSeenMs: minuteMs(silences[0]!.onset),
    lastSeenMs: minuteMs(toldUntil(silences.at(-1)!)),
    observed: told - onset,
    expected: told - onset - Math.round((usual * (told - onset)) / (longest.seen + longest.unseen)),
    unit: 'minutes',
    windowFromMs: minuteMs(onset),
    windowToMs: minuteMs(told),
    sessions: silences.length,
    records: silences.length,
    rule: `no packet for longer than its past makes likely (1 in 10^6) and than ${parameters.pauseFactor} times its longest usual pause`,
    sentence: sentenceOf(scene, silences, longest, agreed),
  });
}

export function severityOf({ criticality }: Pick<CompiledFleet, 'criticality'>): Severity {
  return criticality === 'vital' || criticality === 'high' ? 'high' : criticality;
}

/** 60 where it just passes, 95 at ten times that; less for what the sensors did not see of it. */
function confidenceOf({ surprise, seen, unseen }: Silence, limit: number): number {
  const beyond = Math.min(1, Math.max(0, Math.log10(surprise / limit)));
  return (60 + 35 * beyond) * (seen / (seen + unseen));
}

function sentenceOf(scene: Scene, silences: readonly Silence[], longest: Silence, agreed: boolean): string {
  const { asset, onset, open, seen, unseen, usual, surprise, longPause, sensors } = longest;
  const told = toldUntil(longest);
  const parts = [
    `${subjectOf(scene.claims, asset)} sent nothing for ${formatDuration((told - onset) * MINUTE_MS)}, ${formatSpan(minuteMs(onset), minuteMs(told))}${open ? ', and has not come back' : ''}: in these minutes of the week it usually sends in ${percentText(usual, seen)} (chance ${chanceText(surprise)}${longPause > 0 ? `; second longest pause learned: ${longPause} min` : ''}).`,
  ];
  if (silences.length > 1) parts.push(`It is the longest of ${formatCount(silences.length, 'silence')} that day.`);
  parts.push(`${sensors.join(' and ')} saw ${seen} of the ${seen + unseen} minutes.`);
  if (agreed) parts.push('An agreed window was open when it began.');
  return parts.join(' ');
}
