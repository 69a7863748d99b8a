import { Protocol } from '../../sessions/orientation.js';
import { Began, Level, type ObservedRecord } from '../observed-record.js';
import { isBackground, isOneWayService } from './background-services.js';

/** What floods are made of. */
export const Stuff = {
  /** ICMP, answered or not. */
  pings: 0,
  /** Small datagrams that nobody answers. Large ones may be pictures and sound, which nobody answers either. */
  datagrams: 1,
  /** Packets of TCP connections that do not come about. */
  calls: 2,
} as const;

/** Words of the rules about floods of the asset. */
export const TO_ASSET = 'to the asset';

/** Octets of a datagram in the mean, headers of IP and UDP included: floods are made of packets, media of octets. */
const MOST_SMALL_OCTETS = 200;
/** Packets of one record of ICMP or UDP: fewer are a question. A record each, they would take a row of the table for every peer that is asked. */
const LEAST_PACKETS = 20;
/** Octets of a record that nobody answered, as counted: more than any question that waits for its answer. */
const LARGE_OCTETS = 10_000;

/** What the record would be in a flood (Stuff.*); −1 where it can be no part of one. Its rate is not looked at. */
export function stuffOf(record: ObservedRecord): number {
  const { protocol, initiator, level } = record;
  if (initiator === Began.unknown || record.sampling > 1) return -1;
  if (protocol === Protocol.tcp) return level === Level.attempt ? Stuff.calls : -1;
  if (packetsOf(record) < LEAST_PACKETS || isBackground(record)) return -1;
  if (protocol === Protocol.icmp || protocol === Protocol.icmpv6) return Stuff.pings;
  const isSmall = octetsOf(record) <= MOST_SMALL_OCTETS * packetsOf(record);
  return record.unanswered && isSmall && !isOneWayService(protocol, doorOf(record)) ? Stuff.datagrams : -1;
}

/** A large record of what needs no connection, from the asset, that nobody answered. */
export function isLarge({ initiator, protocol, octetsOut, unanswered }: ObservedRecord): boolean {
  return initiator === Began.asset && unanswered && protocol !== Protocol.tcp && octetsOut >= LARGE_OCTETS;
}

/** Port of whoever is flooded. */
export function doorOf({ initiator, assetPort, peerPort }: ObservedRecord): number {
  return initiator === Began.asset ? peerPort : assetPort;
}

/** Packets, and octets, of whoever began. */
export function packetsOf({ initiator, packetsOut, packetsIn }: ObservedRecord): number {
  return initiator === Began.asset ? packetsOut : packetsIn;
}
function octetsOf({ initiator, octetsOut, octetsIn }: ObservedRecord): number {
  return initiator === Began.asset ? octetsOut : octetsIn;
}
