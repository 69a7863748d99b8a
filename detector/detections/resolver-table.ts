import { isMappedIPv4 } from '../../flow/address.js';
import type { StateReader, StateWriter } from '../baseline/state.js';
import type { ObservedRecord } from './observed-record.js';

/** Octets of a long question with its IP header; IPv6: `IPV6_MORE` more. Of benign-17h 45 questions in 17 hours had 110 and more. */
export const LONG_QUESTION_OCTETS = 120;
export const IPV6_MORE = 20;

/** Resolvers of one unit that are counted at a time; one more makes room of the one asked longest ago. Equipment asks two or three. */
export const MOST_RESOLVERS = 32;

/** What was asked of one resolver in a window; estimates are scaled by sampling, counts are not. */
export class WindowCounts {
  fromMs = Number.NEGATIVE_INFINITY;
  firstMs = 0;
  newestMs = 0;
  /** Estimates. */
  queries = 0;
  answers = 0;
  octetsOut = 0;
  octetsIn = 0;
  /** Octets of questions, in records whose questions are long in the mean. */
  longOctets = 0;
  /** As counted. */
  countedOut = 0;
  countedIn = 0;
  packetsOut = 0;
  packetsIn = 0;
  records = 0;
  /** What was last reported of this window. */
  told = 0;

  begin(fromMs: number): void {
    this.fromMs = fromMs;
    this.firstMs = Number.POSITIVE_INFINITY;
    this.newestMs = fromMs;
    this.queries = 0;
    this.answers = 0;
    this.octetsOut = 0;
    this.octetsIn = 0;
    this.longOctets = 0;
    this.countedOut = 0;
    this.countedIn = 0;
    this.packetsOut = 0;
    this.packetsIn = 0;
    this.records = 0;
    this.told = 0;
  }

  /** Whether a count of the window (octets) is to be told: from `least` on, and again whenever it has doubled. It counts as told then. */
  tells(octets: number, least: number): boolean {
    if (octets < Math.max(least, 2 * this.told)) return false;
    this.told = octets;
    return true;
  }

  add(record: ObservedRecord): void {
    const { startMs, sampling, octetsOut, octetsIn, packetsOut, packetsIn } = record;
    if (startMs < this.firstMs) this.firstMs = startMs;
    if (startMs > this.newestMs) this.newestMs = startMs;
    this.queries += packetsOut * sampling;
    this.answers += packetsIn * sampling;
    this.octetsOut += octetsOut * sampling;
    this.octetsIn += octetsIn * sampling;
    const long = LONG_QUESTION_OCTETS + (isMappedIPv4(record.peerBytes, record.peerOffset) ? 0 : IPV6_MORE);
    if (octetsOut >= long * packetsOut) this.longOctets += octetsOut * sampling;
    this.countedOut += octetsOut;
    this.countedIn += octetsIn;
    this.packetsOut += packetsOut;
    this.packetsIn += packetsIn;
    this.records += 1;
  }

  save(writer: StateWriter): void {
    for (const value of this.values()) writer.f64(value);
  }

  load(reader: StateReader): void {
    this.fromMs = reader.f64();
    this.firstMs = reader.f64();
    this.newestMs = reader.f64();
    this.queries = reader.f64();
    this.answers = reader.f64();
    this.octetsOut = reader.f64();
    this.octetsIn = reader.f64();
    this.longOctets = reader.f64();
    this.countedOut = reader.f64();
    this.countedIn = reader.f64();
    this.packetsOut = reader.f64();
    this.packetsIn = reader.f64();
    this.records = reader.f64();
    this.told = reader.f64();
  }

  private values(): number[] {
    const { fromMs, firstMs, newestMs, queries, answers, octetsOut, octetsIn, longOctets, countedOut, countedIn, packetsOut, packetsIn } =
      this;
    return [
      fromMs,
      firstMs,
      newestMs,
      queries,
      answers,
      octetsOut,
      octetsIn,
      longOctets,
      countedOut,
      countedIn,
      packetsOut,
      packetsIn,
      this.records,
      this.told,
    ];
  }
}

export interface ResolverCounts {
  readonly asset: number;
  readonly a: number;
  readonly b: number;
  lastMs: number;
  /** Ten minutes, and a calendar period. */
  readonly window: WindowCounts;
  readonly day: WindowCounts;
  /** The window that stands in the period's finding. */
  readonly told: { periodFromMs: number; queries: number };
  /** The session that was last told of: its period, and the questions by then. */
  readonly toldSession: { periodFromMs: number; queries: number };
}

export class ResolverTable {
  private readonly list: ResolverCounts[] = [];

  /** By asset and two hashes of the resolver's address. */
  find(asset: number, a: number, b: number, ms: number): ResolverCounts {
    let oldest = 0;
    for (let i = 0; i < this.list.length; i++) {
      const known = this.list[i]!;
      if (known.a === a && known.b === b && known.asset === asset) {
        if (ms > known.lastMs) known.lastMs = ms;
        return known;
      }
      if (known.lastMs < this.list[oldest]!.lastMs) oldest = i;
    }
    if (this.list.length >= MOST_RESOLVERS) this.list.splice(oldest, 1);
    return this.add(asset, a, b, ms);
  }

  save(writer: StateWriter): void {
    writer.u32(this.list.length);
    for (const { asset, a, b, lastMs, window, day, told, toldSession } of this.list) {
      for (const value of [asset, a, b]) writer.u32(value);
      for (const value of [lastMs, told.periodFromMs, told.queries, toldSession.periodFromMs, toldSession.queries]) writer.f64(value);
      window.save(writer);
      day.save(writer);
    }
  }

  load(reader: StateReader): void {
    for (let left = reader.u32(); left > 0; left--) {
      const one = this.add(reader.u32(), reader.u32(), reader.u32(), reader.f64());
      one.told.periodFromMs = reader.f64();
      one.told.queries = reader.f64();
      one.toldSession.periodFromMs = reader.f64();
      one.toldSession.queries = reader.f64();
      one.window.load(reader);
      one.day.load(reader);
    }
  }

  private add(asset: number, a: number, b: number, lastMs: number): ResolverCounts {
    const told = { periodFromMs: Number.NEGATIVE_INFINITY, queries: 0 };
    const toldSession = { ...told };
    const one: ResolverCounts = { asset, a, b, lastMs, window: new WindowCounts(), day: new WindowCounts(), told, toldSession };
    this.list.push(one);
    return one;
  }
}
