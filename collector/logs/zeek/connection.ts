import { isMappedIPv4 } from '../../../flow/address.js';
import { Completion, TRANSFERRED_OCTETS } from '../../../flow/columns.js';
import type { LogRecord } from '../log-row.js';
import { isText } from '../text-fields.js';

const ICMP = 1;
const TCP = 6;
const ICMP6 = 58;

const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');

const PROTOCOLS = [
  { text: ascii('tcp'), number: TCP },
  { text: ascii('udp'), number: 17 },
  { text: ascii('icmp'), number: ICMP },
  { text: ascii('sctp'), number: 132 },
  { text: ascii('unknown_transport'), number: 0 },
] as const;

/** The protocol number of Zeek's `proto`, −1 when it is no name of one. 'unknown_transport' is 0: the column `ip_proto` of newer Zeeks tells it. */
export function protocolOf(bytes: Uint8Array, from: number, to: number): number {
  for (const { text, number } of PROTOCOLS) if (isText(bytes, from, to, text)) return number;
  return -1;
}

/**
 * Ports as Zeek logs them; those of ICMP are its type and code, and Zeek's `icmp` is ICMPv6 between IPv6 addresses. False when they are none.
 */
export function applyPorts(record: LogRecord, originator: number, responder: number): boolean {
  if (record.protocol === ICMP && !isMappedIPv4(record.addresses)) record.protocol = ICMP6;
  const icmp = record.protocol === ICMP || record.protocol === ICMP6;
  const most = icmp ? 255 : 65_535;
  if (!(originator >= 0 && originator <= most && responder >= 0 && responder <= most)) return false;
  record.sourcePort = icmp ? 0 : originator;
  record.destinationPort = icmp ? 0 : responder;
  record.icmpTypeCode = icmp ? originator * 256 + responder : 0;
  return true;
}

/** VLAN ids have 12 bits (IEEE 802.1Q §9.6). */
const MAX_VLAN = 4095;

/** Zeek's outer and inner tag, 0 where there is none: the one next to the IP header is the VLAN, another lies around it. False when they are none. */
export function applyVlans(record: LogRecord, outer: number, inner: number): boolean {
  if (!(outer >= 0 && outer <= MAX_VLAN && inner >= 0 && inner <= MAX_VLAN)) return false;
  record.vlanId = inner > 0 ? inner : outer;
  record.tunnel = inner > 0 && outer > 0 ? `vlan ${outer}` : '';
  return true;
}

/**
 * How far a connection came by Zeek's `conn_state`:
 *   S0 no reply · REJ refused · RSTOS0 SYN, then RST, no reply                                          → attempt
 *   S1 S2 S3 SF established · RSTO RSTR established, then reset · RSTRH SHR the SYN+ACK alone was seen   → established, or transferred by octets
 *   SH SYN and FIN without a reply in sight · OTH midstream · anything else                              → by the counters of both sides
 */
const STATES = [
  { text: ascii('SF'), attempt: false },
  { text: ascii('S0'), attempt: true },
  { text: ascii('S1'), attempt: false },
  { text: ascii('S2'), attempt: false },
  { text: ascii('S3'), attempt: false },
  { text: ascii('REJ'), attempt: true },
  { text: ascii('RSTO'), attempt: false },
  { text: ascii('RSTR'), attempt: false },
  { text: ascii('RSTOS0'), attempt: true },
  { text: ascii('RSTRH'), attempt: false },
  { text: ascii('SHR'), attempt: false },
] as const;

/** Sets `completion`, after the counters are set. For protocols other than TCP the counters alone tell: Zeek's state adds nothing to them. */
export function applyState(record: LogRecord, bytes: Uint8Array, from: number, to: number): void {
  const transferred = record.octets >= TRANSFERRED_OCTETS || record.reverseOctets >= TRANSFERRED_OCTETS;
  const bothSent = (record.packets > 0 || record.octets > 0) && (record.reversePackets > 0 || record.reverseOctets > 0);
  if (record.protocol !== TCP) {
    record.completion = transferred ? Completion.transferred : bothSent ? Completion.established : Completion.attempt;
    return;
  }
  for (const { text, attempt } of STATES) {
    if (!isText(bytes, from, to, text)) continue;
    record.completion = attempt ? Completion.attempt : transferred ? Completion.transferred : Completion.established;
    return;
  }
  record.completion = transferred ? Completion.transferred : bothSent ? Completion.established : Completion.unknown;
}
