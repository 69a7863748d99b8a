import { isMappedIPv4 } from '../../flow/address.js';

/*
 * The quarantine is a capture, so that our own reader, tcpdump and Wireshark open it (draft-ietf-opsawg-pcap): a payload that cannot be read stands in the IP and
 * UDP headers that it came in, as far as they are known: the exporter's address and port; the destination is unspecified.
 */
const LINKTYPE_RAW = 101; // IPv4 or IPv6, told apart by the version field
const SNAPLEN = 65_535;
const IPV4_OCTETS = 20;
const IPV6_OCTETS = 40;
const UDP_OCTETS = 8;
const RECORD_OCTETS = 16;
const UDP = 17;

/** Longest payload that fits a UDP datagram of either family: 65 535 less both headers of IPv4. */
export const MAX_PAYLOAD_OCTETS = 65_535 - IPV4_OCTETS - UDP_OCTETS;

/**
 * File header (§4):
 *   +---------------+-------+-------+---------------+---------------+---------------+---------------+
 *   |  magic, µs    | major | minor |   reserved    |   reserved    |    snaplen    |   link type   |
 *   +---------------+-------+-------+---------------+---------------+---------------+---------------+
 */
export function pcapHeader(): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2_c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(SNAPLEN, 16);
  header.writeUInt32LE(LINKTYPE_RAW, 20);
  return header;
}

/** The port that receives what the payload claims to be; for people who open the capture, our own reader looks at the payload. */
export function usualPort(payload: Uint8Array): number {
  const version = ((payload[0] ?? 0) << 8) | (payload[1] ?? 0);
  if (version === 10) return 4739; // IPFIX
  return version === 0 && payload[3] === 5 ? 6343 : 2055; // sFlow, NetFlow
}

/**
 * One packet record (§5): seconds, microseconds, captured and original length, then the packet. `exporter` is 16 bytes, IPv4 mapped; `payload` at most
 * MAX_PAYLOAD_OCTETS; it is copied. `atMs` is the arrival.
 */
export function pcapRecord(payload: Uint8Array, exporter: Uint8Array, exporterPort: number, atMs: number): Buffer {
  const isIPv4 = isMappedIPv4(exporter);
  const ipOctets = isIPv4 ? IPV4_OCTETS : IPV6_OCTETS;
  const udpOctets = UDP_OCTETS + payload.length;
  const record = Buffer.alloc(RECORD_OCTETS + ipOctets + udpOctets);
  const seconds = Math.floor(atMs / 1000);
  record.writeUInt32LE(seconds >>> 0, 0);
  record.writeUInt32LE(Math.floor((atMs - seconds * 1000) * 1000), 4);
  record.writeUInt32LE(ipOctets + udpOctets, 8);
  record.writeUInt32LE(ipOctets + udpOctets, 12);
  const packet = record.subarray(RECORD_OCTETS);
  if (isIPv4) writeIPv4(packet, exporter);
  else writeIPv6(packet, exporter, udpOctets);
  const udp = packet.subarray(ipOctets);
  udp.writeUInt16BE(exporterPort, 0);
  udp.writeUInt16BE(usualPort(payload), 2);
  udp.writeUInt16BE(udpOctets, 4);
  udp.set(payload, UDP_OCTETS);
  // Over IPv4 a checksum of 0 means none; over IPv6 it is required (RFC 8200 §8.1), and a sum of 0 is sent as all ones.
  if (!isIPv4) udp.writeUInt16BE(checksum(udp, sumOf(exporter, udpOctets + UDP)) || 0xffff, 6);
  return record;
}

/** RFC 791 §3.1; options none, time to live 64. */
function writeIPv4(packet: Buffer, exporter: Uint8Array): void {
  packet[0] = 0x45;
  packet.writeUInt16BE(packet.length, 2);
  packet[8] = 64;
  packet[9] = UDP;
  packet.set(exporter.subarray(12, 16), 12);
  packet.writeUInt16BE(checksum(packet.subarray(0, IPV4_OCTETS), 0), 10);
}

/** RFC 8200 §3. */
function writeIPv6(packet: Buffer, exporter: Uint8Array, udpOctets: number): void {
  packet[0] = 0x60;
  packet.writeUInt16BE(udpOctets, 4);
  packet[6] = UDP;
  packet[7] = 64;
  packet.set(exporter, 8);
}

/** RFC 1071, one's complement of the one's complement sum that begins with `sum`. */
function checksum(bytes: Uint8Array, sum: number): number {
  let total = sumOf(bytes, sum);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return ~total & 0xffff;
}

/** At most 65 535 octets: the sum stays far below 2^32. */
function sumOf(bytes: Uint8Array, sum: number): number {
  let total = sum;
  for (let at = 0; at < bytes.length; at += 2) total += (bytes[at]! << 8) | (bytes[at + 1] ?? 0);
  return total;
}
