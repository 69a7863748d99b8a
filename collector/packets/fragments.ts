import type { PacketHeaders } from './packet.js';

/** RFC 791 and RFC 8200 §4.5: a datagram whose fragments take longer than a minute is given up; most stacks wait 30 s. */
export const FRAGMENT_TIMEOUT_MS = 30_000;
const SETS = 1024;
const WAYS = 8;
/** Fragmented datagrams remembered at a time: memory bound (0.4 MB). Full sets forget their oldest datagram. */
export const MAX_FRAGMENTED_DATAGRAMS = SETS * WAYS;

const WORDS = 12;
const ID = 8;
const PROTOCOL = 9;
const PORTS = 10;
const ICMP = 11;
/** Beside ICMP type and code. */
const CARRIES = 0x1_0000;

/**
 * Which ports a later fragment belongs to: only the first fragment of a datagram carries them. Keyed by (source, destination,
 * identification, protocol) as RFC 791 §3.2 does. A set-associative cache over one Int32Array: constant memory, nothing allocated.
 */
export class FragmentPorts {
  /** True when the datagram found by `recall` is a tunnel's, counted whole with its first fragment. */
  carries = false;
  private readonly words = new Int32Array(MAX_FRAGMENTED_DATAGRAMS * WORDS);
  private readonly times = new Float64Array(MAX_FRAGMENTED_DATAGRAMS).fill(Number.NEGATIVE_INFINITY);

  /** Notes the ports of a first fragment, and whether it carried another packet. False when a datagram that was still waited for had to be forgotten for it. */
  remember(packet: PacketHeaders, timeMs: number, carries = false): boolean {
    const known = this.find(packet, timeMs);
    const entry = known >= 0 ? known : this.oldest(packet);
    const room = known >= 0 || timeMs - this.times[entry]! > FRAGMENT_TIMEOUT_MS;
    const words = this.words;
    const at = entry * WORDS;
    words[at] = packet.source0;
    words[at + 1] = packet.source1;
    words[at + 2] = packet.source2;
    words[at + 3] = packet.source3;
    words[at + 4] = packet.destination0;
    words[at + 5] = packet.destination1;
    words[at + 6] = packet.destination2;
    words[at + 7] = packet.destination3;
    words[at + ID] = packet.identification;
    words[at + PROTOCOL] = packet.protocol;
    words[at + PORTS] = (packet.sourcePort << 16) | packet.destinationPort;
    words[at + ICMP] = (carries ? CARRIES : 0) | (packet.icmpType << 8) | packet.icmpCode;
    this.times[entry] = timeMs;
    return room;
  }

  /** Fills in ports, or ICMP type and code, of a later fragment. False when its first fragment was not seen: they stay 0. */
  recall(packet: PacketHeaders, timeMs: number): boolean {
    const entry = this.find(packet, timeMs);
    if (entry < 0) return false;
    const ports = this.words[entry * WORDS + PORTS]!;
    const icmp = this.words[entry * WORDS + ICMP]!;
    packet.sourcePort = ports >>> 16;
    packet.destinationPort = ports & 0xffff;
    this.carries = (icmp & CARRIES) !== 0;
    packet.icmpType = (icmp >>> 8) & 0xff;
    packet.icmpCode = icmp & 0xff;
    return true;
  }

  private find(packet: PacketHeaders, timeMs: number): number {
    const words = this.words;
    const first = setOf(packet) * WAYS;
    for (let entry = first; entry < first + WAYS; entry++) {
      const at = entry * WORDS;
      if (
        words[at + ID] === packet.identification &&
        words[at + 3] === packet.source3 &&
        words[at + 7] === packet.destination3 &&
        words[at + PROTOCOL] === packet.protocol &&
        words[at + 2] === packet.source2 &&
        words[at + 6] === packet.destination2 &&
        words[at + 1] === packet.source1 &&
        words[at + 5] === packet.destination1 &&
        words[at] === packet.source0 &&
        words[at + 4] === packet.destination0 &&
        timeMs - this.times[entry]! <= FRAGMENT_TIMEOUT_MS
      ) {
        return entry;
      }
    }
    return -1;
  }

  private oldest(packet: PacketHeaders): number {
    const first = setOf(packet) * WAYS;
    let oldest = first;
    for (let entry = first + 1; entry < first + WAYS; entry++) if (this.times[entry]! < this.times[oldest]!) oldest = entry;
    return oldest;
  }
}

/** Fixed on purpose, without a secret: what is forgotten must depend on the packets alone; a collision costs ports, never time. */
function setOf(packet: PacketHeaders): number {
  let hash = Math.imul(packet.identification ^ packet.source3, 0x9e3779b1) ^ Math.imul(packet.destination3 ^ packet.protocol, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) & (SETS - 1);
}
