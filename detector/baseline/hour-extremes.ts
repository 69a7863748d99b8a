const HOURS_OF_DAY = 24;
/** Numbers that the extremes of one direction take. */
export const EXTREMES = 2 * HOURS_OF_DAY;
/** Bins of a cell after which an extreme counts half as much: 24 days of its hour. */
const HALF_LIFE_HOURS = 24;
const NOTHING = new Float32Array(EXTREMES).fill(Number.NaN);

/**
 * The largest, or smallest, bin learned at each hour of a workday and of a weekend day, fading. Equipment works in bursts, a few images among heartbeats: then
 * no mean and spread says what is usual, and the bin that holds an image is 40 σ out, every time. What was as large at about this hour before is
 * not news. 192 bytes, in a table that the owner has (`use`): one object serves all assets.
 */
export class HourExtremes {
  private readonly smallest: boolean;
  private readonly fading: number;
  private cells: Float32Array = NOTHING;
  private from = 0;

  constructor(smallest: boolean, binsPerHour: number) {
    this.smallest = smallest;
    this.fading = 2 ** ((smallest ? 1 : -1) / (HALF_LIFE_HOURS * binsPerHour));
  }

  /** Goes to the extremes that lie at `from`; NaN: nothing learned. */
  use(cells: Float32Array, from: number): this {
    this.cells = cells;
    this.from = from;
    return this;
  }

  /** `weight` 1, or less for a bin that was reported. */
  learn(octets: number, hourOfWeek: number, weight: number): void {
    const cell = this.from + cellOf(hourOfWeek);
    const known = this.cells[cell]!;
    if (Number.isNaN(known)) {
      this.cells[cell] = octets;
      return;
    }
    const faded = known * this.fading;
    const beyond = this.smallest ? octets < faded : octets > faded;
    this.cells[cell] = beyond ? faded + weight * (octets - faded) : faded;
  }

  /** The extreme of this hour and of those beside it; undefined where none of them was learned. */
  near(hourOfWeek: number): number | undefined {
    const first = this.from + (hourOfWeek >= 5 * HOURS_OF_DAY ? HOURS_OF_DAY : 0);
    const hour = hourOfWeek % HOURS_OF_DAY;
    let found: number | undefined;
    for (let beside = hour - 1; beside <= hour + 1; beside++) {
      const value = this.cells[first + ((beside + HOURS_OF_DAY) % HOURS_OF_DAY)]!;
      if (Number.isNaN(value)) continue;
      if (found === undefined || (this.smallest ? value < found : value > found)) found = value;
    }
    return found;
  }
}

function cellOf(hourOfWeek: number): number {
  return (hourOfWeek >= 5 * HOURS_OF_DAY ? HOURS_OF_DAY : 0) + (hourOfWeek % HOURS_OF_DAY);
}
