import { HOUR_MS } from '../../flow/time.js';

/** Offsets remembered: eleven days of hours. A cache only, results do not depend on it. */
const REMEMBERED_HOURS = 256;

/**
 * Local time of a zone without a calendar call per record: the zone's offset is asked once an hour of record time.
 * Zones change their offset at whole UTC hours (Lord Howe Island at half hours, where the first half hour is read an offset late).
 */
export class LocalClock {
  private readonly format: Intl.DateTimeFormat;
  private readonly hours = new Float64Array(REMEMBERED_HOURS).fill(Number.NaN);
  private readonly offsets = new Float64Array(REMEMBERED_HOURS);

  /** `timezone`: an IANA name. Throws RangeError for a zone that does not exist. */
  constructor(timezone: string) {
    this.format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  }

  /** Hour of the local week, 0–167, Monday 00:00 is 0. */
  hourOfWeek(ms: number): number {
    const hour = Math.floor((ms + this.offsetMs(ms)) / HOUR_MS);
    // 1970-01-01 was a Thursday: 72 hours after Monday 00:00.
    return (((hour + 72) % 168) + 168) % 168;
  }

  /** Local time minus UTC, in ms. */
  offsetMs(ms: number): number {
    const hour = Math.floor(ms / HOUR_MS);
    const slot = hour & (REMEMBERED_HOURS - 1);
    if (this.hours[slot] !== hour) {
      this.hours[slot] = hour;
      this.offsets[slot] = this.askOffset(hour * HOUR_MS);
    }
    return this.offsets[slot]!;
  }

  private askOffset(ms: number): number {
    const part: Record<string, number> = {};
    for (const { type, value } of this.format.formatToParts(ms)) part[type] = Number(value);
    return Date.UTC(part.year!, part.month! - 1, part.day, part.hour, part.minute) - ms;
  }
}
