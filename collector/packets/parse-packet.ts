import { parseLinkLayer } from './link-layer.js';
import { parseNetworkLayer } from './network-layer.js';
import { type PacketHeaders, PacketStatus, Protocol } from './packet.js';

/**
 * Reads one packet from its link layer to its ports into `packet` and answers a PacketStatus. Never throws, never reads outside
 * [offset, offset + captured). Checksums are not verified: offload leaves them unset in captures of the sending host.
 */
export function parsePacket(
  view: DataView,
  offset: number,
  captured: number,
  original: number,
  linkType: number,
  packet: PacketHeaders,
): number {
  const end = offset + captured;
  const link = parseLinkLayer(view, offset, end, linkType, packet);
  if (link !== PacketStatus.parsed) return link;
  const network = parseNetworkLayer(view, end, offset + Math.max(original, captured), packet);
  if (network !== PacketStatus.parsed) return network;
  packet.sourcePort = 0;
  packet.destinationPort = 0;
  packet.tcpFlags = 0;
  packet.icmpType = 0;
  packet.icmpCode = 0;
  // A later fragment starts with payload; its ports come from the first fragment (fragments.ts).
  if (packet.fragmentOffset > 0) return PacketStatus.parsed;
  return transportLayer(view, Math.min(end, packet.transportOffset + packet.transportLength), packet);
}

/*
 * TCP (RFC 9293 §3.1), UDP (RFC 768), SCTP (RFC 9260 §3.1), DCCP and UDP-Lite all start:  | source port, 16 | destination port, 16 |
 * TCP's octet 13 holds its control bits (octet 12's lowest bit was NS):                    | offset, 4 | reserved | C E U A P R S F |
 * ICMP (RFC 792) and ICMPv6 (RFC 4443 §2.1) start:                                         | type, 8 | code, 8 | checksum, 16 |
 */
function transportLayer(view: DataView, end: number, packet: PacketHeaders): number {
  const at = packet.transportOffset;
  switch (packet.protocol) {
    case Protocol.tcp:
      if (at + 4 > end) return PacketStatus.portsMissing;
      packet.sourcePort = view.getUint16(at);
      packet.destinationPort = view.getUint16(at + 2);
      if (at + 14 > end) return PacketStatus.portsMissing;
      packet.tcpFlags = view.getUint16(at + 12) & 0x01ff;
      return PacketStatus.parsed;
    case Protocol.udp:
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
    default:
      return PacketStatus.parsed;
  }
}
