import { DAY_MS } from '../../../flow/time.js';
import { createTimeZone, localDate, type TimeZone } from '../../claims/calendar.js';
import { formatInstant } from '../../findings/time-span.js';
import { type Html, html, name } from './html.js';

const zones = new Map<string, TimeZone>();

function zoneOf(timezone: string): TimeZone {
  const zone = zones.get(timezone) ?? createTimeZone(timezone);
  zones.set(timezone, zone);
  return zone;
}

/** '2026-12-03' for a day of the zone's calendar, '2026-12-01 to 2026-12-31' for whole days, otherwise both instants in UTC. */
export function stretchText(fromMs: number, toMs: number, timezone: string): string {
  const zone = zoneOf(timezone);
  if (zone.toLocal(fromMs) % DAY_MS !== 0 || zone.toLocal(toMs) % DAY_MS !== 0) return `${instant(fromMs)} to ${instant(toMs)}`;
  const [first, last] = [localDate(zone, fromMs), localDate(zone, toMs - 1)];
  return first === last ? first : `${first} to ${last}`;
}

/** The day of the zone's calendar in which an instant lies. */
export function dayText(ms: number, timezone: string): string {
  return localDate(zoneOf(timezone), ms);
}

/** To the second, in UTC: '2026-12-03 16:05:41Z'. */
export function instant(ms: number): string {
  return formatInstant(Math.floor(ms / 1000) * 1000);
}

const WORDS = { VERIFIED: 'VERIFIED', NOT_PROVEN: 'NOT PROVEN', VIOLATED: 'VIOLATED' } as const;

export function verdictWord(verdict: keyof typeof WORDS): Html {
  return html`<span class="verdict ${verdict}">${WORDS[verdict]}</span>`;
}

const SEVERITY_CLASSES = new Set(['critical', 'high', 'medium', 'low', 'info']);

export function severityWord(severity: string): Html {
  return html`<span class="severity ${SEVERITY_CLASSES.has(severity) ? severity : 'info'}">${name(severity)}</span>`;
}

/** '3 findings', '1 finding'. */
export function counted(count: number, noun: string): string {
  return `${String(count).replaceAll(/\B(?=(\d{3})+$)/g, ' ')} ${noun}${count === 1 ? '' : 's'}`;
}
