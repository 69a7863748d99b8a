import { DAY_MS, MINUTE_MS } from '../../flow/time.js';
import type { StateReader, StateWriter } from './state.js';

const FIRST = 0;
const NEWEST = 1;
const MINUTES = 2;
const DUE = 3;
/** Where time went on after the latest pause, and how long that was; of an asset without one, its first record. */
const RESUMED = 4;
const PAUSE = 5;
const NUMBERS = 6;

/** A longer pause is no time in which the asset was learned: a record of a clock that stood at the epoch, or an old capture before a new one, would end all learning at once. */
const PAUSE_MS = 7 * DAY_MS;
/** Where time has gone on for no longer than this after a pause, and a record is older than the pause by more: that one was not late, the clock had been ahead. */
const AHEAD_MS = DAY_MS;
/** Longer than any learning that such a jump starts anew. */
const LEARNING_MS = 28 * DAY_MS;

/**
 * When the records of each asset of a partition began, how far they have come, and when a detection wants to be asked next: 48 octets an asset, in one table, because every
 * record asks. Detections that learn count from the first record on, whatever it was.
 */
export class AssetTimes {
  /** The record that was taken in last is the first to come to its minute. */
  beginsMinute = false;
  /** Between that record and those of its asset before lies a pause that cut learning short, or a clock that was ahead: what was learned of how much is usual is not to be used. */
  interrupted = false;
  /** The records before it came from a clock that was ahead. */
  wasSetBack = false;
  private readonly times: Float64Array;

  /** `assets`: how many the claims name. */
  constructor(assets: number) {
    this.times = new Float64Array(assets * NUMBERS);
    for (let asset = 0; asset < assets; asset++) this.forget(asset);
  }

  /** Takes a record in. True when the asset is due: it is its first, or the first that ends at the time that was asked for (`wake`) or later. */
  take(asset: number, startMs: number, endMs: number): boolean {
    const { times } = this;
    const at = asset * NUMBERS;
    const newestMs = times[at + NEWEST]!;
    this.beginsMinute = false;
    this.interrupted = false;
    this.wasSetBack = false;
    if (endMs <= newestMs) {
      if (endMs >= newestMs - AHEAD_MS || !this.setBack(at, startMs)) return false;
    } else if (endMs - newestMs > PAUSE_MS) this.resume(at, startMs, endMs);
    times[at + NEWEST] = endMs;
    if (Math.floor(endMs / MINUTE_MS) > newestMs / MINUTE_MS) {
      times[at + MINUTES]! += 1;
      this.beginsMinute = true;
    }
    if (endMs < times[at + DUE]!) return false;
    times[at + DUE] = Number.POSITIVE_INFINITY;
    return true;
  }

  /** The asset is due at `ms`, if not earlier. Once: whoever wants it again asks again. */
  wake(asset: number, ms: number): void {
    const at = asset * NUMBERS + DUE;
    if (ms < this.times[at]!) this.times[at] = ms;
  }

  /** Minutes of record time that began with a record of the asset; those between, of which none tells, do not count. */
  minutes(asset: number): number {
    return this.times[asset * NUMBERS + MINUTES]!;
  }

  /** Start of the asset's first record, in ms; NaN before it. */
  firstMs(asset: number): number {
    return this.times[asset * NUMBERS + FIRST]!;
  }

  /** Latest end of its records, in ms; −Infinity before the first. */
  newestMs(asset: number): number {
    return this.times[asset * NUMBERS + NEWEST]!;
  }

  /** Until when the asset is learned by what learns for so long; undefined before its first record, and when that is over by `nowMs`. */
  learningUntil(asset: number, warmUpMs: number, nowMs: number): number | undefined {
    const untilMs = this.firstMs(asset) + warmUpMs;
    return nowMs < untilMs ? untilMs : undefined;
  }

  /** Takes over what another table knows of the assets. */
  inherit(before: AssetTimes, assets: readonly number[]): void {
    for (const asset of assets) this.times.set(before.times.subarray(asset * NUMBERS, (asset + 1) * NUMBERS), asset * NUMBERS);
  }

  forget(asset: number): void {
    this.times[asset * NUMBERS + FIRST] = Number.NaN;
    this.times[asset * NUMBERS + NEWEST] = Number.NEGATIVE_INFINITY;
    this.times[asset * NUMBERS + MINUTES] = 0;
    this.times[asset * NUMBERS + RESUMED] = Number.NaN;
    this.times[asset * NUMBERS + PAUSE] = 0;
    this.times[asset * NUMBERS + DUE] = Number.NEGATIVE_INFINITY;
  }

  save(writer: StateWriter, assets: readonly number[]): void {
    for (const asset of assets) for (let at = 0; at < NUMBERS; at++) writer.f64(this.times[asset * NUMBERS + at]!);
  }

  load(reader: StateReader, assets: readonly number[]): void {
    for (const asset of assets) for (let at = 0; at < NUMBERS; at++) this.times[asset * NUMBERS + at] = reader.f64();
  }

  /** The asset's first record, or the first after a pause, or one that ends long after all others: learning goes on where it stood. */
  private resume(at: number, startMs: number, endMs: number): void {
    const { times } = this;
    const isFirst = Number.isNaN(times[at + FIRST]!);
    const betweenMs = isFirst ? 0 : startMs - times[at + NEWEST]!;
    const pauseMs = betweenMs > PAUSE_MS ? betweenMs : 0;
    this.interrupted = pauseMs > 0 && times[at + NEWEST]! - times[at + FIRST]! < LEARNING_MS;
    times[at + FIRST] = isFirst ? startMs : times[at + FIRST]! + pauseMs;
    times[at + RESUMED] = endMs;
    times[at + PAUSE] = pauseMs;
    // Whoever keeps something of the asset has to know.
    if (this.interrupted) times[at + DUE] = Number.NEGATIVE_INFINITY;
  }

  /** True where the newest records were ahead: the asset's time goes on from here, as if they had not come. */
  private setBack(at: number, startMs: number): boolean {
    const { times } = this;
    const resumedMs = times[at + RESUMED]!;
    if (!(times[at + NEWEST]! - resumedMs <= AHEAD_MS && startMs < resumedMs - AHEAD_MS)) return false;
    times[at + FIRST] = Math.min(times[at + FIRST]! - times[at + PAUSE]!, startMs);
    times[at + RESUMED] = Number.NaN;
    times[at + PAUSE] = 0;
    times[at + DUE] = Number.NEGATIVE_INFINITY;
    this.interrupted = true;
    this.wasSetBack = true;
    return true;
  }
}
