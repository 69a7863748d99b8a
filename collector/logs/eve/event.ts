import { isMappedIPv4 } from '../../../flow/address.js';
import { createApplicationReader } from '../application-names.js';
import { type JsonObject, objectOf, TextScratch, wholeOf } from '../json-line.js';
import type { LogRecord } from '../log-row.js';
import { instantOf, macOf, readAddress } from '../text-fields.js';
import { createLayersReader } from './layers.js';

const ICMP = 1;
const ICMP6 = 58;
const MAX_PORT = 65_535;

/** Names of protocols as Suricata writes them (known_proto in util-proto-name.c, from /etc/protocols), in lower case; numbers are written where it has no name. */
const PROTOCOLS = new Map<string, number>([
  ['icmp', ICMP],
  ['igmp', 2],
  ['ipv4', 4],
  ['tcp', 6],
  ['udp', 17],
  ['ipv6', 41],
  ['gre', 47],
  ['esp', 50],
  ['ah', 51],
  ['ipv6-icmp', ICMP6],
  ['icmpv6', ICMP6],
  ['ospf', 89],
  ['ospfigp', 89],
  ['ipip', 94],
  ['pim', 103],
  ['vrrp', 112],
  ['sctp', 132],
]);

/** IPFIX flowEndReason (element 136). */
const END_OF_FLOW = 3;
const REASONS = new Map<unknown, number>([
  ['timeout', 1],
  ['forced', 4],
  ['shutdown', 4],
  ['tcp_reuse', END_OF_FLOW],
]);

/**
 * Reads what `flow` and `netflow` events share and what each has of its own; false when an event lacks times or endpoints, or has something else in their
 * place. Flags of TCP are hexadecimal text.
 *
 *   flow     "flow": {"pkts_toserver", "bytes_toserver", …, "start", "end", "state", "reason"}, "tcp": {"tcp_flags_ts", "tcp_flags_tc"}
 *   netflow  "netflow": {"pkts", "bytes", "start", "end"}, "tcp": {"tcp_flags"}
 */
export function createEventReader(): (event: JsonObject, type: string, into: LogRecord) => boolean {
  const text = new TextScratch();
  const layers = createLayersReader();
  const applicationOf = createApplicationReader();

  const address = (value: unknown, into: LogRecord, at: number): boolean => {
    text.set(value);
    return readAddress(text.bytes, 0, text.length, into.addresses, at);
  };

  return (event, type, into) => {
    const counters = objectOf(event[type]);
    if (counters === undefined) return false;
    into.startMs = timeOf(counters.start);
    into.endMs = timeOf(counters.end);
    if (!(into.endMs >= into.startMs)) return false;
    if (!address(event.src_ip, into, 0) || !address(event.dest_ip, into, 16)) return false;
    into.protocol = protocolOf(event.proto, isMappedIPv4(into.addresses));
    into.sourcePort = wholeOf(event.src_port, MAX_PORT);
    into.destinationPort = wholeOf(event.dest_port, MAX_PORT);
    if (into.protocol < 0 || into.sourcePort < 0 || into.destinationPort < 0) return false;
    const isFlow = type === 'flow';
    into.biflow = isFlow ? 1 : 0;
    into.octets = wholeOf(isFlow ? counters.bytes_toserver : counters.bytes);
    into.packets = wholeOf(isFlow ? counters.pkts_toserver : counters.pkts);
    into.reverseOctets = isFlow ? wholeOf(counters.bytes_toclient) : 0;
    into.reversePackets = isFlow ? wholeOf(counters.pkts_toclient) : 0;
    if (into.octets < 0 || into.packets < 0 || into.reverseOctets < 0 || into.reversePackets < 0) return false;
    const tcp = objectOf(event.tcp);
    into.flags = flagsOf(isFlow ? tcp?.tcp_flags_ts : tcp?.tcp_flags);
    into.reverseFlags = isFlow ? flagsOf(tcp?.tcp_flags_tc) : 0;
    if (into.flags < 0 || into.reverseFlags < 0) return false;
    const isIcmp = into.protocol === ICMP || into.protocol === ICMP6;
    const icmpType = isIcmp ? wholeOf(event.icmp_type, 255) : 0;
    const icmpCode = isIcmp ? wholeOf(event.icmp_code, 255) : 0;
    if (icmpType < 0 || icmpCode < 0) return false;
    into.icmpTypeCode = icmpType * 256 + icmpCode;
    if (!layers(event, into)) return false;
    const ether = objectOf(event.ether);
    into.sourceMac = mac(ether?.src_macs ?? ether?.src_mac, text);
    into.destinationMac = mac(ether?.dest_macs ?? ether?.dest_mac, text);
    text.set(event.app_proto);
    into.applicationName = applicationOf(text.bytes, 0, text.length);
    const reason = REASONS.get(counters.reason) ?? 0;
    into.endReason = reason === 1 && counters.state === 'closed' ? END_OF_FLOW : reason;
    return true;
  };
}

/** A time of an event in ms since the epoch, NaN when it is none. */
export function timeOf(value: unknown): number {
  return typeof value === 'string' ? instantOf(value) : Number.NaN;
}

/** A name or a number as text; −1 when it is neither. */
function protocolOf(value: unknown, isIPv4: boolean): number {
  if (typeof value === 'number') return wholeOf(value, 255);
  if (typeof value !== 'string' || value.length > 32) return -1;
  const known = PROTOCOLS.get(value.toLowerCase());
  if (known !== undefined) return known === ICMP && !isIPv4 ? ICMP6 : known;
  return /^\d{1,3}$/.test(value) ? wholeOf(Number(value), 255) : -1;
}

/** Hexadecimal text ('1b') as flags, 0 where absent, −1 when it is none. */
function flagsOf(value: unknown): number {
  if (value === undefined || value === null) return 0;
  return typeof value === 'string' && /^[0-9a-fA-F]{1,4}$/.test(value) ? Number.parseInt(value, 16) : -1;
}

/** A flow's addresses are lists: one entry unless it moved. Several are none that could be told. */
function mac(value: unknown, text: TextScratch): number {
  const one = Array.isArray(value) ? (value.length === 1 ? value[0] : undefined) : value;
  text.set(one);
  return macOf(text.bytes, 0, text.length);
}
