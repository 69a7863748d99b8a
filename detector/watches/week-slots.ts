import { MINUTE_MS } from '../../flow/time.js';
import { LocalClock } from '../baseline/local-clock.js';

/** Offsets of time zones are multiples of this: an hour of the local week begins at a multiple of it. */
export const STEP_MINUTES = 15;

/** Hour of the local week (0–167) of minutes, each quarter of an hour asked once: learning goes over the same four weeks for every asset and day. */
export class WeekSlots {
  private readonly clock: LocalClock;
  private readonly slots = new Map<number, number>();

  /** `timezone`: an IANA name. Throws RangeError for a zone that does not exist. */
  constructor(timezone: string) {
    this.clock = new LocalClock(timezone);
  }

  slotOf(minute: number): number {
    const step = Math.floor(minute / STEP_MINUTES);
    let slot = this.slots.get(step);
    if (slot === undefined) {
      slot = this.clock.hourOfWeek(step * STEP_MINUTES * MINUTE_MS);
      this.slots.set(step, slot);
    }
    return slot;
  }
}
