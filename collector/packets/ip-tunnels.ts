import { EtherType, enterBareIp, enterEthernet, enterEtherType, enterIp, enterMpls, enterPpp } from './frames.js';
import { type PacketHeaders, PacketStatus, Protocol } from './packet.js';
import { pushTunnel, TunnelKind } from './tunnel-layers.js';

const GRE_CHECKSUM = 0x8000;
const GRE_ROUTING = 0x4000;
const GRE_KEY = 0x2000;
const GRE_SEQUENCE = 0x1000;
const GRE_ACKNOWLEDGEMENT = 0x0080;
const WCCP = 0x883e;

/**
 * Walks what an IP packet carries instead of a transport header, to the IP header in it, and notes the tunnel. Answers a PacketStatus; anything but
 * `parsed` means that the inside cannot be metered.
 */
export function enterIpTunnel(view: DataView, end: number, packet: PacketHeaders): number {
  const at = packet.transportOffset;
  switch (packet.protocol) {
    case Protocol.ipv4: // RFC 2003, RFC 2473
      return pushTunnel(packet, packet.version === 4 ? TunnelKind.ipip : TunnelKind.fourInSix)
        ? enterIp(4, at, packet)
        : PacketStatus.malformed;
    case Protocol.ipv6: // RFC 4213, RFC 2473
      return pushTunnel(packet, packet.version === 6 ? TunnelKind.ipip : TunnelKind.sixInFour)
        ? enterIp(6, at, packet)
        : PacketStatus.malformed;
    case Protocol.gre:
      return enterGre(view, at, end, packet);
    case Protocol.etherIp: // RFC 3378: | version 3, 4; reserved, 12 | Ethernet frame …
      if (at + 2 > end) return PacketStatus.truncated;
      if (view.getUint8(at) >>> 4 !== 3 || !pushTunnel(packet, TunnelKind.etherIp)) return PacketStatus.malformed;
      return enterEthernet(view, at + 2, end, packet);
    case Protocol.mpls: // RFC 4023
      return pushTunnel(packet, TunnelKind.mplsInIp) ? enterMpls(view, at, end, packet) : PacketStatus.malformed;
    case Protocol.ethernet: // RFC 8986 §9
      return pushTunnel(packet, TunnelKind.srv6) ? enterEthernet(view, at, end, packet) : PacketStatus.malformed;
    default:
      return PacketStatus.nonIp;
  }
}

/*
 * GRE, RFC 2784 §2.1 and RFC 2890 §2; version 1 is PPTP's (RFC 2637 §4.1), whose key is the payload's length and the call's number:
 *   | C R K S …, A in version 1, version, 3 | protocol type, 16 | checksum and reserved, 32, if C | key, 32, if K | sequence, 32, if S | acknowledgement, 32, if A |
 */
export function enterGre(view: DataView, offset: number, end: number, packet: PacketHeaders): number {
  if (offset + 4 > end) return PacketStatus.truncated;
  const flags = view.getUint16(offset);
  const type = view.getUint16(offset + 2);
  // Routing in GRE is of RFC 1701; nobody sends it any more.
  if ((flags & GRE_ROUTING) !== 0 || (flags & 0x07) > 1) return PacketStatus.malformed;
  const keyAt = offset + ((flags & GRE_CHECKSUM) !== 0 ? 8 : 4);
  const withKey = (flags & GRE_KEY) !== 0;
  const sequenced = (flags & GRE_SEQUENCE) !== 0;
  let at = keyAt + (withKey ? 4 : 0) + (sequenced ? 4 : 0);
  if (at > end) return PacketStatus.truncated;
  if ((flags & 0x07) === 1) {
    // Without a sequence number there is no payload.
    if (type !== EtherType.ppp || !withKey || !sequenced) return PacketStatus.nonIp;
    if ((flags & GRE_ACKNOWLEDGEMENT) !== 0) at += 4;
    if (!pushTunnel(packet, TunnelKind.pptp, view.getUint16(keyAt + 2), true)) return PacketStatus.malformed;
    return enterPpp(view, at, end, packet);
  }
  if (type === EtherType.erspan || type === EtherType.erspan3) return erspan(view, at, end, type, sequenced, packet);
  if (!pushTunnel(packet, TunnelKind.gre, withKey ? view.getInt32(keyAt) : 0, withKey)) return PacketStatus.malformed;
  if (type === EtherType.bridging) return enterEthernet(view, at, end, packet);
  if (type === WCCP) {
    // WCCP version 2 puts a redirect header of four octets first, version 1 does not; no redirect header begins like IPv4.
    const bare = at < end && view.getUint8(at) >>> 4 === 4;
    return enterBareIp(view, bare ? at : at + 4, end, packet);
  }
  return type < 1536 ? PacketStatus.nonIp : enterEtherType(view, type, at, end, packet);
}

/*
 * ERSPAN (draft-foschiano-erspan §4). Type I is a bare Ethernet frame, told by the missing sequence number of GRE.
 *   II:   | version 1, 4; VLAN, 12 | class, 3; encapsulation, 2; T; session, 10 | reserved, 12; port index, 20 |
 *   III:  | version 2, 4; VLAN, 12 | class, 3; BSO, 2; T; session, 10 | time, 32 | group, 16; P; frame type, 5; hardware, 6; D; granularity, 2; O |
 *         and 8 octets more if O. Frame type 0 is Ethernet, 2 is IP.
 */
function erspan(view: DataView, at: number, end: number, type: number, sequenced: boolean, packet: PacketHeaders): number {
  if (type === EtherType.erspan && !sequenced) {
    return pushTunnel(packet, TunnelKind.erspan) ? enterEthernet(view, at, end, packet) : PacketStatus.malformed;
  }
  const octets = type === EtherType.erspan ? 8 : 12;
  if (at + octets > end) return PacketStatus.truncated;
  if (!pushTunnel(packet, TunnelKind.erspan, view.getUint16(at + 2) & 0x3ff, true)) return PacketStatus.malformed;
  if (type === EtherType.erspan) return enterEthernet(view, at + octets, end, packet);
  const last = view.getUint16(at + 10);
  const inner = at + octets + ((last & 1) !== 0 ? 8 : 0);
  return ((last >>> 10) & 0x1f) === 2 ? enterBareIp(view, inner, end, packet) : enterEthernet(view, inner, end, packet);
}
