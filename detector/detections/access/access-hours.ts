import { DAY_MS, HOUR_MS } from '../../../flow/time.js';
import type { LocalClock } from '../../baseline/local-clock.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';

export const WEEKS_REMEMBERED = 8;
export const LEARNED_MS = 28 * DAY_MS;

const HOURS = 168;
const MOST_REPORTED = 16;
const MOST_TOLD = 64;
/** 1970-01-05 was a Monday. */
const FIRST_MONDAY_MS = 4 * DAY_MS;
const WEEK_MS = 7 * DAY_MS;
const DAYS = ['on Monday', 'on Tuesday', 'on Wednesday', 'on Thursday', 'on Friday', 'on Saturday', 'on Sunday'] as const;

/**
 * In which hours of the week somebody came, in each of the last eight weeks: a bit a week, 336 bytes. Hours of the local week and of UTC, and either will do:
 * people come by the clock on the wall, and the vendor’s programs by UTC or another zone whose clocks change on another day.
 */
export class AccessHours {
  private readonly weeks = new Uint8Array(2 * HOURS);
  /** Numbers of the sessions last reported: what follows of them belongs to the same access. */
  private reported: number[] = [];
  /** Hours that are marked because somebody who was reported came in them: the latest. */
  private told: number[] = [];
  private week = Number.NEGATIVE_INFINITY;

  /** Moves on to the week of an instant: what is older than eight weeks is forgotten. */
  enter(clock: LocalClock, ms: number): void {
    const week = weekOf(clock, ms);
    if (week <= this.week) return;
    const passed = week - this.week;
    if (passed >= WEEKS_REMEMBERED) this.weeks.fill(0);
    else {
      // The bits of the weeks that are entered.
      for (let next = this.week + 1; next <= week; next++) {
        const kept = ~bitOf(next);
        for (let hour = 0; hour < 2 * HOURS; hour++) this.weeks[hour] = this.weeks[hour]! & kept;
      }
    }
    this.week = week;
  }

  has(clock: LocalClock, ms: number): boolean {
    return this.weeks[clock.hourOfWeek(ms)] !== 0 || this.weeks[utcHour(ms)] !== 0;
  }

  /** Marks every hour that [fromMs, toMs] touches, a week of them at most. `told`: by a session that is reported. */
  mark(clock: LocalClock, fromMs: number, toMs: number, told = false): void {
    const untilMs = Math.min(toMs, fromMs + WEEK_MS);
    for (let ms = fromMs; ; ms += HOUR_MS) {
      const at = Math.min(ms, untilMs);
      const week = weekOf(clock, at);
      const bit = bitOf(Math.min(week, this.week));
      if (week > this.week - WEEKS_REMEMBERED) {
        for (const hour of [clock.hourOfWeek(at), utcHour(at)]) {
          if (told && this.weeks[hour] === 0) this.rememberTold(hour);
          this.weeks[hour] = this.weeks[hour]! | bit;
        }
      }
      if (at === untilMs) return;
    }
  }

  report(session: number): void {
    if (this.reported.length >= MOST_REPORTED) this.reported.shift();
    this.reported.push(session);
  }

  wasReported(session: number): boolean {
    return this.reported.includes(session);
  }

  /** Forgets the hours that are known only because somebody who was reported came in them. */
  unlearn(): void {
    for (const hour of this.told.splice(0)) this.weeks[hour] = 0;
  }

  save(writer: StateWriter): void {
    writer.u32(this.told.length);
    for (const hour of this.told) writer.u32(hour);
    writer.f64(this.week);
    writer.numbers(this.weeks);
    writer.u32(this.reported.length);
    for (const session of this.reported) writer.f64(session);
  }

  load(reader: StateReader): void {
    this.told = Array.from({ length: reader.u32() }, () => reader.u32());
    this.week = reader.f64();
    reader.numbers(this.weeks);
    this.reported = Array.from({ length: reader.u32() }, () => reader.f64());
  }

  private rememberTold(hour: number): void {
    if (this.told.length >= MOST_TOLD) this.told.shift();
    this.told.push(hour);
  }
}

/** 'on Monday between 03:00 and 04:00'. */
export function hourWords(clock: LocalClock, ms: number): string {
  const hour = clock.hourOfWeek(ms);
  const clockTime = (of: number): string => `${String(of % 24).padStart(2, '0')}:00`;
  return `${DAYS[Math.floor(hour / 24)]} between ${clockTime(hour)} and ${clockTime(hour + 1)}`;
}

/** Behind the local hours: that of the week in UTC. */
function utcHour(ms: number): number {
  const hour = Math.floor((ms - FIRST_MONDAY_MS) / HOUR_MS) % HOURS;
  return HOURS + (hour < 0 ? hour + HOURS : hour);
}

function weekOf(clock: LocalClock, ms: number): number {
  return Math.floor((ms + clock.offsetMs(ms) - FIRST_MONDAY_MS) / WEEK_MS);
}

function bitOf(week: number): number {
  return 1 << (((week % WEEKS_REMEMBERED) + WEEKS_REMEMBERED) % WEEKS_REMEMBERED);
}
