import { MINUTE_MS } from '../../flow/time.js';
import type { StateReader, StateWriter } from './state.js';

const FIRST = 0;
const NEWEST = 1;
const NUMBERS = 2;

/**
 * When the records of each asset of a partition began, and how far they have come: 16 octets an asset, in one table, because every record asks. Detections that
 * learn count from the first record on, whatever it was.
 */
export class AssetTimes {
  private readonly times: Float64Array;

  /** `assets`: how many the claims name. */
  constructor(assets: number) {
    this.times = new Float64Array(assets * NUMBERS);
    for (let asset = 0; asset < assets; asset++) this.forget(asset);
  }

  /** Takes a record in. True when it is the first to come to its minute. */
  take(asset: number, startMs: number, endMs: number): boolean {
    const { times } = this;
    const at = asset * NUMBERS;
    const newestMs = times[at + NEWEST]!;
    if (endMs <= newestMs) return false;
    times[at + NEWEST] = endMs;
    if (Number.isNaN(times[at + FIRST]!)) times[at + FIRST] = startMs;
    return Math.floor(endMs / MINUTE_MS) > newestMs / MINUTE_MS;
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
  }

  save(writer: StateWriter, assets: readonly number[]): void {
    for (const asset of assets) for (let at = 0; at < NUMBERS; at++) writer.f64(this.times[asset * NUMBERS + at]!);
  }

  load(reader: StateReader, assets: readonly number[]): void {
    for (const asset of assets) for (let at = 0; at < NUMBERS; at++) this.times[asset * NUMBERS + at] = reader.f64();
  }
}
