import { NO_CHUNK, NumberPool, ownPiece, type Piece } from './number-pool.js';
import type { StateReader, StateWriter } from './state.js';

/*
 * Hourly volumes of one asset in lanes (all peers, and each group of peers), for the question whether a lane sends a little more than usual hour after hour.
 *
 * What is usual is kept by hour of the day, for workdays and weekends (48 cells), on the scale y = ln(1 + octets / UNIT_OCTETS): hours without traffic are
 * learned as what they are, and all that is little lies near 0. It is learned until `freeze` and then stands still: a baseline that follows would follow a
 * sender that grows slowly. Only `shift` moves, when a rise has been told, or when the lane has sent less for one or two weeks of hours in which it usually sends.
 *
 *   lane   48 means u16 1/1024 · 48 deviations u16 1/4096 · 48 counts u8, two in a word · `Lane` numbers f64     432 bytes; 17 lanes at most, 7.3 kB
 */

export const UNIT_OCTETS = 32_768;
export const CELLS = 48;
const HOURS_OF_DAY = 24;
/** All peers and four groups. */
const FIRST_LANES = 5;
const MEAN_STEPS = 1024;
const DEVIATION_STEPS = 4096;
const MOST_STEPS = 0xffff;
const MOST_COUNTED = 250;
/** Hours that a cell remembers, and the whole lane: more than training has, so both are plain means. */
const CELL_MEMORY = 16;
const LANE_MEMORY = 1024;
const SIGMA_OF_DEVIATION = 1.25;
const LEAST_SIGMA = 0.25;
/** Hours of the whole lane that count beside a cell's own in its deviation: ten hours alone scatter by a third. */
const BORROWED_HOURS = 8;
const LEAST_LEARNED = 2;
/** Hours of a cell before its residuals tell of autocorrelation. */
const SETTLED = 3;
const MOST_PHI = 0.8;
/** Squares of one day of residuals of 1 σ, added so that residuals far below the least σ, which are rounding, tell of no autocorrelation. */
const PRIOR_SQUARES = 24;
const MOST_Z = 4;

/** Numbers of a lane. */
export const Lane = {
  /** Octets, records and sessions of the two open hours, at `hour & 1`. */
  octets: 0,
  records: 2,
  sessions: 4,
  /** The first hour that counts as learned. */
  entered: 6,
  mean: 7,
  deviation: 8,
  learned: 9,
  /** Of the autocorrelation: Σ z·z′ and Σ z′². */
  products: 10,
  squares: 11,
  zBefore: 12,
  /** The cumulative sum, and what lies in it since it was 0 last. */
  score: 13,
  onset: 14,
  hours: 15,
  sent: 16,
  usual: 17,
  excess: 18,
  sentRecords: 19,
  sentSessions: 20,
  /** What is added to the mean of every cell; and how y has been beside it in σ, clipped and weighted over weeks (slow-exfiltration). */
  shift: 21,
  level: 22,
  /** 1 where the lane is in use. */
  open: 23,
} as const;
const NUMBERS = 24;
// Where means, deviations and counts of a lane's cells lie in its words.
const DEVIATIONS = CELLS;
const COUNTS = 2 * CELLS;
const WORDS = COUNTS + CELLS / 2;
const LANE_BYTES = 8 * NUMBERS + 2 * WORDS;

/** What one closed hour says of a lane. */
export interface HourResidual {
  y: number;
  /** Usual octets of the hour. */
  usual: number;
  /** y beside what is usual, and in σ without what the hour before explains. */
  beside: number;
  residual: number;
  sigma: number;
}

/** What was found of the hour at hand, of all lanes: nothing is kept in it. */
const told: HourResidual = { y: 0, usual: 0, beside: 0, residual: 0, sigma: LEAST_SIGMA };

export class DriftLanes {
  count = 0;
  /** Where `at` lies: the numbers of others lie there too. */
  numbers = NO_CHUNK.doubles;
  private words = NO_CHUNK.shorts;
  /** Lanes that there is room for: their numbers, then their words. */
  private room = 0;
  private first = 0;
  private piece: Piece;
  private readonly pool: NumberPool;

  constructor(pool = new NumberPool()) {
    this.pool = pool;
    this.piece = pool.piece(FIRST_LANES * LANE_BYTES);
    this.hold(this.piece, FIRST_LANES);
  }

  get bytes(): number {
    return this.piece.bytes;
  }

  at(lane: number, field: number): number {
    return this.first + lane * NUMBERS + field;
  }

  /** Makes a lane, cleared. Hours from `entered` to `now` count as learned without traffic. */
  open(lane: number, entered: number, now: number): void {
    if (lane >= this.room) this.resize(lane + 1);
    this.count = Math.max(this.count, lane + 1);
    this.numbers.fill(0, this.at(lane, 0), this.at(lane + 1, 0));
    this.numbers[this.at(lane, Lane.entered)] = entered;
    this.numbers[this.at(lane, Lane.open)] = 1;
    const hours = Math.max(0, now - entered);
    this.words.fill(0, this.wordsAt(lane), this.wordsAt(lane + 1));
    for (let cell = 0; cell < CELLS; cell++) {
      const share = cell < HOURS_OF_DAY ? 5 : 2;
      this.setCount(lane, cell, Math.min(MOST_COUNTED, Math.floor((hours * share) / (7 * HOURS_OF_DAY))));
    }
    this.numbers[this.at(lane, Lane.learned)] = hours;
  }

  isOpen(lane: number): boolean {
    return lane < this.count && this.numbers[this.at(lane, Lane.open)] === 1;
  }

  /** The lane is nobody's, until it is made again. */
  shut(lane: number): void {
    if (lane < this.count) this.numbers[this.at(lane, Lane.open)] = 0;
  }

  /** Empties an open hour. */
  clearHour(lane: number, hour: number): void {
    for (const field of [Lane.octets, Lane.records, Lane.sessions]) this.numbers[this.at(lane, field) + (hour & 1)] = 0;
  }

  /** Takes in an hour while learning. */
  learn(lane: number, octets: number, hourOfWeek: number): void {
    const cell = cellOf(hourOfWeek);
    const at = this.wordsAt(lane) + cell;
    const { numbers, words } = this;
    const y = Math.log1p(octets / UNIT_OCTETS);
    const n = this.countOf(lane, cell);
    if (n >= SETTLED) {
      const { mean, sigma } = this.usual(lane, hourOfWeek);
      const z = Math.max(-MOST_Z, Math.min(MOST_Z, (y - mean) / sigma));
      const before = numbers[this.at(lane, Lane.zBefore)]!;
      numbers[this.at(lane, Lane.products)]! += z * before;
      numbers[this.at(lane, Lane.squares)]! += before * before;
      numbers[this.at(lane, Lane.zBefore)] = z;
    }
    const mean = words[at]! / MEAN_STEPS;
    const residual = n === 0 ? 0 : y - mean;
    const alpha = 1 / Math.min(n + 1, CELL_MEMORY);
    const deviation = words[at + DEVIATIONS]! / DEVIATION_STEPS;
    words[at] = steps(n === 0 ? y : mean + alpha * residual, MEAN_STEPS);
    words[at + DEVIATIONS] = steps(deviation + alpha * (Math.abs(residual) - deviation), DEVIATION_STEPS);
    this.setCount(lane, cell, Math.min(MOST_COUNTED, n + 1));
    const learned = numbers[this.at(lane, Lane.learned)]! + 1;
    const weight = 1 / Math.min(learned, LANE_MEMORY);
    numbers[this.at(lane, Lane.learned)] = learned;
    numbers[this.at(lane, Lane.mean)]! += weight * (y - numbers[this.at(lane, Lane.mean)]!);
    numbers[this.at(lane, Lane.deviation)]! += weight * (Math.abs(residual) - numbers[this.at(lane, Lane.deviation)]!);
  }

  /**
   * What an hour says beside what was learned: e = (z − φ·z′) / √(1 − φ²), with φ the autocorrelation of training, from 0 to MOST_PHI. Residuals of busy
   * hours come in rows; without that, a cumulative sum takes the row for a rise. The object is reused.
   */
  judge(lane: number, octets: number, hourOfWeek: number): HourResidual {
    const { numbers } = this;
    const { mean, sigma } = this.usual(lane, hourOfWeek);
    const usual = Math.max(0, mean + numbers[this.at(lane, Lane.shift)]!);
    told.y = Math.log1p(octets / UNIT_OCTETS);
    told.usual = UNIT_OCTETS * Math.expm1(usual);
    told.beside = told.y - usual;
    told.sigma = sigma;
    const z = Math.max(-MOST_Z, Math.min(MOST_Z, told.beside / sigma));
    const squares = numbers[this.at(lane, Lane.squares)]! + PRIOR_SQUARES;
    const phi = Math.max(0, Math.min(MOST_PHI, numbers[this.at(lane, Lane.products)]! / squares));
    told.residual = (z - phi * numbers[this.at(lane, Lane.zBefore)]!) / Math.sqrt(1 - phi * phi);
    numbers[this.at(lane, Lane.zBefore)] = z;
    return told;
  }

  save(writer: StateWriter): void {
    writer.u32(this.count);
    writer.u32(this.room);
    for (const part of this.parts()) writer.numbers(part);
  }

  load(reader: StateReader): void {
    this.count = reader.u32();
    const lanes = reader.u32();
    this.resize(lanes);
    for (const part of this.parts()) reader.numbers(part);
  }

  private usual(lane: number, hourOfWeek: number): { mean: number; sigma: number } {
    const cell = cellOf(hourOfWeek);
    const at = this.wordsAt(lane) + cell;
    const n = this.countOf(lane, cell);
    const whole = this.numbers[this.at(lane, Lane.deviation)]!;
    const deviation = ((n * this.words[at + DEVIATIONS]!) / DEVIATION_STEPS + BORROWED_HOURS * whole) / (n + BORROWED_HOURS);
    const mean = n >= LEAST_LEARNED ? this.words[at]! / MEAN_STEPS : this.numbers[this.at(lane, Lane.mean)]!;
    return { mean, sigma: Math.max(LEAST_SIGMA, SIGMA_OF_DEVIATION * deviation) };
  }

  private countOf(lane: number, cell: number): number {
    return (this.words[this.wordsAt(lane) + COUNTS + (cell >> 1)]! >> (8 * (cell & 1))) & 0xff;
  }

  private setCount(lane: number, cell: number, count: number): void {
    const at = this.wordsAt(lane) + COUNTS + (cell >> 1);
    const shift = 8 * (cell & 1);
    this.words[at] = (this.words[at]! & ~(0xff << shift)) | (count << shift);
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
    this.words = piece.chunk.shorts;
    this.room = lanes;
  }

  /** Numbers and words. */
  private parts(): [Float64Array, Uint16Array] {
    return [this.numbers.subarray(this.at(0, 0), this.at(this.room, 0)), this.words.subarray(this.wordsAt(0), this.wordsAt(this.room))];
  }

  private wordsAt(lane: number): number {
    return 4 * this.at(this.room, 0) + lane * WORDS;
  }
}

function steps(value: number, perUnit: number): number {
  return Math.max(0, Math.min(MOST_STEPS, Math.round(value * perUnit)));
}

/** Hours 0–23 of a workday, 24–47 of a weekend day. */
function cellOf(hourOfWeek: number): number {
  return (hourOfWeek >= 5 * HOURS_OF_DAY ? HOURS_OF_DAY : 0) + (hourOfWeek % HOURS_OF_DAY);
}
