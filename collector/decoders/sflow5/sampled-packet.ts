import { LinkType } from '../../packets/link-layer.js';
import { type PacketHeaders, PacketStatus, Protocol } from '../../packets/packet.js';
import { parsePacket } from '../../packets/parse-packet.js';
import { readU16, readU32 } from '../bytes.js';

/**
 * Longest frame that is believed: segmentation offload hands over up to 512 KB at once (Linux BIG TCP). A sample that claims more is malformed, so that
 * one forged number does not become gigabytes.
 */
export const MAX_FRAME_OCTETS = 1_048_576;

/**
 * header_protocol (sflow_version_5.txt, enum header_protocol; 15 of sflow_80211.txt) and the link type that our packet parser reads it as, by number;
 * −1 for those that are not read: token bus, X.25, SMDS, AAL5, aggregated 802.11.
 */
const LINK_TYPES = Int16Array.from([
  -1,
  LinkType.ethernet,
  -1,
  LinkType.tokenRing,
  LinkType.fddi,
  LinkType.frameRelay,
  -1,
  LinkType.ppp,
  -1,
  -1,
  LinkType.raw, // AAL5-IP
  LinkType.ipv4,
  LinkType.ipv6,
  LinkType.mpls,
  LinkType.ppp, // POS: PPP over SONET, RFC 1662 framing
  LinkType.wireless,
]);

const RAW_HEADER = 16;
const ETHERNET_OCTETS = 24;
const IPV4_OCTETS = 32;
const IPV6_OCTETS = 56;

/*
 * sampled_header (0:1), the record's content at `at`:
 *   0          4             8          12              16
 *   +----------+-------------+----------+---------------+------------------------------
 *   | protocol | frame length| stripped | header length | header octets, padded to four
 * The frame length counts what was stripped (FCS …). Octets of a row come from the IP header; the frame tells them only where that says 0.
 */

/** Reads a raw packet header between `at` and `end`. Answers a PacketStatus; `malformed` also when the header runs past the record. */
export function readSampledHeader(view: DataView, at: number, end: number, packet: PacketHeaders): number {
  if (end - at < RAW_HEADER) return PacketStatus.malformed;
  const protocol = view.getUint32(at);
  const linkType = protocol < LINK_TYPES.length ? LINK_TYPES[protocol]! : -1;
  const frameOctets = view.getUint32(at + 4);
  const stripped = view.getUint32(at + 8);
  const headerOctets = view.getUint32(at + 12);
  if (headerOctets > end - at - RAW_HEADER || frameOctets > MAX_FRAME_OCTETS) return PacketStatus.malformed;
  if (linkType < 0) return PacketStatus.linkType;
  const onLink = Math.max(headerOctets, frameOctets - stripped);
  return parsePacket(view, at + RAW_HEADER, headerOctets, onLink, linkType, packet);
}

/*
 * sampled_ethernet (0:2):  | length, 32 | source MAC, 6 + 2 padding | destination MAC, 6 + 2 padding | EtherType, 32 |
 */

/** Reads an Ethernet header's addresses into `packet`; answers its EtherType, −1 when cut. */
export function readSampledEthernet(bytes: Uint8Array, at: number, end: number, packet: PacketHeaders): number {
  if (end - at < ETHERNET_OCTETS) return -1;
  packet.sourceMacHigh = readU16(bytes, at + 4);
  packet.sourceMacLow = readU32(bytes, at + 6) | 0;
  packet.destinationMacHigh = readU16(bytes, at + 12);
  packet.destinationMacLow = readU32(bytes, at + 14) | 0;
  return readU32(bytes, at + 20);
}

/*
 * sampled_ipv4 (0:3) and sampled_ipv6 (0:4), A being 4 or 16:
 *   | length, 32 | protocol, 32 | source, A | destination, A | source port, 32 | destination port, 32 | TCP flags, 32 | type of service or priority, 32 |
 * The length is the IP packet's. For ICMP the "equivalent" of the ports are type and code, as InMon's own collector has it.
 */

/** Reads an IP header that the agent parsed itself. Answers `parsed`, or `malformed` when it is cut or cannot be. */
export function readSampledIp(bytes: Uint8Array, at: number, end: number, version: 4 | 6, packet: PacketHeaders): number {
  if (end - at < (version === 4 ? IPV4_OCTETS : IPV6_OCTETS)) return PacketStatus.malformed;
  const octets = readU32(bytes, at);
  const protocol = readU32(bytes, at + 4);
  if (octets > MAX_FRAME_OCTETS || protocol > 255) return PacketStatus.malformed;
  const ports = at + (version === 4 ? 16 : 40);
  packet.version = version;
  packet.octets = octets;
  packet.protocol = protocol;
  packet.classOfService = readU32(bytes, ports + 12) & 0xff;
  if (version === 4) {
    packet.source0 = 0;
    packet.source1 = 0;
    packet.source2 = 0xffff;
    packet.source3 = readU32(bytes, at + 8) | 0;
    packet.destination0 = 0;
    packet.destination1 = 0;
    packet.destination2 = 0xffff;
    packet.destination3 = readU32(bytes, at + 12) | 0;
  } else {
    packet.source0 = readU32(bytes, at + 8) | 0;
    packet.source1 = readU32(bytes, at + 12) | 0;
    packet.source2 = readU32(bytes, at + 16) | 0;
    packet.source3 = readU32(bytes, at + 20) | 0;
    packet.destination0 = readU32(bytes, at + 24) | 0;
    packet.destination1 = readU32(bytes, at + 28) | 0;
    packet.destination2 = readU32(bytes, at + 32) | 0;
    packet.destination3 = readU32(bytes, at + 36) | 0;
  }
  const isIcmp = protocol === Protocol.icmp || protocol === Protocol.icmp6;
  packet.icmpType = isIcmp ? readU32(bytes, ports) & 0xff : 0;
  packet.icmpCode = isIcmp ? readU32(bytes, ports + 4) & 0xff : 0;
  packet.sourcePort = isIcmp ? 0 : readU32(bytes, ports) & 0xffff;
  packet.destinationPort = isIcmp ? 0 : readU32(bytes, ports + 4) & 0xffff;
  packet.tcpFlags = protocol === Protocol.tcp ? readU32(bytes, ports + 8) & 0x1ff : 0;
  return PacketStatus.parsed;
}
