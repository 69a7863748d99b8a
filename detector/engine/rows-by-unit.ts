/**
 * The rows of a batch, gathered by the unit that judges them: units in the order of their numbers, the rows of each in the order of the batch. Of thousands of units
 * a batch shows each a few records only, and what is remembered of one is far from the next in memory: so it is fetched once a batch, not once a record. Units share
 * nothing that results depend on, so nothing else changes.
 */
export class RowsByUnit {
  /** Rows that were added, in their order, with their units, and then in the order of judging. */
  private added = new Uint32Array(0);
  private unitOf = new Uint32Array(0);
  private ordered = new Uint32Array(0);
  private count = 0;
  /** By number of the unit: how many rows it has; all 0 between batches. */
  private counts = new Uint32Array(0);
  private met = new Uint32Array(0);
  private metCount = 0;

  /** Begins a batch of so many rows at most, for units numbered from 0 on and below `units`. */
  begin(rows: number, units: number): void {
    this.count = 0;
    this.metCount = 0;
    if (this.added.length < rows) {
      this.added = new Uint32Array(rows);
      this.unitOf = new Uint32Array(rows);
      this.ordered = new Uint32Array(rows);
    }
    if (this.counts.length < units) {
      this.counts = new Uint32Array(units);
      this.met = new Uint32Array(units);
    }
  }

  /** Adds a row behind the others of its unit. */
  add(unit: number, row: number): void {
    this.added[this.count] = row;
    this.unitOf[this.count++] = unit;
    if (this.counts[unit]!++ === 0) this.met[this.metCount++] = unit;
  }

  /** All rows in the order of judging; good until the next `begin`. */
  end(): Uint32Array {
    const { added, unitOf, ordered, counts, count } = this;
    const met = this.met.subarray(0, this.metCount).sort();
    // Each unit's count becomes the place of its first row, then of its next.
    let place = 0;
    for (const unit of met) {
      const rows = counts[unit]!;
      counts[unit] = place;
      place += rows;
    }
    for (let i = 0; i < count; i++) ordered[counts[unitOf[i]!]!++] = added[i]!;
    for (const unit of met) counts[unit] = 0;
    return ordered.subarray(0, count);
  }
}
