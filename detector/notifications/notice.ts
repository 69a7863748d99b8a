import { createHash } from 'node:crypto';
import { DAY_MS } from '../../flow/time.js';
import { SEVERITIES, type Severity } from '../claims/compiled.js';
import type { Incident } from '../incidents/incident.js';

/** Why people are told. */
export const NOTICE_REASONS = ['new', 'the count has doubled', 'the severity has changed', 'a day has passed'] as const;
export type NoticeReason = (typeof NOTICE_REASONS)[number];

/** One thing to tell: an incident as it stood then. */
export interface Notice {
  /** Of this notice, derived from what it says. The incident's id is what receivers know the incident by. */
  readonly id: string;
  readonly reason: NoticeReason;
  readonly incident: Incident;
}

/** How an incident stood when people were told of it last. */
export interface Told {
  readonly incident: string;
  readonly severity: Severity;
  readonly count: number;
  readonly lastSeenMs: number;
  /** Its findings, which keep its identity. */
  readonly findings: readonly string[];
}

/** Told incidents that ended longer ago than this (record time, against the newest) are forgotten: nothing can belong to them any more. */
export const FORGET_AFTER_MS = 8 * DAY_MS;

/**
 * What is to be told of these incidents after `told`, and what has been told then. An incident is told when it is new, when its count has doubled, when its
 * severity has changed, and when a day (of record time) has passed since and it goes on. A severity that falls because somebody closed a finding is no change.
 */
export function noticesOf(incidents: readonly Incident[], told: readonly Told[]): { readonly notices: Notice[]; readonly told: Told[] } {
  const before = new Map(told.map((one) => [one.incident, one]));
  const notices: Notice[] = [];
  for (const incident of incidents) {
    const last = before.get(incident.id);
    const reason = reasonFor(incident, last);
    const findings = [...new Set([...(last?.findings ?? []), ...incident.story.map(({ finding }) => finding)])].sort();
    if (reason !== undefined) {
      notices.push({ id: idOf(incident), reason, incident });
      const { id, severity, count, lastSeenMs } = incident;
      before.set(id, { incident: id, severity, count, lastSeenMs, findings });
    } else if (findings.length > last!.findings.length) before.set(incident.id, { ...last!, findings });
  }
  const newestMs = Math.max(...[...before.values()].map(({ lastSeenMs }) => lastSeenMs));
  return { notices, told: [...before.values()].filter(({ lastSeenMs }) => lastSeenMs >= newestMs - FORGET_AFTER_MS) };
}

/** The identities that findings of told incidents keep. */
export function knownIdentities(told: readonly Told[]): Map<string, string> {
  return new Map(told.flatMap(({ incident, findings }) => findings.map((finding) => [finding, incident] as const)));
}

function reasonFor({ severity, count, lastSeenMs, story }: Incident, last: Told | undefined): NoticeReason | undefined {
  if (last === undefined) return 'new';
  const rank = SEVERITIES.indexOf(severity) - SEVERITIES.indexOf(last.severity);
  const present = new Set(story.map(({ finding }) => finding));
  if (rank > 0 || (rank < 0 && last.findings.every((finding) => present.has(finding)))) return 'the severity has changed';
  if (count >= 2 * last.count) return 'the count has doubled';
  return lastSeenMs >= last.lastSeenMs + DAY_MS ? 'a day has passed' : undefined;
}

function idOf({ id, severity, count, lastSeenMs }: Incident): string {
  return createHash('sha256')
    .update(JSON.stringify(['notice', id, severity, count, lastSeenMs]))
    .digest('hex')
    .slice(0, 32);
}
