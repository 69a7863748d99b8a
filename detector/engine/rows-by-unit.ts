const NONE = -1;

/**
 * The rows of a batch, gathered by the unit that judges them: units in the order of their numbers, the rows of each in the order of the batch. Of thousands of units
 * a batch shows each a few records only, and what is remembered of one is far from the next in memory: so it is fetched once a batch, not once a record. Units share
 * nothing that results depend on, so nothing else changes.
 */
export class RowsByUnit {
  /** By number of the unit. */
  private firsts = new Int32Array(0);
  private lasts = new Int32Array(0);
  /** By row. */
  private followers = new Int32Array(0);
  private met = new Uint32Array(0);
  private metCount = 0;

  /** Begins a batch of so many rows, for units numbered from 0 on and below `units`. */
  begin(rows: number, units: number): void {
    if (this.followers.length < rows) {
      this.followers = new Int32Array(rows);
      this.met = new Uint32Array(rows);
    }
    if (this.firsts.length < units) {
      this.firsts = new Int32Array(units).fill(NONE);
      this.lasts = new Int32Array(units);
    }
  }

  /** Adds a row behind the others of its unit. */
  add(unit: number, row: number): void {
    this.followers[row] = NONE;
    if (this.firsts[unit] === NONE) {
      this.firsts[unit] = row;
      this.met[this.metCount++] = unit;
    } else this.followers[this.lasts[unit]!] = row;
    this.lasts[unit] = row;
  }

  /** Numbers of the units that have rows, ascending; the batch is over then. Good until the next `add`. */
  end(): Uint32Array {
    const units = this.met.subarray(0, this.metCount).sort();
    this.metCount = 0;
    return units;
  }

  /** The unit's first row, which is forgotten with this. */
  take(unit: number): number {
    const row = this.firsts[unit]!;
    this.firsts[unit] = NONE;
    return row;
  }

  /** The row after this one, of the same unit; −1: there is none. */
  after(row: number): number {
    return this.followers[row]!;
  }
}
