import { MINUTE_MS } from '../../flow/time.js';

/** Queues add to a delay, never take away: the smallest over this many minutes is the clock's own (reference: assurance.md §2.5). */
const MINUTES = 10;

/** Smallest arrival − export time of the last ten minutes of arrivals, minute by minute. */
export class ClockOffset {
  private readonly minutes = new Float64Array(MINUTES).fill(Number.NaN);
  private readonly smallest = new Float64Array(MINUTES).fill(Number.NaN);
  private minute = Number.NaN;
  private slot = 0;

  /** Offset of one message that arrived at `receivedMs`, NaN where that is not known: then nothing is said. */
  saw(offsetMs: number, receivedMs: number): void {
    if (Number.isNaN(offsetMs)) return;
    if (!(receivedMs >= this.minute && receivedMs < this.minute + MINUTE_MS)) this.begin(receivedMs);
    if (!(offsetMs >= this.smallest[this.slot]!)) this.smallest[this.slot] = offsetMs;
  }

  /** In ms; NaN when nothing is known of the last ten minutes. */
  get ms(): number {
    let smallest = Number.NaN;
    for (let i = 0; i < MINUTES; i++) {
      const age = this.minute - this.minutes[i]!;
      if (age >= 0 && age < MINUTES * MINUTE_MS && !(this.smallest[i]! >= smallest)) smallest = this.smallest[i]!;
    }
    return smallest;
  }

  private begin(receivedMs: number): void {
    const number = Math.floor(receivedMs / MINUTE_MS);
    this.minute = number * MINUTE_MS;
    this.slot = ((number % MINUTES) + MINUTES) % MINUTES;
    if (this.minutes[this.slot] === this.minute) return;
    this.minutes[this.slot] = this.minute;
    this.smallest[this.slot] = Number.NaN;
  }
}
