import { DAY_MS } from '../../flow/time.js';
import type { LocalClock } from './local-clock.js';
import { MOST_PEER_GROUPS, type PeerGroups } from './peer-groups.js';
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

/**
 * Octets of one asset by local day for 31 days, in lanes: 0 and 1 are out and in of all peers, 2 + 2·place and the next those of a peer group (PeerGroups).
 *
 *   lane   31 days × (octets f32, records f32, sessions f32) · today's octets f64 · sums before today f64 × 3 · largest of training f32 × 3
 *          · level of today at which a window passes its limit f64 · entered on day f64 · told: ratio, period, window, last day f64 · day of the last foretelling f64
 *
 * 500 bytes a lane: 4 kB for an asset with three groups of peers, 17 kB at most.
 */
export class DailyVolumes {
  /** The local day at hand, and its bounds. */
  today = Number.NaN;
  todayFromMs = Number.NaN;
  todayToMs = Number.NaN;
  lanes = 0;
  octets = new Float32Array(FIRST_LANES * KEPT_DAYS);
  records = new Float32Array(FIRST_LANES * KEPT_DAYS);
  sessions = new Float32Array(FIRST_LANES * KEPT_DAYS);
  current = new Float64Array(FIRST_LANES);
  before = new Float64Array(FIRST_LANES * WINDOWS);
  largest = new Float32Array(FIRST_LANES * WINDOWS);
  alarmAt = new Float64Array(FIRST_LANES);
  entered = new Float64Array(FIRST_LANES);
  toldRatio = new Float64Array(FIRST_LANES);
  toldPeriodMs = new Float64Array(FIRST_LANES);
  toldWindow = new Float64Array(FIRST_LANES);
  toldDay = new Float64Array(FIRST_LANES);
  foretoldDay = new Float64Array(FIRST_LANES);

  /** Bytes of typed arrays. */
  get bytes(): number {
    return this.arrays().reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** Makes the two lanes of a place, cleared, as entered on `day`. */
  openLanes(place: number, day: number): void {
    const first = 2 + 2 * place;
    while (first + 2 > this.current.length) this.grow();
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
  addToday(lane: number, octets: number, starts: boolean): void {
    const at = this.slot(lane, this.today);
    this.current[lane]! += octets;
    this.records[at]! += 1;
    if (starts) this.sessions[at]! += 1;
  }

  /** Adds to a day before, as long as it is kept. */
  addBefore(lane: number, day: number, octets: number): void {
    if (day <= this.today - KEPT_DAYS || day < this.entered[lane]!) return;
    this.octets[this.slot(lane, day)]! += octets;
    for (let window = 0; window < WINDOWS; window++)
      if (day > this.today - WINDOW_DAYS[window]!) this.before[lane * WINDOWS + window]! += octets;
  }

  /** Today is over: its octets go to the days, and the days up to `next` begin empty. `groups` are halved once a week, so that who was large long ago gives way. */
  closeToday(next: number, clock: LocalClock, groups: PeerGroups): void {
    for (let lane = 0; lane < this.lanes; lane++) {
      this.octets[this.slot(lane, this.today)]! += this.current[lane]!;
      this.current[lane] = 0;
      for (let day = Math.max(this.today + 1, next - KEPT_DAYS + 1); day <= next; day++) {
        const at = this.slot(lane, day);
        this.octets[at] = 0;
        this.records[at] = 0;
        this.sessions[at] = 0;
      }
      for (let window = 0; window < WINDOWS; window++)
        this.before[lane * WINDOWS + window] = this.sum(lane, next - WINDOW_DAYS[window]! + 1, next - 1).octets;
    }
    if (Math.floor(next / 7) !== Math.floor(this.today / 7)) groups.halve();
    this.setToday(next, clock);
  }

  /** The days from `first` to `last`, today not included in octets (`current` has it). */
  sum(lane: number, first: number, last: number): DaySum {
    let octets = 0;
    let records = 0;
    let sessions = 0;
    for (let day = first; day <= last; day++) {
      const at = this.slot(lane, day);
      octets += this.octets[at]!;
      records += this.records[at]!;
      sessions += this.sessions[at]!;
    }
    return { octets, records, sessions };
  }

  save(writer: StateWriter): void {
    writer.f64(this.today);
    writer.u32(this.lanes);
    writer.u32(this.current.length);
    for (const values of this.arrays()) writer.numbers(values);
  }

  load(reader: StateReader, clock: LocalClock): void {
    this.setToday(reader.f64(), clock);
    this.lanes = reader.u32();
    const lanes = reader.u32();
    while (this.current.length < lanes) this.grow();
    for (const values of this.arrays()) reader.numbers(values);
  }

  private arrays(): (Float32Array | Float64Array)[] {
    const { octets, records, sessions, current, before, largest, alarmAt, entered } = this;
    const { toldRatio, toldPeriodMs, toldWindow, toldDay, foretoldDay } = this;
    return [
      octets,
      records,
      sessions,
      current,
      before,
      largest,
      alarmAt,
      entered,
      toldRatio,
      toldPeriodMs,
      toldWindow,
      toldDay,
      foretoldDay,
    ];
  }

  private clear(lane: number, day: number): void {
    for (const values of [this.octets, this.records, this.sessions]) values.fill(0, lane * KEPT_DAYS, (lane + 1) * KEPT_DAYS);
    for (const values of [this.before, this.largest]) values.fill(0, lane * WINDOWS, (lane + 1) * WINDOWS);
    for (const values of [this.current, this.toldRatio, this.toldPeriodMs, this.foretoldDay]) values[lane] = 0;
    this.alarmAt[lane] = Number.POSITIVE_INFINITY;
    this.entered[lane] = day;
  }

  private grow(): void {
    const now = this.current.length;
    const lanes = Math.min(MOST_LANES, 2 * now);
    this.octets = widened(this.octets, lanes, now);
    this.records = widened(this.records, lanes, now);
    this.sessions = widened(this.sessions, lanes, now);
    this.current = widened(this.current, lanes, now);
    this.before = widened(this.before, lanes, now);
    this.largest = widened(this.largest, lanes, now);
    this.alarmAt = widened(this.alarmAt, lanes, now);
    this.entered = widened(this.entered, lanes, now);
    this.toldRatio = widened(this.toldRatio, lanes, now);
    this.toldPeriodMs = widened(this.toldPeriodMs, lanes, now);
    this.toldWindow = widened(this.toldWindow, lanes, now);
    this.toldDay = widened(this.toldDay, lanes, now);
    this.foretoldDay = widened(this.foretoldDay, lanes, now);
  }

  private slot(lane: number, day: number): number {
    return lane * KEPT_DAYS + (((day % KEPT_DAYS) + KEPT_DAYS) % KEPT_DAYS);
  }
}

/** The values of `now` lanes in an array for `lanes`. */
function widened<T extends Float32Array | Float64Array>(values: T, lanes: number, now: number): T {
  const more = new (values.constructor as new (length: number) => T)((values.length / now) * lanes);
  more.set(values);
  return more;
}
