import type { PacketBatch } from '../packets/packet-batch.js';
import { type CaptureReader, type CaptureStatistics, MAX_CAPTURED_OCTETS } from './capture-reader.js';

/*
 * Classic pcap, draft-ietf-opsawg-pcap §4: one file header of 24 octets
 *   0              4       6       8              12             16             20
 *   +--------------+-------+-------+--------------+--------------+--------------+--------------+
 *   | magic        | major | minor | reserved     | reserved     | snaplen      | FCS, f | link |
 *   +--------------+-------+-------+--------------+--------------+--------------+--------------+
 * then for every packet (§5)
 *   +--------------+--------------+--------------+--------------+-----------------------
 *   | seconds      | µs or ns     | captured     | original     | captured octets …
 *   +--------------+--------------+--------------+--------------+-----------------------
 * The magic number tells byte order and the unit of the fraction. Files of Kuznetzov's modified libpcap have eight octets more before the packet's:
 *   | interface, 32 | protocol, 16 | packet type, 8 | padding, 8 |
 */
const FILE_HEADER = 24;
const PACKET_HEADER = 16;
const MODIFIED_PACKET_HEADER = 24;

/** What the first four octets (big-endian) say: byte order and fractions of a second. */
const MAGICS = new Map<number, { readonly littleEndian: boolean; readonly perSecond: number; readonly packetHeader: number }>([
  [0xa1b2c3d4, { littleEndian: false, perSecond: 1e6, packetHeader: PACKET_HEADER }],
  [0xd4c3b2a1, { littleEndian: true, perSecond: 1e6, packetHeader: PACKET_HEADER }],
  [0xa1b23c4d, { littleEndian: false, perSecond: 1e9, packetHeader: PACKET_HEADER }],
  [0x4d3cb2a1, { littleEndian: true, perSecond: 1e9, packetHeader: PACKET_HEADER }],
  [0xa1b2cd34, { littleEndian: false, perSecond: 1e6, packetHeader: MODIFIED_PACKET_HEADER }],
  [0x34cdb2a1, { littleEndian: true, perSecond: 1e6, packetHeader: MODIFIED_PACKET_HEADER }],
]);

export function isPcapMagic(magic: number): boolean {
  return MAGICS.has(magic);
}

/** Reads classic pcap, microseconds or nanoseconds, either byte order, and the modified one. */
export function createPcapReader(statistics: CaptureStatistics): CaptureReader {
  let littleEndian = false;
  let perSecond = 0;
  let linkType = 0;
  let packetHeader = PACKET_HEADER;
  return {
    read(batch, view, from, to, faults) {
      let at = from;
      if (perSecond === 0) {
        if (at + FILE_HEADER > to) return at;
        const magic = MAGICS.get(view.getUint32(at));
        if (magic === undefined) return -1;
        ({ littleEndian, perSecond, packetHeader } = magic);
        linkType = view.getUint32(at + 20, littleEndian) & 0xffff;
        at += FILE_HEADER;
      }
      const end = readPackets(batch, view, at, to, littleEndian, perSecond, packetHeader, linkType, statistics);
      if (end >= 0) return end;
      faults.add('block-malformed');
      return -1;
    },
  };
}

/** Where the first packet that is not whole begins, or −1 when a header cannot be true: nothing behind it can be trusted. */
function readPackets(
  batch: PacketBatch,
  view: DataView,
  from: number,
  to: number,
  littleEndian: boolean,
  perSecond: number,
  packetHeader: number,
  linkType: number,
  statistics: CaptureStatistics,
): number {
  let at = from;
  let number = statistics.packets;
  while (at + packetHeader <= to && !batch.full) {
    const captured = view.getUint32(at + 8, littleEndian);
    if (captured > MAX_CAPTURED_OCTETS) {
      statistics.packets = number;
      return -1;
    }
    if (at + packetHeader + captured > to) break;
    const seconds = view.getUint32(at, littleEndian);
    const fraction = view.getUint32(at + 4, littleEndian);
    // Microseconds since 1970 are exact in a double, so that pcap and pcapng of one capture give equal times.
    const timeMs = perSecond === 1e6 ? (seconds * 1e6 + fraction) / 1000 : seconds * 1000 + fraction / 1e6;
    number++;
    batch.add(at + packetHeader, captured, view.getUint32(at + 12, littleEndian), timeMs, linkType, number);
    at += packetHeader + captured;
  }
  statistics.packets = number;
  return at;
}
