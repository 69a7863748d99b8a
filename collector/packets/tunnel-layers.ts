import { MAX_TUNNEL_WORDS, type PacketHeaders } from './packet.js';

/**
 * Headers around a packet, as words, outermost first. Tags and labels take two words, tunnels between addresses ten:
 *   | kind, HAS_DETAIL | detail |
 *   | kind, HAS_DETAIL | detail | source, 4 words | destination, 4 words |
 */
export const TunnelKind = {
  vlan: 0,
  mpls: 1,
  pppoe: 2,
  pbb: 3,
  /** Kinds from here on have endpoints. */
  gre: 8,
  pptp: 9,
  ipip: 10,
  sixInFour: 11,
  fourInSix: 12,
  etherIp: 13,
  mplsInIp: 14,
  vxlan: 15,
  geneve: 16,
  erspan: 17,
  gtpu: 18,
  teredo: 19,
  l2tp: 20,
  lisp: 21,
  tzsp: 22,
  srv6: 23,
} as const;

const FIRST_WITH_ENDPOINTS = TunnelKind.gre;
const HAS_DETAIL = 0x100;
const TAG_WORDS = 2;
const TUNNEL_WORDS = 10;

export function kindOf(word: number): number {
  return word & 0xff;
}
export function hasDetail(word: number): boolean {
  return (word & HAS_DETAIL) !== 0;
}
export function hasEndpoints(word: number): boolean {
  return kindOf(word) >= FIRST_WITH_ENDPOINTS;
}
/** Words of the layer that begins with `word`. */
export function layerWords(word: number): number {
  return hasEndpoints(word) ? TUNNEL_WORDS : TAG_WORDS;
}

/** Notes a tag or label. False when there is no room: more headers than any network nests. */
export function pushTag(packet: PacketHeaders, kind: number, detail: number): boolean {
  const at = packet.tunnelLength;
  if (at + TAG_WORDS > MAX_TUNNEL_WORDS) return false;
  packet.tunnelWords[at] = kind | HAS_DETAIL;
  packet.tunnelWords[at + 1] = detail;
  packet.tunnelLength = at + TAG_WORDS;
  return true;
}

/** The VLAN noted last is not next to the IP header after all: something else follows it. */
export function pushVlan(packet: PacketHeaders): boolean {
  if (packet.vlanId === 0) return true;
  const vlan = packet.vlanId;
  packet.vlanId = 0;
  return pushTag(packet, TunnelKind.vlan, vlan);
}

/** Notes a tunnel between the addresses now in `packet`, and the VLAN before it. */
export function pushTunnel(packet: PacketHeaders, kind: number, detail = 0, withDetail = false): boolean {
  if (!pushVlan(packet)) return false;
  const at = packet.tunnelLength;
  if (at + TUNNEL_WORDS > MAX_TUNNEL_WORDS) return false;
  const words = packet.tunnelWords;
  words[at] = withDetail ? kind | HAS_DETAIL : kind;
  words[at + 1] = detail;
  words[at + 2] = packet.source0;
  words[at + 3] = packet.source1;
  words[at + 4] = packet.source2;
  words[at + 5] = packet.source3;
  words[at + 6] = packet.destination0;
  words[at + 7] = packet.destination1;
  words[at + 8] = packet.destination2;
  words[at + 9] = packet.destination3;
  packet.tunnelLength = at + TUNNEL_WORDS;
  return true;
}

/** Notes a tunnel whose ends are the two addresses at `at`, one behind the other, 4 or 16 octets each by `version`. */
export function pushTunnelAround(
  packet: PacketHeaders,
  kind: number,
  detail: number,
  withDetail: boolean,
  bytes: Uint8Array,
  at: number,
  version: 4 | 6,
): boolean {
  const start = packet.tunnelLength;
  if (start + TUNNEL_WORDS > MAX_TUNNEL_WORDS) return false;
  const words = packet.tunnelWords;
  words[start] = withDetail ? kind | HAS_DETAIL : kind;
  words[start + 1] = detail;
  const octets = version === 4 ? 4 : 16;
  writeEnd(words, start + 2, bytes, at, octets);
  writeEnd(words, start + 6, bytes, at + octets, octets);
  packet.tunnelLength = start + TUNNEL_WORDS;
  return true;
}

/** An address as four words, IPv4 mapped. */
function writeEnd(words: Int32Array, place: number, bytes: Uint8Array, at: number, octets: number): void {
  words[place] = 0;
  words[place + 1] = 0;
  words[place + 2] = 0xffff;
  const first = octets === 4 ? place + 3 : place;
  for (let word = 0; word < octets / 4; word++) {
    const octet = at + word * 4;
    words[first + word] = (bytes[octet]! << 24) | (bytes[octet + 1]! << 16) | (bytes[octet + 2]! << 8) | bytes[octet + 3]!;
  }
}
