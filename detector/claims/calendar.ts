import { DAY_MS, HOUR_MS } from '../../flow/time.js';

/**
 * Civil time of one IANA time zone, over Intl.DateTimeFormat. "Local ms" are the civil date and time read as if they were UTC,
 * so that days of the calendar can be counted with plain arithmetic.
 */
export interface TimeZone {
  readonly name: string;
  /** Local ms of an instant. */
  toLocal(ms: number): number;
  /**
   * The instant of a civil time (RFC 5545 §3.3.5): where it comes twice (clocks go back) the first; where it does not exist (clocks go
   * forward) by the offset before the gap, which is as much later as the clocks jump.
   */
  toInstant(localMs: number): number;
  /** 'once', 'twice' or 'never': how often the civil time occurs. */
  occurs(localMs: number): 'once' | 'twice' | 'never';
}

/** Throws RangeError for a name that this installation does not know. */
export function createTimeZone(name: string): TimeZone {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    era: 'short',
  });
  const toLocal = (ms: number): number => {
    const fields: Record<string, number> = {};
    let era = 1;
    for (const part of format.formatToParts(ms)) {
      if (part.type === 'era') era = part.value.startsWith('B') ? -1 : 1;
      else if (part.type !== 'literal') fields[part.type] = Number(part.value);
    }
    const year = era < 0 ? 1 - (fields.year ?? 1) : (fields.year ?? 1970);
    const local = new Date(0);
    local.setUTCFullYear(year, (fields.month ?? 1) - 1, fields.day ?? 1);
    local.setUTCHours(fields.hour ?? 0, fields.minute ?? 0, fields.second ?? 0, 0);
    return local.getTime() + (ms - Math.floor(ms / 1000) * 1000);
  };
  /** Instants with that civil time, earliest first: none, one or two. Offsets change at most once within a day on either side. */
  const candidates = (localMs: number): { readonly instants: number[]; readonly offsetBefore: number } => {
    const offsetAt = (ms: number): number => toLocal(ms) - ms;
    const offsetBefore = offsetAt(localMs - DAY_MS);
    const offsets = new Set([offsetBefore, offsetAt(localMs + DAY_MS)]);
    const instants = [...offsets].map((offset) => localMs - offset).filter((ms) => toLocal(ms) === localMs);
    return { instants: instants.sort((a, b) => a - b), offsetBefore };
  };
  return {
    name,
    toLocal,
    toInstant(localMs) {
      const { instants, offsetBefore } = candidates(localMs);
      return instants[0] ?? localMs - offsetBefore;
    },
    occurs(localMs) {
      const count = candidates(localMs).instants.length;
      return count === 0 ? 'never' : count === 1 ? 'once' : 'twice';
    },
  };
}

export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Instants beyond the years 0–9999 are garbage of some exporter's clock; they are judged as the nearest bound. */
const EARLIEST_MS = Date.UTC(1, 0, 1);
const LATEST_MS = Date.UTC(9998, 0, 1);
const SLOT_MS = HOUR_MS / 4; // offsets of today's zones are multiples of a quarter of an hour: a day begins at a slot's begin
const MAX_SLOTS = 4096; // 42 days; then the memory is begun anew

/**
 * The function instant → period. Whole days (`calendar`) run from midnight to midnight by the calendar of the zone, so that they have 23 or 25 hours
 * when clocks change; several days count from 1970-01-01. Other lengths are slices of UTC counted from the epoch.
 */
export function createPeriods(zone: TimeZone, lengthMs: number, calendar: boolean): (ms: number) => Period {
  const slots = new Map<number, Period>();
  let last: Period = { fromMs: 0, toMs: 0 };
  const compute = (ms: number): Period => {
    if (!calendar) {
      const fromMs = Math.floor(ms / lengthMs) * lengthMs;
      return { fromMs, toMs: fromMs + lengthMs };
    }
    const localFrom = Math.floor(zone.toLocal(ms) / lengthMs) * lengthMs;
    return { fromMs: zone.toInstant(localFrom), toMs: zone.toInstant(localFrom + lengthMs) };
  };
  return (ms) => {
    if (ms >= last.fromMs && ms < last.toMs) return last;
    const bounded = Number.isNaN(ms) ? EARLIEST_MS : Math.min(LATEST_MS, Math.max(EARLIEST_MS, ms));
    const slot = Math.floor(bounded / SLOT_MS);
    let period = slots.get(slot);
    if (period === undefined || bounded < period.fromMs || bounded >= period.toMs) {
      period = compute(bounded);
      if (slots.size >= MAX_SLOTS) slots.clear();
      slots.set(slot, period);
    }
    last = period;
    return period;
  };
}

/** Local ms of 'yyyy-mm-dd' or 'yyyy-mm-ddThh:mm'; undefined when there is no such day or time. */
export function parseLocal(text: string): number | undefined {
  const ms = Date.parse(text.length === 10 ? `${text}T00:00Z` : `${text}Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text) ? ms : undefined;
}

/** The civil date of an instant, 'yyyy-mm-dd'. */
export function localDate(zone: TimeZone, ms: number): string {
  return new Date(zone.toLocal(ms)).toISOString().slice(0, 10);
}
