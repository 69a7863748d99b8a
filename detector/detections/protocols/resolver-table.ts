import { isMappedIPv4 } from '../../../flow/address.js';
import type { NumberPool } from '../../baseline/number-pool.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { ObservedRecord } from '../observed-record.js';

/** Octets of a long question with its IP header; IPv6: `IPV6_MORE` more. Of benign-17h 45 questions in 17 hours had 110 and more. */
export const LONG_QUESTION_OCTETS = 120;
export const IPV6_MORE = 20;

/** Resolvers of one unit that are counted at a time; one more makes room of the one asked longest ago. Equipment asks two or three. */
export const MOST_RESOLVERS = 32;

/** Where the numbers of a window lie, from its first on. */
const Window = {
  from: 0,
  first: 1,
  newest: 2,
  queries: 3,
  answers: 4,
  octetsOut: 5,
  octetsIn: 6,
  longOctets: 7,
  countedOut: 8,
  countedIn: 9,
  packetsOut: 10,
  packetsIn: 11,
  records: 12,
  told: 13,
} as const;
const WINDOW_NUMBERS = 14;
/** Where those of a resolver lie, and its two windows behind them. */
const LAST = 0;
const TOLD = 1;
const TOLD_SESSION = 3;
const WINDOWS = 5;
/** Fields of objects would be numbers of their own, each in another line of the cache. */
const NUMBERS = WINDOWS + 2 * WINDOW_NUMBERS;

/** What was asked of one resolver in a window; estimates are scaled by sampling, counts are not. */
export class WindowCounts {
  private readonly numbers: Float64Array;
  private readonly at: number;

  /** Its numbers lie at `at`. */
  constructor(numbers: Float64Array, at: number) {
    this.numbers = numbers;
    this.at = at;
  }

  get fromMs(): number {
    return this.numbers[this.at + Window.from]!;
  }
  get firstMs(): number {
    return this.numbers[this.at + Window.first]!;
  }
  get newestMs(): number {
    return this.numbers[this.at + Window.newest]!;
  }
  /** Estimates. */
  get queries(): number {
    return this.numbers[this.at + Window.queries]!;
  }
  get answers(): number {
    return this.numbers[this.at + Window.answers]!;
  }
  get octetsOut(): number {
    return this.numbers[this.at + Window.octetsOut]!;
  }
  get octetsIn(): number {
    return this.numbers[this.at + Window.octetsIn]!;
  }
  /** Octets of questions, in records whose questions are long in the mean. */
  get longOctets(): number {
    return this.numbers[this.at + Window.longOctets]!;
  }
  /** As counted. */
  get countedOut(): number {
    return this.numbers[this.at + Window.countedOut]!;
  }
  get countedIn(): number {
    return this.numbers[this.at + Window.countedIn]!;
  }
  get packetsOut(): number {
    return this.numbers[this.at + Window.packetsOut]!;
  }
  get packetsIn(): number {
    return this.numbers[this.at + Window.packetsIn]!;
  }
  get records(): number {
    return this.numbers[this.at + Window.records]!;
  }

  begin(fromMs: number): void {
    const { numbers, at } = this;
    numbers.fill(0, at, at + WINDOW_NUMBERS);
    numbers[at + Window.from] = fromMs;
    numbers[at + Window.first] = Number.POSITIVE_INFINITY;
    numbers[at + Window.newest] = fromMs;
  }

  /** Whether a count of the window (octets) is to be told: from `least` on, and again whenever it has doubled. It counts as told then. */
  tells(octets: number, least: number): boolean {
    const at = this.at + Window.told;
    if (octets < Math.max(least, 2 * this.numbers[at]!)) return false;
    this.numbers[at] = octets;
    return true;
  }

  add(record: ObservedRecord): void {
    const { numbers, at } = this;
    const { startMs, sampling, octetsOut, octetsIn, packetsOut, packetsIn } = record;
    if (startMs < numbers[at + Window.first]!) numbers[at + Window.first] = startMs;
    if (startMs > numbers[at + Window.newest]!) numbers[at + Window.newest] = startMs;
    numbers[at + Window.queries]! += packetsOut * sampling;
    numbers[at + Window.answers]! += packetsIn * sampling;
    numbers[at + Window.octetsOut]! += octetsOut * sampling;
    numbers[at + Window.octetsIn]! += octetsIn * sampling;
    const long = LONG_QUESTION_OCTETS + (isMappedIPv4(record.peerBytes, record.peerOffset) ? 0 : IPV6_MORE);
    if (octetsOut >= long * packetsOut) numbers[at + Window.longOctets]! += octetsOut * sampling;
    numbers[at + Window.countedOut]! += octetsOut;
    numbers[at + Window.countedIn]! += octetsIn;
    numbers[at + Window.packetsOut]! += packetsOut;
    numbers[at + Window.packetsIn]! += packetsIn;
    numbers[at + Window.records]! += 1;
  }
}

/** What was last told of, to be told again when it has doubled. */
export class ToldQueries {
  private readonly numbers: Float64Array;
  private readonly at: number;

  /** Its numbers lie at `at`. */
  constructor(numbers: Float64Array, at: number) {
    this.numbers = numbers;
    this.at = at;
  }

  get periodFromMs(): number {
    return this.numbers[this.at]!;
  }
  get queries(): number {
    return this.numbers[this.at + 1]!;
  }

  /** Whether so many queries are to be told: in a later period, or when they have doubled in the same. They count as told then. */
  tells(periodFromMs: number, queries: number): boolean {
    if (this.periodFromMs > periodFromMs || (this.periodFromMs === periodFromMs && queries < 2 * this.queries)) return false;
    this.set(periodFromMs, queries);
    return true;
  }

  set(periodFromMs: number, queries: number): void {
    this.numbers[this.at] = periodFromMs;
    this.numbers[this.at + 1] = queries;
  }
}

/** 264 bytes of numbers. */
export class ResolverCounts {
  readonly asset: number;
  readonly a: number;
  readonly b: number;
  readonly numbers: Float64Array;
  /** Ten minutes, and a calendar period. */
  readonly window: WindowCounts;
  readonly day: WindowCounts;
  /** The window that stands in the period's finding. */
  readonly told: ToldQueries;
  /** The session that was last told of: its period, and the questions by then. */
  readonly toldSession: ToldQueries;

  constructor(asset: number, a: number, b: number, numbers: Float64Array) {
    this.asset = asset;
    this.a = a;
    this.b = b;
    this.numbers = numbers;
    this.window = new WindowCounts(numbers, WINDOWS);
    this.day = new WindowCounts(numbers, WINDOWS + WINDOW_NUMBERS);
    this.told = new ToldQueries(numbers, TOLD);
    this.toldSession = new ToldQueries(numbers, TOLD_SESSION);
  }
}

export class ResolverTable {
  private list: readonly ResolverCounts[] = [];
  private readonly pool: NumberPool;

  constructor(pool: NumberPool) {
    this.pool = pool;
  }

  /** By asset and two hashes of the resolver's address. */
  find(asset: number, a: number, b: number, ms: number): ResolverCounts {
    for (const known of this.list) {
      if (known.a !== a || known.b !== b || known.asset !== asset) continue;
      if (ms > known.numbers[LAST]!) known.numbers[LAST] = ms;
      return known;
    }
    if (this.list.length >= MOST_RESOLVERS) this.forgetOldest();
    const one = this.add(asset, a, b);
    one.numbers[LAST] = ms;
    for (const told of [one.told, one.toldSession]) told.set(Number.NEGATIVE_INFINITY, 0);
    for (const window of [one.window, one.day]) window.begin(Number.NEGATIVE_INFINITY);
    return one;
  }

  save(writer: StateWriter): void {
    writer.u32(this.list.length);
    for (const { asset, a, b, numbers } of this.list) {
      for (const value of [asset, a, b]) writer.u32(value);
      writer.numbers(numbers);
    }
  }

  load(reader: StateReader): void {
    for (let left = reader.u32(); left > 0; left--) reader.numbers(this.add(reader.u32(), reader.u32(), reader.u32()).numbers);
  }

  private add(asset: number, a: number, b: number): ResolverCounts {
    const one = new ResolverCounts(asset, a, b, this.pool.doubles(NUMBERS));
    // A copy: pushed to, a list of one would have room for seventeen.
    this.list = this.list.concat(one);
    return one;
  }

  private forgetOldest(): void {
    const oldest = this.list.reduce((found, one) => (one.numbers[LAST]! < found.numbers[LAST]! ? one : found));
    this.list = this.list.filter((one) => one !== oldest);
    this.pool.give(oldest.numbers);
  }
}
