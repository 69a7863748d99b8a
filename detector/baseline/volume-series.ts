import { HOUR_MS, MINUTE_MS } from '../../flow/time.js';
import type { ObservedRecord } from '../detections/observed-record.js';
import { EXTREMES, HourExtremes } from './hour-extremes.js';
import type { LocalClock } from './local-clock.js';
import { NO_CHUNK, type Piece } from './number-pool.js';
import { FIRING_WEIGHT, LEAST_SIGMA, PROFILE_BYTES, SURGE_FACTOR, SURGE_FACTOR_SIGMAS, VolumeProfile } from './volume-profile.js';

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

// Numbers of a series: the newest bin (NaN before the first record), bins of training, the largest bin, the largest z of training in descending order, then the ring.
const NEWEST = 0;
const TRAINING_BINS = 1;
const PEAK = 2;
const TRAINING_Z = 3;
const RING = TRAINING_Z + RANK;
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
 * Octets of an asset in one direction, in bins of one length. Bins stay open for OPEN_BINS_MS of record time, then teach the profile. A bin's threshold is set
 * when it opens; whoever lifts the bin over it is told of at once. Records are spread evenly over their time (detection.md P3): what of it
 * lies in bins that have closed is gone.
 *
 * Where packets were sampled, the estimate itself scatters by σ = √((1 − 1/N)/n) with n packets counted in the bin (detection.md D03): that widens the band of the bin.
 *
 * One object serves all assets: `use` goes to the piece of one.
 */
export class VolumeSeries {
  /** What it takes of an asset's piece: its numbers, its profile, its extremes. */
  readonly bytes: number;
  private readonly inbound: boolean;
  private readonly binMs: number;
  private readonly clock: LocalClock;
  private readonly limits: VolumeLimits;
  private readonly profile: VolumeProfile;
  private readonly peaks: HourExtremes;
  private readonly open: number;
  /** Where profile and extremes begin, in bytes behind the numbers. */
  private readonly profileAt: number;
  private readonly extremesAt: number;
  private chunk = NO_CHUNK;
  private numbers = NO_CHUNK.doubles;
  private from = 0;

  constructor(inbound: boolean, binMs: number, clock: LocalClock, limits: VolumeLimits) {
    this.inbound = inbound;
    this.binMs = binMs;
    this.clock = clock;
    this.limits = limits;
    this.profile = new VolumeProfile(binMs);
    this.peaks = new HourExtremes(false, HOUR_MS / binMs);
    this.open = Math.max(LEAST_OPEN_BINS, Math.ceil(OPEN_BINS_MS / binMs) + 1);
    this.profileAt = 8 * (RING + this.open * WIDTH);
    this.extremesAt = this.profileAt + PROFILE_BYTES;
    this.bytes = this.extremesAt + 4 * EXTREMES;
  }

  /** Goes to the series of one asset that begins at byte `at` of its piece. */
  use({ chunk, from }: Piece, at: number): this {
    this.chunk = chunk;
    this.numbers = chunk.doubles;
    this.from = (from + at) >> 3;
    return this;
  }

  /** A new asset: nothing was seen yet. */
  begin(): void {
    this.numbers[this.from + NEWEST] = Number.NaN;
    this.chunk.floats.fill(Number.NaN, this.extremesFrom, this.extremesFrom + EXTREMES);
  }

  /** Bounds of the newest bin in ms; NaN before the first record. */
  get newestFromMs(): number {
    return this.newest * this.binMs;
  }
  get newestToMs(): number {
    return (this.newest + 1) * this.binMs;
  }

  private get newest(): number {
    return this.numbers[this.from + NEWEST]!;
  }

  /** Record time has come to `ms`: bins behind it close, those up to it open. */
  advance(ms: number, training: boolean): void {
    const to = Math.floor(ms / this.binMs);
    const { newest } = this;
    if (to <= newest) return;
    this.bind();
    const before = Number.isNaN(newest) ? to - this.open : newest;
    const lastClosed = Math.min(before, to - this.open);
    for (let bin = before - this.open + 1; bin <= lastClosed; bin++) this.close(bin, training);
    for (let bin = Math.max(before, to - this.open) + 1; bin <= to; bin++) this.openBin(bin);
    this.numbers[this.from + NEWEST] = to;
  }

  /** Adds to the newest bin what came of `sampling`. */
  take(octets: number, packets: number, records: number, sessions: number, sampling: number): void {
    const { numbers } = this;
    const at = this.at(this.newest);
    numbers[at + OCTETS]! += octets;
    numbers[at + COUNTED]! += octets / sampling;
    numbers[at + PACKETS]! += packets;
    numbers[at + RECORDS]! += records;
    numbers[at + SESSIONS]! += sessions;
    if (sampling > numbers[at + SAMPLING]!) numbers[at + SAMPLING] = sampling;
  }

  /** Adds a record, with which time may move on; true when a bin that it adds to is over its threshold: `surge` tells which. While `training`, nothing is told. */
  add(record: ObservedRecord, training: boolean): boolean {
    const { binMs } = this;
    const endBin = Math.floor(record.endMs / binMs);
    if (!(endBin <= this.newest)) this.advance(record.endMs, training);
    if (record.startMs >= endBin * binMs && endBin === this.newest) return this.addTo(endBin, record, 1, training);
    const oldest = this.newest - this.open + 1;
    if (endBin < oldest) return false;
    const lengthMs = record.endMs - record.startMs;
    if (lengthMs === 0) return this.addTo(endBin, record, 1, training);
    // What lies in bins that have closed is gone: the open ones keep their share, as the rate is what is judged.
    const fromMs = Math.max(record.startMs, oldest * this.binMs);
    let over = false;
    for (let bin = Math.floor(fromMs / this.binMs); bin <= endBin; bin++) {
      const overlap = Math.min(record.endMs, (bin + 1) * this.binMs) - Math.max(fromMs, bin * this.binMs);
      if (this.addTo(bin, record, overlap / lengthMs, training)) over = true;
    }
    return over;
  }

  /** True when the newest bin is over its threshold. */
  check(): boolean {
    return this.isOver(this.newest);
  }

  /** Octets that may come before `check` can be true. */
  room(): number {
    const at = this.at(this.newest);
    return Math.min(this.numbers[at + THRESHOLD]!, this.numbers[at + RUN_THRESHOLD]!) - this.numbers[at + OCTETS]!;
  }

  /** The open bin that stands out most, among those over their threshold. */
  surge(): VolumeSurge | undefined {
    const { numbers, newest } = this;
    let most = 0;
    let found: number | undefined;
    for (let bin = newest - this.open + 1; bin <= newest; bin++) {
      const at = this.at(bin);
      const ratio = numbers[at + OCTETS]! / Math.max(1, numbers[at + EXPECTED]!);
      if (numbers[at + REPORTED] === 1 && ratio > most) {
        most = ratio;
        found = bin;
      }
    }
    if (found === undefined) return undefined;
    const at = this.at(found);
    return {
      fromMs: found * this.binMs,
      toMs: (found + 1) * this.binMs,
      observed: Math.round(numbers[at + OCTETS]!),
      counted: Math.round(numbers[at + COUNTED]!),
      expected: Math.round(numbers[at + EXPECTED]!),
      packets: Math.round(numbers[at + PACKETS]!),
      records: numbers[at + RECORDS]!,
      sessions: numbers[at + SESSIONS]!,
    };
  }

  private addTo(bin: number, record: ObservedRecord, share: number, training: boolean): boolean {
    const { numbers } = this;
    const at = this.at(bin);
    const octets = (this.inbound ? record.octetsIn : record.octetsOut) * share;
    numbers[at + OCTETS]! += octets * record.sampling;
    numbers[at + COUNTED]! += octets;
    numbers[at + PACKETS]! += (this.inbound ? record.packetsIn : record.packetsOut) * share;
    numbers[at + RECORDS]! += 1;
    if (record.sampling > numbers[at + SAMPLING]!) numbers[at + SAMPLING] = record.sampling;
    if (record.sessionStarts) numbers[at + SESSIONS]! += 1;
    return !training && this.isOver(bin);
  }

  private isOver(bin: number): boolean {
    const { numbers } = this;
    const at = this.at(bin);
    const over = numbers[at + OCTETS]! >= numbers[at + THRESHOLD]! || (this.inRun(bin) && this.inRun(bin - 1) && this.inRun(bin - 2));
    if (!over || (numbers[at + SAMPLING]! > 1 && !this.isOverSampled(bin, at))) return false;
    numbers[at + REPORTED] = 1;
    return true;
  }

  /** Once more for a bin of sampled packets, with the band as wide as their number makes it. */
  private isOverSampled(bin: number, at: number): boolean {
    const { numbers } = this;
    this.bind();
    const variance = (1 - 1 / numbers[at + SAMPLING]!) / Math.max(1, numbers[at + PACKETS]!);
    const { mean, sigma } = this.profile.predict(this.clock.hourOfWeek(bin * this.binMs));
    const wide = Math.sqrt(sigma * sigma + variance);
    const octets = numbers[at + OCTETS]!;
    const cap = this.profile.largest * Math.exp(SURGE_FACTOR_SIGMAS * Math.sqrt(LEAST_SIGMA * LEAST_SIGMA + variance));
    if (octets >= Math.min(Math.expm1(mean + this.ownSigmas() * wide), cap)) return true;
    return this.inRun(bin - 1) && this.inRun(bin - 2) && octets >= Math.expm1(mean + this.limits.runSigmas * wide);
  }

  /** Profile and extremes of the asset at hand: looked at when bins close and open. */
  private bind(): void {
    this.profile.use(this.chunk.shorts, (8 * this.from + this.profileAt) / 2, this.numbers, this.from + PEAK);
    this.peaks.use(this.chunk.floats, this.extremesFrom);
  }

  private get extremesFrom(): number {
    return (8 * this.from + this.extremesAt) / 4;
  }

  private ownSigmas(): number {
    const { sigmas } = this.limits;
    const bins = this.numbers[this.from + TRAINING_BINS]!;
    const own = OWN_FACTOR * this.numbers[this.from + TRAINING_Z + Math.min(RANK - 1, Math.floor(bins * PERCENTILE))]!;
    return Math.max(sigmas, Math.min(own, MOST_OWN * sigmas));
  }

  private inRun(bin: number): boolean {
    if (bin <= this.newest - this.open) return false;
    const at = this.at(bin);
    return this.numbers[at + OCTETS]! >= this.numbers[at + RUN_THRESHOLD]!;
  }

  /** Teaches the profile, once: an emptied bin teaches nothing. */
  private close(bin: number, training: boolean): void {
    const { numbers } = this;
    const at = this.at(bin);
    const octets = numbers[at + OCTETS]!;
    if (octets < 1) return;
    const hour = this.clock.hourOfWeek(bin * this.binMs);
    if (training && this.profile.bins >= TRAINED_BINS) {
      const { mean, sigma } = this.profile.predict(hour);
      this.rank((Math.log1p(octets) - mean) / sigma);
    }
    const reported = numbers[at + REPORTED] === 1;
    this.profile.learn(octets, hour, reported);
    this.peaks.learn(octets, hour, reported ? FIRING_WEIGHT : 1);
    numbers[at + OCTETS] = 0;
  }

  private openBin(bin: number): void {
    const at = this.at(bin);
    const { numbers } = this;
    numbers.fill(0, at, at + WIDTH);
    numbers[at + THRESHOLD] = Number.POSITIVE_INFINITY;
    numbers[at + RUN_THRESHOLD] = Number.POSITIVE_INFINITY;
    if (this.profile.bins < LEAST_BINS) return;
    const { leastExcess, leastShare, runSigmas } = this.limits;
    const hour = this.clock.hourOfWeek(bin * this.binMs);
    const { expected, mean, sigma } = this.profile.predict(hour);
    const peak = this.peaks.near(hour) ?? 0;
    const gate = expected + Math.max(leastExcess, leastShare * this.profile.typical);
    // An asset whose training already strayed far needs to stray farther.
    const surge = Math.min(Math.expm1(mean + this.ownSigmas() * sigma), SURGE_FACTOR * this.profile.largest);
    numbers[at + THRESHOLD] = Math.max(gate, surge, (this.binMs < HOUR_MS ? SHORT_PEAK_FACTOR : PEAK_FACTOR) * peak);
    if (!this.isRepeated(bin, hour)) numbers[at + RUN_THRESHOLD] = Math.max(gate, Math.expm1(mean + runSigmas * sigma), peak);
    numbers[at + EXPECTED] = expected;
  }

  /**
   * Whether the clock was set back and tells this hour a second time. What is set by local time may run in it again, so that two busy hours become three running:
   * it is no step of a run. Alone it is judged like its twin. (A bin of five minutes has its hour's twins an hour before it, in no run with it.)
   */
  private isRepeated(bin: number, hour: number): boolean {
    return this.binMs === HOUR_MS && this.clock.hourOfWeek((bin - 1) * this.binMs) === hour;
  }

  private rank(z: number): void {
    const { numbers } = this;
    const first = this.from + TRAINING_Z;
    numbers[this.from + TRAINING_BINS]! += 1;
    for (let i = 0; i < RANK; i++) {
      if (z <= numbers[first + i]!) continue;
      numbers.copyWithin(first + i + 1, first + i, first + RANK - 1);
      numbers[first + i] = z;
      return;
    }
  }

  private at(bin: number): number {
    return this.from + RING + (((bin % this.open) + this.open) % this.open) * WIDTH;
  }
}
