import type { StateReader, StateWriter } from './state.js';

const HOURS_OF_DAY = 24;
const CELLS = 2 * HOURS_OF_DAY;
/** Bins of a cell after which an extreme counts half as much: 24 days of its hour. */
const HALF_LIFE_HOURS = 24;

/**
 * The largest, or smallest, bin learned at each hour of a workday and of a weekend day, fading. Equipment works in bursts, a few images among heartbeats: then
 * no mean and spread says what is usual, and the bin that holds an image is 40 σ out, every time. What was as large at about this hour before is
 * not news. 192 bytes.
 */
export class HourExtremes {
  private readonly smallest: boolean;
  private readonly fading: number;
  /** NaN: nothing learned. */
  private readonly cells = new Float32Array(CELLS).fill(Number.NaN);

  constructor(smallest: boolean, binsPerHour: number) {
    this.smallest = smallest;
    this.fading = 2 ** ((smallest ? 1 : -1) / (HALF_LIFE_HOURS * binsPerHour));
  }

  get bytes(): number {
    return this.cells.byteLength;
  }

  /** `weight` 1, or less for a bin that was reported. */
  learn(octets: number, hourOfWeek: number, weight: number): void {
    const cell = cellOf(hourOfWeek);
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
    const first = hourOfWeek >= 5 * HOURS_OF_DAY ? HOURS_OF_DAY : 0;
    const hour = hourOfWeek % HOURS_OF_DAY;
    let found: number | undefined;
    for (let beside = hour - 1; beside <= hour + 1; beside++) {
      const value = this.cells[first + ((beside + HOURS_OF_DAY) % HOURS_OF_DAY)]!;
      if (Number.isNaN(value)) continue;
      if (found === undefined || (this.smallest ? value < found : value > found)) found = value;
    }
    return found;
  }

  save(writer: StateWriter): void {
    writer.numbers(this.cells);
  }

  load(reader: StateReader): void {
    reader.numbers(this.cells);
  }
}

function cellOf(hourOfWeek: number): number {
  return (hourOfWeek >= 5 * HOURS_OF_DAY ? HOURS_OF_DAY : 0) + (hourOfWeek % HOURS_OF_DAY);
}
