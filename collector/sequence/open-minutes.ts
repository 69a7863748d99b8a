import { minuteOf } from '../../flow/time.js';
import { type Account, emptyCounts, type MinuteCounts } from './counts.js';

/** The minutes of one account that were not drained yet. */
export class OpenMinutes {
  readonly account: Account;
  /** Grows when minutes are taken out: who holds on to a minute's counts must fetch them anew. */
  generation = 0;
  private readonly minutes = new Map<number, MinuteCounts>();
  private readonly maxOpen: number;
  private latest: MinuteCounts | undefined;

  constructor(account: Account, maxOpen: number) {
    this.account = account;
    this.maxOpen = maxOpen;
  }

  /** The counts of the minute around `ms`; those of the latest minute where too many are open (a clock that jumps at random). */
  at(ms: number): MinuteCounts {
    const minute = minuteOf(ms);
    if (this.latest?.minute === minute) return this.latest;
    let counts = this.minutes.get(minute);
    if (counts === undefined) {
      if (this.minutes.size >= this.maxOpen && this.latest !== undefined) return this.latest;
      counts = emptyCounts(minute);
      this.minutes.set(minute, counts);
    }
    this.latest = counts;
    return counts;
  }

  get size(): number {
    return this.minutes.size;
  }

  /** Takes out the minutes before `untilMs`. */
  take(untilMs: number): MinuteCounts[] {
    const taken = [...this.minutes.values()].filter((counts) => counts.minute < untilMs);
    for (const counts of taken) this.minutes.delete(counts.minute);
    if (taken.length > 0) this.generation++;
    if (this.latest !== undefined && this.latest.minute < untilMs) this.latest = undefined;
    return taken;
  }
}
