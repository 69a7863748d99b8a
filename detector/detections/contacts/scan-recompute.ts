import { parseAddress } from '../../../flow/address.js';
import { HOUR_MS, MINUTE_MS } from '../../../flow/time.js';
import type { CompiledClaims } from '../../claims/compiled.js';
import type { Finding } from '../../findings/finding.js';
import { formatPort } from '../../findings/quantity.js';
import { sessionLevel } from '../../sessions/completion.js';
import { asksOnly, initiatorByPorts, Protocol } from '../../sessions/orientation.js';
import type { FindingFlow } from '../detection.js';
import { isGroup, isPrivate } from '../exchange-traits.js';
import { Began, Level } from '../observed-record.js';
import { recordsOf } from '../recompute.js';
import { isHandshakeAlone } from './scan-handshake.js';
import { isShortSession } from './scan-log-ins.js';

export const SHORT_WINDOW_MS = 5 * MINUTE_MS;
export const LONG_WINDOW_MS = 24 * HOUR_MS;
export const BY_ASSET = 'the asset';
export const BY_PEER = 'the peer';
/** In the rule of a finding about passwords that are guessed. */
export const LOG_INS = 'short session to log in';

/**
 * Whether an attempt counts over a day. A Windows desktop (ctu-010) tried 41 hosts of the web without success in a day, each of them a server of a
 * large provider that was reached otherwise: outside, 80 and 443 do not count. UDP is told unanswered too easily to be added up over a day.
 */
export function countsOverDay(protocol: number, port: number, inside: boolean): boolean {
  return protocol === Protocol.tcp && (inside || (port !== 80 && port !== 443));
}

/** How many hosts or ports were tried in vain in the finding's window, or how many short sessions began in it. */
export function recomputeScan(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  if (finding.rule.endsWith(LOG_INS)) return shortSessions(finding, rows, claims);
  const began = finding.rule.startsWith(BY_ASSET) ? Began.asset : Began.peer;
  const slow = finding.rule.endsWith('24 hours');
  const tried = rows.filter((row) => {
    const port = began === Began.asset ? row.peerPort : row.assetPort;
    const peer = parseAddress(row.peer);
    if (row.startMs < finding.windowFromMs || row.startMs >= finding.windowToMs || isGroup(peer, 0)) return false;
    if (finding.rule.includes('hosts on') && !finding.rule.includes(`hosts on ${formatPort(row.protocol, port)} `)) return false;
    const inside = began === Began.peer || isPrivate(peer, 0) || claims.watchList.assetOf(peer) >= 0;
    const countsLong = countsOverDay(row.protocol, port, inside);
    if (slow && !countsLong) return false;
    return beganOf(row, claims) === began && (isAttempt(row, began) || (countsLong && isHandshakeAlone(row)));
  });
  const hostOf = (row: FindingFlow): string => (began === Began.asset ? row.peer : row.asset);
  const portOf = (row: FindingFlow): string => `${row.protocol}/${began === Began.asset ? row.peerPort : row.assetPort}`;
  if (finding.unit === 'ports') return new Set(tried.map(portOf)).size;
  if (finding.unit === 'attempts') return new Set(tried.map((row) => `${hostOf(row)} ${portOf(row)}`)).size;
  return new Set(tried.map(hostOf)).size;
}

function shortSessions({ rule, windowFromMs, windowToMs }: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  const began = rule.startsWith(BY_ASSET) ? Began.asset : Began.peer;
  const sessions = new Map<number, { octets: number; endMs: number; startMs: number }>();
  for (const record of recordsOf(rows, claims)) {
    const { session, sessionStartMs: startMs, initiator } = record;
    if (initiator !== began || startMs < windowFromMs || startMs >= windowToMs) continue;
    const one = sessions.get(session) ?? { octets: 0, endMs: 0, startMs };
    sessions.set(session, { startMs, octets: one.octets + record.octetsOut + record.octetsIn, endMs: Math.max(one.endMs, record.endMs) });
  }
  const counted = [...sessions.values()].filter(({ octets, startMs, endMs }) =>
    isShortSession({ level: Level.established, octets, lengthMs: endMs - startMs }),
  );
  return counted.length;
}

function beganOf(row: FindingFlow, claims: CompiledClaims): number {
  if (row.initiator !== 'unknown') return Began[row.initiator];
  if (asksOnly(row.flagsOut)) return Began.asset;
  if (asksOnly(row.flagsIn)) return Began.peer;
  if (row.protocol === Protocol.tcp) return Began.unknown;
  // The store's row has no ICMP type here: of a message that nobody answered its sender is who asked.
  if (row.protocol === Protocol.icmp || row.protocol === Protocol.icmpv6) return row.packetsOut > 0 ? Began.asset : Began.peer;
  return initiatorByPorts(claims, row.protocol, row.assetPort, row.peerPort, row.flagsOut, row.flagsIn);
}

function isAttempt(row: FindingFlow, began: number): boolean {
  const { protocol, flagsOut, flagsIn, packetsOut, packetsIn, biflow } = row;
  const counts = { protocol, flagsOut, flagsIn, packetsOut, packetsIn, estimateOut: row.octetsOut, estimateIn: row.octetsIn, biflow };
  return sessionLevel({ ...counts, told: Level.attempt }, began) === Level.attempt;
}
