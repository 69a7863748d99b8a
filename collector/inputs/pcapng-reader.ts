import type { Faults } from '../contracts.js';
import type { PacketBatch } from '../packets/packet-batch.js';
import { type BlockKind, type CaptureReader, type CaptureStatistics, MAX_BLOCK_OCTETS, MAX_CAPTURED_OCTETS } from './capture-reader.js';
import { PcapngInterfaces } from './pcapng-interfaces.js';

/*
 * pcapng, draft-ietf-opsawg-pcapng §3.1: a file is a row of blocks, each in the byte order its section header tells
 *   +--------------+--------------+---------------------------------+--------------+
 *   | block type   | total length | body, padded to 32 bits         | total length |
 *   +--------------+--------------+---------------------------------+--------------+
 * A section header block (§4.1) starts anew: byte order, interfaces.
 *   | 0A 0D 0D 0A  | total length | magic 1A2B3C4D | major | minor | section length, 64 | options … | total length |
 */
export const SECTION_HEADER = 0x0a0d0d0a;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const BYTE_ORDER_MAGIC_SWAPPED = 0x4d3c2b1a;
const KINDS = new Map<number, BlockKind>([
  [SECTION_HEADER, 'SHB'],
  [1, 'IDB'],
  [2, 'PB'],
  [3, 'SPB'],
  [4, 'NRB'],
  [5, 'ISB'],
  [6, 'EPB'],
  [10, 'DSB'],
  [0xbad, 'CB'],
  [0x40000bad, 'DCB'],
]);
/** Kinds whose body is read; all others are stepped over, whatever their length. */
const READ_KINDS: ReadonlySet<BlockKind> = new Set(['SHB', 'IDB', 'PB', 'SPB', 'ISB', 'EPB']);
const ENHANCED_PACKET = 6;
/** Drops of an old packet block that are not known. */
const UNKNOWN_DROPS = 0xffff;

/** Reads pcapng: either byte order, changing from section to section; packets of every kind of packet block. */
export function createPcapngReader(statistics: CaptureStatistics): CaptureReader {
  const interfaces = new PcapngInterfaces();
  const section = { littleEndian: false, droppedByInterface: 0, droppedBySystem: 0 };

  const startSection = (): void => {
    section.droppedByInterface += interfaces.droppedByInterfaces();
    section.droppedBySystem += interfaces.droppedBySystem();
    interfaces.clear();
  };

  const tellDrops = (): void => {
    statistics.droppedByInterface = section.droppedByInterface + interfaces.droppedByInterfaces();
    statistics.droppedBySystem = section.droppedBySystem + interfaces.droppedBySystem();
  };

  const notePacketDrops = (packets: number): void => {
    if (packets === 0 || packets === UNKNOWN_DROPS) return;
    interfaces.droppedBefore(packets);
    tellDrops();
  };

  /** The body of a block of a kind in READ_KINDS. False when it is malformed. */
  const readBlock = (kind: BlockKind, batch: PacketBatch, view: DataView, body: number, end: number, faults: Faults): boolean => {
    const { littleEndian } = section;
    switch (kind) {
      case 'SHB':
        startSection();
        return body + 16 <= end && view.getUint16(body + 4, littleEndian) === 1;
      case 'IDB':
        statistics.interfaces++;
        return interfaces.describe(view, body, end, littleEndian);
      case 'ISB': {
        const valid = interfaces.statistics(view, body, end, littleEndian);
        tellDrops();
        // A statistics block that cannot be read costs nothing else.
        if (!valid) faults.add('block-malformed');
        return true;
      }
      case 'PB':
        if (!packet(16, batch, view, body, end, littleEndian, interfaces, statistics)) return false;
        notePacketDrops(view.getUint16(body + 2, littleEndian));
        return true;
      case 'SPB':
        return simplePacket(batch, view, body, end, littleEndian, interfaces, statistics);
      default: {
        if (!packet(32, batch, view, body, end, littleEndian, interfaces, statistics)) return false;
        const options = body + 20 + ((view.getUint32(body + 12, littleEndian) + 3) & ~3);
        if (options + 4 <= end) {
          interfaces.packetOptions(view, options, end, littleEndian);
          tellDrops();
        }
        return true;
      }
    }
  };

  return {
    read(batch, view, from, to, faults) {
      let at = from;
      while (at + 12 <= to && !batch.full) {
        let type = view.getUint32(at, section.littleEndian);
        if (type === SECTION_HEADER) {
          const magic = view.getUint32(at + 8);
          if (magic !== BYTE_ORDER_MAGIC && magic !== BYTE_ORDER_MAGIC_SWAPPED) return malformed(faults);
          section.littleEndian = magic === BYTE_ORDER_MAGIC_SWAPPED;
          type = SECTION_HEADER;
        }
        const length = view.getUint32(at + 4, section.littleEndian);
        if (length < 12 || length % 4 !== 0) return malformed(faults);
        const kind = type === ENHANCED_PACKET ? 'EPB' : (KINDS.get(type) ?? 'other');
        if (!READ_KINDS.has(kind)) {
          statistics.blocks[kind]++;
          at += length;
          continue;
        }
        if (length > MAX_BLOCK_OCTETS) return malformed(faults);
        if (at + length > to) break;
        if (view.getUint32(at + length - 4, section.littleEndian) !== length) return malformed(faults);
        if (!readBlock(kind, batch, view, at + 8, at + length - 4, faults)) return malformed(faults);
        statistics.blocks[kind]++;
        at += length;
      }
      return at;
    },
  };
}

function malformed(faults: Faults): number {
  faults.add('block-malformed');
  return -1;
}

/*
 * §4.3, enhanced packet block, and appendix A, packet block (obsolete), which differs in its first word:
 *   | interface id, 32                | timestamp high, 32 | timestamp low, 32 | captured, 32 | original, 32 | octets, padded | options …
 *   | interface id, 16 | drops, 16    | …
 */
function packet(
  interfaceBits: 16 | 32,
  batch: PacketBatch,
  view: DataView,
  body: number,
  end: number,
  littleEndian: boolean,
  interfaces: PcapngInterfaces,
  statistics: CaptureStatistics,
): boolean {
  if (body + 20 > end) return false;
  const captured = view.getUint32(body + 12, littleEndian);
  if (captured > MAX_CAPTURED_OCTETS || body + 20 + captured > end) return false;
  const index = interfaceBits === 16 ? view.getUint16(body, littleEndian) : view.getUint32(body, littleEndian);
  if (index >= interfaces.count) return false;
  statistics.packets++;
  const timeMs = interfaces.timeMs(index, view.getUint32(body + 4, littleEndian), view.getUint32(body + 8, littleEndian));
  const original = view.getUint32(body + 16, littleEndian);
  batch.add(body + 20, captured, original, timeMs, interfaces.linkTypes[index]!, statistics.packets);
  return true;
}

/*
 * §4.4, simple packet block, always of interface 0 and without a time:   | original, 32 | octets, padded
 * The captured length is the smaller of the original and the interface's snaplen.
 */
function simplePacket(
  batch: PacketBatch,
  view: DataView,
  body: number,
  end: number,
  littleEndian: boolean,
  interfaces: PcapngInterfaces,
  statistics: CaptureStatistics,
): boolean {
  if (body + 4 > end || interfaces.count === 0) return false;
  const original = view.getUint32(body, littleEndian);
  const snapLength = interfaces.snapLengths[0]!;
  const captured = snapLength === 0 ? original : Math.min(original, snapLength);
  if (captured > MAX_CAPTURED_OCTETS || body + 4 + captured > end) return false;
  statistics.packets++;
  batch.add(body + 4, captured, original, Number.NaN, interfaces.linkTypes[0]!, statistics.packets);
  return true;
}
