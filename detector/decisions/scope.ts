import { compareAddresses, lastAddress, parseAddress, parsePrefix } from '../../flow/address.js';
import { DAY_MS, MINUTE_MS } from '../../flow/time.js';
import { createTimeZone, type TimeZone } from '../claims/calendar.js';
import type { Finding } from '../findings/finding.js';
import type { Scope } from './decision.js';

/** What of a finding a scope looks at. */
export type ScopedFinding = Pick<
  Finding,
  'detection' | 'claim' | 'fleet' | 'asset' | 'peerAddress' | 'peerName' | 'peerAsn' | 'protocol' | 'port' | 'firstSeenMs' | 'lastSeenMs'
>;

const DAY_MINUTES = 1440;
const zones = new Map<string, TimeZone>();

/** True where the finding lies in the scope: every part that the scope gives holds. Throws AddressError or RangeError for a scope that was never checked. */
export function isInScope(finding: ScopedFinding, scope: Scope): boolean {
  for (const part of ['detection', 'claim', 'fleet', 'asset', 'peerName'] as const)
    if (scope[part] !== '' && scope[part] !== finding[part]) return false;
  for (const part of ['peerAsn', 'protocol', 'port'] as const) if (scope[part] !== 0 && scope[part] !== finding[part]) return false;
  return (scope.peer === '' || isInPrefix(finding.peerAddress, scope.peer)) && isInTimeOfDay(finding, scope);
}

/** True where the address lies in the prefix; both as text. `::`, no single peer, lies in none. */
export function isInPrefix(address: string, prefix: string): boolean {
  if (address === '::') return false;
  const network = parsePrefix(prefix);
  const bytes = parseAddress(address);
  return compareAddresses(bytes, network.bytes) >= 0 && compareAddresses(bytes, lastAddress(network)) <= 0;
}

/** A finding lies in a time of day when all of it does, from the first record to the last: what goes on outside of it was not meant. */
function isInTimeOfDay({ firstSeenMs, lastSeenMs }: ScopedFinding, { timezone, minuteFrom, minuteUntil }: Scope): boolean {
  if (timezone === '') return true;
  const lengthMs = lengthOf(minuteFrom, minuteUntil) * MINUTE_MS;
  const sinceFromMs = modulo(zoneOf(timezone).toLocal(firstSeenMs) - minuteFrom * MINUTE_MS, DAY_MS);
  return sinceFromMs < lengthMs && sinceFromMs + (lastSeenMs - firstSeenMs) <= lengthMs;
}

function lengthOf(minuteFrom: number, minuteUntil: number): number {
  return minuteUntil > minuteFrom ? minuteUntil - minuteFrom : minuteUntil - minuteFrom + DAY_MINUTES;
}

function zoneOf(name: string): TimeZone {
  let zone = zones.get(name);
  if (zone === undefined) {
    zone = createTimeZone(name);
    zones.set(name, zone);
  }
  return zone;
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}

/** The scope in words: 'works-x of billing-01 with 203.0.113.0/24 on tcp/443, 22:00 to 06:00 Europe/Berlin'. */
export function scopeText(scope: Scope): string {
  const clock = (minute: number): string => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  const who = scope.asset || (scope.fleet === '' ? 'every asset' : `every asset of ${scope.fleet}`);
  const what = [scope.detection, scope.claim].filter((part) => part !== '').join(' of claim ') || 'every detection';
  const peers = [scope.peer, scope.peerName === '' ? '' : `set ${scope.peerName}`, scope.peerAsn === 0 ? '' : `AS${scope.peerAsn}`];
  const peer = peers.filter((part) => part !== '').join(' in ');
  const protocol = scope.protocol === 0 ? '' : ` protocol ${scope.protocol}`;
  const port = scope.port === 0 ? '' : ` port ${scope.port}`;
  const when = scope.timezone === '' ? '' : `, ${clock(scope.minuteFrom)} to ${clock(scope.minuteUntil)} ${scope.timezone}`;
  return `${what}: ${who}${peer === '' ? '' : ` with ${peer}`}${protocol}${port}${when}`;
}
