/** Smaller totals in a row, none below the one before, after which a total is taken to have begun anew without the stream showing a restart. */
const SMALLER_TO_BEGIN = 3;

/**
 * Differences of a running total that an exporter tells (RFC 7011 §4.1–§4.3). What was counted before the first telling is not ours. After a restart it counts
 * from zero; without one, a smaller total is another process's, or out of order, until it goes on growing from there.
 */
export class RunningTotal {
  private last = Number.NaN;
  private restarted = false;
  private smaller = Number.NaN;
  private smallerCount = 0;

  /** Takes the next total, NaN where none was told. Returns what it grew by. */
  told(total: number): number {
    if (Number.isNaN(total)) return 0;
    if (Number.isNaN(this.last) || total >= this.last) return this.goOn(total, Number.isNaN(this.last) ? 0 : total - this.last);
    if (this.restarted || this.hasBegunAnew(total)) return this.goOn(total, total);
    return 0;
  }

  /** The exporter restarted: a smaller total is believed at once. */
  restart(): void {
    this.restarted = true;
  }

  private goOn(total: number, growth: number): number {
    this.last = total;
    this.restarted = false;
    this.smallerCount = 0;
    return growth;
  }

  private hasBegunAnew(total: number): boolean {
    this.smallerCount = this.smallerCount > 0 && total >= this.smaller ? this.smallerCount + 1 : 1;
    this.smaller = total;
    return this.smallerCount >= SMALLER_TO_BEGIN;
  }
}
