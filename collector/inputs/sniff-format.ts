import { Readable } from 'node:stream';
import type { Faults } from '../contracts.js';
import { PacketBatch } from '../packets/packet-batch.js';
import { UdpPayloads } from '../packets/udp-payload.js';
import { type ByteSourceOptions, openByteSource } from './byte-source.js';
import { type CaptureReader, createCaptureStatistics } from './capture-reader.js';
import { claimedFormat, EXPORT_PORTS, exportFormat } from './export-datagram.js';
import { createPcapReader, isPcapMagic } from './pcap-reader.js';
import { createPcapngReader, SECTION_HEADER } from './pcapng-reader.js';
import { isDnsLog, type SniffedLog, sniffLog } from './sniff-log.js';

/**
 * `pcap`: traffic to meter. `export-pcap`: a capture of export traffic, whose UDP payloads are to be decoded. `netflow`: export datagrams
 * one after the other. Both kinds of capture may be pcap or pcapng. The others are logs, see sniff-log.ts.
 */
export type SniffedFormat = 'pcap' | 'export-pcap' | 'netflow' | 'nfcapd' | SniffedLog | 'unknown';

/** How much of a file is looked at, and how many packets of it. */
export const SNIFF_OCTETS = 262_144;
export const SNIFF_PACKETS = 1000;
/** Share of UDP datagrams that must be exports, and of all packets (answers such as ICMP errors may be captured too). */
const EXPORT_SHARE_OF_UDP = 0.9;
const EXPORT_SHARE_OF_PACKETS = 0.4;

const IGNORED: Faults = { add: () => undefined };

/** Guesses what a file holds from its beginning, decompressing gzip. Throws InputError when it cannot be read. */
export async function sniffFormat(options: ByteSourceOptions): Promise<SniffedFormat> {
  return sniffBytes(await readBeginning(options));
}

/** The same for a stream, such as standard input, of which `head` is the beginning. */
export async function sniffStream(head: Uint8Array): Promise<SniffedFormat> {
  return sniffFormat({ path: '-', standardInput: Readable.from([head]) });
}

/** Whether a file is a dns.log of Zeek's, by its beginning. Throws InputError when it cannot be read. */
export async function isDnsLogFile(options: ByteSourceOptions): Promise<boolean> {
  return isDnsLog(await readBeginning(options));
}

async function readBeginning(options: ByteSourceOptions): Promise<Uint8Array> {
  const source = await openByteSource(options);
  try {
    const bytes = new Uint8Array(SNIFF_OCTETS);
    let length = 0;
    for (;;) {
      const count = await source.read(bytes, length, bytes.length - length);
      length += count;
      if (count === 0 || length === bytes.length) break;
    }
    return bytes.slice(0, length);
  } finally {
    await source.close();
  }
}

/** The same for the first octets of an input, not compressed. */
export function sniffBytes(bytes: Uint8Array): SniffedFormat {
  if (bytes.length < 4) return 'unknown';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0);
  if (magic === SECTION_HEADER) return sniffCapture(createPcapngReader(createCaptureStatistics()), bytes, view);
  if (isNfcapdMagic(view)) return 'nfcapd';
  if (isPcapMagic(magic)) return sniffCapture(createPcapReader(createCaptureStatistics()), bytes, view);
  return exportFormat(bytes) === undefined ? (sniffLog(bytes) ?? 'unknown') : 'netflow';
}

function sniffCapture(reader: CaptureReader, bytes: Uint8Array, view: DataView): SniffedFormat {
  const batch = new PacketBatch();
  batch.clear(bytes, view);
  reader.read(batch, view, 0, bytes.length, IGNORED);
  const payloads = new UdpPayloads();
  const packets = Math.min(batch.length, SNIFF_PACKETS);
  let exports = 0;
  for (let i = 0; i < packets; i++) {
    const datagram = payloads.read(batch, i, IGNORED);
    if (datagram !== undefined && isExport(datagram.payload, datagram.destinationPort)) exports++;
  }
  const enough = exports >= payloads.counters.datagrams * EXPORT_SHARE_OF_UDP && exports >= packets * EXPORT_SHARE_OF_PACKETS;
  return exports > 0 && enough ? 'export-pcap' : 'pcap';
}

/** On a port that exporters use, the version is enough; on another one the whole header must look right. */
export function isExport(payload: Uint8Array, port: number): boolean {
  if (exportFormat(payload) !== undefined) return true;
  return EXPORT_PORTS.has(port) && payload.length >= 16 && claimedFormat(payload) !== undefined;
}

/** a50c in either byte order, then a small number: the layout of one of nfdump's files. */
function isNfcapdMagic(view: DataView): boolean {
  return [true, false].some((littleEndian) => view.getUint16(0, littleEndian) === 0xa50c && view.getUint16(2, littleEndian) < 10);
}
