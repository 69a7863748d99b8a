import { DAY_MS } from '../../flow/time.js';
import type { CompiledClaims } from '../claims/compiled.js';
import type { ObservedRecord } from '../detections/observed-record.js';
import type { FindingSink } from '../findings/finding-sink.js';
import type { ExchangeKinds } from '../sessions/exchange-kinds.js';
import { AssetVolumes, At, collect, flushInto, SLICE_MS, Sum, type TalliedUnit, TOTAL_WIDTH } from './asset-volumes.js';
import { NewestBins } from './newest-bins.js';
import { PeerGroupReader, peerGroupName } from './peer-groups.js';
import type { StateReader, StateWriter } from './state.js';
import type { VolumeConsumer } from './volume-consumer.js';

/*
 * The detections that look at volumes count the same records in bins of five minutes, hours and days, by direction and group of peers. Each of them doing so for itself
 * cost 1.5 µs a record. Here every record is added once, to the sums of its group in the hour at hand; the detections take the sums when the hour is over, when one of them has to close something, or
 * when there is so much that one of them might have to speak at once. What one of them keeps in shorter bins is collected in the same way (NewestBins). So a usual record
 * comes to one row of numbers of its asset, and to nothing that a detection keeps.
 *
 *   record ──► within the hour ──► sums of its group ──► hour over, or no room left ──► take, of each detection ──► check, where there was no room
 *          └─► over a border, late ──────────────────────────────────────────────────► add, of each detection
 *
 * Sums of whole records are sums of whole numbers, exact up to 2^53: that they are taken later changes no result.
 */

const WEEK_MS = 7 * DAY_MS;

/** Of all tallies: nothing is kept in it. */
const total = new Float64Array(TOTAL_WIDTH);

/** The tally of all units of a partition, shared by its detections. Nothing in it but the assets' own volumes lasts from one record to the next. */
export class VolumeTally {
  private readonly claims: CompiledClaims;
  private readonly reader: PeerGroupReader;
  private readonly consumers: VolumeConsumer<object>[] = [];
  /** The detection that feeds the others. */
  private feeder: string | undefined;
  /** Of the detection that has short bins. */
  private bins: NewestBins | undefined;
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
    if (consumer.bins !== undefined) this.bins = new NewestBins(consumer.bins, this.consumers.length);
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
      const place = volumes.placeOf(this.reader.keyOf(record));
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
    if (number === this.bins?.number) this.bins.count(record, volumes, findings);
    const place = volumes.placeOf(this.reader.keyOf(record));
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

  /** The same, begun anew: what is usual was learned of a time that this does not follow. */
  reopen(asset: number, unit: TalliedUnit): AssetVolumes {
    if (this.volumesOf(asset, unit) !== undefined) this.volumes[asset] = undefined;
    return this.open(asset, unit);
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
    this.bins?.count(record, volumes, findings);
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
      if (sampling !== volumes.sums[At.sampling]!) this.bins?.flush(volumes);
      volumes.sums[At.sampling] = sampling;
    }
    if (movesOn) this.moveOn(record, volumes, findings);
    let place = volumes.placeOf(this.reader.keyOf(record));
    if (place < 0) place = this.enter(record, volumes);
    const { sums } = volumes;
    if (startMs >= sums[At.from]! && endMs < sums[At.to]!) {
      this.count(record, place, volumes, findings);
      return;
    }
    this.bins?.count(record, volumes, findings);
    const out = record.octetsOut * sampling;
    const back = record.octetsIn * sampling;
    const mayTell = out >= sums[At.roomOut]! || back >= sums[At.roomIn]!;
    if (mayTell) this.flush(volumes);
    volumes.groups.add(place, out + back);
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
    this.bins?.measure(volumes, endMs);
  }

  private enter(record: ObservedRecord, volumes: AssetVolumes): number {
    if (volumes.groups.isFull) this.flush(volumes);
    const key = this.reader.keyOf(record);
    const place = volumes.groups.enter(peerGroupName(record, this.claims));
    volumes.begin(place, key);
    for (let i = 0; i < this.consumers.length; i++) this.consumers[i]!.enter?.(volumes.states[i]!, volumes, place, record);
    this.measureRoom(volumes, record.endMs);
    return place;
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
