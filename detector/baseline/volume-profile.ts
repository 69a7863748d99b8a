import { HOUR_MS, SECOND_MS } from '../../flow/time.js';

/*
 * What one asset usually sends in a bin (5 minutes, an hour), by hour of the week (detection.md D03). y = ln(1 + octets / unit).
 * Three levels, each an exponentially weighted mean μ and mean absolute deviation d:
 *   168 hours of the week · 24 hours of a workday and 24 of a weekend day · the asset as a whole
 * A level with n bins counts n against 3 of the level above it (shrinkage), so that a new asset borrows and an old one stands on its own.
 *
 * d is one for an hour of all workdays, or of both weekend days, around the mean of its own hour of the week: an hour that comes once a week would take two months to tell
 * how much it scatters, and be sure of itself after two weeks that were alike by chance.
 *
 * Departures from the document, this one and those below, each because its formula failed on the shape of equipment's traffic:
 *  - Its clip of ±3σ with σ ≥ 0.25 holds from the first bin on, while μ starts at 0: an asset that sends 1 MB (y = 13.8) would need dozens of bins to be
 *    learned. Here the first bin sets μ, and clipping begins with the eighth.
 *  - Whoever asks whether there is more than usual (volume-up) does not learn bins without traffic. Equipment sends in bursts; mixing y = 0 with y = 17
 *    gives σ ≈ 9 and a threshold of e^60: blindness. Whoever asks whether there is less (volume-down) must learn them, with a unit that puts all that is
 *    little near 0.
 *  - A memory of 8 bins is 40 minutes where bins are of 5: one hour of the week would know its last three quarters only. It is 8 hours of the cell for both lengths.
 *  - Bursts among small background traffic spread y in the same way. So the threshold is never above SURGE_FACTOR times the largest bin
 *    learned (fading by half in 24 days): SURGE_FACTOR = e^(6·0.25), what six of the smallest σ allow.
 *
 * Kept small, because there are six for each asset: 752 bytes. A step of μ is 0.001, that is 0.1 % of the volume.
 *   217 × mean u16, 1/1024 (up to e^64)   ·   49 × deviation u16, 1/4096 (up to 16)   ·   217 × count u8, stops at 250, two in a word
 * The numbers lie in tables that the owner has (`use`): one object serves the same question of all assets.
 */

const HOURS_OF_WEEK = 168;
const HOURS_OF_DAY = 24;
const DAY_LEVEL = HOURS_OF_WEEK;
const ASSET_LEVEL = HOURS_OF_WEEK + 2 * HOURS_OF_DAY;
const LEVELS = ASSET_LEVEL + 1;
/** Of the levels from DAY_LEVEL on. */
const DEVIATIONS = LEVELS - DAY_LEVEL;
const COUNTS = LEVELS + LEVELS - DAY_LEVEL;
const PROFILE_WORDS = COUNTS + Math.ceil(LEVELS / 2);
/** What a profile takes in the piece of its owner: what follows may be doubles. */
export const PROFILE_BYTES = 8 * Math.ceil(PROFILE_WORDS / 4);
const BORROWED_BINS = 3;
const MEMORY_HOURS = 8;
/** Hours of a workday come so much more often than one hour of the week, and their deviation remembers so much more, as far as bins are counted. */
const DAYS_OF_A_KIND = 5;
const CLIP_FROM = 8;
const MOST_COUNTED = 250;
const CLIP_SIGMAS = 3;
const SIGMA_OF_DEVIATION = 1.25;
export const LEAST_SIGMA = 0.25;
export const FIRING_WEIGHT = 0.05;
const PEAK_HALF_LIFE_MS = 24 * 86_400 * SECOND_MS;
const MEAN_STEPS = 1024;
const DEVIATION_STEPS = 4096;
const MOST_STEPS = 0xffff;
export const SURGE_FACTOR_SIGMAS = 6;
export const SURGE_FACTOR = Math.exp(SURGE_FACTOR_SIGMAS * LEAST_SIGMA);

const NO_WORDS = new Uint16Array(PROFILE_WORDS);
const NO_NUMBERS = new Float64Array(1);

export interface Prediction {
  /** Octets in a bin that would be usual. */
  expected: number;
  mean: number;
  sigma: number;
}

export class VolumeProfile {
  private readonly unitOctets: number;
  private readonly memoryBins: number;
  private words: Uint16Array = NO_WORDS;
  private from = 0;
  /** Where octets of the largest bin learned are, fading. */
  private numbers: Float64Array = NO_NUMBERS;
  private peakAt = 0;
  private readonly fading: number;
  private readonly prediction: Prediction = { expected: 0, mean: 0, sigma: LEAST_SIGMA };

  /** `unitOctets`: below it, volumes differ little. */
  constructor(binMs: number, unitOctets = 1) {
    this.fading = 2 ** (-binMs / PEAK_HALF_LIFE_MS);
    this.unitOctets = unitOctets;
    this.memoryBins = Math.max(MEMORY_HOURS, (MEMORY_HOURS * HOUR_MS) / binMs);
  }

  /** Goes to the profile whose words lie at `from`, and whose largest bin at `peakAt`. Zero: nothing learned. */
  use(words: Uint16Array, from: number, numbers: Float64Array, peakAt: number): this {
    this.words = words;
    this.from = from;
    this.numbers = numbers;
    this.peakAt = peakAt;
    return this;
  }

  /** Bins learned, up to MOST_COUNTED. */
  get bins(): number {
    return this.countOf(ASSET_LEVEL);
  }

  /** Octets of a typical bin of the asset, at any hour. */
  get typical(): number {
    return this.octetsOf(this.words[this.from + ASSET_LEVEL]! / MEAN_STEPS);
  }

  get largest(): number {
    return this.numbers[this.peakAt]!;
  }

  /** The scale on which volumes are compared. */
  scaled(octets: number): number {
    return Math.log1p(octets / this.unitOctets);
  }

  octetsOf(scaled: number): number {
    return this.unitOctets * Math.expm1(scaled);
  }

  /** What is usual at an hour of the week (0–167). The object is reused. */
  predict(hourOfWeek: number): Prediction {
    const day = dayLevel(hourOfWeek);
    const dayMean = this.shrink(0, day, this.words[this.from + ASSET_LEVEL]!);
    const deviation = this.shrink(DEVIATIONS, day, this.words[this.from + DEVIATIONS + ASSET_LEVEL]!);
    const prediction = this.prediction;
    prediction.mean = this.shrink(0, hourOfWeek, dayMean) / MEAN_STEPS;
    prediction.sigma = sigmaOf(deviation / DEVIATION_STEPS);
    prediction.expected = this.octetsOf(prediction.mean);
    return prediction;
  }

  /** Takes in a bin that is over. A bin that was reported counts a twentieth, so that an attack does not become usual. */
  learn(octets: number, hourOfWeek: number, reported: boolean): void {
    const weight = reported ? FIRING_WEIGHT : 1;
    const y = this.scaled(octets);
    const day = dayLevel(hourOfWeek);
    const { mean, sigma } = this.predict(hourOfWeek);
    const own = this.countOf(hourOfWeek) === 0 ? mean : this.words[this.from + hourOfWeek]! / MEAN_STEPS;
    const whole = this.words[this.from + ASSET_LEVEL]! / MEAN_STEPS;
    const wholeSigma = sigmaOf(this.words[this.from + DEVIATIONS + ASSET_LEVEL]! / DEVIATION_STEPS);
    // Before the means, which count the bin.
    this.learnDeviation(day, y - own, sigma, weight);
    this.learnDeviation(ASSET_LEVEL, y - whole, wholeSigma, weight);
    this.learnMean(hourOfWeek, y, sigma, weight);
    this.learnMean(day, y, wholeSigma, weight);
    this.learnMean(ASSET_LEVEL, y, wholeSigma, weight);
    const faded = this.numbers[this.peakAt]! * this.fading;
    this.numbers[this.peakAt] = octets > faded ? faded + weight * (octets - faded) : faded;
  }

  /** `part`: where means or deviations lie. */
  private shrink(part: number, level: number, above: number): number {
    const n = this.countOf(level);
    return (n * this.words[this.from + part + level]! + BORROWED_BINS * above) / (n + BORROWED_BINS);
  }

  private learnMean(level: number, y: number, sigma: number, weight: number): void {
    const { words } = this;
    const n = this.countOf(level);
    const at = this.from + level;
    const mean = words[at]! / MEAN_STEPS;
    const alpha = n === 0 ? 1 : weight / Math.min(n + 1, this.memoryBins);
    words[at] = steps(mean + alpha * clipped(y - mean, sigma, n), MEAN_STEPS);
    if ((n === 0 || weight === 1) && n < MOST_COUNTED) this.words[this.from + COUNTS + (level >> 1)]! += 1 << (8 * (level & 1));
  }

  /** The first bin of a level lies beside nothing. */
  private learnDeviation(level: number, residual: number, sigma: number, weight: number): void {
    const n = this.countOf(level);
    if (n === 0) return;
    const at = this.from + DEVIATIONS + level;
    const deviation = this.words[at]! / DEVIATION_STEPS;
    const alpha = weight / Math.min(n + 1, this.memoryBins * (level === ASSET_LEVEL ? 1 : DAYS_OF_A_KIND));
    this.words[at] = steps(deviation + alpha * (Math.abs(clipped(residual, sigma, n)) - deviation), DEVIATION_STEPS);
  }

  private countOf(level: number): number {
    return (this.words[this.from + COUNTS + (level >> 1)]! >> (8 * (level & 1))) & 0xff;
  }
}

function steps(value: number, perUnit: number): number {
  return Math.max(0, Math.min(MOST_STEPS, Math.round(value * perUnit)));
}

/** A residual as far as it counts, of a level that has learned `n` bins. */
function clipped(residual: number, sigma: number, n: number): number {
  const reach = n < CLIP_FROM ? Number.POSITIVE_INFINITY : CLIP_SIGMAS * sigma;
  return Math.max(-reach, Math.min(reach, residual));
}

function sigmaOf(deviation: number): number {
  return Math.max(SIGMA_OF_DEVIATION * deviation, LEAST_SIGMA);
}

/** Monday to Friday share a day's hours, Saturday and Sunday another's. */
function dayLevel(hourOfWeek: number): number {
  const weekend = hourOfWeek >= 5 * HOURS_OF_DAY;
  return DAY_LEVEL + (weekend ? HOURS_OF_DAY : 0) + (hourOfWeek % HOURS_OF_DAY);
}
