import { HOUR_MS } from '../../../flow/time.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { ObservedRecord } from '../observed-record.js';

/** Of one unit that are counted at a time; one more makes room of the one that ended longest ago. 80 bytes each, nothing before the first. */
const MOST_ROWS = 32;

/** What went to one peer and port in large records that nobody answered, while no more than an hour lies between them. */
export interface Bulk {
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

export class BulkTable {
  private readonly list: Bulk[] = [];

  /** Counts a large record that nobody answered. `a`, `b`: hashes of the peer's address. */
  take({ asset, protocol, peerPort, startMs, endMs, octetsOut, packetsOut }: ObservedRecord, a: number, b: number): Bulk {
    const bulk = this.find(asset, a, b, (protocol << 16) | peerPort);
    if (startMs - bulk.toMs > HOUR_MS) {
      Object.assign(bulk, NOTHING);
      bulk.fromMs = startMs;
    }
    bulk.fromMs = Math.min(bulk.fromMs, startMs);
    bulk.toMs = Math.max(bulk.toMs, endMs);
    bulk.octets += octetsOut;
    bulk.packets += packetsOut;
    bulk.records += 1;
    return bulk;
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
      const bulk = this.add(reader.u32(), reader.u32(), reader.u32(), reader.u32());
      bulk.fromMs = reader.f64();
      bulk.toMs = reader.f64();
      bulk.octets = reader.f64();
      bulk.packets = reader.f64();
      bulk.records = reader.f64();
      bulk.told = reader.f64();
    }
  }

  private find(asset: number, a: number, b: number, door: number): Bulk {
    const known = this.list.find((one) => one.a === a && one.b === b && one.door === door && one.asset === asset);
    if (known !== undefined) return known;
    if (this.list.length >= MOST_ROWS) {
      const oldest = this.list.reduce((least, { toMs }, at) => (toMs < this.list[least]!.toMs ? at : least), 0);
      this.list.splice(oldest, 1);
    }
    return this.add(asset, a, b, door);
  }

  private add(asset: number, a: number, b: number, door: number): Bulk {
    const bulk: Bulk = { asset, a, b, door, ...NOTHING };
    this.list.push(bulk);
    return bulk;
  }
}

const NOTHING = { fromMs: 0, toMs: Number.NEGATIVE_INFINITY, octets: 0, packets: 0, records: 0, told: 0 };
