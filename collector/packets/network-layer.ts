import { type PacketHeaders, PacketStatus } from './packet.js';

/** IPv6 extension headers to walk at most; RFC 8200 §4.1 lists seven, one of which may occur twice. */
export const MAX_EXTENSION_HEADERS = 16;

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const DESTINATION_OPTIONS = 60;

/**
 * Reads the IP header at `packet.networkOffset`: addresses, protocol, octets, fragment fields, where the transport header starts.
 * `end` is where the captured bytes end, `originalEnd` where the packet ended on the link. Answers a PacketStatus.
 */
export function parseNetworkLayer(view: DataView, end: number, originalEnd: number, packet: PacketHeaders): number {
  return packet.version === 4 ? ipv4(view, end, originalEnd, packet) : ipv6(view, end, originalEnd, packet);
}

/*
 * RFC 791 §3.1
 *    0               1               2               3
 *   +-------+-------+---------------+-------------------------------+
 *   |Version|  IHL  |Type of Service|          Total Length         |
 *   +-------+-------+---------------+-----+-------------------------+
 *   |         Identification        |Flags|      Fragment Offset    |
 *   +---------------+---------------+-----+-------------------------+
 *   |  Time to Live |    Protocol   |         Header Checksum       |
 *   +---------------+---------------+-------------------------------+
 *   |                       Source Address                          |
 *   |                    Destination Address                        |
 *   |                    Options                    |    Padding    |
 */
function ipv4(view: DataView, end: number, originalEnd: number, packet: PacketHeaders): number {
  const at = packet.networkOffset;
  if (at + 20 > end) return PacketStatus.truncated;
  const first = view.getUint16(at);
  const headerLength = ((first >>> 8) & 0x0f) * 4;
  if (first >>> 12 !== 4 || headerLength < 20) return PacketStatus.malformed;
  let octets = view.getUint16(at + 2);
  // Segmentation offload hands the capture packets above 65 535 octets with a total length of 0: the link tells how long they were.
  if (octets === 0) octets = originalEnd - at;
  if (octets < headerLength) return PacketStatus.malformed;
  packet.octets = octets;
  packet.classOfService = first & 0xff;
  const fragment = view.getUint16(at + 6);
  packet.identification = view.getUint16(at + 4);
  packet.moreFragments = (fragment >>> 13) & 1;
  packet.fragmentOffset = (fragment & 0x1fff) * 8;
  packet.protocol = view.getUint8(at + 9);
  packet.source0 = 0;
  packet.source1 = 0;
  packet.source2 = 0xffff;
  packet.source3 = view.getInt32(at + 12);
  packet.destination0 = 0;
  packet.destination1 = 0;
  packet.destination2 = 0xffff;
  packet.destination3 = view.getInt32(at + 16);
  packet.transportOffset = at + headerLength;
  packet.transportLength = octets - headerLength;
  return PacketStatus.parsed;
}

/*
 * RFC 8200 §3
 *   +-------+---------------+---------------------------------------+
 *   |Version| Traffic Class |           Flow Label                  |
 *   +-------+---------------+-------+---------------+---------------+
 *   |         Payload Length        |  Next Header  |   Hop Limit   |
 *   +-------------------------------+---------------+---------------+
 *   |                 Source Address, 16 octets                     |
 *   |              Destination Address, 16 octets                   |
 */
function ipv6(view: DataView, end: number, originalEnd: number, packet: PacketHeaders): number {
  const at = packet.networkOffset;
  if (at + 40 > end) return PacketStatus.truncated;
  const first = view.getUint16(at);
  if (first >>> 12 !== 6) return PacketStatus.malformed;
  const payloadLength = view.getUint16(at + 4);
  // 0 is a jumbogram (RFC 2675 §3) or segmentation offload: the link tells how long it was.
  packet.octets = payloadLength === 0 ? originalEnd - at : payloadLength + 40;
  if (packet.octets < 40) return PacketStatus.malformed;
  packet.classOfService = (first >>> 4) & 0xff;
  packet.identification = 0;
  packet.moreFragments = 0;
  packet.fragmentOffset = 0;
  packet.source0 = view.getInt32(at + 8);
  packet.source1 = view.getInt32(at + 12);
  packet.source2 = view.getInt32(at + 16);
  packet.source3 = view.getInt32(at + 20);
  packet.destination0 = view.getInt32(at + 24);
  packet.destination1 = view.getInt32(at + 28);
  packet.destination2 = view.getInt32(at + 32);
  packet.destination3 = view.getInt32(at + 36);
  return extensionHeaders(view, view.getUint8(at + 6), at + 40, at + packet.octets, end, packet);
}

/*
 * RFC 8200 §4: each extension header starts  | next header | length in 8 octets, the first not counted | …
 * Fragment (§4.5) has a fixed length of 8:   | next header | reserved | offset, 13 bits; 2; M | identification, 32 |
 * Authentication (RFC 4302 §2.2) counts its length in 4 octets, less 2.
 */
function extensionHeaders(view: DataView, first: number, start: number, ipEnd: number, end: number, packet: PacketHeaders): number {
  let next = first;
  let at = start;
  for (let count = 0; count < MAX_EXTENSION_HEADERS; count++) {
    if (next !== HOP_BY_HOP && next !== ROUTING && next !== DESTINATION_OPTIONS && next !== FRAGMENT && next !== AUTHENTICATION) {
      return transport(next, at, ipEnd, packet);
    }
    // Cut within the chain: addresses and octets are known, the transport header is not. What is left has no ports.
    if (at + 8 > end || at + 8 > ipEnd) return transport(next, at, at, packet);
    const following = view.getUint8(at);
    if (next === FRAGMENT) {
      const field = view.getUint16(at + 2);
      packet.fragmentOffset = field & 0xfff8;
      packet.moreFragments = field & 1;
      packet.identification = view.getInt32(at + 4);
      at += 8;
      // Behind the fragment header of a later fragment lies payload: its first header is in the first fragment.
      if (packet.fragmentOffset > 0) return transport(following, at, ipEnd, packet);
    } else {
      const length = view.getUint8(at + 1);
      at += next === AUTHENTICATION ? (length + 2) * 4 : (length + 1) * 8;
    }
    next = following;
  }
  return PacketStatus.malformed;
}

function transport(protocol: number, offset: number, ipEnd: number, packet: PacketHeaders): number {
  packet.protocol = protocol;
  packet.transportOffset = offset;
  packet.transportLength = Math.max(0, ipEnd - offset);
  return PacketStatus.parsed;
}
