import { DAY_MS } from '../../flow/time.js';
import type { LocalClock } from './local-clock.js';
import { NO_CHUNK, NumberPool, ownPiece, type Piece } from './number-pool.js';
import type { StateReader, StateWriter } from './state.js';

/** Lengths of the windows in calendar days of the claim file's time zone. */
export const WINDOW_DAYS = [1, 7, 30] as const;
const WINDOWS = WINDOW_DAYS.length;
/** Days kept: the longest window, and one more for records that come late. */
const KEPT_DAYS = 31;
/** Two of all peers, and of each of four groups. */
const FIRST_LANES = 10;

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

// Where what else is small lies behind the days of a lane.
const REST = KEPT_DAYS;
/** The largest sum of training for each window; the day on which the lane entered; window and last day of what was told; day of the last foretelling. */
export const Rest = { largest: 0, entered: WINDOWS, toldWindow: WINDOWS + 1, toldDay: WINDOWS + 2, foretoldDay: WINDOWS + 3 } as const;
const DAYS = REST + WINDOWS + 4;
// Records and sessions of the two lanes of a place: a record counts in both directions.
const SESSIONS = KEPT_DAYS;
const COUNTS = 2 * KEPT_DAYS;
const LANE_BYTES = 8 * NUMBERS + 4 * DAYS + (4 * COUNTS) / 2;

/**
 * Octets of one asset by local day for 31 days, in lanes: 0 and 1 are out and in of all peers, 2 + 2·place and the next those of a peer group (PeerGroups).
 *
 *   numbers  7 of `Today`, f64                                                 of all lanes
 *   days     31 × octets · 7 of `Rest`, f32                                    of all lanes, behind them
 *   counts   31 × records · 31 × sessions, f32, for both lanes of a place      of all places, behind those
 *
 * 332 bytes a lane: 3.3 kB for an asset with four groups of peers, 11.3 kB at most.
 */
export class DailyVolumes {
  /** The local day at hand, and its bounds. */
  today = Number.NaN;
  todayFromMs = Number.NaN;
  todayToMs = Number.NaN;
  lanes = 0;
  /** Where `at` lies: the numbers of others lie there too. */
  numbers = NO_CHUNK.doubles;
  private floats = NO_CHUNK.floats;
  /** Lanes that there is room for. */
  private room = 0;
  private first = 0;
  private piece: Piece;
  private readonly pool: NumberPool;

  constructor(pool = new NumberPool()) {
    this.pool = pool;
    this.piece = pool.piece(FIRST_LANES * LANE_BYTES);
    this.hold(this.piece, FIRST_LANES);
  }

  /** Where a number of `Today` lies in `numbers`. */
  at(lane: number, field: number): number {
    return this.first + lane * NUMBERS + field;
  }

  /** A number of `Rest`. */
  rest(lane: number, field: number): number {
    return this.floats[this.daysAt(lane) + REST + field]!;
  }

  setRest(lane: number, field: number, value: number): void {
    this.floats[this.daysAt(lane) + REST + field] = value;
  }

  /** Makes the two lanes of a place, cleared, as entered on `day`. */
  openLanes(place: number, day: number): void {
    const first = 2 + 2 * place;
    if (first + 2 > this.room) this.resize(first + 2);
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

  /** Adds to both lanes of a place today; `lane` is the first of them. */
  addToday(lane: number, out: number, back: number, records: number, sessions: number): void {
    const at = this.countsAt(lane) + this.slot(this.today);
    this.numbers[this.at(lane, Today.octets)]! += out;
    this.numbers[this.at(lane + 1, Today.octets)]! += back;
    this.floats[at]! += records;
    this.floats[at + SESSIONS]! += sessions;
  }

  /** Adds to a day before, as long as it is kept. */
  addBefore(lane: number, day: number, octets: number): void {
    if (day <= this.today - KEPT_DAYS || day < this.rest(lane, Rest.entered)) return;
    this.floats[this.daysAt(lane) + this.slot(day)]! += octets;
    for (let window = 0; window < WINDOWS; window++)
      if (day > this.today - WINDOW_DAYS[window]!) this.numbers[this.at(lane, Today.before + window)]! += octets;
  }

  /** Today is over: its octets go to the days, and the days up to `next` begin empty. */
  closeToday(next: number, clock: LocalClock): void {
    const { floats, numbers } = this;
    for (let lane = 0; lane < this.lanes; lane++) {
      const first = this.daysAt(lane);
      floats[first + this.slot(this.today)]! += numbers[this.at(lane, Today.octets)]!;
      numbers[this.at(lane, Today.octets)] = 0;
      for (let day = Math.max(this.today + 1, next - KEPT_DAYS + 1); day <= next; day++) {
        const slot = this.slot(day);
        const at = this.countsAt(lane) + slot;
        floats[first + slot] = 0;
        floats[at] = 0;
        floats[at + SESSIONS] = 0;
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
      const slot = this.slot(day);
      const at = this.countsAt(lane) + slot;
      octets += this.floats[this.daysAt(lane) + slot]!;
      records += this.floats[at]!;
      sessions += this.floats[at + SESSIONS]!;
    }
    return { octets, records, sessions };
  }

  save(writer: StateWriter): void {
    writer.f64(this.today);
    writer.u32(this.lanes);
    writer.u32(this.room);
    for (const part of this.parts()) writer.numbers(part);
  }

  load(reader: StateReader, clock: LocalClock): void {
    this.setToday(reader.f64(), clock);
    this.lanes = reader.u32();
    this.resize(reader.u32());
    for (const part of this.parts()) reader.numbers(part);
  }

  private clear(lane: number, day: number): void {
    this.numbers.fill(0, this.at(lane, 0), this.at(lane + 1, 0));
    this.floats.fill(0, this.daysAt(lane), this.daysAt(lane + 1));
    this.floats.fill(0, this.countsAt(lane), this.countsAt(lane) + COUNTS);
    this.numbers[this.at(lane, Today.alarmAt)] = Number.POSITIVE_INFINITY;
    this.setRest(lane, Rest.entered, day);
  }

  private resize(lanes: number): void {
    if (lanes === this.room) return;
    const before = this.parts();
    const piece = this.piece;
    this.hold(ownPiece(lanes * LANE_BYTES), lanes);
    for (const [index, part] of this.parts().entries()) part.set(before[index]!.subarray(0, part.length));
    this.pool.release(piece);
  }

  private hold(piece: Piece, lanes: number): void {
    this.piece = piece;
    this.first = piece.from / 8;
    this.numbers = piece.chunk.doubles;
    this.floats = piece.chunk.floats;
    this.room = lanes;
  }

  /** Numbers, days and counts. */
  private parts(): [Float64Array, Float32Array, Float32Array] {
    return [
      this.numbers.subarray(this.at(0, 0), this.at(this.room, 0)),
      this.floats.subarray(this.daysAt(0), this.daysAt(this.room)),
      this.floats.subarray(this.countsAt(0), this.countsAt(this.room)),
    ];
  }

  private daysAt(lane: number): number {
    return 2 * this.at(this.room, 0) + lane * DAYS;
  }

  /** Of the lane's place. */
  private countsAt(lane: number): number {
    return this.daysAt(this.room) + (lane >> 1) * COUNTS;
  }

  private slot(day: number): number {
    return ((day % KEPT_DAYS) + KEPT_DAYS) % KEPT_DAYS;
  }
}
