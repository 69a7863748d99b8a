import { type PacketHeaders, PacketStatus } from './packet.js';

/** LINKTYPE_ numbers (https://www.tcpdump.org/linktypes.html) of the link layers that are read. */
export const LinkType = {
  null: 0,
  ethernet: 1,
  ppp: 9,
  rawBsd: 12,
  rawOpenBsd: 14,
  pppHdlc: 50,
  pppEther: 51,
  raw: 101,
  ciscoHdlc: 104,
  loop: 108,
  linuxSll: 113,
  ipv4: 228,
  ipv6: 229,
  linuxSll2: 276,
} as const;

/** VLAN tags, MPLS labels and PPPoE may nest; real networks use up to four, and each level advances. */
export const MAX_ENCAPSULATIONS = 16;

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const PPP_IPV4 = 0x0021;
const PPP_IPV6 = 0x0057;
const PPP_MPLS = 0x0281;

/**
 * Walks the link layer of the packet at `offset`, `end` being where the captured bytes end, and sets `packet.networkOffset`, `version`,
 * VLAN and MAC addresses. Answers a PacketStatus: `parsed` when an IPv4 or IPv6 header should follow.
 */
export function parseLinkLayer(view: DataView, offset: number, end: number, linkType: number, packet: PacketHeaders): number {
  packet.vlanId = 0;
  packet.sourceMacHigh = 0;
  packet.sourceMacLow = 0;
  packet.destinationMacHigh = 0;
  packet.destinationMacLow = 0;
  switch (linkType) {
    case LinkType.ethernet:
      return ethernet(view, offset, end, packet);
    case LinkType.raw:
    case LinkType.rawBsd:
    case LinkType.rawOpenBsd:
    case LinkType.ipv4:
    case LinkType.ipv6:
      return bareIp(view, offset, end, packet);
    case LinkType.null:
    case LinkType.loop:
      return loopback(view, offset, end, linkType === LinkType.loop, packet);
    case LinkType.linuxSll:
      return linuxCooked(view, offset, end, packet);
    case LinkType.linuxSll2:
      return linuxCooked2(view, offset, end, packet);
    case LinkType.ppp:
    case LinkType.pppHdlc:
      return ppp(view, offset, end, packet);
    case LinkType.pppEther:
      return pppoe(view, offset, end, packet);
    case LinkType.ciscoHdlc:
      return offset + 4 > end ? PacketStatus.truncated : payload(view, view.getUint16(offset + 2), offset + 4, end, packet);
    default:
      return PacketStatus.linkType;
  }
}

/*
 * IEEE 802.3
 *   0                   6                  12        14
 *   +-------------------+-------------------+---------+--------------
 *   | destination MAC   | source MAC        | type    | payload …
 *   +-------------------+-------------------+---------+--------------
 * A type below 1536 is a length: LLC follows, and SNAP (AA AA 03, OUI 0) carries the type in its octets 6–7 (RFC 1042).
 */
function ethernet(view: DataView, offset: number, end: number, packet: PacketHeaders): number {
  if (offset + 14 > end) return PacketStatus.truncated;
  packet.destinationMacHigh = view.getUint16(offset);
  packet.destinationMacLow = view.getInt32(offset + 2);
  packet.sourceMacHigh = view.getUint16(offset + 6);
  packet.sourceMacLow = view.getInt32(offset + 8);
  const type = view.getUint16(offset + 12);
  if (type === ETHERTYPE_IPV4) return network(4, offset + 14, packet);
  return payload(view, type, offset + 14, end, packet);
}

/*
 * What an EtherType announces. 802.1Q and 802.1ad tags: 2 octets PCP, DEI, VLAN identifier; 2 octets next type. The outermost VLAN counts.
 */
function payload(view: DataView, etherType: number, offset: number, end: number, packet: PacketHeaders): number {
  let type = etherType;
  let at = offset;
  for (let level = 0; level < MAX_ENCAPSULATIONS; level++) {
    switch (type) {
      case ETHERTYPE_IPV4:
        return network(4, at, packet);
      case ETHERTYPE_IPV6:
        return network(6, at, packet);
      case 0x8100:
      case 0x88a8:
      case 0x9100:
      case 0x9200:
        if (at + 4 > end) return PacketStatus.truncated;
        if (packet.vlanId === 0) packet.vlanId = view.getUint16(at) & 0x0fff;
        type = view.getUint16(at + 2);
        at += 4;
        break;
      case 0x8847:
      case 0x8848:
        return mpls(view, at, end, packet);
      case 0x8864:
        return pppoe(view, at, end, packet);
      default:
        if (type >= 1536 || at + 8 > end) return PacketStatus.nonIp;
        if (view.getUint32(at) !== 0xaaaa0300 || view.getUint16(at + 4) !== 0) return PacketStatus.nonIp;
        type = view.getUint16(at + 6);
        at += 8;
    }
  }
  return PacketStatus.malformed;
}

/*
 * RFC 3032 §2.1, one label stack entry of 4 octets, the last has S = 1:
 *   | label, 20 bits | TC, 3 | S, 1 | TTL, 8 |
 * What follows is told by its first nibble (RFC 4928 §3): 4 and 6 are IP, the rest are pseudowires, which are not looked into.
 */
function mpls(view: DataView, offset: number, end: number, packet: PacketHeaders): number {
  for (let at = offset, level = 0; level < MAX_ENCAPSULATIONS; level++, at += 4) {
    if (at + 4 > end) return PacketStatus.truncated;
    if ((view.getUint8(at + 2) & 1) === 1) {
      const status = bareIp(view, at + 4, end, packet);
      return status === PacketStatus.malformed ? PacketStatus.nonIp : status;
    }
  }
  return PacketStatus.malformed;
}

/*
 * RFC 2516 §4:  | 0x11 | code | session id, 16 | length, 16 | PPP protocol, 16 | payload …      (code 0: session data)
 */
function pppoe(view: DataView, offset: number, end: number, packet: PacketHeaders): number {
  if (offset + 8 > end) return PacketStatus.truncated;
  if (view.getUint8(offset) !== 0x11 || view.getUint8(offset + 1) !== 0) return PacketStatus.nonIp;
  return pppProtocol(view, view.getUint16(offset + 6), offset + 8, end, packet);
}

/*
 * RFC 1662 §3.1: address FF and control 03 (may be left out by agreement), then the protocol.
 */
function ppp(view: DataView, offset: number, end: number, packet: PacketHeaders): number {
  if (offset + 4 > end) return PacketStatus.truncated;
  const framed = view.getUint8(offset) === 0xff && view.getUint8(offset + 1) === 0x03;
  const at = framed ? offset + 2 : offset;
  return pppProtocol(view, view.getUint16(at), at + 2, end, packet);
}

function pppProtocol(view: DataView, protocol: number, offset: number, end: number, packet: PacketHeaders): number {
  if (protocol === PPP_IPV4) return network(4, offset, packet);
  if (protocol === PPP_IPV6) return network(6, offset, packet);
  return protocol === PPP_MPLS ? mpls(view, offset, end, packet) : PacketStatus.nonIp;
}

/*
 * LINKTYPE_NULL and LINKTYPE_LOOP: 4 octets of address family, in the capturing host's order (NULL) or big-endian (LOOP).
 * 2 is IPv4 everywhere; IPv6 is 24 (NetBSD), 28 (FreeBSD), 30 (macOS) or 10 (Linux).
 */
function loopback(view: DataView, offset: number, end: number, bigEndian: boolean, packet: PacketHeaders): number {
  if (offset + 4 > end) return PacketStatus.truncated;
  let family = view.getUint32(offset);
  if (!bigEndian && family > 0xffff) family = view.getUint32(offset, true);
  if (family === 2) return network(4, offset + 4, packet);
  return family === 24 || family === 28 || family === 30 || family === 10 ? network(6, offset + 4, packet) : PacketStatus.nonIp;
}

/*
 * LINKTYPE_LINUX_SLL
 *   0        2        4        6                          14        16
 *   +--------+--------+--------+--------------------------+---------+-----------
 *   | packet | ARPHRD | address| address, padded to 8     | protocol| payload …
 *   | type   |        | length |                          |         |
 */
function linuxCooked(view: DataView, offset: number, end: number, packet: PacketHeaders): number {
  if (offset + 16 > end) return PacketStatus.truncated;
  if (view.getUint16(offset + 4) === 6) {
    packet.sourceMacHigh = view.getUint16(offset + 6);
    packet.sourceMacLow = view.getInt32(offset + 8);
  }
  return payload(view, view.getUint16(offset + 14), offset + 16, end, packet);
}

/*
 * LINKTYPE_LINUX_SLL2
 *   0         2          4            8        10       11       12                 20
 *   +---------+----------+------------+--------+--------+--------+------------------+----------
 *   | protocol| reserved | interface  | ARPHRD | packet | address| address, 8       | payload …
 *   |         |          | index      |        | type   | length |                  |
 */
function linuxCooked2(view: DataView, offset: number, end: number, packet: PacketHeaders): number {
  if (offset + 20 > end) return PacketStatus.truncated;
  if (view.getUint8(offset + 11) === 6) {
    packet.sourceMacHigh = view.getUint16(offset + 12);
    packet.sourceMacLow = view.getInt32(offset + 14);
  }
  return payload(view, view.getUint16(offset), offset + 20, end, packet);
}

/** No link header: the first nibble is the IP version. */
function bareIp(view: DataView, offset: number, end: number, packet: PacketHeaders): number {
  if (offset >= end) return PacketStatus.truncated;
  const version = view.getUint8(offset) >>> 4;
  return version === 4 || version === 6 ? network(version, offset, packet) : PacketStatus.malformed;
}

function network(version: number, offset: number, packet: PacketHeaders): number {
  packet.version = version;
  packet.networkOffset = offset;
  return PacketStatus.parsed;
}
