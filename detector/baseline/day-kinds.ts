const HOURS_OF_DAY = 24;
const CELLS = 2 * HOURS_OF_DAY;
const WIDTH = 3;
/** Numbers that the kinds of days of one asset take. */
export const DAY_KINDS = CELLS * WIDTH;

/** Hours that a cell remembers, and how many it must have seen before it tells anything: two free days of a week of work. */
const MEMORY_HOURS = 16;
const LEAST_LEARNED = 3;
const SIGMA_OF_DEVIATION = 1.25;
const LEAST_SIGMA = 0.05;
/** Most that one hour says for or against. */
const MOST_PER_HOUR = 3;
const NOTHING = new Float32Array(DAY_KINDS);

/**
 * How many records tell of an asset at each hour of a workday and of a weekend day: ln(1 + records), mean and mean absolute deviation, and hours learned. So a
 * workday on which nobody works is told from one on which a service has stopped: on a holiday all that people do is missing, not what goes to one place.
 * 576 bytes, in a table that the owner has (`use`): one object serves all assets.
 */
export class DayKinds {
  private table: Float32Array = NOTHING;
  private from = 0;

  /** Goes to the numbers that begin at `from`; 0: nothing learned. */
  use(table: Float32Array, from: number): this {
    this.table = table;
    this.from = from;
    return this;
  }

  learn(records: number, hourOfWeek: number): void {
    const { table } = this;
    const at = this.cellAt(isWeekend(hourOfWeek), hourOfWeek);
    const y = Math.log1p(records);
    const n = table[at + 2]!;
    const alpha = 1 / Math.min(n + 1, MEMORY_HOURS);
    const residual = n === 0 ? 0 : y - table[at]!;
    table[at] = n === 0 ? y : table[at]! + alpha * residual;
    table[at + 1]! += alpha * (Math.abs(residual) - table[at + 1]!);
    table[at + 2] = n + 1;
  }

  /**
   * How much more an hour of a workday looks like the same hour of a weekend day: the logarithm of the ratio of both likelihoods, of normal distributions with
   * one variance, clipped. 0 at weekends, where too little is known, and where both kinds of days are alike.
   */
  freedom(records: number, hourOfWeek: number): number {
    if (isWeekend(hourOfWeek)) return 0;
    const work = this.cellAt(false, hourOfWeek);
    const free = this.cellAt(true, hourOfWeek);
    if (this.table[work + 2]! < LEAST_LEARNED || this.table[free + 2]! < LEAST_LEARNED) return 0;
    const y = Math.log1p(records);
    const mean = this.table[work]!;
    const freeMean = this.table[free]!;
    const spread = SIGMA_OF_DEVIATION * Math.max(this.table[work + 1]!, this.table[free + 1]!);
    const variance = spread * spread + LEAST_SIGMA * LEAST_SIGMA;
    const ratio = ((y - mean) * (y - mean) - (y - freeMean) * (y - freeMean)) / (2 * variance);
    return Math.max(-MOST_PER_HOUR, Math.min(MOST_PER_HOUR, ratio));
  }

  private cellAt(weekend: boolean, hourOfWeek: number): number {
    return this.from + WIDTH * ((weekend ? HOURS_OF_DAY : 0) + (hourOfWeek % HOURS_OF_DAY));
  }
}

/** Monday 00:00 is hour 0. */
export function isWeekend(hourOfWeek: number): boolean {
  return hourOfWeek >= 5 * HOURS_OF_DAY;
}

/** The same hour of the day on a Sunday. */
export function sundayHour(hourOfWeek: number): number {
  return 6 * HOURS_OF_DAY + (hourOfWeek % HOURS_OF_DAY);
}
