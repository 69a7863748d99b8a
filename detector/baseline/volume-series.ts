import { HOUR_MS, MINUTE_MS } from '../../flow/time.js';
import type { ObservedRecord } from '../detections/observed-record.js';
import { HourExtremes } from './hour-extremes.js';
import type { LocalClock } from './local-clock.js';
import type { StateReader, StateWriter } from './state.js';
import { FIRING_WEIGHT, LEAST_SIGMA, SURGE_FACTOR, SURGE_FACTOR_SIGMAS, VolumeProfile } from './volume-profile.js';

/** How far back bins stay open for records that an exporter held back: the longest active timeout in the field (30 min) and a minute. */
export const OPEN_BINS_MS = 31 * MINUTE_MS;
const LEAST_OPEN_BINS = 4;
/** Bins that must have been learned before anything is said. */
const LEAST_BINS = 8;
/**
 * Bins of training before their z counts towards the asset's own threshold: 1.2 times the 99.9th percentile of training (detection.md D03), which
 * is the fifth largest of four thousand bins of five minutes, and the largest of 336 hours. Twice `sigmas` is the most: nobody trains an asset blind.
 */
const TRAINED_BINS = 24;
const RANK = 5;
const PERCENTILE = 0.001;
/** A bin is no surge below so many times the largest that was learned at about this hour; three running must each pass the largest itself. */
const PEAK_FACTOR = 1.5;
/** The same for bins shorter than an hour, in which two or three bursts fall together by chance. */
const SHORT_PEAK_FACTOR = 2.5;
const OWN_FACTOR = 1.2;
const MOST_OWN = 2;

export interface VolumeLimits {
  /** Fire at this many σ in one bin, or at `runSigmas` in three bins running. */
  readonly sigmas: number;
  readonly runSigmas: number;
  /** Least excess over what is usual, octets, and as a share of a typical bin. */
  readonly leastExcess: number;
  readonly leastShare: number;
}

/** A bin over its threshold. */
export interface VolumeSurge {
  readonly fromMs: number;
  readonly toMs: number;
  /** Octets out in the bin so far, scaled by sampling; and as counted. */
  readonly observed: number;
  readonly counted: number;
  readonly expected: number;
  readonly packets: number;
  readonly records: number;
  readonly sessions: number;
}

// Columns of the ring.
const OCTETS = 0;
const COUNTED = 1;
const PACKETS = 2;
const RECORDS = 3;
const SESSIONS = 4;
const THRESHOLD = 5;
const RUN_THRESHOLD = 6;
const EXPECTED = 7;
const REPORTED = 8;
/** Largest sampling interval of its records. */
const SAMPLING = 9;
const WIDTH = 10;

/**
 * Octets of one asset in one direction, in bins of one length. Bins stay open for OPEN_BINS_MS of record time, then teach the profile. A bin's threshold is set
 * when it opens; a record that lifts the bin over it is reported at once. Records are spread evenly over their time (detection.md P3): what of it
 * lies in bins that have closed is gone.
 *
 * Where packets were sampled, the estimate itself scatters by σ = √((1 − 1/N)/n) with n packets counted in the bin (detection.md D03): that widens the band of the bin.
 */
export class VolumeSeries {
  private readonly inbound: boolean;
  private readonly binMs: number;
  private readonly clock: LocalClock;
  private readonly limits: VolumeLimits;
  private readonly profile: VolumeProfile;
  private readonly peaks: HourExtremes;
  private readonly open: number;
  private readonly ring: Float64Array;
  /** The largest z of training, descending. */
  private readonly trainingZ = new Float64Array(RANK);
  private trainingBins = 0;
  /** Number of the newest bin; NaN before the first record. */
  private newest = Number.NaN;
  /** Its bounds, and its place in the ring: most records end in the newest bin. */
  private newestFromMs = Number.NaN;
  private newestToMs = Number.NaN;
  private newestAt = 0;

  constructor(inbound: boolean, binMs: number, clock: LocalClock, limits: VolumeLimits) {
    this.inbound = inbound;
    this.binMs = binMs;
    this.clock = clock;
    this.limits = limits;
    this.profile = new VolumeProfile(binMs);
    this.peaks = new HourExtremes(false, HOUR_MS / binMs);
    this.open = Math.max(LEAST_OPEN_BINS, Math.ceil(OPEN_BINS_MS / binMs) + 1);
    this.ring = new Float64Array(this.open * WIDTH);
  }

  /** Bytes of typed arrays. */
  get bytes(): number {
    return this.ring.byteLength + this.trainingZ.byteLength + this.profile.bytes + this.peaks.bytes;
  }

  /** Adds a record; true when a bin that it adds to is over its threshold: `surge` tells which. While `training`, nothing is reported. */
  add(record: ObservedRecord, training: boolean): boolean {
    const { endMs } = record;
    if (!(record.startMs >= this.newestFromMs) || !(endMs < this.newestToMs)) return this.addAnywhere(record, training);
    return this.addTo(this.newest, this.newestAt, record, 1, training);
  }

  /** The open bin that stands out most, among those over their threshold. */
  surge(): VolumeSurge | undefined {
    let most = 0;
    let found: number | undefined;
    for (let bin = this.newest - this.open + 1; bin <= this.newest; bin++) {
      const at = this.at(bin);
      const ratio = this.ring[at + OCTETS]! / Math.max(1, this.ring[at + EXPECTED]!);
      if (this.ring[at + REPORTED] === 1 && ratio > most) {
        most = ratio;
        found = bin;
      }
    }
    if (found === undefined) return undefined;
    const ring = this.ring;
    const at = this.at(found);
    return {
      fromMs: found * this.binMs,
      toMs: (found + 1) * this.binMs,
      observed: Math.round(ring[at + OCTETS]!),
      counted: Math.round(ring[at + COUNTED]!),
      expected: Math.round(ring[at + EXPECTED]!),
      packets: Math.round(ring[at + PACKETS]!),
      records: ring[at + RECORDS]!,
      sessions: ring[at + SESSIONS]!,
    };
  }

  save(writer: StateWriter): void {
    writer.f64(this.newest);
    writer.numbers(this.ring);
    writer.numbers(this.trainingZ);
    writer.f64(this.trainingBins);
    this.profile.save(writer);
    this.peaks.save(writer);
  }

  load(reader: StateReader): void {
    this.setNewest(reader.f64());
    reader.numbers(this.ring);
    reader.numbers(this.trainingZ);
    this.trainingBins = reader.f64();
    this.profile.load(reader);
    this.peaks.load(reader);
  }

  private addAnywhere(record: ObservedRecord, training: boolean): boolean {
    const endBin = Math.floor(record.endMs / this.binMs);
    if (!(endBin <= this.newest)) this.advance(endBin, training);
    const oldest = this.newest - this.open + 1;
    if (endBin < oldest) return false;
    const lengthMs = record.endMs - record.startMs;
    if (lengthMs === 0) return this.addTo(endBin, this.at(endBin), record, 1, training);
    // What lies in bins that have closed is gone: the open ones keep their share, as the rate is what is judged.
    const fromMs = Math.max(record.startMs, oldest * this.binMs);
    let over = false;
    for (let bin = Math.floor(fromMs / this.binMs); bin <= endBin; bin++) {
      const overlap = Math.min(record.endMs, (bin + 1) * this.binMs) - Math.max(fromMs, bin * this.binMs);
      if (this.addTo(bin, this.at(bin), record, overlap / lengthMs, training)) over = true;
    }
    return over;
  }

  private addTo(bin: number, at: number, record: ObservedRecord, share: number, training: boolean): boolean {
    const ring = this.ring;
    const octets = (this.inbound ? record.octetsIn : record.octetsOut) * share;
    ring[at + OCTETS]! += octets * record.sampling;
    ring[at + COUNTED]! += octets;
    ring[at + PACKETS]! += (this.inbound ? record.packetsIn : record.packetsOut) * share;
    ring[at + RECORDS]! += 1;
    if (record.sampling > ring[at + SAMPLING]!) ring[at + SAMPLING] = record.sampling;
    if (record.sessionStarts) ring[at + SESSIONS]! += 1;
    return !training && this.isOver(bin, at);
  }

  private isOver(bin: number, at: number): boolean {
    const { ring } = this;
    const over = ring[at + OCTETS]! >= ring[at + THRESHOLD]! || (this.inRun(bin) && this.inRun(bin - 1) && this.inRun(bin - 2));
    if (!over || (ring[at + SAMPLING]! > 1 && !this.isOverSampled(bin, at))) return false;
    ring[at + REPORTED] = 1;
    return true;
  }

  /** Once more for a bin of sampled packets, with the band as wide as their number makes it. */
  private isOverSampled(bin: number, at: number): boolean {
    const { ring } = this;
    const variance = (1 - 1 / ring[at + SAMPLING]!) / Math.max(1, ring[at + PACKETS]!);
    const { mean, sigma } = this.profile.predict(this.clock.hourOfWeek(bin * this.binMs));
    const wide = Math.sqrt(sigma * sigma + variance);
    const octets = ring[at + OCTETS]!;
    const cap = this.profile.largest * Math.exp(SURGE_FACTOR_SIGMAS * Math.sqrt(LEAST_SIGMA * LEAST_SIGMA + variance));
    if (octets >= Math.min(Math.expm1(mean + this.ownSigmas() * wide), cap)) return true;
    return this.inRun(bin - 1) && this.inRun(bin - 2) && octets >= Math.expm1(mean + this.limits.runSigmas * wide);
  }

  private ownSigmas(): number {
    const { sigmas } = this.limits;
    const own = OWN_FACTOR * this.trainingZ[Math.min(RANK - 1, Math.floor(this.trainingBins * PERCENTILE))]!;
    return Math.max(sigmas, Math.min(own, MOST_OWN * sigmas));
  }

  private inRun(bin: number): boolean {
    if (bin <= this.newest - this.open) return false;
    const at = this.at(bin);
    return this.ring[at + OCTETS]! >= this.ring[at + RUN_THRESHOLD]!;
  }

  private advance(to: number, training: boolean): void {
    const before = Number.isNaN(this.newest) ? to - this.open : this.newest;
    const lastClosed = Math.min(before, to - this.open);
    for (let bin = before - this.open + 1; bin <= lastClosed; bin++) this.close(bin, training);
    for (let bin = Math.max(before, to - this.open) + 1; bin <= to; bin++) this.openBin(bin);
    this.setNewest(to);
  }

  private setNewest(bin: number): void {
    this.newest = bin;
    this.newestFromMs = bin * this.binMs;
    this.newestToMs = (bin + 1) * this.binMs;
    if (!Number.isNaN(bin)) this.newestAt = this.at(bin);
  }

  /** Teaches the profile, once: an emptied bin teaches nothing. */
  private close(bin: number, training: boolean): void {
    const at = this.at(bin);
    const octets = this.ring[at + OCTETS]!;
    if (octets < 1) return;
    const hour = this.clock.hourOfWeek(bin * this.binMs);
    if (training && this.profile.bins >= TRAINED_BINS) {
      const { mean, sigma } = this.profile.predict(hour);
      this.rank((Math.log1p(octets) - mean) / sigma);
    }
    const reported = this.ring[at + REPORTED] === 1;
    this.profile.learn(octets, hour, reported);
    this.peaks.learn(octets, hour, reported ? FIRING_WEIGHT : 1);
    this.ring[at + OCTETS] = 0;
  }

  private openBin(bin: number): void {
    const at = this.at(bin);
    const ring = this.ring;
    ring.fill(0, at, at + WIDTH);
    ring[at + THRESHOLD] = Number.POSITIVE_INFINITY;
    ring[at + RUN_THRESHOLD] = Number.POSITIVE_INFINITY;
    if (this.profile.bins < LEAST_BINS) return;
    const { leastExcess, leastShare, runSigmas } = this.limits;
    const hour = this.clock.hourOfWeek(bin * this.binMs);
    const { expected, mean, sigma } = this.profile.predict(hour);
    const peak = this.peaks.near(hour) ?? 0;
    const gate = expected + Math.max(leastExcess, leastShare * this.profile.typical);
    // An asset whose training already strayed far needs to stray farther.
    const surge = Math.min(Math.expm1(mean + this.ownSigmas() * sigma), SURGE_FACTOR * this.profile.largest);
    ring[at + THRESHOLD] = Math.max(gate, surge, (this.binMs < HOUR_MS ? SHORT_PEAK_FACTOR : PEAK_FACTOR) * peak);
    ring[at + RUN_THRESHOLD] = Math.max(gate, Math.expm1(mean + runSigmas * sigma), peak);
    ring[at + EXPECTED] = expected;
  }

  private rank(z: number): void {
    this.trainingBins += 1;
    for (let i = 0; i < RANK; i++) {
      if (z <= this.trainingZ[i]!) continue;
      this.trainingZ.copyWithin(i + 1, i);
      this.trainingZ[i] = z;
      return;
    }
  }

  private at(bin: number): number {
    return (((bin % this.open) + this.open) % this.open) * WIDTH;
  }
}
