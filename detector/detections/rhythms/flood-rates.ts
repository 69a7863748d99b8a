import { finishHash, mixWord } from '../../baseline/hash.js';
import { grownTo, NO_DOUBLES, RecentKeys } from '../../baseline/recent-keys.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { Totals } from '../../findings/finding-sink.js';
import type { ObservedRecord } from '../observed-record.js';
import { packetsOf } from './flood-traffic.js';

/** Rows of one unit, 32 bytes for the key and 112 for the numbers each, none before the first; beyond them the one that was touched longest ago goes. */
const MOST_ROWS = 128;

/**
 * Numbers of a row: packets above the rate, until when time is taken off; of the run: starts of its first and latest record, its end, packets, and those when it was told; sums of the period's runs since the
 * first that was told: which period, since when, octets and packets each way, records.
 */
const LEVEL = 0;
const COVERED = 1;
const FROM = 2;
const LATEST = 3;
const TO = 4;
const PACKETS = 5;
const TOLD = 6;
const PERIOD = 7;
const FIRST = 8;
const OCTETS_OUT = 9;
const OCTETS_IN = 10;
const PACKETS_OUT = 11;
const PACKETS_IN = 12;
const RECORDS = 13;
const NUMBERS = 14;

/**
 * Leaky buckets (ITU-T I.371 annex A): of what one asset sends to somebody's door, or gets at its own, so many packets a second run off; what stays is above that rate. A run goes on as
 * long as something stays. A record's packets are spread over its time, as far as no other record covers it.
 */
export class FloodRates {
  private readonly rows = new RecentKeys(MOST_ROWS);
  private numbers = NO_DOUBLES;

  /** Takes a record in, of which `perSecond` packets a second are usual. Its row. `a`, `b`: hashes of the other end, 0 where it is anybody. */
  take(record: ObservedRecord, perSecond: number, key: number, a: number, b: number): number {
    const row = this.rowOf(finishHash(mixWord(mixWord(a, key), record.asset)), finishHash(mixWord(mixWord(b, key), record.asset)));
    const { numbers } = this;
    const at = row * NUMBERS;
    const { startMs, endMs } = record;
    const runMs = (ms: number): number => (Math.max(0, ms) * perSecond) / 1000;
    let level = numbers[at + LEVEL]! - runMs(startMs - numbers[at + COVERED]!);
    if (!(level > 0)) {
      level = 0;
      this.begin(at, record);
    }
    const uncoveredMs = endMs - Math.max(startMs, numbers[at + COVERED]!);
    numbers[at + LEVEL] = Math.max(0, level + packetsOf(record) - runMs(uncoveredMs));
    numbers[at + COVERED] = Math.max(numbers[at + COVERED]!, endMs);
    numbers[at + FROM] = Math.min(numbers[at + FROM]!, startMs);
    numbers[at + LATEST] = Math.max(numbers[at + LATEST]!, startMs);
    numbers[at + TO] = Math.max(numbers[at + TO]!, endMs);
    numbers[at + PACKETS]! += packetsOf(record);
    numbers[at + FIRST] = Math.min(numbers[at + FIRST]!, startMs);
    numbers[at + OCTETS_OUT]! += record.octetsOut;
    numbers[at + OCTETS_IN]! += record.octetsIn;
    numbers[at + PACKETS_OUT]! += record.packetsOut;
    numbers[at + PACKETS_IN]! += record.packetsIn;
    numbers[at + RECORDS]! += 1;
    return row;
  }

  /** Packets above the rate. */
  level(row: number): number {
    return this.numbers[row * NUMBERS + LEVEL]!;
  }
  /** Of the run: start of the first record, of the latest, end of the last (ms), and packets. */
  fromMs(row: number): number {
    return this.numbers[row * NUMBERS + FROM]!;
  }
  latestMs(row: number): number {
    return this.numbers[row * NUMBERS + LATEST]!;
  }
  toMs(row: number): number {
    return this.numbers[row * NUMBERS + TO]!;
  }
  packets(row: number): number {
    return this.numbers[row * NUMBERS + PACKETS]!;
  }

  /** Packets of the run that have come since it was told last. */
  sinceTold(row: number): number {
    return this.packets(row) - this.numbers[row * NUMBERS + TOLD]!;
  }
  tell(row: number, { periodFromMs }: ObservedRecord): void {
    this.numbers[row * NUMBERS + TOLD] = this.packets(row);
    this.numbers[row * NUMBERS + PERIOD] = periodFromMs;
  }

  /** Of the period's runs since the first that was told. */
  totals(row: number): Totals {
    const at = row * NUMBERS;
    const { numbers } = this;
    return {
      firstMs: numbers[at + FIRST]!,
      lastMs: numbers[at + TO]!,
      octetsOut: numbers[at + OCTETS_OUT]!,
      octetsIn: numbers[at + OCTETS_IN]!,
      packetsOut: numbers[at + PACKETS_OUT]!,
      packetsIn: numbers[at + PACKETS_IN]!,
      records: numbers[at + RECORDS]!,
      sessions: numbers[at + RECORDS]!,
    };
  }

  save(writer: StateWriter): void {
    this.rows.save(writer);
    writer.numbers(this.numbers);
  }

  load(reader: StateReader): void {
    this.rows.load(reader);
    this.numbers = new Float64Array(this.rows.capacity * NUMBERS);
    reader.numbers(this.numbers);
  }

  private rowOf(a: number, b: number): number {
    const known = this.rows.find(a, b);
    if (known >= 0) {
      this.rows.touch(known);
      return known;
    }
    const row = this.rows.add(a, b);
    const length = this.rows.capacity * NUMBERS;
    if (this.numbers.length < length) this.numbers = grownTo(this.numbers, length);
    this.numbers.fill(0, row * NUMBERS, (row + 1) * NUMBERS);
    this.numbers[row * NUMBERS + COVERED] = Number.NEGATIVE_INFINITY;
    return row;
  }

  private begin(at: number, { startMs, periodFromMs }: ObservedRecord): void {
    const { numbers } = this;
    if (numbers[at + PERIOD] !== periodFromMs) {
      numbers.fill(0, at + PERIOD, at + NUMBERS);
      numbers[at + FIRST] = startMs;
    }
    numbers[at + FROM] = startMs;
    numbers[at + LATEST] = startMs;
    numbers[at + TO] = startMs;
    numbers[at + PACKETS] = 0;
    numbers[at + TOLD] = 0;
  }
}
