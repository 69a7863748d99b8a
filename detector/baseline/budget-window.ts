import type { CompiledBudget, CompiledClaims } from '../claims/compiled.js';
import { Level, type ObservedRecord } from '../detections/observed-record.js';
import type { Totals } from '../findings/finding-sink.js';
import type { StateReader, StateWriter } from './state.js';

/** A sliding window moves in steps of a sixtieth of its length: PT1H in minutes. Its sum covers 59 to 60 sixtieths of the length. */
export const SLIDING_STEPS = 60;
/** Most calendar periods one budget spans: P366D. */
const MOST_PERIODS = 366;

interface Bucket {
  readonly from: number;
  readonly to: number;
  first: number;
  last: number;
  octets: number;
  level: number;
  flows: number;
  octetsOut: number;
  octetsIn: number;
  packetsOut: number;
  packetsIn: number;
  records: number;
}

/** The sum of one window. */
export interface WindowSum {
  readonly fromMs: number;
  readonly toMs: number;
  /** Octets scaled by sampling, in the budget's direction. */
  readonly octets: number;
  /** How far the furthest of its records came (`Level`), whichever of them passed the limit. */
  readonly level: number;
  readonly totals: Totals;
}

/**
 * The running sum of one budget over its window, for one asset or fleet. Calendar budgets (P…D) count whole periods of the claim file's time zone;
 * a record over a border counts whole in both (assurance.md §1.5 j), and one period more than the window is kept for that and for late records.
 * Sliding budgets (PT…H) count a record whole at its end. At most SLIDING_STEPS buckets, or the periods of the budget and one.
 */
export class BudgetWindow {
  private readonly budget: CompiledBudget;
  private readonly claims: CompiledClaims;
  /** Calendar periods that the window spans; 0 when it slides. */
  private readonly periods: number;
  /** From the first bucket of a window to its last, and to the oldest that is kept. */
  private readonly windowMs: number;
  private readonly keptMs: number;
  /** Ordered by `from`, newest last. */
  private buckets: Bucket[] = [];
  // Where the latest record fell, so that the usual case is two comparisons.
  private atEnd: Bucket | undefined;
  private atStart: Bucket | undefined;

  constructor(budget: CompiledBudget, claims: CompiledClaims) {
    this.budget = budget;
    this.claims = claims;
    const unit = Math.min(budget.perMs, claims.periodMs);
    this.periods = budget.calendar ? Math.min(MOST_PERIODS, Math.max(1, Math.round(budget.perMs / claims.periodMs))) : 0;
    // Half a unit of slack: calendar days are 23 to 25 hours long.
    this.windowMs = this.periods > 0 ? (this.periods - 0.5) * unit : budget.perMs - budget.perMs / SLIDING_STEPS / 2;
    this.keptMs = this.periods > 0 ? (this.periods + 0.5) * unit : this.windowMs;
  }

  /** Adds the record. True when a window that it lies in is over the limit: `over` tells which. */
  add(record: ObservedRecord): boolean {
    const { atEnd } = this;
    if (atEnd === undefined || record.startMs < atEnd.from || record.endMs >= atEnd.to) this.place(record);
    else this.atStart = undefined;
    if (this.atEnd !== undefined) addTo(this.atEnd, record, this.budget.direction);
    if (this.atStart !== undefined) addTo(this.atStart, record, this.budget.direction);
    const newest = this.buckets[this.buckets.length - 1];
    return this.isOver(newest) || (this.atEnd !== newest && this.isOver(this.atEnd)) || this.isOver(this.atStart);
  }

  /** The windows over the limit that the latest record lies in, oldest first. */
  over(): WindowSum[] {
    const ends = new Set([this.atStart, this.atEnd, this.buckets[this.buckets.length - 1]]);
    return [...ends].filter((bucket) => bucket !== undefined && this.isOver(bucket)).map((bucket) => this.windowAt(bucket!));
  }

  save(writer: StateWriter): void {
    writer.text(JSON.stringify(this.buckets));
  }

  load(reader: StateReader): void {
    this.buckets = JSON.parse(reader.text()) as Bucket[];
    this.atEnd = undefined;
  }

  private windowAt(end: Bucket): WindowSum {
    const inside = this.buckets.filter((bucket) => this.isInWindow(bucket, end));
    const sum = (field: 'octets' | 'flows' | 'octetsOut' | 'octetsIn' | 'packetsOut' | 'packetsIn' | 'records'): number =>
      inside.reduce((total, bucket) => total + bucket[field], 0);
    return {
      fromMs: inside[0]!.from,
      toMs: end.to,
      octets: sum('octets'),
      level: Math.max(...inside.map((bucket) => bucket.level)),
      totals: {
        firstMs: Math.min(...inside.map((bucket) => bucket.first)),
        lastMs: Math.max(...inside.map((bucket) => bucket.last)),
        octetsOut: sum('octetsOut'),
        octetsIn: sum('octetsIn'),
        packetsOut: sum('packetsOut'),
        packetsIn: sum('packetsIn'),
        records: sum('records'),
        sessions: sum('flows'),
      },
    };
  }

  private isOver(end: Bucket | undefined): boolean {
    if (end === undefined) return false;
    let octets = 0;
    let flows = 0;
    for (const bucket of this.buckets) {
      if (!this.isInWindow(bucket, end)) continue;
      octets += bucket.octets;
      flows += bucket.flows;
    }
    return octets > this.budget.octets || flows > this.budget.flows;
  }

  private isInWindow(bucket: Bucket, end: Bucket): boolean {
    return bucket.from <= end.from && end.from - bucket.from < this.windowMs;
  }

  private place(record: ObservedRecord): void {
    this.atEnd = this.enter(record.endMs);
    this.atStart = this.periods === 0 ? undefined : this.enter(record.startMs);
    if (this.atStart === this.atEnd) this.atStart = undefined;
  }

  /** The bucket that an instant lies in, made if need be; undefined when it is older than what is kept. */
  private enter(ms: number): Bucket | undefined {
    const { from, to } = this.span(ms);
    const newest = this.buckets[this.buckets.length - 1];
    if (newest === undefined || from > newest.from) {
      const bucket = emptyBucket(from, to);
      this.buckets = this.buckets.filter((held) => from - held.from < this.keptMs).concat(bucket);
      return bucket;
    }
    if (newest.from - from >= this.keptMs) return undefined;
    const at = this.buckets.findIndex((bucket) => bucket.from >= from);
    if (this.buckets[at]!.from !== from) this.buckets.splice(at, 0, emptyBucket(from, to));
    return this.buckets[at];
  }

  private span(ms: number): { from: number; to: number } {
    if (this.periods === 0) {
      const step = this.budget.perMs / SLIDING_STEPS;
      const from = Math.floor(ms / step) * step;
      return { from, to: from + step };
    }
    const period = this.claims.periodOf(ms);
    if (this.budget.perMs >= this.claims.periodMs) return { from: period.fromMs, to: period.toMs };
    // A daily budget in a weekly claim file: days of 24 hours from the start of the week.
    const from = period.fromMs + Math.floor((ms - period.fromMs) / this.budget.perMs) * this.budget.perMs;
    return { from, to: Math.min(period.toMs, from + this.budget.perMs) };
  }
}

function emptyBucket(from: number, to: number): Bucket {
  return {
    from,
    to,
    first: Number.MAX_SAFE_INTEGER,
    last: Number.MIN_SAFE_INTEGER,
    octets: 0,
    level: Level.attempt,
    flows: 0,
    octetsOut: 0,
    octetsIn: 0,
    packetsOut: 0,
    packetsIn: 0,
    records: 0,
  };
}

function addTo(bucket: Bucket, record: ObservedRecord, direction: CompiledBudget['direction']): void {
  const counted = (direction === 'in' ? 0 : record.octetsOut) + (direction === 'out' ? 0 : record.octetsIn);
  bucket.octets += counted * record.sampling;
  if (record.level > bucket.level) bucket.level = record.level;
  if (record.sessionStarts) bucket.flows += 1;
  bucket.octetsOut += record.octetsOut;
  bucket.octetsIn += record.octetsIn;
  bucket.packetsOut += record.packetsOut;
  bucket.packetsIn += record.packetsIn;
  bucket.records += 1;
  if (record.startMs < bucket.first) bucket.first = record.startMs;
  if (record.endMs > bucket.last) bucket.last = record.endMs;
}
