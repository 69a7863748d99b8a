import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { ObservedRecord } from '../observed-record.js';

/** Strangers of one unit that are counted at a time; one more makes room of the one silent longest. */
const MOST_STRANGERS = 64;

/** What was seen of one stranger in one calendar period. */
export class Sightings {
  periodFromMs = Number.NEGATIVE_INFINITY;
  firstMs = 0;
  lastMs = Number.NEGATIVE_INFINITY;
  /** Estimate of what it sent; all else as counted. */
  packets = 0;
  told = 0;
  octetsOut = 0;
  octetsIn = 0;
  packetsOut = 0;
  packetsIn = 0;
  records = 0;
  sessions = 0;

  /** A record of an earlier period than the one at hand counts for it all the same: it is about presence. */
  add(record: ObservedRecord, packets: number): void {
    if (record.periodFromMs > this.periodFromMs) this.begin(record);
    if (record.startMs < this.firstMs) this.firstMs = record.startMs;
    if (record.startMs > this.lastMs) this.lastMs = record.startMs;
    this.packets += packets;
    this.octetsOut += record.octetsOut;
    this.octetsIn += record.octetsIn;
    this.packetsOut += record.packetsOut;
    this.packetsIn += record.packetsIn;
    this.records += record.records;
    if (record.sessionStarts) this.sessions += 1;
  }

  /** When enough was seen, and again when it has doubled. */
  isToTell(least: number): boolean {
    return this.packets >= Math.max(least, 2 * this.told);
  }

  save(writer: StateWriter): void {
    const { periodFromMs, firstMs, lastMs, packets, told, octetsOut, octetsIn, packetsOut, packetsIn, records, sessions } = this;
    for (const value of [periodFromMs, firstMs, lastMs, packets, told, octetsOut, octetsIn, packetsOut, packetsIn, records, sessions]) {
      writer.f64(value);
    }
  }

  load(reader: StateReader): void {
    this.periodFromMs = reader.f64();
    this.firstMs = reader.f64();
    this.lastMs = reader.f64();
    this.packets = reader.f64();
    this.told = reader.f64();
    this.octetsOut = reader.f64();
    this.octetsIn = reader.f64();
    this.packetsOut = reader.f64();
    this.packetsIn = reader.f64();
    this.records = reader.f64();
    this.sessions = reader.f64();
  }

  private begin({ periodFromMs, startMs }: ObservedRecord): void {
    this.periodFromMs = periodFromMs;
    this.firstMs = startMs;
    this.lastMs = startMs;
    this.packets = 0;
    this.told = 0;
    this.octetsOut = 0;
    this.octetsIn = 0;
    this.packetsOut = 0;
    this.packetsIn = 0;
    this.records = 0;
    this.sessions = 0;
  }
}

interface Stranger {
  readonly asset: number;
  readonly a: number;
  readonly b: number;
  readonly protocol: number;
  readonly sightings: Sightings;
}

/** By asset, two hashes of the peer's address, and protocol: what a finding is about. */
export class SightingTable {
  private readonly list: Stranger[] = [];

  find(asset: number, a: number, b: number, { protocol }: ObservedRecord): Sightings {
    const known = this.list.find((one) => one.a === a && one.b === b && one.asset === asset && one.protocol === protocol);
    if (known !== undefined) return known.sightings;
    if (this.list.length >= MOST_STRANGERS) {
      let oldest = 0;
      for (let i = 1; i < this.list.length; i++) {
        if (this.list[i]!.sightings.lastMs < this.list[oldest]!.sightings.lastMs) oldest = i;
      }
      this.list.splice(oldest, 1);
    }
    const sightings = new Sightings();
    this.list.push({ asset, a, b, protocol, sightings });
    return sightings;
  }

  save(writer: StateWriter): void {
    writer.u32(this.list.length);
    for (const { asset, a, b, protocol, sightings } of this.list) {
      for (const value of [asset, a, b, protocol]) writer.u32(value);
      sightings.save(writer);
    }
  }

  load(reader: StateReader): void {
    for (let left = reader.u32(); left > 0; left--) {
      const one = { asset: reader.u32(), a: reader.u32(), b: reader.u32(), protocol: reader.u32(), sightings: new Sightings() };
      one.sightings.load(reader);
      this.list.push(one);
    }
  }
}
