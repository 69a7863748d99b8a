import {
  enterBareIp,
  enterEthernet,
  enterEtherType,
  enterIp,
  enterLlc,
  enterMpls,
  enterPpp,
  enterPppoe,
  MAX_ENCAPSULATIONS,
} from './frames.js';
import { type PacketHeaders, PacketStatus } from './packet.js';
import { avsLength, enterWireless, ppiLength, prismLength, radiotapLength } from './wireless.js';

/** LINKTYPE_ numbers (https://www.tcpdump.org/linktypes.html) of the link layers that are read. */
export const LinkType = {
  null: 0,
  ethernet: 1,
  tokenRing: 6,
  slip: 8,
  ppp: 9,
  fddi: 10,
  rawBsd: 12,
  rawOpenBsd: 14,
  pppHdlc: 50,
  pppEther: 51,
  atm: 100,
  raw: 101,
  ciscoHdlc: 104,
  wireless: 105,
  frameRelay: 107,
  loop: 108,
  enc: 109,
  linuxSll: 113,
  pflog: 117,
  wirelessPrism: 119,
  ipOverFibreChannel: 122,
  wirelessRadiotap: 127,
  ipOverFirewire: 138,
  wirelessAvs: 163,
  pppPppd: 166,
  ppi: 192,
  pppWithDirection: 204,
  ciscoHdlcWithDirection: 205,
  frameRelayWithDirection: 206,
  mpls: 219,
  ipnet: 226,
  ipv4: 228,
  ipv6: 229,
  nflog: 239,
  ipOverInfiniband: 242,
  pktap: 258,
  linuxSll2: 276,
} as const;

const PKTAP_HEADER = 12;
const NFLOG_PAYLOAD = 9;

/**
 * Walks the link layer of the packet at `offset`, `end` being where the captured bytes end, and sets `packet.networkOffset`, `version`,
 * VLAN and MAC addresses, and what lies between link and IP header as layers of the tunnel. Answers a PacketStatus: `parsed` when an IPv4 or
 * IPv6 header should follow.
 */
export function parseLinkLayer(view: DataView, offset: number, end: number, linkType: number, packet: PacketHeaders): number {
  packet.tunnelLength = 0;
  packet.levels = 0;
  packet.fragmentCarried = 0;
  packet.vlanId = 0;
  packet.sourceMacHigh = 0;
  packet.sourceMacLow = 0;
  packet.destinationMacHigh = 0;
  packet.destinationMacLow = 0;
  return linkType === LinkType.ethernet ? enterEthernet(view, offset, end, packet) : enterLink(view, offset, end, linkType, packet);
}

function enterLink(view: DataView, offset: number, end: number, linkType: number, packet: PacketHeaders): number {
  switch (linkType) {
    case LinkType.ethernet:
      return enterEthernet(view, offset, end, packet);
    case LinkType.raw:
    case LinkType.rawBsd:
    case LinkType.rawOpenBsd:
    case LinkType.ipv4:
    case LinkType.ipv6:
      return enterBareIp(view, offset, end, packet);
    case LinkType.null:
    case LinkType.loop:
      return loopback(view, offset, end, linkType === LinkType.loop, packet);
    case LinkType.linuxSll:
      return linuxCooked(view, offset, end, packet);
    case LinkType.linuxSll2:
      return linuxCooked2(view, offset, end, packet);
    case LinkType.ppp:
    case LinkType.pppHdlc:
      return enterPpp(view, offset, end, packet);
    case LinkType.pppPppd:
      // The address octet tells the direction instead (0 in, 1 out), the control octet follows.
      return enterPpp(view, offset + 2, end, packet);
    case LinkType.pppWithDirection:
      return enterPpp(view, offset + 1, end, packet);
    case LinkType.pppEther:
      return enterPppoe(view, offset, end, packet);
    case LinkType.ciscoHdlc:
      return ciscoHdlc(view, offset, end, packet);
    case LinkType.ciscoHdlcWithDirection:
      return ciscoHdlc(view, offset + 1, end, packet);
    case LinkType.frameRelay:
      return frameRelay(view, offset, end, packet);
    case LinkType.frameRelayWithDirection:
      return frameRelay(view, offset + 1, end, packet);
    case LinkType.mpls:
      return enterMpls(view, offset, end, packet);
    case LinkType.wireless:
      return enterWireless(view, offset, end, false, packet);
    case LinkType.wirelessRadiotap:
    case LinkType.wirelessPrism:
    case LinkType.wirelessAvs:
      return monitored(view, offset, end, linkType, packet);
    case LinkType.atm:
      return enterLlc(view, offset, end, packet);
    case LinkType.tokenRing:
      return tokenRing(view, offset, end, packet);
    case LinkType.fddi:
      return addressesThenLlc(view, offset + 1, end, packet);
    default:
      return headedIp(view, offset, end, linkType, packet);
  }
}

/** Link types whose header says little more than its own length. */
function headedIp(view: DataView, offset: number, end: number, linkType: number, packet: PacketHeaders): number {
  switch (linkType) {
    case LinkType.slip:
      return enterBareIp(view, offset + 16, end, packet);
    case LinkType.enc: // address family, SPI, flags
      return enterBareIp(view, offset + 12, end, packet);
    case LinkType.ipnet: // Solaris: version, family, hook type, lengths, zones, interfaces
      return enterBareIp(view, offset + 24, end, packet);
    case LinkType.pflog: // OpenBSD: the first octet is the header's length, filled up to four
      if (offset >= end) return PacketStatus.truncated;
      return enterBareIp(view, offset + ((view.getUint8(offset) + 3) & ~3), end, packet);
    case LinkType.ipOverFibreChannel: // two addresses of 8 octets
      return enterLlc(view, offset + 16, end, packet);
    case LinkType.ipOverFirewire: // two addresses of 8 octets, EtherType
      if (offset + 18 > end) return PacketStatus.truncated;
      return enterEtherType(view, view.getUint16(offset + 16), offset + 18, end, packet);
    case LinkType.ipOverInfiniband: // RFC 4391 §6: EtherType, reserved
      if (offset + 4 > end) return PacketStatus.truncated;
      return enterEtherType(view, view.getUint16(offset), offset + 4, end, packet);
    case LinkType.nflog:
      return nflog(view, offset, end, packet);
    case LinkType.ppi:
      return nested(view, offset, end, ppiLength(view, offset, end), 4, packet);
    case LinkType.pktap: // macOS: length, next type, link type of what follows
      if (offset + PKTAP_HEADER > end) return PacketStatus.truncated;
      return nested(view, offset, end, view.getUint32(offset, true), 8, packet);
    default:
      return PacketStatus.linkType;
  }
}

/** A header of `length` octets that tells the link type of what follows, little-endian at `typeAt`. */
function nested(view: DataView, offset: number, end: number, length: number, typeAt: number, packet: PacketHeaders): number {
  if (length < 0) return PacketStatus.truncated;
  if (length < typeAt + 4 || packet.levels++ > MAX_ENCAPSULATIONS) return PacketStatus.malformed;
  if (offset + length > end) return PacketStatus.truncated;
  return enterLink(view, offset + length, end, view.getUint32(offset + typeAt, true), packet);
}

/** 802.11 behind a header of its receiver, which may say that the 802.11 header is padded. */
function monitored(view: DataView, offset: number, end: number, linkType: number, packet: PacketHeaders): number {
  const length =
    linkType === LinkType.wirelessRadiotap
      ? radiotapLength(view, offset, end)
      : linkType === LinkType.wirelessPrism
        ? prismLength(view, offset, end)
        : avsLength(view, offset, end);
  if (length < 0) return PacketStatus.truncated;
  if (length === 0) return PacketStatus.malformed;
  // radiotapLength marks padding with the bit above every length.
  return enterWireless(view, offset + (length & 0xffff), end, length > 0xffff, packet);
}

/*
 * LINKTYPE_NULL and LINKTYPE_LOOP: 4 octets of address family, in the capturing host's order (NULL) or big-endian (LOOP).
 * 2 is IPv4 everywhere; IPv6 is 24 (NetBSD), 28 (FreeBSD), 30 (macOS) or 10 (Linux).
 */
function loopback(view: DataView, offset: number, end: number, bigEndian: boolean, packet: PacketHeaders): number {
  if (offset + 4 > end) return PacketStatus.truncated;
  let family = view.getUint32(offset);
  if (!bigEndian && family > 0xffff) family = view.getUint32(offset, true);
  if (family === 2) return enterIp(4, offset + 4, packet);
  return family === 24 || family === 28 || family === 30 || family === 10 ? enterIp(6, offset + 4, packet) : PacketStatus.nonIp;
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
  return enterEtherType(view, view.getUint16(offset + 14), offset + 16, end, packet);
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
  return enterEtherType(view, view.getUint16(offset), offset + 20, end, packet);
}

/** | address | control | EtherType | */
function ciscoHdlc(view: DataView, offset: number, end: number, packet: PacketHeaders): number {
  if (offset + 4 > end) return PacketStatus.truncated;
  return enterEtherType(view, view.getUint16(offset + 2), offset + 4, end, packet);
}

/*
 * RFC 2427 §3: a Q.922 address of 2 to 4 octets (the last has its lowest bit set), control 03, a pad or none, and the protocol (NLPID):
 *   CC IPv4, 8E IPv6, 80 SNAP (OUI, type). Cisco puts an EtherType right behind the address.
 */
function frameRelay(view: DataView, offset: number, end: number, packet: PacketHeaders): number {
  let at = offset;
  for (let octets = 0; ; octets++, at++) {
    if (at >= end) return PacketStatus.truncated;
    if (octets === 4) return PacketStatus.malformed;
    if ((view.getUint8(at) & 1) === 1) break;
  }
  at++;
  if (at + 3 > end) return PacketStatus.truncated;
  if (view.getUint8(at) !== 0x03) return enterEtherType(view, view.getUint16(at), at + 2, end, packet);
  at += view.getUint8(at + 1) === 0 ? 2 : 1;
  switch (view.getUint8(at)) {
    case 0xcc:
      return enterIp(4, at + 1, packet);
    case 0x8e:
      return enterIp(6, at + 1, packet);
    case 0x80:
      if (at + 6 > end) return PacketStatus.truncated;
      if (view.getUint32(at) !== 0x8000_0000) return PacketStatus.nonIp;
      return enterEtherType(view, view.getUint16(at + 4), at + 6, end, packet);
    default:
      return PacketStatus.nonIp;
  }
}

/*
 * IEEE 802.5:  | access control | frame control | destination, 6 | source, 6 | routing, 0 … 30 | LLC …
 * The source's highest bit says that there is routing; its first octet's lower five bits are its length.
 */
function tokenRing(view: DataView, offset: number, end: number, packet: PacketHeaders): number {
  if (offset + 15 > end) return PacketStatus.truncated;
  const routing = (view.getUint8(offset + 8) & 0x80) !== 0 ? view.getUint8(offset + 14) & 0x1f : 0;
  return enterLlc(view, offset + 14 + routing, end, packet);
}

/** FDDI: two MAC addresses, then LLC. */
function addressesThenLlc(view: DataView, at: number, end: number, packet: PacketHeaders): number {
  if (at + 12 > end) return PacketStatus.truncated;
  packet.destinationMacHigh = view.getUint16(at);
  packet.destinationMacLow = view.getInt32(at + 2);
  packet.sourceMacHigh = view.getUint16(at + 6);
  packet.sourceMacLow = view.getInt32(at + 8);
  return enterLlc(view, at + 12, end, packet);
}

/*
 * LINKTYPE_NFLOG:  | family, 8 | version, 8 | resource id, 16 |  then, in the capturing host's order:  | length, 16 | type, 16 | value, padded to 4 |
 */
function nflog(view: DataView, offset: number, end: number, packet: PacketHeaders): number {
  if (offset + 8 > end) return PacketStatus.truncated;
  // The first attribute is never 256 octets long: whichever octet is 0 is the higher.
  const littleEndian = view.getUint8(offset + 5) === 0;
  for (let at = offset + 4; at + 4 <= end; ) {
    const length = view.getUint16(at, littleEndian);
    if (length < 4) return PacketStatus.malformed;
    if ((view.getUint16(at + 2, littleEndian) & 0x7fff) === NFLOG_PAYLOAD) return enterBareIp(view, at + 4, end, packet);
    at += (length + 3) & ~3;
  }
  return PacketStatus.truncated;
}
