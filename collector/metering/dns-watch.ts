import type { NameSink } from '../names/name-sink.js';
import { writeAddressWords } from '../packets/address-words.js';
import { DnsAnswers } from '../packets/dns-message.js';
import { type PacketHeaders, Protocol } from '../packets/packet.js';

/** Unicast DNS (RFC 1035). Multicast DNS and LLMNR answer anybody: no client was told anything. */
export const DNS_PORT = 53;

const UDP_HEADER = 8;
const TCP_HEADER = 20;

/** Reads the DNS responses among the packets of a capture and tells what clients were told. */
export class DnsWatch {
  private readonly sink: NameSink;
  private readonly answers = new DnsAnswers();
  private readonly client = new Uint8Array(16);
  private readonly clientWords = new Uint32Array(this.client.buffer);

  constructor(sink: NameSink) {
    this.sink = sink;
  }

  /**
   * Takes a packet from port 53 whose headers were parsed, `end` being where its captured octets end. Over TCP only a segment that begins with a
   * message is read, as one that answers a single question does. Answers how many addresses were told.
   */
  packet(bytes: Uint8Array, packet: PacketHeaders, end: number, timeMs: number): number {
    // A first fragment holds the first records, a later one nothing to begin with.
    if (packet.fragmentOffset > 0) return 0;
    const packetEnd = Math.min(end, packet.transportOffset + packet.transportLength);
    const from = messageStart(bytes, packet, packetEnd);
    if (from < 0 || !this.answers.read(bytes, from, packetEnd)) return 0;
    const { answers, clientWords } = this;
    writeAddressWords(clientWords, 0, packet.destination0, packet.destination1, packet.destination2, packet.destination3);
    for (let i = 0; i < answers.count; i++) {
      this.sink.answer(this.client, 0, answers.addresses, i * 16, answers.name, answers.ttls[i]!, timeMs);
    }
    return answers.count;
  }
}

/** Where the message begins, −1 when none can. RFC 7766 §8: over TCP two octets of length come first. */
function messageStart(bytes: Uint8Array, { protocol, transportOffset }: PacketHeaders, end: number): number {
  if (protocol === Protocol.udp) return transportOffset + UDP_HEADER;
  if (protocol !== Protocol.tcp || transportOffset + TCP_HEADER > end) return -1;
  const payload = transportOffset + (bytes[transportOffset + 12]! >>> 4) * 4;
  if (payload < transportOffset + TCP_HEADER || payload + 2 > end) return -1;
  const length = (bytes[payload]! << 8) | bytes[payload + 1]!;
  return length >= end - payload - 2 ? payload + 2 : -1;
}
