import { MINUTE_MS } from '../../flow/time.js';
import type { StateReader, StateWriter } from './state.js';

const FIRST = 0;
const NEWEST = 1;
const MINUTES = 2;
const DUE = 3;
const NUMBERS = 4;

/**
 * When the records of each asset of a partition began, how far they have come, and when a detection wants to be asked next: 32 octets an asset, in one table, because every
 * record asks. Detections that learn count from the first record on, whatever it was.
 */
export class AssetTimes {
  /** The record that was taken in last is the first to come to its minute. */
  beginsMinute = false;
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
    if (endMs <= newestMs) return false;
    times[at + NEWEST] = endMs;
    if (Number.isNaN(times[at + FIRST]!)) times[at + FIRST] = startMs;
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
    this.times[asset * NUMBERS + DUE] = Number.NEGATIVE_INFINITY;
  }

  save(writer: StateWriter, assets: readonly number[]): void {
    for (const asset of assets) for (let at = 0; at < NUMBERS; at++) writer.f64(this.times[asset * NUMBERS + at]!);
  }

  load(reader: StateReader, assets: readonly number[]): void {
    for (const asset of assets) for (let at = 0; at < NUMBERS; at++) this.times[asset * NUMBERS + at] = reader.f64();
  }
}
