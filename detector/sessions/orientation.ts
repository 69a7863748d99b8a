import type { CompiledClaims } from '../claims/compiled.js';
import { Began } from '../detections/observed-record.js';
import { isServicePort } from './service-ports.js';

/*
 * Who began (detection.md P1). Every rule reads the session, not the record at hand, and treats its two ends alike, so that either
 * direction's record leads to the same answer whatever arrives first. In order:
 *   1. seen: the exporter says so with confidence, or one end sent a SYN without ACK   (sticks to the session)
 *   2. the port that some claim names is the responder's
 *   3. the well-known port (RFC 6335 §6: below 1024) is the responder's
 *   4. the port of a known service is the responder's (service-ports.ts)
 *   5. of an ephemeral port (Linux and RFC 6335: 32768 and up) and a lower one, the lower is the responder's
 *   6. an end that only refuses (RST, never SYN) is the responder
 *   7. of a TCP session both of whose ends have spoken, and of which no order of both ends' SYNs was recorded, the end is the responder's that alone was seen to be called
 *      before, or spoken with from several ports while its own stayed (learned-servers.ts)   (sticks to the session)
 *   8. who spoke first began: by the word of a sensor that saw the packets (Zeek, Suricata, our meter), or by the earlier start of two records of one direction each;
 *      of one direction alone that says nothing
 *   9. where two ends without connections began at once: the one that alone was seen to begin such exchanges before (precedents.ts)
 *  10. unknown, judged as the worse side; where two ends that use one service's port began at once (`sharesServicePort`): undecided (claim-violation.ts)
 *
 * Without connections (all but TCP, whose flags tell) rules 2 to 5 give way to who spoke first, who may be sending floods or answers that nobody asked for from a service's port:
 *   a. where he is known to call the other's port, from other exchanges, or has spoken first from rising ports, and the other is not known to call his
 *   b. where packets went both ways and a sensor saw them one by one, unless the other is known to call his port: then the exchange is a late half, whose begin was not seen.
 *      So may be what begins within an idle time of the first record.
 * Starts of records are no such order: NetFlow v9 tells its time of export in whole seconds (RFC 3954 §5.1), so that of two datagrams either may seem the first. And one
 * direction alone may be all that a tap sees. Neither says anything of sampled packets.
 */

/** Confidence in % from which the `initiator` column counts as seen. 50 means "from ports or order", which one record cannot know. */
export const SEEN_CONFIDENCE = 90;
export const FIRST_USER_PORT = 1024;
const FIRST_EPHEMERAL_PORT = 32_768;

export const TcpFlag = { fin: 0x01, syn: 0x02, rst: 0x04, psh: 0x08, ack: 0x10 } as const;
export const Protocol = { icmp: 1, tcp: 6, udp: 17, dccp: 33, icmpv6: 58, sctp: 132, udplite: 136 } as const;

/** True for protocols whose header has ports; elsewhere the port columns say nothing (NetFlow v5 keeps the ICMP type there). */
export function hasPorts(protocol: number): boolean {
  return (
    protocol === Protocol.tcp ||
    protocol === Protocol.udp ||
    protocol === Protocol.sctp ||
    protocol === Protocol.dccp ||
    protocol === Protocol.udplite
  );
}

/** A SYN without ACK among the flags of one direction: its sender asks, and was not answered. */
export function asksOnly(flags: number): boolean {
  return (flags & (TcpFlag.syn | TcpFlag.ack)) === TcpFlag.syn;
}

/** Resets and nothing else: a refusal. */
export function refusesOnly(flags: number): boolean {
  return (flags & TcpFlag.rst) !== 0 && (flags & (TcpFlag.syn | TcpFlag.psh | TcpFlag.fin)) === 0;
}

/** Began.* when the ICMP message itself is a question; 0 otherwise. `fromAsset`: the record's source is the asset. */
export function icmpInitiator(protocol: number, icmpTypeCode: number, fromAsset: boolean): number {
  const type = icmpTypeCode >>> 8;
  // RFC 792 echo, timestamp, information; RFC 950 address mask; RFC 4443 §4.1 echo.
  const asks =
    protocol === Protocol.icmp ? type === 8 || type === 13 || type === 15 || type === 17 : protocol === Protocol.icmpv6 && type === 128;
  if (!asks) return Began.unknown;
  return fromAsset ? Began.asset : Began.peer;
}

/** What of an exchange names the service. */
export interface ExchangeEnds {
  readonly protocol: number;
  readonly assetPort: number;
  readonly peerPort: number;
}

/** Rules 2 to 6, for a session in which nobody was seen to begin. */
export function initiatorByPorts(
  claims: CompiledClaims,
  protocol: number,
  assetPort: number,
  peerPort: number,
  flagsOut: number,
  flagsIn: number,
): number {
  if (hasPorts(protocol)) {
    const claimed = onlyOne(claims.isClaimedPort(protocol, assetPort), claims.isClaimedPort(protocol, peerPort));
    if (claimed !== Began.unknown) return claimed;
    const wellKnown = onlyOne(assetPort < FIRST_USER_PORT, peerPort < FIRST_USER_PORT);
    if (wellKnown !== Began.unknown) return wellKnown;
    const service = onlyOne(isServicePort(assetPort), isServicePort(peerPort));
    if (service !== Began.unknown) return service;
    const lower = onlyOne(assetPort < FIRST_EPHEMERAL_PORT, peerPort < FIRST_EPHEMERAL_PORT);
    if (lower !== Began.unknown) return lower;
  }
  if (protocol === Protocol.tcp) return onlyOne(refusesOnly(flagsOut), refusesOnly(flagsIn));
  return Began.unknown;
}

/**
 * True where the question who began may be left undecided when both directions begin in the same millisecond: UDP, which has no flags to tell, between two ends that use one
 * and the same port of a service, as NTP daemons do. Anything else leaves a mark of who began, or has no such excuse.
 */
export function sharesServicePort(claims: CompiledClaims, { protocol, assetPort, peerPort }: ExchangeEnds): boolean {
  if (protocol !== Protocol.udp || assetPort !== peerPort) return false;
  return assetPort < FIRST_USER_PORT || isServicePort(assetPort) || claims.isClaimedPort(protocol, assetPort);
}

/** When exactly one end has the mark of a responder, the other began. */
function onlyOne(assetResponds: boolean, peerResponds: boolean): number {
  if (assetResponds === peerResponds) return Began.unknown;
  return assetResponds ? Began.peer : Began.asset;
}
