import { type PacketHeaders, PacketStatus, Protocol } from './packet.js';
import { mayBeUdpTunnel } from './udp-tunnels.js';

/** Answered instead of `parsed` for a packet whose protocol or ports may be a tunnel's. */
export const MAY_BE_TUNNEL = 6;

/*
 * TCP (RFC 9293 §3.1), UDP (RFC 768), SCTP (RFC 9260 §3.1), DCCP and UDP-Lite all start:  | source port, 16 | destination port, 16 |
 * TCP's octet 13 holds its control bits (octet 12's lowest bit was NS):                    | offset, 4 | reserved | C E U A P R S F |
 * ICMP (RFC 792) and ICMPv6 (RFC 4443 §2.1) start:                                         | type, 8 | code, 8 | checksum, 16 |
 */

/** Reads ports, TCP flags, ICMP type and code of the packet whose IP header was read. Answers a PacketStatus, or MAY_BE_TUNNEL. */
export function parseTransportLayer(view: DataView, capturedEnd: number, packet: PacketHeaders): number {
  packet.sourcePort = 0;
  packet.destinationPort = 0;
  packet.tcpFlags = 0;
  packet.icmpType = 0;
  packet.icmpCode = 0;
  // A later fragment starts with payload; its ports come from the first fragment (fragments.ts).
  if (packet.fragmentOffset > 0) return PacketStatus.parsed;
  const at = packet.transportOffset;
  const end = Math.min(capturedEnd, at + packet.transportLength);
  switch (packet.protocol) {
    case Protocol.tcp:
      if (at + 4 > end) return PacketStatus.portsMissing;
      packet.sourcePort = view.getUint16(at);
      packet.destinationPort = view.getUint16(at + 2);
      if (at + 14 > end) return PacketStatus.portsMissing;
      packet.tcpFlags = view.getUint16(at + 12) & 0x01ff;
      return PacketStatus.parsed;
    case Protocol.udp:
      if (at + 4 > end) return PacketStatus.portsMissing;
      packet.sourcePort = view.getUint16(at);
      packet.destinationPort = view.getUint16(at + 2);
      return mayBeUdpTunnel(view, end, packet) ? MAY_BE_TUNNEL : PacketStatus.parsed;
    case Protocol.sctp:
    case Protocol.dccp:
    case Protocol.udpLite:
      if (at + 4 > end) return PacketStatus.portsMissing;
      packet.sourcePort = view.getUint16(at);
      packet.destinationPort = view.getUint16(at + 2);
      return PacketStatus.parsed;
    case Protocol.icmp:
    case Protocol.icmp6:
      if (at + 2 > end) return PacketStatus.portsMissing;
      packet.icmpType = view.getUint8(at);
      packet.icmpCode = view.getUint8(at + 1);
      return PacketStatus.parsed;
    case Protocol.ipv4:
    case Protocol.ipv6:
    case Protocol.gre:
    case Protocol.etherIp:
    case Protocol.mpls:
    case Protocol.ethernet:
      return MAY_BE_TUNNEL;
    default:
      return PacketStatus.parsed;
  }
}
