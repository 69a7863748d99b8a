import { HOUR_MS } from '../../../flow/time.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import { Protocol } from '../../sessions/orientation.js';
import type { ObservedRecord } from '../observed-record.js';

/** Floods of one unit that are counted at a time; one more makes room of the one that ended longest ago. 80 bytes each, nothing before the first. */
const MOST_FLOODS = 32;
/** Octets of one record of a flood, as counted: more than any question that waits for its answer. */
const FLOOD_OCTETS = 10_000;

/** A large record of what needs no connection. */
export function isFlood({ protocol, octetsOut }: Pick<ObservedRecord, 'protocol' | 'octetsOut'>): boolean {
  return protocol !== Protocol.tcp && octetsOut >= FLOOD_OCTETS;
}

/** What went to one peer and port in large records that nobody answered, while no more than an hour lies between them. */
export interface Flood {
  readonly asset: number;
  /** Hashes of the peer's address; protocol and responder's port. */
  readonly a: number;
  readonly b: number;
  readonly door: number;
  fromMs: number;
  toMs: number;
  octets: number;
  packets: number;
  records: number;
  /** Octets when it was last told. */
  told: number;
}

export class FloodTable {
  private readonly list: Flood[] = [];

  /** Counts a large record that nobody answered. `a`, `b`: hashes of the peer's address. */
  take({ asset, protocol, peerPort, startMs, endMs, octetsOut, packetsOut }: ObservedRecord, a: number, b: number): Flood {
    const flood = this.find(asset, a, b, (protocol << 16) | peerPort);
    if (startMs - flood.toMs > HOUR_MS) {
      Object.assign(flood, NOTHING);
      flood.fromMs = startMs;
    }
    flood.fromMs = Math.min(flood.fromMs, startMs);
    flood.toMs = Math.max(flood.toMs, endMs);
    flood.octets += octetsOut;
    flood.packets += packetsOut;
    flood.records += 1;
    return flood;
  }

  save(writer: StateWriter): void {
    writer.u32(this.list.length);
    for (const { asset, a, b, door, fromMs, toMs, octets, packets, records, told } of this.list) {
      for (const value of [asset, a, b, door]) writer.u32(value);
      for (const value of [fromMs, toMs, octets, packets, records, told]) writer.f64(value);
    }
  }

  load(reader: StateReader): void {
    for (let left = reader.u32(); left > 0; left--) {
      const flood = this.add(reader.u32(), reader.u32(), reader.u32(), reader.u32());
      flood.fromMs = reader.f64();
      flood.toMs = reader.f64();
      flood.octets = reader.f64();
      flood.packets = reader.f64();
      flood.records = reader.f64();
      flood.told = reader.f64();
    }
  }

  private find(asset: number, a: number, b: number, door: number): Flood {
    const known = this.list.find((one) => one.a === a && one.b === b && one.door === door && one.asset === asset);
    if (known !== undefined) return known;
    if (this.list.length >= MOST_FLOODS) {
      const oldest = this.list.reduce((least, { toMs }, at) => (toMs < this.list[least]!.toMs ? at : least), 0);
      this.list.splice(oldest, 1);
    }
    return this.add(asset, a, b, door);
  }

  private add(asset: number, a: number, b: number, door: number): Flood {
    const flood: Flood = { asset, a, b, door, ...NOTHING };
    this.list.push(flood);
    return flood;
  }
}

const NOTHING = { fromMs: 0, toMs: Number.NEGATIVE_INFINITY, octets: 0, packets: 0, records: 0, told: 0 };
