import { DAY_MS, parseDuration } from '../../flow/time.js';
import { createTimeZone, parseLocal, type TimeZone } from './calendar.js';
import type { CompiledWindow, Interval } from './compiled.js';
import type { WindowText } from './file-types.js';
import { parseRecurrence, recurrenceDays } from './recurrence.js';

/** Occurrences of one window that are kept; 54 years of a daily one. Beyond, nothing lies inside: the worse side. */
export const MAX_OCCURRENCES = 20_000;

export type { Interval };

/**
 * A window over intervals in the order of their begins. They are taken from `source` only as far as the records reach, and kept in sorted arrays:
 * `contains` is a binary search.
 */
export class IntervalWindow implements CompiledWindow {
  readonly name: string;
  private readonly overrunMs: number;
  private readonly source: Iterator<Interval, void>;
  private starts = new Float64Array(16);
  /** Latest end of all intervals up to this one: some interval that begins at or before t holds until e, exactly if the largest of their ends does. */
  private ends = new Float64Array(16);
  private length = 0;
  /** As they came, with their own ends. */
  private readonly given: Interval[] = [];
  private exhausted = false;

  constructor(name: string, overrunMs: number, source: Iterator<Interval, void>) {
    this.name = name;
    this.overrunMs = overrunMs;
    this.source = source;
  }

  contains(startMs: number, endMs: number): boolean {
    this.materialise(startMs);
    let low = -1;
    let high = this.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= startMs) low = middle;
      else high = middle - 1;
    }
    return low >= 0 && startMs < this.ends[low]! && endMs <= this.ends[low]! + this.overrunMs;
  }

  /** The intervals that begin before `untilMs`, for lints and evidence. */
  occurrences(untilMs: number): readonly Interval[] {
    this.materialise(untilMs);
    const list: Interval[] = [];
    for (let i = 0; i < this.length && this.starts[i]! < untilMs; i++) list.push({ fromMs: this.starts[i]!, toMs: this.ends[i]! });
    return list;
  }

  opened(fromMs: number, toMs: number): readonly Interval[] {
    this.materialise(toMs);
    return this.given.filter((one) => one.fromMs < toMs && one.toMs > fromMs);
  }

  private materialise(untilMs: number): void {
    while (!this.exhausted && (this.length === 0 || this.starts[this.length - 1]! <= untilMs)) {
      const next = this.source.next();
      if (next.done || this.length >= MAX_OCCURRENCES) {
        this.exhausted = true;
        return;
      }
      if (this.length === this.starts.length) {
        this.starts = grown(this.starts);
        this.ends = grown(this.ends);
      }
      this.starts[this.length] = next.value.fromMs;
      this.ends[this.length] = Math.max(next.value.toMs, this.length === 0 ? Number.NEGATIVE_INFINITY : this.ends[this.length - 1]!);
      this.given.push(next.value);
      this.length++;
    }
  }
}

function grown(array: Float64Array): Float64Array<ArrayBuffer> {
  const next = new Float64Array(array.length * 2);
  next.set(array);
  return next;
}

/** Compiles a window of dates (`once`, or `start` and `rrule`). Throws RecurrenceError, or RangeError for an unknown time zone. */
export function createDatedWindow(name: string, text: WindowText, fileZone: string): IntervalWindow {
  const overrunMs = parseDuration(text.overrun ?? 'PT0S') ?? 0;
  if (text.once !== undefined) {
    const lengthMs = parseDuration(text.duration) ?? 0;
    const starts = text.once.map((instant) => Date.parse(instant)).sort((a, b) => a - b);
    return new IntervalWindow(name, overrunMs, starts.map((fromMs) => ({ fromMs, toMs: fromMs + lengthMs })).values());
  }
  const zone = createTimeZone(text.timezone ?? fileZone);
  return new IntervalWindow(name, overrunMs, recurringIntervals(text, zone));
}

/** Occurrences of `start` and `rrule`, each from its civil time on. Days of the duration are days of the calendar, the rest is exact (RFC 5545 §3.3.6). */
function recurringIntervals(text: WindowText, zone: TimeZone): Generator<Interval, void> {
  const start = parseLocal(text.start ?? '') ?? 0;
  const rule = parseRecurrence(text.rrule ?? 'FREQ=DAILY');
  const durationMs = parseDuration(text.duration) ?? 0;
  const days = Number(/^P(\d+)D/.exec(text.duration)?.[1] ?? 0);
  const startDay = Math.floor(start / DAY_MS) * DAY_MS;
  return (function* () {
    for (const day of recurrenceDays(rule, startDay)) {
      const local = day + (start - startDay);
      const fromMs = zone.toInstant(local);
      const through = days === 0 ? fromMs : zone.toInstant(local + days * DAY_MS);
      yield { fromMs, toMs: through + durationMs - days * DAY_MS };
    }
  })();
}

/** Civil begins and ends of the first occurrences before `untilMs` that clocks skip or repeat: 'yyyy-mm-ddThh:mm'. */
export function ambiguousEdges(text: WindowText, fileZone: string, untilMs: number): string[] {
  if (text.start === undefined || text.rrule === undefined) return [];
  const zone = createTimeZone(text.timezone ?? fileZone);
  const found: string[] = [];
  let taken = 0;
  for (const { fromMs, toMs } of recurringIntervals(text, zone)) {
    if (fromMs >= untilMs || ++taken > MAX_OCCURRENCES) break;
    const civil = new Date(zone.toLocal(fromMs)).toISOString().slice(0, 10);
    const begin = parseLocal(`${civil}T${text.start.slice(11)}`) ?? fromMs;
    for (const local of [begin, zone.toLocal(toMs)])
      if (zone.occurs(local) !== 'once') found.push(new Date(local).toISOString().slice(0, 16));
  }
  return found;
}
