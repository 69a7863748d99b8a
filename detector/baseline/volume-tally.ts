import { DAY_MS } from '../../flow/time.js';
import type { CompiledClaims } from '../claims/compiled.js';
import type { FollowedDecision } from '../decisions/followed.js';
import type { UnitContext } from '../detections/detection.js';
import type { ObservedRecord } from '../detections/observed-record.js';
import type { FindingSink } from '../findings/finding-sink.js';
import type { ExchangeKinds } from '../sessions/exchange-kinds.js';
import { AssetVolumes, At, collect, flushInto, SLICE_MS, sumAt, TOTAL_WIDTH } from './asset-volumes.js';
import { PeerGroupReader, peerGroupName } from './peer-groups.js';
import type { StateReader, StateWriter } from './state.js';

/*
 * The detections that look at volumes count the same records in bins of five minutes, hours and days, by direction and group of peers. Each of them doing so for itself
 * cost 1.5 µs a record. Here every record is added once, to the sums of its group in the hour at hand; the detections take the sums when the hour is over, when one of them has to close something, or
 * when there is so much that one of them might have to speak at once. Only bins of five minutes are filled with every record (`each`).
 *
 *   record ──► within the hour ──► sums of its group ──► hour over, or no room left ──► take, of each detection ──► check, where there was no room
 *          └─► over a border, late ──────────────────────────────────────────────────► add, of each detection
 *
 * Sums of whole records are sums of whole numbers, exact up to 2^53: that they are taken later changes no result.
 */

const WEEK_MS = 7 * DAY_MS;

/** A detection that is fed by the tally. Its state of one asset is an object of its own. */
export interface VolumeConsumer<S extends object> {
  /** The first record of the asset has come. */
  begin(record: ObservedRecord): S;
  /** Until when (ms, after `nowMs`) nothing is to be closed; `advance` is called with the first record that ends then or later. */
  dueMs(state: S, nowMs: number): number;
  advance(state: S, volumes: AssetVolumes, record: ObservedRecord, findings: FindingSink): void;
  /** Since when (ms) all that is taken counts as of today; left out: of its hour. */
  sinceMs?(state: S): number;
  /** Every record that counts, before it is added. */
  each?(state: S, record: ObservedRecord, findings: FindingSink): void;
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

const tallies = new WeakMap<ExchangeKinds, VolumeTally>();

/** The tally of all units of a partition, shared by its detections. Nothing in it but the assets' own volumes lasts from one record to the next. */
export function tallyOf({ claims, kinds }: Pick<UnitContext, 'claims' | 'kinds'>): VolumeTally {
  let tally = tallies.get(kinds);
  if (tally === undefined) {
    tally = new VolumeTally(claims, kinds);
    tallies.set(kinds, tally);
  }
  return tally;
}

/** Of all tallies: nothing is kept in it. */
const total = new Float64Array(TOTAL_WIDTH);

export class VolumeTally {
  private readonly claims: CompiledClaims;
  private readonly reader: PeerGroupReader;
  private readonly consumers: VolumeConsumer<object>[] = [];
  /** Numbers of those that want to be told of each record. */
  private readonly telling: number[] = [];
  /** By asset. */
  private readonly volumes: (AssetVolumes | undefined)[] = [];

  constructor(claims: CompiledClaims, kinds: ExchangeKinds) {
    this.claims = claims;
    this.reader = new PeerGroupReader(claims, kinds);
  }

  /** Feeds a detection from now on. Returns its number, the same for all units; the one with 0 has to call `judge` and to save the tally. */
  join(consumer: VolumeConsumer<object>): number {
    const known = this.consumers.indexOf(consumer);
    if (known >= 0) return known;
    if (consumer.each !== undefined) this.telling.push(this.consumers.length);
    return this.consumers.push(consumer) - 1;
  }

  /** `unit`: the record's. */
  judge(record: ObservedRecord, findings: FindingSink, unit: UnitContext): void {
    if (record.retold) return;
    const volumes = this.volumesOf(record.asset, unit) ?? this.open(record.asset, unit);
    const { sums } = volumes;
    if (record.agreed) {
      this.judgeAgreed(record, volumes, findings);
      return;
    }
    if (record.startMs >= sums[At.from]! && record.endMs < sums[At.to]! && record.sampling === sums[At.sampling]!) {
      const place = this.reader.placeOf(record, volumes.groups);
      if (place >= 0) {
        this.count(record, place, volumes, findings);
        return;
      }
    }
    this.judgeBeside(record, volumes, findings);
  }

  /** A detection that joined while the asset's first record was judged has not counted it. True when it counts the asset from now on without being asked. */
  judgeLate(number: number, record: ObservedRecord, findings: FindingSink, unit: UnitContext): boolean {
    const volumes = this.volumesOf(record.asset, unit);
    const consumer = this.consumers[number]!;
    if (volumes?.states[number] !== undefined) return true;
    if (volumes === undefined || record.retold) return false;
    if (record.agreed && consumer.agreed === undefined) return false;
    const state = consumer.begin(record);
    volumes.states[number] = state;
    if (record.agreed) {
      consumer.agreed?.(state, volumes, record, findings);
      return true;
    }
    consumer.advance(state, volumes, record, findings);
    consumer.each?.(state, record, findings);
    const place = this.reader.placeOf(record, volumes.groups);
    consumer.enter?.(state, volumes, place, record);
    if (volumes.sums[At.pending] === 0) consumer.add(state, volumes, place, record, findings);
    volumes.sums[At.to] = Math.min(volumes.sums[At.to]!, consumer.dueMs(state, record.endMs));
    this.measureRoom(volumes, record.endMs);
    return true;
  }

  /** What is kept of an asset; undefined before its first record. */
  volumesOf(asset: number, unit: UnitContext): AssetVolumes | undefined {
    const volumes = this.volumes[asset];
    return volumes?.unit === unit ? volumes : undefined;
  }

  /** Of the unit's assets, by their distance from its first. */
  save(writer: StateWriter, unit: UnitContext): void {
    writer.byAsset(this.keptOf(unit), (volumes) => volumes.save(writer));
  }

  load(reader: StateReader, unit: UnitContext): void {
    const least = leastOf(unit);
    for (let left = reader.u32(); left > 0; left--) this.open(least + reader.u32(), unit).load(reader);
  }

  saveStates(number: number, writer: StateWriter, unit: UnitContext): void {
    const states = new Map([...this.keptOf(unit)].map(([asset, volumes]) => [asset, volumes.states[number]]));
    writer.byAsset(states, (state) => this.consumers[number]!.save(state, writer));
  }

  loadStates(number: number, reader: StateReader, unit: UnitContext): void {
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

  private open(asset: number, unit: UnitContext): AssetVolumes {
    let volumes = this.volumesOf(asset, unit);
    if (volumes === undefined) {
      volumes = new AssetVolumes(unit, this.consumers.length);
      // Filled up to the asset: an array with holes is a slow one.
      while (this.volumes.length <= asset) this.volumes.push(undefined);
      this.volumes[asset] = volumes;
    }
    return volumes;
  }

  /** What is kept of the unit's assets, in their order. */
  private keptOf(unit: UnitContext): Map<number, AssetVolumes> {
    const least = leastOf(unit);
    const kept = new Map<number, AssetVolumes>();
    for (const asset of [...unit.assets].sort((a, b) => a - b)) {
      const volumes = this.volumesOf(asset, unit);
      if (volumes !== undefined) kept.set(asset - least, volumes);
    }
    return kept;
  }

  private count(record: ObservedRecord, place: number, volumes: AssetVolumes, findings: FindingSink): void {
    const { sums } = volumes;
    this.tellEach(record, volumes, findings);
    collect(record, place, sums);
    if (sums[At.out]! < sums[At.roomOut]! && sums[At.in]! < sums[At.roomIn]!) return;
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
      volumes.sums[At.sampling] = sampling;
    }
    if (movesOn) this.moveOn(record, volumes, findings);
    let place = this.reader.placeOf(record, volumes.groups);
    if (place < 0) place = this.enter(record, volumes);
    const { sums } = volumes;
    if (startMs >= sums[At.from]! && endMs < sums[At.to]!) {
      this.count(record, place, volumes, findings);
      return;
    }
    this.tellEach(record, volumes, findings);
    const out = record.octetsOut * sampling;
    const back = record.octetsIn * sampling;
    const mayTell = sums[At.out]! + out >= sums[At.roomOut]! || sums[At.in]! + back >= sums[At.roomIn]!;
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
  }

  private enter(record: ObservedRecord, volumes: AssetVolumes): number {
    if (volumes.groups.isFull) this.flush(volumes);
    const place = volumes.groups.enter(this.reader.keyOf(record), peerGroupName(record, this.claims));
    volumes.roomFor(place);
    for (let i = 0; i < this.consumers.length; i++) this.consumers[i]!.enter?.(volumes.states[i]!, volumes, place, record);
    this.measureRoom(volumes, record.endMs);
    return place;
  }

  private tellEach(record: ObservedRecord, volumes: AssetVolumes, findings: FindingSink): void {
    const { telling } = this;
    for (let i = 0; i < telling.length; i++) this.consumers[telling[i]!]!.each!(volumes.states[telling[i]!]!, record, findings);
  }

  /** Gives the detections what was collected. */
  private flush(volumes: AssetVolumes): void {
    const { sums } = volumes;
    if (sums[At.pending] === 0) return;
    flushInto(volumes, total);
    for (let i = 0; i < this.consumers.length; i++) this.consumers[i]!.take(volumes.states[i]!, volumes, total);
    sums.fill(0, sumAt(0), sumAt(volumes.groups.size));
    sums[At.roomOut]! -= sums[At.out]!;
    sums[At.roomIn]! -= sums[At.in]!;
    sums[At.out] = 0;
    sums[At.in] = 0;
    sums[At.minutes] = 0;
    sums[At.minutes + 1] = 0;
    sums[At.pending] = 0;
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
    volumes.sums[At.roomOut] = out;
    volumes.sums[At.roomIn] = back;
  }
}

function leastOf({ assets }: UnitContext): number {
  return assets.reduce((least, asset) => Math.min(least, asset), Number.MAX_SAFE_INTEGER);
}
