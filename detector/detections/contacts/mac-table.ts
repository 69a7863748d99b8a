import { finishHash, mixWord } from '../../baseline/hash.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { ObservedRecord } from '../observed-record.js';
import { Sightings } from './sighting-table.js';

/** MAC addresses that are known of one address at one sensor; of more the latest counts as known in place of the first. */
const MOST_MACS = 4;
/** Addresses and sensors of one unit; a unit has a few of each. */
const MOST_KEYS = 256;

/** '02:00:5e:10:00:01' of a 48-bit number. */
export function formatMac(mac: number): string {
  return mac
    .toString(16)
    .padStart(12, '0')
    .replace(/(..)(?=.)/g, '$1:');
}

/** Addresses that move from device to device by design: VRRP and CARP (00:00:5e:00:01, 00:00:5e:00:02), HSRP (00:00:0c:07:ac, 00:00:0c:9f:f), GLBP (00:07:b4). Group addresses are none. */
export function isSharedMac(mac: number): boolean {
  const first = Math.floor(mac / 2 ** 40);
  const vendor = Math.floor(mac / 2 ** 24);
  const four = Math.floor(mac / 2 ** 8);
  if ((first & 1) === 1) return true;
  return (
    four === 0x00005e0001 ||
    four === 0x00005e0002 ||
    four === 0x00000c07ac ||
    Math.floor(mac / 2 ** 12) === 0x00000c9ff ||
    vendor === 0x0007b4
  );
}

/** The MAC addresses of one address at one sensor. */
export class KnownMacs {
  private readonly macs: number[] = [];
  /** Of these, those that are known because they had been told. */
  private readonly told: number[] = [];
  private newMac = 0;
  private sightings = new Sightings();

  get isEmpty(): boolean {
    return this.macs.length === 0;
  }

  has(mac: number): boolean {
    return this.macs.includes(mac);
  }

  list(): readonly number[] {
    return this.macs;
  }

  learn(mac: number): void {
    if (this.macs.length >= MOST_MACS) this.macs.shift();
    this.macs.push(mac);
  }

  /** What was seen of a new one in the period; undefined where it was reported in an earlier one: then it is known from now on. */
  candidate(mac: number, { periodFromMs }: ObservedRecord): Sightings | undefined {
    const isLater = periodFromMs > this.sightings.periodFromMs;
    if (mac === this.newMac && isLater && this.sightings.told > 0) {
      this.learn(mac);
      if (this.told.length >= MOST_MACS) this.told.shift();
      this.told.push(mac);
      return undefined;
    }
    if (mac !== this.newMac || isLater) {
      this.newMac = mac;
      this.sightings = new Sightings();
    }
    return this.sightings;
  }

  /** What was told is known no more. */
  unlearn(): void {
    for (const mac of this.told.splice(0)) if (this.macs.includes(mac)) this.macs.splice(this.macs.indexOf(mac), 1);
    this.newMac = 0;
  }

  save(writer: StateWriter): void {
    for (const macs of [this.macs, this.told]) {
      writer.u32(macs.length);
      for (const mac of macs) writer.f64(mac);
    }
    writer.f64(this.newMac);
    this.sightings.save(writer);
  }

  load(reader: StateReader): void {
    for (const macs of [this.macs, this.told]) for (let left = reader.u32(); left > 0; left--) macs.push(reader.f64());
    this.newMac = reader.f64();
    this.sightings.load(reader);
  }
}

export class MacTable {
  private readonly known = new Map<number, KnownMacs>();
  private readonly assets = new Map<number, number>();
  private lastKey = -1;
  private last: KnownMacs | undefined;
  /** The record before that was as known: of equipment most are. A cache. */
  private readonly before = { asset: -1, sensor: 0, mac: 0, word: 0 };

  /** Of the record's asset, its address and the sensor that told. */
  find({ asset, assetBytes, assetOffset, sensor }: ObservedRecord): KnownMacs {
    let hash = mixWord(sensor, asset);
    for (let i = 0; i < 16; i += 4) hash = mixWord(hash, wordAt(assetBytes, assetOffset + i));
    return this.byKey(finishHash(hash), asset);
  }

  isAsBefore({ asset, sensor, assetMac, assetBytes, assetOffset }: ObservedRecord): boolean {
    const { before } = this;
    return (
      before.mac === assetMac && before.asset === asset && before.sensor === sensor && before.word === wordAt(assetBytes, assetOffset + 12)
    );
  }

  /** Only of records whose MAC address is known. */
  rememberAsBefore({ asset, sensor, assetMac, assetBytes, assetOffset }: ObservedRecord): void {
    const { before } = this;
    before.asset = asset;
    before.sensor = sensor;
    before.mac = assetMac;
    before.word = wordAt(assetBytes, assetOffset + 12);
  }

  /** To be called when something was learned: then something may have been forgotten. */
  forgetBefore(): void {
    this.before.asset = -1;
  }

  /** Forgets of the asset what is known only because it was told. */
  unlearn(asset: number): void {
    for (const [key, macs] of this.known) if (this.assets.get(key) === asset) macs.unlearn();
    this.forgetBefore();
  }

  save(writer: StateWriter): void {
    writer.u32(this.known.size);
    for (const [key, macs] of this.known) {
      writer.u32(key);
      writer.u32(this.assets.get(key)!);
      macs.save(writer);
    }
  }

  load(reader: StateReader): void {
    for (let left = reader.u32(); left > 0; left--) this.byKey(reader.u32(), reader.u32()).load(reader);
  }

  private dropFirst(): void {
    const first = this.known.keys().next().value!;
    this.known.delete(first);
    this.assets.delete(first);
  }

  private byKey(key: number, asset: number): KnownMacs {
    if (key === this.lastKey) return this.last!;
    let macs = this.known.get(key);
    if (macs === undefined) {
      this.forgetBefore();
      if (this.known.size >= MOST_KEYS) this.dropFirst();
      macs = new KnownMacs();
      this.known.set(key, macs);
      this.assets.set(key, asset);
    }
    this.last = macs;
    this.lastKey = key;
    return macs;
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
