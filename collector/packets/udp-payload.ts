import type { Faults } from '../contracts.js';
import { DatagramAssembly } from './datagram-assembly.js';
import { PacketHeaders, PacketStatus, Protocol } from './packet.js';
import type { PacketBatch } from './packet-batch.js';
import { parsePacket } from './parse-packet.js';

/** One UDP payload found in a capture. Refilled for every datagram: copy what must outlive the call. */
export interface UdpDatagram {
  payload: Uint8Array;
  /** 16 bytes, IPv4 mapped. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  sourcePort: number;
  destinationPort: number;
  /** Time of the packet that completed the datagram, ms since the epoch. */
  timeMs: number;
  packetNumber: number;
}

/** What a capture of UDP traffic held beside whole datagrams. */
export interface UdpCounters {
  packets: number;
  datagrams: number;
  /** Not UDP over IP. */
  other: number;
  /** Datagrams whose payload the capture cut (snaplen): not delivered. */
  cut: number;
}

/*
 * RFC 768
 *   0                2                4                6
 *   +----------------+----------------+----------------+----------------+---------
 *   | source port    | destination    | length, header | checksum       | payload …
 *   |                | port           | included       |                |
 */
const UDP_HEADER = 8;

/** Finds the UDP payloads in captured packets, fragmented ones reassembled within bounds. One instance per capture. */
export class UdpPayloads {
  readonly counters: UdpCounters = { packets: 0, datagrams: 0, other: 0, cut: 0 };
  private readonly headers = new PacketHeaders();
  private readonly assembly = new DatagramAssembly();
  private readonly datagram: UdpDatagram = {
    payload: new Uint8Array(0),
    source: new Uint8Array(16),
    destination: new Uint8Array(16),
    sourcePort: 0,
    destinationPort: 0,
    timeMs: 0,
    packetNumber: 0,
  };

  /** The datagram that packet `index` of `batch` completes, or undefined when it completes none. Faults are counted, never thrown. */
  read(batch: PacketBatch, index: number, faults: Faults): UdpDatagram | undefined {
    const packet = this.headers;
    const offset = batch.offsets[index]!;
    const captured = batch.capturedLengths[index]!;
    const status = parsePacket(batch.view, offset, captured, batch.originalLengths[index]!, batch.linkTypes[index]!, packet);
    this.counters.packets++;
    if (status === PacketStatus.malformed) faults.add('packet-malformed');
    else if (status === PacketStatus.linkType) faults.add('link-type');
    if (status > PacketStatus.portsMissing || packet.protocol !== Protocol.udp) {
      this.counters.other++;
      return undefined;
    }
    const timeMs = batch.times[index]!;
    const start = packet.transportOffset;
    if (start + packet.transportLength > offset + captured) {
      this.counters.cut++;
      faults.add('packet-truncated');
      return undefined;
    }
    const octets = batch.bytes.subarray(start, start + packet.transportLength);
    if (packet.moreFragments === 0 && packet.fragmentOffset === 0) return this.take(octets, timeMs, batch.numbers[index]!, faults);
    const whole = this.assembly.add(packet, octets, timeMs, faults);
    return whole === undefined ? undefined : this.take(whole, timeMs, batch.numbers[index]!, faults);
  }

  private take(octets: Uint8Array, timeMs: number, number: number, faults: Faults): UdpDatagram | undefined {
    const length = octets.length < UDP_HEADER ? 0 : (octets[4]! << 8) | octets[5]!;
    if (length < UDP_HEADER || length > octets.length) {
      faults.add('packet-malformed');
      return undefined;
    }
    const datagram = this.datagram;
    datagram.payload = octets.subarray(UDP_HEADER, length);
    datagram.sourcePort = (octets[0]! << 8) | octets[1]!;
    datagram.destinationPort = (octets[2]! << 8) | octets[3]!;
    datagram.timeMs = timeMs;
    datagram.packetNumber = number;
    writeAddresses(this.headers, datagram);
    this.counters.datagrams++;
    return datagram;
  }
}

function writeAddresses(packet: PacketHeaders, datagram: UdpDatagram): void {
  writeWords(datagram.source, 0, packet.source0, packet.source1, packet.source2, packet.source3);
  writeWords(datagram.destination, 0, packet.destination0, packet.destination1, packet.destination2, packet.destination3);
}

/** Writes four big-endian words, an address, at `offset`. */
export function writeWords(bytes: Uint8Array, offset: number, a: number, b: number, c: number, d: number): void {
  writeWord(bytes, offset, a);
  writeWord(bytes, offset + 4, b);
  writeWord(bytes, offset + 8, c);
  writeWord(bytes, offset + 12, d);
}

function writeWord(bytes: Uint8Array, offset: number, word: number): void {
  bytes[offset] = word >>> 24;
  bytes[offset + 1] = (word >>> 16) & 0xff;
  bytes[offset + 2] = (word >>> 8) & 0xff;
  bytes[offset + 3] = word & 0xff;
}
