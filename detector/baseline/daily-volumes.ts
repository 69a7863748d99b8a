import { DAY_MS } from '../../flow/time.js';
import type { LocalClock } from './local-clock.js';
import { MOST_PEER_GROUPS } from './peer-groups.js';
import type { StateReader, StateWriter } from './state.js';

/** Lengths of the windows in calendar days of the claim file's time zone. */
export const WINDOW_DAYS = [1, 7, 30] as const;
const WINDOWS = WINDOW_DAYS.length;
/** Days kept: the longest window, and one more for records that come late. */
const KEPT_DAYS = 31;
const FIRST_LANES = 8;
const MOST_LANES = 2 + 2 * MOST_PEER_GROUPS;

/** A day of the local calendar, counted from 1970-01-01. */
export function localDay(clock: LocalClock, ms: number): number {
  return Math.floor((ms + clock.offsetMs(ms)) / DAY_MS);
}

/** When the local day begins, ms since the epoch: 23 to 25 hours before the next does. */
export function localDayStartMs(clock: LocalClock, day: number): number {
  const guessMs = day * DAY_MS - clock.offsetMs(day * DAY_MS);
  return day * DAY_MS - clock.offsetMs(guessMs);
}

/** A sum over some days. */
export interface DaySum {
  readonly octets: number;
  readonly records: number;
  readonly sessions: number;
}

/** Numbers of a lane that add up: octets of today, and of the days before it that lie in each window; the level of today at which a window passes its limit; what was told. */
export const Today = { octets: 0, before: 1, alarmAt: 1 + WINDOWS, toldRatio: 2 + WINDOWS, toldPeriodMs: 3 + WINDOWS } as const;
const NUMBERS = 4 + WINDOWS;

// Where the days of a lane, and what else is small, lie in its `days`.
const RECORDS = KEPT_DAYS;
const SESSIONS = 2 * KEPT_DAYS;
const REST = 3 * KEPT_DAYS;
/** The largest sum of training for each window; the day on which the lane entered; window and last day of what was told; day of the last foretelling. */
export const Rest = { largest: 0, entered: WINDOWS, toldWindow: WINDOWS + 1, toldDay: WINDOWS + 2, foretoldDay: WINDOWS + 3 } as const;
const DAYS = REST + WINDOWS + 4;

/**
 * Octets of one asset by local day for 31 days, in lanes: 0 and 1 are out and in of all peers, 2 + 2·place and the next those of a peer group (PeerGroups).
 *
 *   numbers  7 of `Today`, f64
 *   days     31 × octets · 31 × records · 31 × sessions · 7 of `Rest`, f32
 *
 * 456 bytes a lane: 3.6 kB for an asset with three groups of peers, 15.5 kB at most.
 */
export class DailyVolumes {
  /** The local day at hand, and its bounds. */
  today = Number.NaN;
  todayFromMs = Number.NaN;
  todayToMs = Number.NaN;
  lanes = 0;
  numbers = new Float64Array(FIRST_LANES * NUMBERS);
  private days = new Float32Array(FIRST_LANES * DAYS);

  /** Where a number of `Today` lies in `numbers`. */
  at(lane: number, field: number): number {
    return lane * NUMBERS + field;
  }

  /** A number of `Rest`. */
  rest(lane: number, field: number): number {
    return this.days[lane * DAYS + REST + field]!;
  }

  setRest(lane: number, field: number, value: number): void {
    this.days[lane * DAYS + REST + field] = value;
  }

  /** Makes the two lanes of a place, cleared, as entered on `day`. */
  openLanes(place: number, day: number): void {
    const first = 2 + 2 * place;
    while (first + 2 > this.numbers.length / NUMBERS) this.resize(Math.min(MOST_LANES, (2 * this.numbers.length) / NUMBERS));
    this.lanes = Math.max(this.lanes, first + 2);
    this.clear(first, day);
    this.clear(first + 1, day);
  }

  /** The first record: lanes 0 and 1 begin. */
  begin(day: number): void {
    this.lanes = 2;
    this.clear(0, day);
    this.clear(1, day);
  }

  setToday(day: number, clock: LocalClock): void {
    this.today = day;
    this.todayFromMs = localDayStartMs(clock, day);
    this.todayToMs = localDayStartMs(clock, day + 1);
  }

  /** Adds to today. */
  addToday(lane: number, octets: number, records: number, sessions: number): void {
    const slot = this.slot(this.today);
    const at = lane * DAYS + slot;
    this.numbers[lane * NUMBERS + Today.octets]! += octets;
    this.days[at + RECORDS]! += records;
    this.days[at + SESSIONS]! += sessions;
  }

  /** Adds to a day before, as long as it is kept. */
  addBefore(lane: number, day: number, octets: number): void {
    if (day <= this.today - KEPT_DAYS || day < this.rest(lane, Rest.entered)) return;
    this.days[lane * DAYS + this.slot(day)]! += octets;
    for (let window = 0; window < WINDOWS; window++)
      if (day > this.today - WINDOW_DAYS[window]!) this.numbers[this.at(lane, Today.before + window)]! += octets;
  }

  /** Today is over: its octets go to the days, and the days up to `next` begin empty. */
  closeToday(next: number, clock: LocalClock): void {
    const { days, numbers } = this;
    for (let lane = 0; lane < this.lanes; lane++) {
      const first = lane * DAYS;
      days[first + this.slot(this.today)]! += numbers[this.at(lane, Today.octets)]!;
      numbers[this.at(lane, Today.octets)] = 0;
      for (let day = Math.max(this.today + 1, next - KEPT_DAYS + 1); day <= next; day++) {
        const at = first + this.slot(day);
        days[at] = 0;
        days[at + RECORDS] = 0;
        days[at + SESSIONS] = 0;
      }
      for (let window = 0; window < WINDOWS; window++)
        numbers[this.at(lane, Today.before + window)] = this.sum(lane, next - WINDOW_DAYS[window]! + 1, next - 1).octets;
    }
    this.setToday(next, clock);
  }

  /** The days from `first` to `last`, today not included in octets (`Today.octets` has it). */
  sum(lane: number, first: number, last: number): DaySum {
    let octets = 0;
    let records = 0;
    let sessions = 0;
    for (let day = first; day <= last; day++) {
      const at = lane * DAYS + this.slot(day);
      octets += this.days[at]!;
      records += this.days[at + RECORDS]!;
      sessions += this.days[at + SESSIONS]!;
    }
    return { octets, records, sessions };
  }

  save(writer: StateWriter): void {
    writer.f64(this.today);
    writer.u32(this.lanes);
    writer.u32(this.numbers.length / NUMBERS);
    writer.numbers(this.numbers);
    writer.numbers(this.days);
  }

  load(reader: StateReader, clock: LocalClock): void {
    this.setToday(reader.f64(), clock);
    this.lanes = reader.u32();
    this.resize(reader.u32());
    reader.numbers(this.numbers);
    reader.numbers(this.days);
  }

  private clear(lane: number, day: number): void {
    this.numbers.fill(0, lane * NUMBERS, (lane + 1) * NUMBERS);
    this.days.fill(0, lane * DAYS, (lane + 1) * DAYS);
    this.numbers[this.at(lane, Today.alarmAt)] = Number.POSITIVE_INFINITY;
    this.setRest(lane, Rest.entered, day);
  }

  private resize(lanes: number): void {
    const { numbers, days } = this;
    this.numbers = new Float64Array(lanes * NUMBERS);
    this.numbers.set(numbers.subarray(0, lanes * NUMBERS));
    this.days = new Float32Array(lanes * DAYS);
    this.days.set(days.subarray(0, lanes * DAYS));
  }

  private slot(day: number): number {
    return ((day % KEPT_DAYS) + KEPT_DAYS) % KEPT_DAYS;
  }
}
