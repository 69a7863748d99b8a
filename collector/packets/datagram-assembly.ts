import type { Faults } from '../contracts.js';
import { FRAGMENT_TIMEOUT_MS } from './fragments.js';
import type { PacketHeaders } from './packet.js';

/** Datagrams being reassembled at a time: memory bound (16 MB). The oldest is given up for a new one. */
export const MAX_ASSEMBLIES = 256;
const MAX_DATAGRAM = 65_535;

interface Assembly {
  readonly octets: Uint8Array;
  /** One byte per 8 octets, the unit of fragment offsets: 1 when received. */
  readonly units: Uint8Array;
  unitsReceived: number;
  /** Octets of the whole datagram, −1 until the last fragment told. */
  length: number;
  /** Where the furthest fragment so far ends. */
  furthest: number;
  startedMs: number;
}

/**
 * Puts fragmented IP payloads together (RFC 791 §3.2, RFC 8200 §4.5). Overlapping fragments make the datagram invalid (RFC 5722 §4):
 * nobody sends them in good faith. Per fragment it makes a key string: export traffic is rarely fragmented, metering never comes here.
 */
export class DatagramAssembly {
  /** In the order of their first fragments. */
  private readonly open = new Map<string, Assembly>();

  /** Takes a fragment's payload; answers the whole payload when it was the last one missing. */
  add(packet: PacketHeaders, octets: Uint8Array, timeMs: number, faults: Faults): Uint8Array | undefined {
    const key = `${packet.source0} ${packet.source1} ${packet.source2} ${packet.source3} ${packet.destination0} ${packet.destination1} ${packet.destination2} ${packet.destination3} ${packet.identification} ${packet.protocol}`;
    let assembly = this.open.get(key);
    if (assembly !== undefined && timeMs - assembly.startedMs > FRAGMENT_TIMEOUT_MS) {
      this.open.delete(key);
      faults.add('fragment-limit');
      assembly = undefined;
    }
    if (assembly === undefined) {
      if (this.open.size >= MAX_ASSEMBLIES) {
        for (const oldest of this.open.keys()) {
          this.open.delete(oldest);
          break;
        }
        faults.add('fragment-limit');
      }
      const units = Math.ceil(MAX_DATAGRAM / 8);
      assembly = {
        octets: new Uint8Array(units * 8),
        units: new Uint8Array(units),
        unitsReceived: 0,
        length: -1,
        furthest: 0,
        startedMs: timeMs,
      };
      this.open.set(key, assembly);
    }
    if (!place(assembly, packet, octets)) {
      this.open.delete(key);
      faults.add('packet-malformed');
      return undefined;
    }
    if (assembly.length < 0 || assembly.unitsReceived * 8 < assembly.length) return undefined;
    this.open.delete(key);
    return assembly.octets.subarray(0, assembly.length);
  }
}

/** False when the fragment contradicts the datagram: too long, not a multiple of 8, overlapping, behind the end. */
function place(assembly: Assembly, packet: PacketHeaders, octets: Uint8Array): boolean {
  const start = packet.fragmentOffset;
  const end = start + octets.length;
  if (octets.length === 0 || end > MAX_DATAGRAM) return false;
  if (packet.moreFragments === 1) {
    if (octets.length % 8 !== 0) return false;
  } else {
    if (assembly.length >= 0 || assembly.furthest > end) return false;
    assembly.length = end;
  }
  if (assembly.length >= 0 && end > assembly.length) return false;
  for (let unit = start / 8; unit < Math.ceil(end / 8); unit++) {
    if (assembly.units[unit] === 1) return false;
    assembly.units[unit] = 1;
    assembly.unitsReceived++;
  }
  assembly.octets.set(octets, start);
  assembly.furthest = Math.max(assembly.furthest, end);
  return true;
}
