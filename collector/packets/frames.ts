import { type PacketHeaders, PacketStatus } from './packet.js';
import { pushTag, pushVlan, TunnelKind } from './tunnel-layers.js';

/** VLAN tags, MPLS labels, PPPoE and the like that may nest in one packet; real networks use up to six, and each advances. */
export const MAX_ENCAPSULATIONS = 16;

export const EtherType = { ipv4: 0x0800, ipv6: 0x86dd, bridging: 0x6558, erspan: 0x88be, erspan3: 0x22eb, ppp: 0x880b } as const;
const ARP = 0x0806;
const PROVIDER_BACKBONE = 0x88e7;
const VN_TAG = 0x8926;
const NSH = 0x894f;

const PPP_IPV4 = 0x0021;
const PPP_IPV6 = 0x0057;
const PPP_MPLS = 0x0281;

/*
 * IEEE 802.3
 *   0                   6                  12        14
 *   +-------------------+-------------------+---------+--------------
 *   | destination MAC   | source MAC        | type    | payload …
 *   +-------------------+-------------------+---------+--------------
 */

/** Walks an Ethernet frame at `offset` to its IP header. Answers a PacketStatus, like all functions here. */
export function enterEthernet(view: DataView, offset: number, end: number, packet: PacketHeaders): number {
  if (offset + 14 > end) return PacketStatus.truncated;
  packet.destinationMacHigh = view.getUint16(offset);
  packet.destinationMacLow = view.getInt32(offset + 2);
  packet.sourceMacHigh = view.getUint16(offset + 6);
  packet.sourceMacLow = view.getInt32(offset + 8);
  const type = view.getUint16(offset + 12);
  if (type === EtherType.ipv4) return enterIp(4, offset + 14, packet);
  return enterEtherType(view, type, offset + 14, end, packet);
}

/*
 * What an EtherType announces.
 *   802.1Q and 802.1ad tag, 0x9100, 0x9200:  | PCP, 3; DEI, 1; VLAN, 12 | type, 16 |       VLAN 0 is a priority without a VLAN
 *   802.1ah I-TAG (PBB):                     | flags, 8 | I-SID, 24 | Ethernet frame of the customer …
 *   VN-Tag (802.1BR's forerunner):           | 32 bits | type, 16 |
 *   below 1536: a length, LLC follows
 */
export function enterEtherType(view: DataView, etherType: number, offset: number, end: number, packet: PacketHeaders): number {
  let type = etherType;
  let at = offset;
  for (; packet.levels <= MAX_ENCAPSULATIONS; packet.levels++) {
    switch (type) {
      case EtherType.ipv4:
        return enterIp(4, at, packet);
      case EtherType.ipv6:
        return enterIp(6, at, packet);
      case 0x8100:
      case 0x88a8:
      case 0x9100:
      case 0x9200: {
        if (at + 4 > end) return PacketStatus.truncated;
        const vlan = view.getUint16(at) & 0x0fff;
        if (vlan !== 0) {
          if (!pushVlan(packet)) return PacketStatus.malformed;
          packet.vlanId = vlan;
        }
        type = view.getUint16(at + 2);
        at += 4;
        break;
      }
      case 0x8847:
      case 0x8848:
        return enterMpls(view, at, end, packet);
      case 0x8864:
        return enterPppoe(view, at, end, packet);
      case PROVIDER_BACKBONE:
        if (at + 4 > end) return PacketStatus.truncated;
        packet.levels++;
        if (!pushVlan(packet) || !pushTag(packet, TunnelKind.pbb, view.getUint32(at) & 0xff_ffff)) return PacketStatus.malformed;
        return enterEthernet(view, at + 4, end, packet);
      case VN_TAG:
        if (at + 6 > end) return PacketStatus.truncated;
        type = view.getUint16(at + 4);
        at += 6;
        break;
      case NSH:
        return enterNsh(view, at, end, packet);
      default:
        return type < 1536 ? enterLlc(view, at, end, packet) : PacketStatus.nonIp;
    }
  }
  return PacketStatus.malformed;
}

/*
 * IEEE 802.2, and SNAP (RFC 1042) with OUI 0 or, for bridges to Ethernet, 00-00-F8 (802.1H):
 *   | DSAP AA | SSAP AA | control 03 | OUI, 24 | type, 16 | payload …        RFC 948's SAP 06 is IP
 */
export function enterLlc(view: DataView, offset: number, end: number, packet: PacketHeaders): number {
  if (offset + 3 > end) return PacketStatus.nonIp;
  const saps = view.getUint16(offset);
  const control = view.getUint8(offset + 2);
  if (saps === 0x0606 && control === 0x03) return enterIp(4, offset + 3, packet);
  if (saps !== 0xaaaa || control !== 0x03) return PacketStatus.nonIp;
  if (offset + 8 > end) return PacketStatus.truncated;
  const oui = view.getUint32(offset + 2) & 0xff_ffff;
  const type = view.getUint16(offset + 6);
  if ((oui !== 0 && oui !== 0xf8) || type < 1536) return PacketStatus.nonIp;
  packet.levels++;
  return enterEtherType(view, type, offset + 8, end, packet);
}

/*
 * RFC 3032 §2.1, one label stack entry of 4 octets, the last has S = 1:
 *   | label, 20 bits | TC, 3 | S, 1 | TTL, 8 |
 * What follows is told by its first nibble (RFC 4928 §3): 4 and 6 are IP, 1 is a channel of the pseudowire's own (RFC 4385 §5). 0 is the control
 * word of a pseudowire (RFC 4448 §4.6), 4 octets before its Ethernet frame, or the MAC address of one without; the EtherType decides.
 */
export function enterMpls(view: DataView, offset: number, end: number, packet: PacketHeaders): number {
  let bottom = offset;
  for (; ; bottom += 4) {
    if (bottom + 4 > end) return PacketStatus.truncated;
    if (packet.levels++ > MAX_ENCAPSULATIONS) return PacketStatus.malformed;
    if ((view.getUint8(bottom + 2) & 1) === 1) break;
  }
  const at = bottom + 4;
  if (at >= end) return PacketStatus.truncated;
  const first = view.getUint8(at);
  const nibble = first >>> 4;
  const isIp = nibble === 6 || (nibble === 4 && (first & 0x0f) >= 5);
  // A label between tag and IP header leaves the VLAN the packet's own; a pseudowire's frame has its own.
  if (!isIp && !pushVlan(packet)) return PacketStatus.malformed;
  for (let label = offset; label < at; label += 4) {
    if (!pushTag(packet, TunnelKind.mpls, view.getUint32(label) >>> 12)) return PacketStatus.malformed;
  }
  if (isIp) return enterIp(nibble, at, packet);
  if (nibble === 1) return PacketStatus.nonIp;
  if (nibble === 0 && isEthernet(view, at + 4, end)) return enterEthernet(view, at + 4, end, packet);
  return isEthernet(view, at, end) ? enterEthernet(view, at, end, packet) : PacketStatus.nonIp;
}

/** True when what stands where an EtherType would is one. */
function isEthernet(view: DataView, at: number, end: number): boolean {
  if (at + 14 > end) return false;
  switch (view.getUint16(at + 12)) {
    case EtherType.ipv4:
    case EtherType.ipv6:
    case ARP:
    case 0x8100:
    case 0x88a8:
    case 0x9100:
    case 0x8847:
    case 0x8848:
    case 0x8863:
    case 0x8864:
    case PROVIDER_BACKBONE:
      return true;
    default:
      return false;
  }
}

/*
 * RFC 8300 §2.2:  | version, 2; O; U; TTL, 6; length, 6, in 4 octets | … type, 4 | next protocol, 8 |   and as much context as the length says
 */
export function enterNsh(view: DataView, offset: number, end: number, packet: PacketHeaders): number {
  if (offset + 8 > end) return PacketStatus.truncated;
  const length = (view.getUint16(offset) & 0x3f) * 4;
  if (length < 8 || packet.levels++ > MAX_ENCAPSULATIONS) return PacketStatus.malformed;
  return enterNextProtocol(view, view.getUint8(offset + 3), offset + length, end, packet);
}

/** The next protocol of NSH (RFC 8300 §2.2) and of VXLAN-GPE, which are the same numbers but for MPLS. */
export function enterNextProtocol(view: DataView, next: number, at: number, end: number, packet: PacketHeaders): number {
  switch (next) {
    case 1:
      return enterIp(4, at, packet);
    case 2:
      return enterIp(6, at, packet);
    case 3:
      return enterEthernet(view, at, end, packet);
    case 4:
      return enterNsh(view, at, end, packet);
    case 5:
      return enterMpls(view, at, end, packet);
    default:
      return PacketStatus.nonIp;
  }
}

/*
 * RFC 2516 §4:  | 0x11 | code | session id, 16 | length, 16 | PPP protocol, 16 | payload …      (code 0: session data)
 */
export function enterPppoe(view: DataView, offset: number, end: number, packet: PacketHeaders): number {
  if (offset + 7 > end) return PacketStatus.truncated;
  if (view.getUint8(offset) !== 0x11 || view.getUint8(offset + 1) !== 0) return PacketStatus.nonIp;
  packet.levels++;
  if (!pushVlan(packet) || !pushTag(packet, TunnelKind.pppoe, view.getUint16(offset + 2))) return PacketStatus.malformed;
  return enterPpp(view, offset + 6, end, packet);
}

/*
 * RFC 1662 §3.1: address FF and control 03 (may be left out by agreement), then the protocol, whose first octet may be left out when it is 0
 * (RFC 1661 §6.5): protocols are odd, so an odd first octet is the whole.
 */
export function enterPpp(view: DataView, offset: number, end: number, packet: PacketHeaders): number {
  let at = offset;
  if (at + 4 > end) return PacketStatus.truncated;
  if (view.getUint16(at) === 0xff03) at += 2;
  let protocol = view.getUint8(at);
  at++;
  if ((protocol & 1) === 0) {
    protocol = (protocol << 8) | view.getUint8(at);
    at++;
  }
  if (protocol === PPP_IPV4) return enterIp(4, at, packet);
  if (protocol === PPP_IPV6) return enterIp(6, at, packet);
  return protocol === PPP_MPLS ? enterMpls(view, at, end, packet) : PacketStatus.nonIp;
}

/** No link header: the first nibble is the IP version. */
export function enterBareIp(view: DataView, offset: number, end: number, packet: PacketHeaders): number {
  if (offset >= end) return PacketStatus.truncated;
  const version = view.getUint8(offset) >>> 4;
  return version === 4 || version === 6 ? enterIp(version, offset, packet) : PacketStatus.malformed;
}

export function enterIp(version: number, offset: number, packet: PacketHeaders): number {
  packet.version = version;
  packet.networkOffset = offset;
  return PacketStatus.parsed;
}
