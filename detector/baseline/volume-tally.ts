import { DAY_MS } from '../../flow/time.js';
import type { CompiledClaims } from '../claims/compiled.js';
import type { FollowedDecision } from '../decisions/followed.js';
import type { ObservedRecord } from '../detections/observed-record.js';
import type { FindingSink } from '../findings/finding-sink.js';
import type { ExchangeKinds } from '../sessions/exchange-kinds.js';
import { AssetVolumes, At, Bin, collect, collectBin, flushInto, SLICE_MS, Sum, type TalliedUnit, TOTAL_WIDTH } from './asset-volumes.js';
import { PeerGroupReader, peerGroupName } from './peer-groups.js';
import type { StateReader, StateWriter } from './state.js';

/*
 * The detections that look at volumes count the same records in bins of five minutes, hours and days, by direction and group of peers. Each of them doing so for itself
 * cost 1.5 µs a record. Here every record is added once, to the sums of its group in the hour at hand; the detections take the sums when the hour is over, when one of them has to close something, or
 * when there is so much that one of them might have to speak at once. What one of them keeps in shorter bins is collected in the same way for the newest bin of each
 * direction. So a usual record comes to one row of numbers of its asset, and to nothing that a detection keeps.
 *
 *   record ──► within the hour ──► sums of its group ──► hour over, or no room left ──► take, of each detection ──► check, where there was no room
 *          └─► over a border, late ──────────────────────────────────────────────────► add, of each detection
 *          ──► within the newest short bin ──► sums of the bin ──► no room left ──► takeBin, checkBin
 *          └─► a later one, or an older ────────────────────────────────────────► takeBin, each
 *
 * Sums of whole records are sums of whole numbers, exact up to 2^53: that they are taken later changes no result.
 */

const WEEK_MS = 7 * DAY_MS;
/** Out and in: whether inbound. */
const WAYS = [false, true] as const;

/** A detection that is fed by the tally. Its state of one asset is an object of its own. */
export interface VolumeConsumer<S extends object> {
  /** The first record of the asset has come. */
  begin(record: ObservedRecord): S;
  /** Until when (ms, after `nowMs`) nothing is to be closed; `advance` is called with the first record that ends then or later. */
  dueMs(state: S, nowMs: number): number;
  advance(state: S, volumes: AssetVolumes, record: ObservedRecord, findings: FindingSink): void;
  /** Since when (ms) all that is taken counts as of today; left out: of its hour. */
  sinceMs?(state: S): number;
  /** Its bins that are shorter than a slice; of one detection only. */
  readonly bins?: ShortBins<S>;
  /** The record's group of peers has got this place, which may have been another's. */
  enter?(state: S, volumes: AssetVolumes, place: number, record: ObservedRecord): void;
  /** Adds what the slice holds; `total` has the sums of all groups. */
  take(state: S, volumes: AssetVolumes, total: Float64Array): void;
  /** Adds a record that does not lie within the slice, and says what there is to say. */
  add(state: S, volumes: AssetVolumes, place: number, record: ObservedRecord, findings: FindingSink): void;
  /** Octets (scaled by sampling) that may come in one direction before `dueMs` until `check` has anything to say. Left out: it never has. */
  room?(state: S, inbound: boolean, nowMs: number): number;
  /** The record has come, and was taken. */
  check?(state: S, volumes: AssetVolumes, place: number, record: ObservedRecord, findings: FindingSink): void;
  /** A record of agreed work, which nobody else counts. */
  agreed?(state: S, volumes: AssetVolumes, record: ObservedRecord, findings: FindingSink): void;
  /** Somebody has decided about the asset. */
  decided?(state: S, volumes: AssetVolumes, decision: FollowedDecision): void;
  /** When learning ends, ms. */
  learnedMs(state: S): number;
  save(state: S, writer: StateWriter): void;
  load(reader: StateReader): S;
}

/** Bins of each direction that are filled while a slice lasts. Of the newest the tally collects. */
export interface ShortBins<S extends object> {
  /** Bounds of the newest bin, ms; NaN before the first record. */
  newestFromMs(state: S, inbound: boolean): number;
  newestToMs(state: S, inbound: boolean): number;
  /** Adds to the newest bin what was collected of one sampling interval; `at`: where its sums (Bin) lie. */
  take(state: S, inbound: boolean, sums: Float64Array, at: number): void;
  /** Adds a record of any time that counts in the direction, and says what there is to say. */
  each(state: S, inbound: boolean, record: ObservedRecord, findings: FindingSink): void;
  /** Octets that may come into the newest bin until `check` has anything to say. */
  room(state: S, inbound: boolean, nowMs: number): number;
  /** The record has come into the newest bin, and was taken. */
  check(state: S, inbound: boolean, record: ObservedRecord, findings: FindingSink): void;
}

/** Of all tallies: nothing is kept in it. */
const total = new Float64Array(TOTAL_WIDTH);

/** The tally of all units of a partition, shared by its detections. Nothing in it but the assets' own volumes lasts from one record to the next. */
export class VolumeTally {
  private readonly claims: CompiledClaims;
  private readonly reader: PeerGroupReader;
  private readonly consumers: VolumeConsumer<object>[] = [];
  /** The detection that feeds the others, and the number of the one that has short bins. */
  private feeder: string | undefined;
  private binned = -1;
  private bins: ShortBins<object> | undefined;
  /** By asset. */
  private readonly volumes: (AssetVolumes | undefined)[] = [];

  constructor(claims: CompiledClaims, kinds: ExchangeKinds) {
    this.claims = claims;
    this.reader = new PeerGroupReader(claims, kinds);
  }

  /** Of the detections that ask, the first calls `judge` with every record and saves the tally; the others need an asset's first record only. */
  isFedBy(detection: string): boolean {
    this.feeder ??= detection;
    return this.feeder === detection;
  }

  /** Feeds a detection from now on. Returns its number, the same for all units. */
  join(consumer: VolumeConsumer<object>): number {
    const known = this.consumers.indexOf(consumer);
    if (known >= 0) return known;
    if (consumer.bins !== undefined) {
      this.binned = this.consumers.length;
      this.bins = consumer.bins;
    }
    return this.consumers.push(consumer) - 1;
  }

  /** `volumes`: those of the record's asset. */
  judge(record: ObservedRecord, volumes: AssetVolumes, findings: FindingSink): void {
    if (record.retold) return;
    const { sums } = volumes;
    if (record.agreed) {
      this.judgeAgreed(record, volumes, findings);
      return;
    }
    if (record.startMs >= sums[At.from]! && record.endMs < sums[At.to]! && record.sampling === sums[At.sampling]!) {
      const place = this.reader.placeOf(record, volumes);
      if (place >= 0) {
        this.count(record, place, volumes, findings);
        return;
      }
    }
    this.judgeBeside(record, volumes, findings);
  }

  /** A detection that joined while the asset's first record was judged has not counted it. */
  judgeLate(number: number, record: ObservedRecord, volumes: AssetVolumes, findings: FindingSink): void {
    const consumer = this.consumers[number]!;
    if (volumes.states[number] !== undefined || record.retold || (record.agreed && consumer.agreed === undefined)) return;
    const state = consumer.begin(record);
    volumes.states[number] = state;
    if (record.agreed) {
      consumer.agreed?.(state, volumes, record, findings);
      return;
    }
    consumer.advance(state, volumes, record, findings);
    if (number === this.binned) this.countInBins(record, volumes, findings);
    const place = this.reader.placeOf(record, volumes);
    consumer.enter?.(state, volumes, place, record);
    if (volumes.sums[At.pending] === 0) consumer.add(state, volumes, place, record, findings);
    volumes.sums[At.to] = Math.min(volumes.sums[At.to]!, consumer.dueMs(state, record.endMs));
    this.measureRoom(volumes, record.endMs);
  }

  /** What is kept of an asset; undefined before its first record. */
  volumesOf(asset: number, unit: TalliedUnit): AssetVolumes | undefined {
    const volumes = this.volumes[asset];
    return volumes?.unit === unit ? volumes : undefined;
  }

  /** The same, made now if need be. */
  open(asset: number, unit: TalliedUnit): AssetVolumes {
    let volumes = this.volumesOf(asset, unit);
    if (volumes === undefined) {
      volumes = new AssetVolumes(unit, this.consumers.length);
      // Filled up to the asset: an array with holes is a slow one.
      while (this.volumes.length <= asset) this.volumes.push(undefined);
      this.volumes[asset] = volumes;
    }
    return volumes;
  }

  /** Of the unit's assets, by their distance from its first. */
  save(writer: StateWriter, unit: TalliedUnit): void {
    writer.byAsset(this.keptOf(unit), (volumes) => volumes.save(writer));
  }

  load(reader: StateReader, unit: TalliedUnit): void {
    const least = leastOf(unit);
    for (let left = reader.u32(); left > 0; left--) this.open(least + reader.u32(), unit).load(reader);
  }

  saveStates(number: number, writer: StateWriter, unit: TalliedUnit): void {
    const states = new Map([...this.keptOf(unit)].map(([asset, volumes]) => [asset, volumes.states[number]]));
    writer.byAsset(states, (state) => this.consumers[number]!.save(state, writer));
  }

  loadStates(number: number, reader: StateReader, unit: TalliedUnit): void {
    const consumer = this.consumers[number]!;
    const least = leastOf(unit);
    for (let left = reader.u32(); left > 0; left--) {
      const volumes = this.open(least + reader.u32(), unit);
      const state = consumer.load(reader);
      volumes.states[number] = state;
      // Under claims of another time zone its days end at other times.
      volumes.sums[At.to] = Math.min(volumes.sums[At.to]!, consumer.dueMs(state, volumes.sums[At.to]! - 1));
    }
  }

  /** What is kept of the unit's assets, in their order. */
  private keptOf(unit: TalliedUnit): Map<number, AssetVolumes> {
    const least = leastOf(unit);
    const kept = new Map<number, AssetVolumes>();
    for (const asset of [...unit.assets].sort((a, b) => a - b)) {
      const volumes = this.volumesOf(asset, unit);
      if (volumes !== undefined) kept.set(asset - least, volumes);
    }
    return kept;
  }

  private count(record: ObservedRecord, place: number, volumes: AssetVolumes, findings: FindingSink): void {
    this.countInBins(record, volumes, findings);
    if (collect(record, place, volumes.sums)) return;
    this.flush(volumes);
    for (let i = 0; i < this.consumers.length; i++) this.consumers[i]!.check?.(volumes.states[i]!, volumes, place, record, findings);
    this.measureRoom(volumes, record.endMs);
  }

  /** A record with which time moves on, of a new group of peers, of another sampling interval, over a border, or late. */
  private judgeBeside(record: ObservedRecord, volumes: AssetVolumes, findings: FindingSink): void {
    const { startMs, endMs, sampling } = record;
    const movesOn = !(endMs < volumes.sums[At.to]!);
    if (movesOn || sampling !== volumes.sums[At.sampling]!) {
      this.flush(volumes);
      if (sampling !== volumes.sums[At.sampling]!) this.flushBins(volumes);
      volumes.sums[At.sampling] = sampling;
    }
    if (movesOn) this.moveOn(record, volumes, findings);
    let place = this.reader.placeOf(record, volumes);
    if (place < 0) place = this.enter(record, volumes);
    const { sums } = volumes;
    if (startMs >= sums[At.from]! && endMs < sums[At.to]!) {
      this.count(record, place, volumes, findings);
      return;
    }
    this.countInBins(record, volumes, findings);
    const out = record.octetsOut * sampling;
    const back = record.octetsIn * sampling;
    const mayTell = out >= sums[At.roomOut]! || back >= sums[At.roomIn]!;
    if (mayTell) this.flush(volumes);
    volumes.groups.volumes[place]! += out + back;
    for (let i = 0; i < this.consumers.length; i++) this.consumers[i]!.add(volumes.states[i]!, volumes, place, record, findings);
    sums[At.roomOut]! -= out;
    sums[At.roomIn]! -= back;
    if (mayTell) this.measureRoom(volumes, record.endMs);
  }

  private judgeAgreed(record: ObservedRecord, volumes: AssetVolumes, findings: FindingSink): void {
    if (!(record.endMs < volumes.sums[At.to]!)) this.flush(volumes);
    for (let i = 0; i < this.consumers.length; i++) {
      const consumer = this.consumers[i]!;
      if (consumer.agreed === undefined) continue;
      const state = volumes.states[i] ?? consumer.begin(record);
      volumes.states[i] = state;
      consumer.agreed(state, volumes, record, findings);
    }
  }

  /** The next slice begins. It ends with the hour, or when one of the detections has to close something. */
  private moveOn(record: ObservedRecord, volumes: AssetVolumes, findings: FindingSink): void {
    const { endMs } = record;
    const { sums } = volumes;
    const hourMs = Math.floor(endMs / SLICE_MS) * SLICE_MS;
    let fromMs = hourMs;
    if (Math.floor(hourMs / WEEK_MS) > Math.floor(sums[At.from]! / WEEK_MS)) volumes.groups.halve();
    let toMs = hourMs + SLICE_MS;
    for (let i = 0; i < this.consumers.length; i++) {
      const consumer = this.consumers[i]!;
      let state = volumes.states[i];
      if (state === undefined) {
        state = consumer.begin(record);
        volumes.states[i] = state;
      }
      consumer.advance(state, volumes, record, findings);
      toMs = Math.min(toMs, consumer.dueMs(state, endMs));
      if (consumer.sinceMs !== undefined) fromMs = Math.max(fromMs, consumer.sinceMs(state));
    }
    sums[At.from] = fromMs;
    sums[At.to] = toMs;
    this.measureRoom(volumes, record.endMs);
    for (const inbound of WAYS) this.measureBin(inbound, volumes, endMs);
  }

  private enter(record: ObservedRecord, volumes: AssetVolumes): number {
    if (volumes.groups.isFull) this.flush(volumes);
    const key = this.reader.keyOf(record);
    const place = volumes.groups.enter(key, peerGroupName(record, this.claims));
    volumes.begin(place, key);
    for (let i = 0; i < this.consumers.length; i++) this.consumers[i]!.enter?.(volumes.states[i]!, volumes, place, record);
    this.measureRoom(volumes, record.endMs);
    return place;
  }

  private countInBins(record: ObservedRecord, volumes: AssetVolumes, findings: FindingSink): void {
    if (this.bins === undefined) return;
    const { octetsOut, octetsIn, packetsOut, packetsIn } = record;
    if (octetsOut > 0) this.countInBin(false, record, octetsOut, packetsOut, volumes, findings);
    if (octetsIn > 0) this.countInBin(true, record, octetsIn, packetsIn, volumes, findings);
  }

  private countInBin(
    inbound: boolean,
    record: ObservedRecord,
    octets: number,
    packets: number,
    volumes: AssetVolumes,
    findings: FindingSink,
  ): void {
    const { sums } = volumes;
    const bin = inbound ? At.binIn : At.binOut;
    const inNewest = record.startMs >= sums[bin + Bin.from]! && record.endMs < sums[bin + Bin.to]!;
    if (inNewest && collectBin(record, bin, octets, packets, sums)) return;
    const state = volumes.states[this.binned]!;
    this.flushBin(inbound, volumes);
    if (inNewest) this.bins!.check(state, inbound, record, findings);
    else this.bins!.each(state, inbound, record, findings);
    this.measureBin(inbound, volumes, record.endMs);
  }

  private flushBins(volumes: AssetVolumes): void {
    for (const inbound of WAYS) this.flushBin(inbound, volumes);
  }

  /** Gives the detection what was collected of its newest bin. */
  private flushBin(inbound: boolean, { sums, states }: AssetVolumes): void {
    const bin = inbound ? At.binIn : At.binOut;
    if (sums[bin + Bin.records] === 0) return;
    this.bins!.take(states[this.binned]!, inbound, sums, bin);
    sums.fill(0, bin + Bin.octets, bin + Bin.sessions + 1);
  }

  /** Bounds of the newest bin, and how much may come into it. */
  private measureBin(inbound: boolean, { sums, states }: AssetVolumes, nowMs: number): void {
    if (this.bins === undefined) return;
    const bin = inbound ? At.binIn : At.binOut;
    const state = states[this.binned]!;
    sums[bin + Bin.from] = this.bins.newestFromMs(state, inbound);
    sums[bin + Bin.to] = this.bins.newestToMs(state, inbound);
    sums[bin + Bin.room] = this.bins.room(state, inbound, nowMs) - sums[bin + Bin.octets]!;
  }

  /** Gives the detections what was collected. */
  private flush(volumes: AssetVolumes): void {
    const { sums } = volumes;
    if (sums[At.pending] === 0) return;
    flushInto(volumes, total);
    for (let i = 0; i < this.consumers.length; i++) this.consumers[i]!.take(volumes.states[i]!, volumes, total);
    volumes.clear();
  }

  private measureRoom(volumes: AssetVolumes, nowMs: number): void {
    let out = Number.POSITIVE_INFINITY;
    let back = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.consumers.length; i++) {
      const consumer = this.consumers[i]!;
      const state = volumes.states[i];
      if (consumer.room === undefined || state === undefined) continue;
      out = Math.min(out, consumer.room(state, false, nowMs));
      back = Math.min(back, consumer.room(state, true, nowMs));
    }
    // What is collected has not come to the detections yet.
    volumes.sums[At.roomOut] = out - volumes.collected(Sum.out);
    volumes.sums[At.roomIn] = back - volumes.collected(Sum.in);
  }
}

function leastOf({ assets }: TalliedUnit): number {
  return assets.reduce((least, asset) => Math.min(least, asset), Number.MAX_SAFE_INTEGER);
}
