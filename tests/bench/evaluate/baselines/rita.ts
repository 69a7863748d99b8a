import { DAY_MS, SECOND_MS } from '../../../../flow/time.js';
import type { Alert } from '../alerts.js';
import type { Baseline, Seen } from './seen.js';

/*
 * The beacon score that RITA v5 publishes, from its description alone (reference/detection.md §1.1): a quarter each for the regularity of pauses, of sizes, of
 * the histogram over the day, and for how long it lasts. As there, pairs whose asset began and whose peer is outside; day by day where RITA rolls by the hour.
 */

const BINS = 24;
const LEAST_CONNECTIONS = 4;
const MOST_CONNECTIONS = 86_400;

/** Quartiles as positions in the sorted list, rounded to the nearest. */
function quartile(sorted: readonly number[], share: number): number {
  return sorted[Math.round(share * (sorted.length - 1))]!;
}

/** Skew and spread of the values in [0, 1]; 1 is regular. */
function regularity(values: readonly number[], ofNothing: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, median, high] = [quartile(sorted, 0.25), quartile(sorted, 0.5), quartile(sorted, 0.75)];
  const bowley = high - low < 10 || median === low || median === high ? 0 : (high + low - 2 * median) / (high - low);
  const deviations = sorted.map((value) => Math.abs(value - median)).sort((a, b) => a - b);
  const spread = median < 1 ? ofNothing : Math.max(0, (median - quartile(deviations, 0.5)) / median);
  return (1 - Math.abs(bowley) + spread) / 2;
}

function histogramScore(bars: readonly number[]): number {
  const mean = bars.reduce((sum, bar) => sum + bar, 0) / bars.length;
  const deviation = Math.sqrt(bars.reduce((sum, bar) => sum + (bar - mean) ** 2, 0) / bars.length);
  const even = Math.max(0, 1 - deviation / mean);
  const full = bars.filter((bar) => bar > 0);
  if (full.length < 11) return even;
  const bucket = Math.max(1, Math.ceil(0.05 * Math.max(...full)));
  const heights = new Map<number, number>();
  for (const bar of full) heights.set(Math.floor(bar / bucket), (heights.get(Math.floor(bar / bucket)) ?? 0) + 1);
  const [first = 0, second = 0] = [...heights.values()].sort((a, b) => b - a);
  return Math.min(1, Math.max(even, (first + second) / Math.max(1, full.length - 1)));
}

function durationScore(bars: readonly number[], share: number): number {
  if (bars.filter((bar) => bar > 0).length < 6) return 0;
  let longest = 0;
  let run = 0;
  for (const bar of bars) {
    run = bar > 0 ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return Math.min(1, Math.max(share, longest / 12));
}

/** The score in [0, 1]; undefined where there are too few connections. Times in whole seconds, any order, repeats allowed. */
export function ritaScore(
  seconds: readonly number[],
  sizes: readonly number[],
  fromSecond: number,
  windowSeconds: number,
): number | undefined {
  const times = [...new Set(seconds)].sort((a, b) => a - b);
  if (times.length < LEAST_CONNECTIONS || seconds.length >= MOST_CONNECTIONS) return undefined;
  const pauses = times.slice(1).map((time, index) => time - times[index]!);
  if (pauses.length < LEAST_CONNECTIONS - 1) return undefined;
  const bars = new Array<number>(BINS).fill(0);
  for (const second of seconds) {
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor(((second - fromSecond) / windowSeconds) * BINS)));
    bars[bin]! += 1;
  }
  const share = (times.at(-1)! - times[0]!) / windowSeconds;
  return (regularity(pauses, 1) + regularity(sizes, 0) + histogramScore(bars) + durationScore(bars, share)) / 4;
}

interface Pair {
  readonly asset: string;
  readonly peer: string;
  port: number;
  readonly seconds: number[];
  readonly sizes: number[];
}

/** RITA's beacons at or above `least`: 0.9 is its band "high", 0.7 "medium". */
export class RitaBeacons implements Baseline {
  private readonly name: string;
  private readonly least: number;
  /** Begin of the day at hand: days are counted from the first connection. */
  private fromMs = Number.NaN;
  private readonly pairs = new Map<string, Pair>();
  private readonly said: Alert[] = [];

  constructor(name: string, least: number) {
    this.name = name;
    this.least = least;
  }

  take(seen: Seen): void {
    if (!seen.began || !seen.outside || !seen.starts) return;
    if (Number.isNaN(this.fromMs)) this.fromMs = seen.startMs;
    if (seen.startMs >= this.fromMs + DAY_MS) {
      this.close();
      this.fromMs += DAY_MS * Math.floor((seen.startMs - this.fromMs) / DAY_MS);
    }
    const key = `${seen.asset} ${seen.peer}`;
    let pair = this.pairs.get(key);
    if (pair === undefined) {
      pair = { asset: seen.asset, peer: seen.peer, port: seen.port, seconds: [], sizes: [] };
      this.pairs.set(key, pair);
    }
    pair.port = seen.port;
    if (pair.seconds.length >= MOST_CONNECTIONS) return;
    pair.seconds.push(Math.floor(seen.startMs / SECOND_MS));
    pair.sizes.push(seen.octetsOut);
  }

  alerts(_untilMs: number): Alert[] {
    return this.said.splice(0);
  }

  /** Ends the day at hand: call once more at the end of all. */
  close(): void {
    const { fromMs } = this;
    for (const { asset, peer, port, seconds, sizes } of this.pairs.values()) {
      const score = ritaScore(seconds, sizes, fromMs / SECOND_MS, DAY_MS / SECOND_MS);
      if (score === undefined || score < this.least) continue;
      const toMs = fromMs + DAY_MS;
      const sentence = `${asset} → ${peer}: beacon score ${score.toFixed(2)} over ${seconds.length} connections`;
      this.said.push({
        by: this.name,
        asset,
        peer,
        port,
        fromMs: seconds[0]! * SECOND_MS,
        toMs,
        atMs: toMs,
        sentence,
      });
    }
    this.pairs.clear();
  }
}
