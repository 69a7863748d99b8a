import { enterLlc } from './frames.js';
import { type PacketHeaders, PacketStatus } from './packet.js';

const PRISM_LENGTH = 144;
const AVS_MAGIC = 0x80211;
const RADIOTAP_TSFT = 1;
const RADIOTAP_FLAGS = 2;
const RADIOTAP_MORE = 0x8000_0000;
const RADIOTAP_DATA_PADDED = 0x20;
const PADDED = 0x1_0000;

/*
 * IEEE 802.11 data frame, in octets:
 *   | frame control, 2 | duration, 2 | address 1, 6 | address 2, 6 | address 3, 6 | sequence, 2 | address 4, 6 | QoS, 2 | HT, 4 | LLC …
 * Frame control: | subtype, 4; type, 2; version, 2 | order, protected, …, from DS, to DS |. Address 4 is there when both DS bits are set, QoS when
 * subtype bit 3 is, HT control when QoS and order are. Subtype bit 2 means no data; protected data is encrypted.
 * A QoS octet with bit 7 starts an A-MSDU: subframes of | destination, 6 | source, 6 | length, 2 | LLC … |, of which the first is read.
 */

/** Walks an 802.11 frame to its IP header; `padded` when the receiver filled its header up to four octets. Answers a PacketStatus. */
export function enterWireless(view: DataView, offset: number, end: number, padded: boolean, packet: PacketHeaders): number {
  if (offset + 2 > end) return PacketStatus.truncated;
  const type = view.getUint8(offset);
  const flags = view.getUint8(offset + 1);
  if ((type & 0x0c) !== 0x08 || (type & 0x40) !== 0 || (flags & 0x40) !== 0) return PacketStatus.nonIp;
  const ds = flags & 3;
  const qosAt = ds === 3 ? 30 : 24;
  const qos = (type & 0x80) !== 0;
  let length = qosAt;
  if (qos) length += (flags & 0x80) !== 0 ? 6 : 2;
  if (offset + length > end) return PacketStatus.truncated;
  const aggregated = qos && (view.getUint8(offset + qosAt) & 0x80) !== 0;
  // Who sends and who receives, by the two DS bits (IEEE 802.11 table 9-26).
  const destination = offset + ((ds & 1) !== 0 ? 16 : 4);
  const source = offset + (ds === 3 ? 24 : ds === 2 ? 16 : 10);
  packet.destinationMacHigh = view.getUint16(destination);
  packet.destinationMacLow = view.getInt32(destination + 2);
  packet.sourceMacHigh = view.getUint16(source);
  packet.sourceMacLow = view.getInt32(source + 2);
  if (padded) length = (length + 3) & ~3;
  return enterLlc(view, offset + length + (aggregated ? 14 : 0), end, packet);
}

/*
 * Radiotap, little-endian:  | version 0 | pad | length, 16 | present, 32, more while bit 31 is set | fields by their bits, each aligned to its size …
 * Bit 0 is a time of 8 octets, bit 1 the flags.
 */

/** Octets of the header, with PADDED when its flags say that the 802.11 header is; 0 malformed, −1 truncated. */
export function radiotapLength(view: DataView, offset: number, end: number): number {
  if (offset + 8 > end) return -1;
  const length = view.getUint16(offset + 2, true);
  if (view.getUint8(offset) !== 0 || length < 8) return 0;
  if (offset + length > end) return -1;
  const present = view.getUint32(offset + 4, true);
  if ((present & RADIOTAP_FLAGS) === 0) return length;
  let at = 8;
  for (let word = present; (word & RADIOTAP_MORE) !== 0; at += 4) {
    if (at + 4 > length) return 0;
    word = view.getUint32(offset + at, true);
  }
  if ((present & RADIOTAP_TSFT) !== 0) at = ((at + 7) & ~7) + 8;
  if (at >= length) return 0;
  return (view.getUint8(offset + at) & RADIOTAP_DATA_PADDED) !== 0 ? length | PADDED : length;
}

/** The Prism header has 144 octets; cards with the newer AVS header came under the same link type. */
export function prismLength(view: DataView, offset: number, end: number): number {
  if (offset + 8 > end) return -1;
  return view.getUint32(offset) >>> 12 === AVS_MAGIC ? avsLength(view, offset, end) : PRISM_LENGTH;
}

/** AVS:  | magic 80211xxx, 32 | length, 32 | …, big-endian. */
export function avsLength(view: DataView, offset: number, end: number): number {
  if (offset + 8 > end) return -1;
  const length = view.getUint32(offset + 4);
  return length < 8 || length > 0xffff ? 0 : length;
}

/** Per-Packet Information, little-endian:  | version 0 | flags | length, 16 | link type, 32 | … */
export function ppiLength(view: DataView, offset: number, end: number): number {
  return offset + 8 > end ? -1 : view.getUint16(offset + 2, true);
}
