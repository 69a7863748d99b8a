import { Ipv6Fields } from '../../flow/coverage.js';
import { formatDuration, HOUR_MS, MINUTE_MS } from '../../flow/time.js';
import type { CoverageDemand } from '../claims/compiled.js';
import type { CoverageMinute } from './observed-time.js';
import { reason } from './reason.js';
import type { Reason } from './verdict-types.js';
import { shareText } from './words.js';

/** Exports whose record formats have no IPv6 addresses. */
const WITHOUT_IPV6 = new Set(['netflow1', 'netflow5', 'netflow7']);
/** Exports whose templates say what their records can tell. */
const TEMPLATED = new Set(['netflow9', 'ipfix']);
/**
 * What one observation domain can tell is taken for so before and after its messages: routers keep IPv6 in a domain of its own, which says nothing while there
 * is no such traffic but its templates, every half an hour at the latest.
 */
const HOLD_MS = HOUR_MS;

interface DomainState {
  minute: number;
  fields: number;
}

/**
 * Why a sensor cannot prove anything about IPv6: of the minutes in which it delivered, too many had no record format with IPv6 addresses in force, by the
 * share of time that the claim demands (all of it where it demands none), or there were too many on end.
 */
export function ipv6Reasons(name: string, rows: readonly CoverageMinute[], demand: CoverageDemand): Reason[] {
  const { minutes, unable, longestMs } = unableMinutes(rows);
  if (unable === 0) return [];
  const able = 1 - unable / minutes;
  const least = Number.isNaN(demand.time) ? 1 : demand.time;
  if (able >= least && !(longestMs > demand.maxGapMs)) return [];
  const when = able === 0 ? '' : ` for ${shareText(1 - able)} of the time, up to ${formatDuration(longestMs)} on end`;
  const sentence = `the subject has IPv6 addresses, and ${name} delivered records that have no field for them${when} (NetFlow v1, v5, v7, or templates without elements 27 and 28)`;
  return [reason('no-ipv6-fields', name, able, least, 'share', sentence)];
}

/** Of the minutes with messages, those in which no domain of the sensor could tell IPv6 addresses. */
function unableMinutes(rows: readonly CoverageMinute[]): { minutes: number; unable: number; longestMs: number } {
  const alive = rows.filter((row) => row.messagesReceived > 0 || row.observedMilliseconds > 0).sort((a, b) => a.minute - b.minute);
  const domains = new Map<string, DomainState>();
  for (const row of alive) if (fieldsOf(row) !== Ipv6Fields.unknown && !domains.has(keyOf(row))) note(domains, row);
  let minutes = 0;
  let unable = 0;
  let longestMs = 0;
  let sinceMs = Number.NaN;
  for (let at = 0; at < alive.length; ) {
    const { minute } = alive[at]!;
    for (; at < alive.length && alive[at]!.minute === minute; at++) note(domains, alive[at]!);
    minutes++;
    const near = [...domains.values()].filter((domain) => Math.abs(minute - domain.minute) <= HOLD_MS);
    if (near.length === 0 || near.some(({ fields }) => fields === Ipv6Fields.some)) {
      sinceMs = Number.NaN;
      continue;
    }
    unable++;
    if (Number.isNaN(sinceMs)) sinceMs = minute;
    longestMs = Math.max(longestMs, minute + MINUTE_MS - sinceMs);
  }
  return { minutes, unable, longestMs };
}

/** A later minute of a domain goes before an earlier one; in the same minute, the able row of several. */
function note(domains: Map<string, DomainState>, row: CoverageMinute): void {
  const fields = fieldsOf(row);
  if (fields === Ipv6Fields.unknown) return;
  const known = domains.get(keyOf(row));
  if (known === undefined) domains.set(keyOf(row), { minute: row.minute, fields });
  else {
    known.fields = known.minute === row.minute ? Math.max(known.fields, fields) : fields;
    known.minute = row.minute;
  }
}

function keyOf({ exportProtocol, observationDomainId }: CoverageMinute): string {
  return `${exportProtocol} ${observationDomainId}`;
}

/** Captures and logs have whatever there was; rows of before the ledger told it are not held against templates. */
function fieldsOf({ exportProtocol, ipv6Fields }: CoverageMinute): number {
  if (WITHOUT_IPV6.has(exportProtocol)) return Ipv6Fields.none;
  if (ipv6Fields !== Ipv6Fields.unknown) return ipv6Fields;
  return TEMPLATED.has(exportProtocol) || exportProtocol === '' ? Ipv6Fields.unknown : Ipv6Fields.some;
}
