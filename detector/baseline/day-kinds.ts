const HOURS_OF_DAY = 24;
const CELLS = 2 * HOURS_OF_DAY;
// Means, deviations and counts of the cells in the words of the owner: a step of a mean is 0.05 % of the records.
const MEAN_STEPS = 2048;
const DEVIATION_STEPS = 8192;
const MOST_STEPS = 0xffff;
const DEVIATIONS = CELLS;
const COUNTS = 2 * CELLS;
/** Bytes that the kinds of days of one asset take. */
export const DAY_KINDS_BYTES = 2 * 3 * CELLS;

/** Hours that a cell remembers, and how many it must have seen before it tells anything: two free days of a week of work. */
const MEMORY_HOURS = 16;
const LEAST_LEARNED = 3;
const SIGMA_OF_DEVIATION = 1.25;
const LEAST_SIGMA = 0.05;
/** Most that one hour says for or against. */
const MOST_PER_HOUR = 3;
const NOTHING = new Uint16Array(DAY_KINDS_BYTES / 2);

/**
 * How many records tell of an asset at each hour of a workday and of a weekend day: ln(1 + records), mean and mean absolute deviation, and hours learned. So a
 * workday on which nobody works is told from one on which a service has stopped: on a holiday all that people do is missing, not what goes to one place.
 * 288 bytes, in a table that the owner has (`use`): one object serves all assets.
 */
export class DayKinds {
  private table: Uint16Array = NOTHING;
  private from = 0;

  /** Goes to the words that begin at `from`; 0: nothing learned. */
  use(table: Uint16Array, from: number): this {
    this.table = table;
    this.from = from;
    return this;
  }

  learn(records: number, hourOfWeek: number): void {
    const { table } = this;
    const at = this.cellAt(isWeekend(hourOfWeek), hourOfWeek);
    const y = Math.log1p(records);
    const n = table[at + COUNTS]!;
    const alpha = 1 / Math.min(n + 1, MEMORY_HOURS);
    const mean = table[at]! / MEAN_STEPS;
    const deviation = table[at + DEVIATIONS]! / DEVIATION_STEPS;
    const residual = n === 0 ? 0 : y - mean;
    table[at] = steps(n === 0 ? y : mean + alpha * residual, MEAN_STEPS);
    table[at + DEVIATIONS] = steps(deviation + alpha * (Math.abs(residual) - deviation), DEVIATION_STEPS);
    if (n < MEMORY_HOURS) table[at + COUNTS] = n + 1;
  }

  /**
   * How much more an hour of a workday looks like the same hour of a weekend day: the logarithm of the ratio of both likelihoods, of normal distributions with
   * one variance, clipped. 0 at weekends, where too little is known, and where both kinds of days are alike.
   */
  freedom(records: number, hourOfWeek: number): number {
    if (isWeekend(hourOfWeek)) return 0;
    const work = this.cellAt(false, hourOfWeek);
    const free = this.cellAt(true, hourOfWeek);
    const { table } = this;
    if (table[work + COUNTS]! < LEAST_LEARNED || table[free + COUNTS]! < LEAST_LEARNED) return 0;
    const y = Math.log1p(records);
    const mean = table[work]! / MEAN_STEPS;
    const freeMean = table[free]! / MEAN_STEPS;
    const spread = (SIGMA_OF_DEVIATION * Math.max(table[work + DEVIATIONS]!, table[free + DEVIATIONS]!)) / DEVIATION_STEPS;
    const variance = spread * spread + LEAST_SIGMA * LEAST_SIGMA;
    const ratio = ((y - mean) * (y - mean) - (y - freeMean) * (y - freeMean)) / (2 * variance);
    return Math.max(-MOST_PER_HOUR, Math.min(MOST_PER_HOUR, ratio));
  }

  private cellAt(weekend: boolean, hourOfWeek: number): number {
    return this.from + (weekend ? HOURS_OF_DAY : 0) + (hourOfWeek % HOURS_OF_DAY);
  }
}

function steps(value: number, perUnit: number): number {
  return Math.min(MOST_STEPS, Math.round(value * perUnit));
}

/** Monday 00:00 is hour 0. */
export function isWeekend(hourOfWeek: number): boolean {
  return hourOfWeek >= 5 * HOURS_OF_DAY;
}

/** The same hour of the day on a Sunday. */
export function sundayHour(hourOfWeek: number): number {
  return 6 * HOURS_OF_DAY + (hourOfWeek % HOURS_OF_DAY);
}
