import { enterIpTunnel } from './ip-tunnels.js';
import { parseLinkLayer } from './link-layer.js';
import { parseNetworkLayer } from './network-layer.js';
import { copyHeaders, PacketHeaders, PacketStatus, Protocol } from './packet.js';
import { MAY_BE_TUNNEL, parseTransportLayer } from './transport-layer.js';
import { enterUdpTunnel } from './udp-tunnels.js';

/** Tunnels in tunnels that are entered; what lies deeper is metered as what carries it. */
export const MAX_NESTED_TUNNELS = 8;

/**
 * Reads one packet from its link layer to the ports of its innermost IP packet into `packet` and answers a PacketStatus. A tunnel whose inside is cut,
 * not IP or contradicts itself is read as the packet that carries it. The first fragment of a fragmented tunnel packet stands for the whole: the inner
 * header tells how long that is. Never throws, never reads outside [offset, offset + captured). Checksums are not verified: offload leaves them unset
 * in captures of the sending host.
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
  const status = parseTransportLayer(view, end, packet);
  return status === MAY_BE_TUNNEL ? enterTunnels(view, end, packet) : status;
}

function enterTunnels(view: DataView, capturedEnd: number, packet: PacketHeaders): number {
  packet.outer ??= new PacketHeaders();
  const { outer } = packet;
  for (let depth = 0; depth < MAX_NESTED_TUNNELS; depth++) {
    // Of the packet on the link only: fragments within tunnels are metered as what they are.
    if (packet.moreFragments !== 0 && depth > 0) return PacketStatus.parsed;
    copyHeaders(packet, outer);
    const status = enterOne(view, capturedEnd, packet);
    if (status !== PacketStatus.parsed && status !== PacketStatus.portsMissing && status !== MAY_BE_TUNNEL) {
      copyHeaders(outer, packet);
      return PacketStatus.parsed;
    }
    if (outer.moreFragments !== 0) {
      packet.carrier ??= new PacketHeaders();
      copyHeaders(outer, packet.carrier);
      packet.fragmentCarried = 1;
    }
    if (status !== MAY_BE_TUNNEL) return status;
  }
  return PacketStatus.parsed;
}

/** One tunnel deeper. Whatever is no PacketStatus of a packet that can be metered leaves `packet` half-filled. */
function enterOne(view: DataView, capturedEnd: number, packet: PacketHeaders): number {
  const payloadEnd = packet.transportOffset + packet.transportLength;
  const end = Math.min(capturedEnd, payloadEnd);
  const isWhole = packet.moreFragments === 0;
  packet.levels = 0;
  const tunnel = packet.protocol === Protocol.udp ? enterUdpTunnel(view, end, packet) : enterIpTunnel(view, end, packet);
  if (tunnel !== PacketStatus.parsed) return tunnel;
  const network = parseNetworkLayer(view, end, payloadEnd, packet);
  if (network !== PacketStatus.parsed) return network;
  // What is carried cannot be longer than what carries it.
  if (isWhole && packet.networkOffset + packet.octets > payloadEnd) return PacketStatus.malformed;
  return parseTransportLayer(view, end, packet);
}
