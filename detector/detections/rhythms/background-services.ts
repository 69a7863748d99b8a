import { isMappedIPv4Words } from '../../../flow/address.js';
import { hasPorts, Protocol } from '../../sessions/orientation.js';
import { Began, type ObservedRecord } from '../observed-record.js';

const UDP = 17;

/**
 * Services whose rhythm, standing exchange or silence says nothing about the peer: time, address assignment, name lookup in the segment, discovery. By the port of the
 * responder; IANA's registry.
 */
const BACKGROUND_UDP = new Set([
  67, // DHCP
  68,
  123, // NTP
  137, // NetBIOS names and datagrams
  138,
  319, // PTP
  320,
  546, // DHCPv6
  547,
  1900, // SSDP
  3702, // WS-Discovery
  5350, // NAT-PMP, PCP
  5351,
  5353, // mDNS
  5355, // LLMNR
]);

/** IGMP, ICMPv6 (neighbours, routers, listeners), OSPF, PIM, VRRP. */
const BACKGROUND_PROTOCOLS = new Set<number>([2, Protocol.icmpv6, 89, 103, 112]);

/** Protocols in which nobody answers: logs, traps and flow exports over UDP. */
const ONE_WAY_UDP = new Set([162, 514, 2055, 2056, 4739, 6343, 8125, 9995, 9996]);

/** Where notices are waited for: IMAP, XMPP, Apple's and Google's push services, MQTT over TLS (IANA's registry, and the vendors' lists of ports to open). */
export const NOTICE_PORTS = new Set([143, 993, 5222, 5223, 5228, 5229, 5230, 8883]);

export const DNS_PORT = 53;

/** True for exchanges of segments' background: the services above by the responder's port (either, where nobody knows who began), ICMPv6, routing and group protocols, and whatever goes to many (multicast, broadcast). */
export function isBackground(record: ObservedRecord): boolean {
  const { protocol, assetPort, peerPort, initiator } = record;
  if (!hasPorts(protocol)) return BACKGROUND_PROTOCOLS.has(protocol) || goesToMany(record);
  if (protocol === UDP) {
    if (initiator !== Began.peer && BACKGROUND_UDP.has(peerPort)) return true;
    if (initiator !== Began.asset && BACKGROUND_UDP.has(assetPort)) return true;
  }
  return goesToMany(record);
}

/** True for questions for names, in the same way. */
export function isLookup({ initiator, assetPort, peerPort }: ObservedRecord): boolean {
  return (initiator !== Began.peer && peerPort === DNS_PORT) || (initiator !== Began.asset && assetPort === DNS_PORT);
}

export function isOneWay({ protocol, peerPort }: ObservedRecord): boolean {
  return isOneWayService(protocol, peerPort);
}

export function isOneWayService(protocol: number, port: number): boolean {
  return protocol === UDP && ONE_WAY_UDP.has(port);
}

/** Multicast (RFC 5771, RFC 4291 §2.7) and broadcast: 255.255.255.255, and the last address of a /24 for UDP, which most directed broadcasts are. */
function goesToMany({ peerWords, peerWordsOffset: at, protocol }: ObservedRecord): boolean {
  // Words are read little-endian: the first byte of an address is the lowest of its word.
  if ((peerWords[at]! & 0xff) === 0xff) return true;
  if (!isMappedIPv4Words(peerWords, at)) return false;
  const v4 = peerWords[at + 3]!;
  const first = v4 & 0xff;
  return (first >= 224 && first < 240) || v4 === 0xffffffff || (protocol === UDP && v4 >>> 24 === 255);
}
