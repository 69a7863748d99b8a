import type { PacketHeaders } from '../../packets/packet.js';
import { pushTag, pushTunnelAround, TunnelKind } from '../../packets/tunnel-layers.js';
import { readU32 } from '../bytes.js';
import { addressOctets } from './gateway.js';

/** What records beside the packet told of address translation and tunnels. Refilled for every sample that has such a record. */
export interface SampleExtensions {
  /** Where the translated addresses stand in the datagram, and their octets, 4 or 16; 0 octets for not told. */
  natSourceAt: number;
  natSourceOctets: number;
  natDestinationAt: number;
  natDestinationOctets: number;
  natSourcePort: number;
  natDestinationPort: number;
  /** Content of the record of the outer IP header: of the tunnel the packet came in, else of the one it leaves by; 0 for none. */
  outerAt: number;
  outerVersion: 4 | 6;
  /** Virtual network of that tunnel, −1 for not told. */
  vni: number;
  /** Stacks of labels (MPLS, as it came in) and of tags (stripped 802.1Q), and their depth. */
  labelsAt: number;
  labels: number;
  tagsAt: number;
  tags: number;
}

export function createSampleExtensions(): SampleExtensions {
  return {
    natSourceAt: 0,
    natSourceOctets: 0,
    natDestinationAt: 0,
    natDestinationOctets: 0,
    natSourcePort: 0,
    natDestinationPort: 0,
    outerAt: 0,
    outerVersion: 4,
    vni: -1,
    labelsAt: 0,
    labels: 0,
    tagsAt: 0,
    tags: 0,
  };
}

export function clearSampleExtensions(into: SampleExtensions): void {
  into.natSourceOctets = 0;
  into.natDestinationOctets = 0;
  into.natSourcePort = 0;
  into.natDestinationPort = 0;
  into.outerAt = 0;
  into.vni = -1;
  into.labels = 0;
  into.tags = 0;
}

/** Formats of flow data, enterprise 0, that are read here. */
export const Extension = {
  mpls: 1006,
  nat: 1007,
  vlanTunnel: 1012,
  natPort: 1020,
  ipv4TunnelEgress: 1023,
  ipv4TunnelIngress: 1024,
  ipv6TunnelEgress: 1025,
  ipv6TunnelIngress: 1026,
  vniEgress: 1029,
  vniIngress: 1030,
} as const;

const OUTER_IPV4_OCTETS = 32;
const OUTER_IPV6_OCTETS = 56;
/** No network stacks more labels or tags; what is beyond is not told. */
const MAX_STACK = 8;

/*
 *   extended_mpls (0:1006):         | next hop: type, address | depth | labels in, 32 each … | depth | labels out … |     as RFC 3032 has them
 *   extended_nat (0:1007):          | source: type, address | destination: type, address |     after translation
 *   extended_vlantunnel (0:1012):   | depth | TPID, 16; TCI, 16 | …     outermost first
 *   extended_nat_port (0:1020):     | source port | destination port |                           sflow_pnat.txt
 *   extended_ipv4_tunnel (0:1023, 1024), extended_ipv6_tunnel (0:1025, 1026): the outer header as sampled_ipv4 and sampled_ipv6, sflow_tunnels.txt
 *   extended_vni (0:1029, 1030):    | VNI |
 */

/** Notes the record between `at` and `end`; true when it is one of these. Records that do not fit are passed over. */
export function noteExtension(bytes: Uint8Array, format: number, at: number, end: number, into: SampleExtensions): boolean {
  const octets = end - at;
  switch (format) {
    case Extension.mpls:
      noteLabels(bytes, at, end, into);
      return true;
    case Extension.nat:
      noteNat(bytes, at, end, into);
      return true;
    case Extension.vlanTunnel:
      if (octets < 4 || readU32(bytes, at) > (octets - 4) >>> 2) return true;
      into.tags = Math.min(readU32(bytes, at), MAX_STACK);
      into.tagsAt = at + 4;
      return true;
    case Extension.natPort:
      if (octets < 8) return true;
      into.natSourcePort = readU32(bytes, at) & 0xffff;
      into.natDestinationPort = readU32(bytes, at + 4) & 0xffff;
      return true;
    case Extension.ipv4TunnelIngress:
    case Extension.ipv4TunnelEgress:
    case Extension.ipv6TunnelIngress:
    case Extension.ipv6TunnelEgress: {
      const version = format <= Extension.ipv4TunnelIngress ? 4 : 6;
      if (octets < (version === 4 ? OUTER_IPV4_OCTETS : OUTER_IPV6_OCTETS)) return true;
      // Even numbers are of the tunnel the packet came in.
      if (into.outerAt !== 0 && (format & 1) !== 0) return true;
      into.outerAt = at;
      into.outerVersion = version;
      return true;
    }
    case Extension.vniIngress:
    case Extension.vniEgress:
      if (octets >= 4 && (into.vni < 0 || (format & 1) === 0)) into.vni = readU32(bytes, at);
      return true;
    default:
      return false;
  }
}

function noteLabels(bytes: Uint8Array, at: number, end: number, into: SampleExtensions): void {
  if (end - at < 8) return;
  const nextHop = addressOctets(readU32(bytes, at));
  const stack = at + 4 + nextHop;
  if (nextHop < 0 || stack + 4 > end || readU32(bytes, stack) > (end - stack - 4) >>> 2) return;
  into.labels = Math.min(readU32(bytes, stack), MAX_STACK);
  into.labelsAt = stack + 4;
}

function noteNat(bytes: Uint8Array, at: number, end: number, into: SampleExtensions): void {
  if (end - at < 8) return;
  const source = addressOctets(readU32(bytes, at));
  const second = at + 4 + source;
  if (source < 0 || second + 4 > end) return;
  const destination = addressOctets(readU32(bytes, second));
  if (destination < 0 || second + 4 + destination > end) return;
  into.natSourceAt = at + 4;
  into.natSourceOctets = source;
  into.natDestinationAt = second + 4;
  into.natDestinationOctets = destination;
}

/**
 * Puts what the records told around the packet where the sampled header did not show it: stripped tags outermost, then the labels, then the tunnel that was
 * taken off. A header that was sampled with all of these is believed alone.
 */
export function applyExtensions(
  bytes: Uint8Array,
  { tags, tagsAt, labels, labelsAt, outerAt, ...told }: SampleExtensions,
  packet: PacketHeaders,
): void {
  if (packet.tunnelLength > 0) return;
  for (let i = 0; i < tags; i++) {
    const vlan = readU32(bytes, tagsAt + i * 4) & 0x0fff;
    // The innermost one stripped is next to the IP header when the header shows none.
    if (i === tags - 1 && packet.vlanId === 0 && outerAt === 0) packet.vlanId = vlan;
    else if (vlan !== 0) pushTag(packet, TunnelKind.vlan, vlan);
  }
  for (let i = 0; i < labels; i++) pushTag(packet, TunnelKind.mpls, readU32(bytes, labelsAt + i * 4) >>> 12);
  if (outerAt === 0) return;
  const kind = kindOfOuter(bytes, outerAt, told.outerVersion, packet.version);
  pushTunnelAround(packet, kind, Math.max(told.vni, 0), told.vni >= 0, bytes, outerAt + 8, told.outerVersion);
}

/** By the outer header's protocol and, for UDP, its destination port (4789 and 8472 VXLAN, 6081 Geneve). */
function kindOfOuter(bytes: Uint8Array, at: number, version: 4 | 6, innerVersion: number): number {
  const protocol = readU32(bytes, at + 4);
  if (protocol === 47) return TunnelKind.gre;
  if (protocol === 17) return readU32(bytes, at + (version === 4 ? 20 : 44)) === 6081 ? TunnelKind.geneve : TunnelKind.vxlan;
  if (version === innerVersion) return TunnelKind.ipip;
  return version === 4 ? TunnelKind.sixInFour : TunnelKind.fourInSix;
}
