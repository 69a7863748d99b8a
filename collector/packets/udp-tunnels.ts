import { EtherType, enterBareIp, enterEthernet, enterEtherType, enterIp, enterMpls, enterNextProtocol, enterPpp } from './frames.js';
import { enterGre } from './ip-tunnels.js';
import { type PacketHeaders, PacketStatus } from './packet.js';
import { pushTunnel, TunnelKind } from './tunnel-layers.js';

/** Ports of tunnels over UDP (IANA; 8472 is Linux's own for VXLAN, from before there was one; 37008 is TaZmen Sniffer Protocol's). */
const Port = {
  l2tp: 1701,
  gtpu: 2152,
  teredo: 3544,
  lisp: 4341,
  gre: 4754,
  vxlan: 4789,
  vxlanGpe: 4790,
  geneve: 6081,
  mpls: 6635,
  vxlanLinux: 8472,
  tzsp: 37_008,
} as const;

const UDP_HEADER = 8;
const IPV6_HEADER = 40;
const TEREDO_PREFIX = 0x2001_0000;

/**
 * True when the datagram should be looked at as a tunnel: by its ports, or because it holds an IPv6 packet of its very length with a Teredo address.
 * Runs for every UDP packet.
 */
export function mayBeUdpTunnel(view: DataView, end: number, packet: PacketHeaders): boolean {
  switch (packet.destinationPort) {
    case Port.l2tp:
    case Port.gtpu:
    case Port.teredo:
    case Port.lisp:
    case Port.gre:
    case Port.vxlan:
    case Port.vxlanGpe:
    case Port.geneve:
    case Port.mpls:
    case Port.vxlanLinux:
    case Port.tzsp:
      return true;
  }
  const { sourcePort } = packet;
  if (sourcePort === Port.teredo || sourcePort === Port.gtpu || sourcePort === Port.l2tp) return true;
  return isTeredoPacket(view, end, packet);
}

/** RFC 4380 §5.2.3: between clients and relays Teredo goes by any port. */
function isTeredoPacket(view: DataView, end: number, packet: PacketHeaders): boolean {
  const at = packet.transportOffset + UDP_HEADER;
  if (at + IPV6_HEADER > end || view.getUint8(at) >>> 4 !== 6) return false;
  if (view.getUint16(at + 4) + UDP_HEADER + IPV6_HEADER !== view.getUint16(at - 4)) return false;
  return view.getUint32(at + 8) === TEREDO_PREFIX || view.getUint32(at + 24) === TEREDO_PREFIX;
}

/**
 * Walks the tunnel header in a UDP datagram to the IP header in it and notes the tunnel. Answers a PacketStatus; anything but `parsed` means that this
 * is no tunnel, or one whose inside cannot be metered.
 */
export function enterUdpTunnel(view: DataView, end: number, packet: PacketHeaders): number {
  const at = packet.transportOffset + UDP_HEADER;
  if (at + 4 > end) return PacketStatus.truncated;
  switch (packet.destinationPort) {
    case Port.vxlan:
    case Port.vxlanLinux:
      return vxlan(view, at, end, packet);
    case Port.vxlanGpe:
      return vxlanGpe(view, at, end, packet);
    case Port.geneve:
      return geneve(view, at, end, packet);
    case Port.lisp:
      return lisp(view, at, end, packet);
    case Port.gre:
      return enterGre(view, at, end, packet);
    case Port.mpls:
      return pushTunnel(packet, TunnelKind.mplsInIp) ? enterMpls(view, at, end, packet) : PacketStatus.malformed;
    case Port.tzsp:
      return tzsp(view, at, end, packet);
  }
  if (packet.destinationPort === Port.gtpu || packet.sourcePort === Port.gtpu) return gtpu(view, at, end, packet);
  if (packet.destinationPort === Port.l2tp || packet.sourcePort === Port.l2tp) return l2tp(view, at, end, packet);
  return teredo(view, at, end, packet);
}

/*
 * RFC 7348 §5; the group policy extension uses the G flag and the second 16 bits.
 *   | G R R R I R R R | flags, 8 | group, 16 | VNI, 24 | reserved |     then an Ethernet frame
 */
function vxlan(view: DataView, at: number, end: number, packet: PacketHeaders): number {
  if (at + 8 > end) return PacketStatus.truncated;
  if ((view.getUint8(at) & 0x7f) !== 0x08) return PacketStatus.malformed;
  if (!pushTunnel(packet, TunnelKind.vxlan, view.getUint32(at + 4) >>> 8, true)) return PacketStatus.malformed;
  return enterEthernet(view, at + 8, end, packet);
}

/*
 * draft-ietf-nvo3-vxlan-gpe §3:  | R R Ver I P B O | reserved, 16 | next protocol, 8 | VNI, 24 | reserved |
 */
function vxlanGpe(view: DataView, at: number, end: number, packet: PacketHeaders): number {
  if (at + 8 > end) return PacketStatus.truncated;
  const flags = view.getUint8(at);
  if ((flags & 0x38) !== 0x08) return PacketStatus.malformed;
  if (!pushTunnel(packet, TunnelKind.vxlan, view.getUint32(at + 4) >>> 8, true)) return PacketStatus.malformed;
  return enterNextProtocol(view, (flags & 0x04) !== 0 ? view.getUint8(at + 3) : 3, at + 8, end, packet);
}

/*
 * RFC 8926 §3.4:  | version, 2; option length, 6, in 4 octets | O C reserved | protocol type, 16 | VNI, 24 | reserved | options …
 */
function geneve(view: DataView, at: number, end: number, packet: PacketHeaders): number {
  if (at + 8 > end) return PacketStatus.truncated;
  const first = view.getUint8(at);
  if (first >>> 6 !== 0) return PacketStatus.malformed;
  const inner = at + 8 + (first & 0x3f) * 4;
  const type = view.getUint16(at + 2);
  if (!pushTunnel(packet, TunnelKind.geneve, view.getUint32(at + 4) >>> 8, true)) return PacketStatus.malformed;
  if (type === EtherType.bridging) return enterEthernet(view, inner, end, packet);
  return type < 1536 ? PacketStatus.nonIp : enterEtherType(view, type, inner, end, packet);
}

/*
 * GTP-U, 3GPP TS 29.281 §5.1:
 *   | version 1, 3; PT 1; -; E; S; PN | message type, 255 for a G-PDU | length, 16 | TEID, 32 |
 *   with any of E, S, PN:  | sequence, 16 | N-PDU, 8 | next extension, 8 |, and extensions  | length in 4 octets | … | next extension |
 * The length counts from behind the TEID.
 */
function gtpu(view: DataView, at: number, end: number, packet: PacketHeaders): number {
  if (at + 12 > end) return PacketStatus.truncated;
  const flags = view.getUint8(at);
  if ((flags & 0xf0) !== 0x30 || view.getUint8(at + 1) !== 255) return PacketStatus.malformed;
  // By the datagram's own length: of a fragmented one this is the first part.
  if (view.getUint16(at + 2) + 16 > view.getUint16(at - 4)) return PacketStatus.malformed;
  let inner = at + 8;
  if ((flags & 0x07) !== 0) {
    let extension = (flags & 0x04) !== 0 ? view.getUint8(at + 11) : 0;
    inner += 4;
    while (extension !== 0) {
      if (inner >= end) return PacketStatus.truncated;
      const octets = view.getUint8(inner) * 4;
      if (octets === 0) return PacketStatus.malformed;
      inner += octets;
      if (inner > end) return PacketStatus.truncated;
      extension = view.getUint8(inner - 1);
    }
  }
  if (!pushTunnel(packet, TunnelKind.gtpu, view.getInt32(at + 4), true)) return PacketStatus.malformed;
  return enterBareIp(view, inner, end, packet);
}

/*
 * Teredo, RFC 4380 §5.1.1: before the IPv6 packet there may be an authentication and an origin indication, in this order:
 *   | 0, 1 | id length | value length | id | value | nonce, 8 | confirmation |        | 0, 0 | port, 16 | address, 32 |
 */
function teredo(view: DataView, offset: number, end: number, packet: PacketHeaders): number {
  let at = offset;
  if (view.getUint16(at) === 1) at += 13 + view.getUint8(at + 2) + view.getUint8(at + 3);
  if (at + 2 > end) return PacketStatus.truncated;
  if (view.getUint16(at) === 0) at += 8;
  if (at + IPV6_HEADER > end) return PacketStatus.truncated;
  if (view.getUint8(at) >>> 4 !== 6) return PacketStatus.malformed;
  return pushTunnel(packet, TunnelKind.teredo) ? enterIp(6, at, packet) : PacketStatus.malformed;
}

/*
 * L2TP data, RFC 2661 §3.1:  | T 0, L, -, -, S, -, O, P, …, version 2 | length, 16, if L | tunnel, 16 | session, 16 | Ns, Nr, 32, if S |
 *   offset size, 16, and as much padding, if O |  then PPP
 */
function l2tp(view: DataView, offset: number, end: number, packet: PacketHeaders): number {
  const flags = view.getUint16(offset);
  if ((flags & 0x800f) !== 2) return PacketStatus.malformed;
  let at = offset + ((flags & 0x4000) !== 0 ? 4 : 2);
  if (at + 4 > end) return PacketStatus.truncated;
  const session = view.getUint16(at + 2);
  at += (flags & 0x0800) !== 0 ? 8 : 4;
  if ((flags & 0x0200) !== 0) {
    if (at + 2 > end) return PacketStatus.truncated;
    at += 2 + view.getUint16(at);
  }
  return pushTunnel(packet, TunnelKind.l2tp, session, true) ? enterPpp(view, at, end, packet) : PacketStatus.malformed;
}

/*
 * LISP data, RFC 9300 §5.1:  | N L E V I R KK | nonce or map version, 24 | instance id, 24, if I; locator status bits |  then IP
 */
function lisp(view: DataView, at: number, end: number, packet: PacketHeaders): number {
  if (at + 9 > end) return PacketStatus.truncated;
  const withInstance = (view.getUint8(at) & 0x08) !== 0;
  if (!pushTunnel(packet, TunnelKind.lisp, withInstance ? view.getUint32(at + 4) >>> 8 : 0, withInstance)) return PacketStatus.malformed;
  return enterBareIp(view, at + 8, end, packet);
}

/*
 * TZSP, what MikroTik and others mirror by:  | version 1 | type, 0 received | protocol, 16: 1 Ethernet | tags: 0 padding, 1 end, others | tag | length | …
 */
function tzsp(view: DataView, offset: number, end: number, packet: PacketHeaders): number {
  if (view.getUint8(offset) !== 1 || view.getUint16(offset + 2) !== 1) return PacketStatus.malformed;
  for (let at = offset + 4; at < end; ) {
    const tag = view.getUint8(at);
    if (tag === 1) return pushTunnel(packet, TunnelKind.tzsp) ? enterEthernet(view, at + 1, end, packet) : PacketStatus.malformed;
    if (tag === 0) at++;
    else if (at + 2 > end) return PacketStatus.truncated;
    else at += 2 + view.getUint8(at + 1);
  }
  return PacketStatus.truncated;
}
