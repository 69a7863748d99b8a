import { isMappedIPv4 } from '../../flow/address.js';
import type { CompiledClaims } from '../claims/compiled.js';
import { type ExchangeKinds, isInSubnet, KindWord } from '../sessions/exchange-kinds.js';
import { hasPorts, Protocol } from '../sessions/orientation.js';
import type { UnitContext } from './detection.js';
import { Began, type ObservedRecord } from './observed-record.js';
import { isKnownResolver } from './protocols/known-resolvers.js';

/** What a kind of exchange is, as bits: decided once per kind, so that a detection that has no business with a record leaves after one look. */
export const Trait = {
  /** The peer: on the internet by its address, declared or not · in a declared set or fleet · a watched asset. */
  publicPeer: 1 << 0,
  declaredPeer: 1 << 1,
  memberPeer: 1 << 2,
  /** Multicast, broadcast, unspecified: nobody in particular, who does not answer. */
  groupPeer: 1 << 3,
  /** In the /24 or /64 of the asset's address. */
  nearPeer: 1 << 4,
  /** The responder's port: administration of a machine · an industrial protocol. */
  management: 1 << 5,
  lateral: 1 << 6,
  industrial: 1 << 7,
  /** Plain DNS · DNS over TLS · HTTPS to an address that is known to resolve. */
  dns: 1 << 8,
  dnsOverTls: 1 << 9,
  dnsOverHttps: 1 << 10,
  tcp: 1 << 11,
  icmp: 1 << 12,
} as const;

/** Remote access, databases and web consoles of equipment (detection.md D10). */
const MANAGEMENT_PORTS = new Set([
  ...[22, 23, 80, 443, 902, 1433, 1521, 3306, 3389, 5432, 5631, 5938, 5985, 5986, 7070, 8080, 8291, 8443],
  ...[5900, 5901, 5902, 5903, 5904, 5905, 5906, 5907, 5908, 5909, 5910],
]);
/** What moves from machine to machine (detection.md D15). */
const LATERAL_PORTS = new Set([22, 23, 135, 139, 445, 3389, 4444, 5900, 5985, 5986]);
/** S7, Modbus, IEC 104, DNP3, Ethernet/IP, BACnet, OPC UA, FINS, Profinet, Codesys, SLMP, GE SRTP. */
const INDUSTRIAL_PORTS = new Set([
  ...[102, 502, 789, 1089, 1090, 1091, 1962, 2222, 2404, 4840, 5007, 9600, 18_245, 20_000, 20_547, 34_962, 34_963, 34_964, 44_818, 47_808],
]);

/** Beside the traits in their word. */
const DECIDED = 1 << 31;

const readers = new WeakMap<ExchangeKinds, ExchangeTraits>();

/** What tells the traits, one for all detections and units of a partition. They are kept with the kinds of exchange: a cache. */
export function traitsOf({ claims, kinds }: Pick<UnitContext, 'claims' | 'kinds'>): ExchangeTraits {
  let traits = readers.get(kinds);
  if (traits === undefined) {
    traits = new ExchangeTraits(claims, kinds);
    readers.set(kinds, traits);
  }
  return traits;
}

export class ExchangeTraits {
  private readonly claims: CompiledClaims;
  private readonly kinds: ExchangeKinds;

  constructor(claims: CompiledClaims, kinds: ExchangeKinds) {
    this.claims = claims;
    this.kinds = kinds;
  }

  of(record: ObservedRecord): number {
    // Decided by the first detection that asks, for all that follow.
    if (record.traits < 0) record.traits = this.find(record);
    return record.traits;
  }

  private find(record: ObservedRecord): number {
    let word = this.kinds.word(record, KindWord.traits);
    if (word === 0) {
      word = this.decide(record) | DECIDED;
      this.kinds.keep(record, KindWord.traits, word);
    }
    return word & ~DECIDED;
  }

  private decide(record: ObservedRecord): number {
    const { peerBytes, peerOffset, protocol } = record;
    const { claims } = this;
    const port = responderPort(record);
    let bits = 0;
    if (isGroup(peerBytes, peerOffset)) bits |= Trait.groupPeer;
    else if (!isPrivate(peerBytes, peerOffset)) bits |= Trait.publicPeer;
    if (claims.nameOf(peerBytes, peerOffset) !== '') bits |= Trait.declaredPeer;
    if (claims.watchList.assetOf(peerBytes, peerOffset) >= 0) bits |= Trait.memberPeer;
    if (isNear(record)) bits |= Trait.nearPeer;
    if (protocol === Protocol.tcp) bits |= Trait.tcp;
    if (protocol === Protocol.icmp || protocol === Protocol.icmpv6) bits |= Trait.icmp;
    if (!hasPorts(protocol)) return bits;
    if (MANAGEMENT_PORTS.has(port)) bits |= Trait.management;
    if (LATERAL_PORTS.has(port)) bits |= Trait.lateral;
    if (INDUSTRIAL_PORTS.has(port)) bits |= Trait.industrial;
    if (port === 53) bits |= Trait.dns;
    if (port === 853) bits |= Trait.dnsOverTls;
    if (port === 443 && isKnownResolver(peerBytes, peerOffset)) bits |= Trait.dnsOverHttps;
    return bits;
  }
}

/** The responder's port; the lower of the two where nobody knows who began. */
export function responderPort({ initiator, assetPort, peerPort }: ObservedRecord): number {
  if (initiator === Began.asset) return peerPort;
  if (initiator === Began.peer) return assetPort;
  return Math.min(assetPort, peerPort);
}

/** True for a multicast, broadcast or unspecified address; of IPv4 also where a network of /24 or wider ends in .255. */
export function isGroup(bytes: Uint8Array, at: number): boolean {
  if (!isMappedIPv4(bytes, at)) return bytes[at] === 0xff || isZero(bytes, at);
  const first = bytes[at + 12]!;
  return first >= 224 || first === 0 || bytes[at + 15] === 255;
}

/** True for addresses of closed networks: RFC 1918, RFC 6598, link-local, loopback, unique-local. */
export function isPrivate(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at]!;
  if (!isMappedIPv4(bytes, at)) return (first & 0xfe) === 0xfc || (first === 0xfe && bytes[at + 1]! >= 0x80) || isZero(bytes, at);
  const a = bytes[at + 12]!;
  const b = bytes[at + 13]!;
  return (
    a === 10 ||
    a === 127 ||
    (a === 172 && (b & 0xf0) === 16) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && (b & 0xc0) === 64)
  );
}

function isZero(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < 15; i++) if (bytes[at + i] !== 0) return false;
  return bytes[at + 15]! <= 1;
}

/** Link-local addresses are everybody's neighbours, on every link: they say nothing of a subnet. */
function isNear(record: ObservedRecord): boolean {
  const { peerBytes, peerOffset } = record;
  if (isGroup(peerBytes, peerOffset)) return false;
  if (peerBytes[peerOffset] === 0xfe && (peerBytes[peerOffset + 1]! & 0xc0) === 0x80) return false;
  return isInSubnet(record);
}
