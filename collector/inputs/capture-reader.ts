import type { Faults } from '../contracts.js';
import type { PacketBatch } from '../packets/packet-batch.js';

/** Largest captured packet: libpcap's MAXIMUM_SNAPLEN. A length above it is damage, not a packet. */
export const MAX_CAPTURED_OCTETS = 262_144;
/** Largest pcapng block that is held in memory; larger ones of kinds that carry no packet are skipped as they stream by. */
export const MAX_BLOCK_OCTETS = 1_048_576;

/** pcapng's blocks by the names its specification uses. `other` are unknown kinds. */
export const BLOCK_KINDS = ['SHB', 'IDB', 'PB', 'SPB', 'NRB', 'ISB', 'EPB', 'DSB', 'CB', 'DCB', 'other'] as const;
export type BlockKind = (typeof BLOCK_KINDS)[number];

/** What a capture held. */
export interface CaptureStatistics {
  format: 'pcap' | 'pcapng' | '';
  /** Packets recorded, those that could not be read included. */
  packets: number;
  /** Octets read (after decompression). */
  octets: number;
  /** pcapng blocks by kind. */
  readonly blocks: Record<BlockKind, number>;
  interfaces: number;
  /** Packets the interfaces and the operating system dropped, by the capture's own interface statistics blocks. */
  droppedByInterface: number;
  droppedBySystem: number;
  /** True when the capture ends within a packet or block, or its compressed stream does. */
  cut: boolean;
  /** True when reading stopped at bytes that contradict the format. */
  malformed: boolean;
}

export function createCaptureStatistics(): CaptureStatistics {
  const blocks = Object.fromEntries(BLOCK_KINDS.map((kind) => [kind, 0])) as Record<BlockKind, number>;
  return {
    format: '',
    packets: 0,
    octets: 0,
    blocks,
    interfaces: 0,
    droppedByInterface: 0,
    droppedBySystem: 0,
    cut: false,
    malformed: false,
  };
}

/** Takes a capture's bytes piece by piece. */
export interface CaptureReader {
  /**
   * Reads whole packets between `from` and `to` (offsets into `view`) into `batch`; answers where it stopped, because the rest is not
   * whole or the batch is full, or −1 when the format is broken and nothing behind can be trusted. What it may skip lies behind `to`
   * where it answers more than `to`.
   */
  read(batch: PacketBatch, view: DataView, from: number, to: number, faults: Faults): number;
}
