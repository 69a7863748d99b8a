import { DAY_MS, formatDuration, formatTime } from '../../flow/time.js';
import { localDate, type Period, type TimeZone } from '../claims/calendar.js';
import type { CompiledClaim, CompiledFleet, CompiledLocation } from '../claims/compiled.js';
import { formatOctets } from '../claims/units.js';
import type { Finding } from '../findings/finding.js';
import { DEFAULT_CONFIDENCE, type SensorFacts } from './sensor-facts.js';
import type { SubjectFacts } from './subject-facts.js';
import type { Reason, VerdictWord } from './verdict-types.js';
import { countText, shareText } from './words.js';

/** What a verdict needs of a finding: its latest revision. */
export type ClaimFinding = Pick<Finding, 'claim' | 'asset' | 'completion' | 'records' | 'windowToMs'>;

export interface SentenceParts {
  readonly claim: CompiledClaim;
  readonly fleet: CompiledFleet;
  readonly period: string;
  readonly verdict: VerdictWord;
  readonly findings: readonly ClaimFinding[];
  readonly subject: SubjectFacts;
  readonly sensors: readonly SensorFacts[];
  readonly reasons: readonly Reason[];
  readonly numbers: Readonly<Record<string, number>>;
  readonly hideable: number;
}

/** The line an auditor reads: word, numbers, and what these sensors cannot see. */
export function sentenceOf(about: SentenceParts): string {
  const { claim, fleet, period, verdict, findings, subject, sensors, reasons, numbers, hideable } = about;
  const parts: string[] = [];
  if (verdict === 'VIOLATED') parts.push(findingsText(findings));
  if (verdict === 'NOT_PROVEN')
    parts.push(...reasons.filter(({ code }) => code !== 'location-data').map((one) => one.sentence.replace(/\.$/, '')));
  parts.push(`${countText(subject.records)} flow records of ${fleet.members.length} assets of ${fleet.name} judged`);
  parts.push(
    `${shareText(numbers.observedShare!)} of asset-minutes observed (${sensors.map((sensor) => sensor.name).join(claim.coverage.mode === 'all' ? ' and ' : ' or ')})`,
  );
  parts.push(`longest blind ${formatDuration(numbers.longestBlindMs!)}`);
  const units = new Set(sensors.filter((sensor) => !sensor.silent).map((sensor) => sensor.unit));
  const loss = numbers.recordsSent! > 0 ? numbers.recordsLost! / numbers.recordsSent! : 0;
  parts.push(
    `${countText(numbers.recordsLost!)} of ${countText(numbers.recordsSent!)} ${[...units].sort().reverse().join(' and ') || 'records'} lost (${shareText(loss)})`,
  );
  const confidence = Number.isNaN(claim.coverage.detectConfidence)
    ? shareText(DEFAULT_CONFIDENCE)
    : shareText(claim.coverage.detectConfidence);
  if (hideable === 0) parts.push('nothing was sampled: a single packet would have been seen');
  else if (Number.isFinite(hideable)) parts.push(`a transfer of ${formatOctets(hideable)} would have been seen with ${confidence}`);
  else if (hideable === Number.POSITIVE_INFINITY)
    parts.push(`with these losses no single transfer would have been seen with ${confidence}`);
  if (numbers.drillsSeen !== undefined)
    parts.push(`${countText(numbers.drillsSeen)} drills seen, ${formatDuration(numbers.longestWithoutDrillMs!)} apart at most`);
  if (numbers.unreconciledShare !== undefined) parts.push(`octets reconciled to ${shareText(numbers.unreconciledShare)}`);
  for (const use of subject.excused)
    parts.push(`exception ${use.exception} used for ${countText(use.flows)} flows, ${formatOctets(use.octets)}`);
  parts.push(...claim.locations.map((location) => locationText(location, `${location.sha256.slice(0, SHOWN_HASH)}…`)));
  const residual =
    claim.residual.length === 0
      ? ''
      : ` Not visible to these sensors: ${claim.residual.map((channel) => channel.replace(/\.$/, '')).join('; ')}.`;
  return `${claim.id} ${period} ${verdict}: ${parts.join('; ')}.${residual}`;
}

const LOCATION_WORDS = { country: 'countries', asn: 'AS numbers' } as const;
/** Enough of a sha256 to tell two files apart at a glance; reasons hold it whole. */
const SHOWN_HASH = 12;

/** 'countries by places.mmdb of 2026-11-01, sha256 3f9a0c1b2d4e…'; `hash` as it is to be shown. */
export function locationText({ key, name, date }: CompiledLocation, hash: string): string {
  return `${LOCATION_WORDS[key]} by ${name}${date === '' ? '' : ` of ${date}`}, sha256 ${hash}`;
}

export function findingsText(findings: readonly ClaimFinding[]): string {
  const attempts = findings.filter((finding) => finding.completion === 'attempt').length;
  const count = `${countText(findings.length)} ${findings.length === 1 ? 'finding' : 'findings'}`;
  return attempts === 0 ? count : `${count}, ${countText(attempts)} of them only ${attempts === 1 ? 'an attempt' : 'attempts'}`;
}

/** '2026-12-03' for a day of the calendar, '2026-12-01 to 2026-12-07' for several, otherwise both instants. */
export function periodText({ fromMs, toMs }: Period, zone: TimeZone): string {
  if (zone.toLocal(fromMs) % DAY_MS !== 0 || zone.toLocal(toMs) % DAY_MS !== 0) return `${formatTime(fromMs)} to ${formatTime(toMs)}`;
  const first = localDate(zone, fromMs);
  const last = localDate(zone, toMs - 1);
  return first === last ? first : `${first} to ${last}`;
}
