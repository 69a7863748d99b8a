import { DAY_MS } from '../../flow/time.js';

/**
 * A subset of RFC 5545 §3.3.10: FREQ=DAILY|WEEKLY|MONTHLY, INTERVAL, COUNT, UNTIL (a date, inclusive), BYDAY, BYMONTHDAY; weeks begin on Monday.
 * Works on civil dates ("local ms" at 00:00, calendar.ts). Only days that the rule itself names count as occurrences, the start included.
 */
export interface Recurrence {
  readonly frequency: 'DAILY' | 'WEEKLY' | 'MONTHLY';
  readonly interval: number;
  /** Infinity when not given. */
  readonly count: number;
  /** Local ms of the last day, Infinity when not given. */
  readonly until: number;
  /** Weekday 0 = Monday … 6; ordinal 0 every such day of the month, 2 the second, −1 the last. */
  readonly byDay: readonly { readonly ordinal: number; readonly weekday: number }[];
  /** 1…31 from the begin, −1…−31 from the end of the month. */
  readonly byMonthDay: readonly number[];
}

const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];
const MAX_EMPTY_STEPS = 1200; // a rule that names no day for a hundred years of months names none at all

export class RecurrenceError extends Error {}

/** Throws RecurrenceError with what to write instead. The schema has checked the characters. */
export function parseRecurrence(text: string): Recurrence {
  const parts = new Map<string, string>();
  for (const part of text.split(';')) {
    const [name = '', value = ''] = part.split('=');
    if (parts.has(name)) throw new RecurrenceError(`${name} stands twice in the rrule; keep one`);
    parts.set(name, value);
  }
  const frequency = parts.get('FREQ') as Recurrence['frequency'];
  if (parts.has('COUNT') && parts.has('UNTIL'))
    throw new RecurrenceError('COUNT and UNTIL exclude each other (RFC 5545 §3.3.10); keep one');
  const positive = (name: string, absent: number): number => {
    const value = Number(parts.get(name) ?? absent);
    if (value < 1) throw new RecurrenceError(`${name} must be 1 at least`);
    return value;
  };
  const byDay = (parts.get('BYDAY') ?? '').split(',').filter(Boolean).map(parseDay);
  if (frequency !== 'MONTHLY' && byDay.some((day) => day.ordinal !== 0)) {
    throw new RecurrenceError('numbers before weekdays (2TU, -1SU) belong to FREQ=MONTHLY; write the weekday alone');
  }
  const byMonthDay = (parts.get('BYMONTHDAY') ?? '').split(',').filter(Boolean).map(Number);
  if (byMonthDay.some((day) => !Number.isInteger(day) || day === 0 || Math.abs(day) > 31))
    throw new RecurrenceError('BYMONTHDAY takes numbers from 1 to 31, or -1 to -31 from the end');
  if (frequency === 'WEEKLY' && byMonthDay.length > 0)
    throw new RecurrenceError('BYMONTHDAY does not go with FREQ=WEEKLY (RFC 5545 §3.3.10); use BYDAY');
  return {
    frequency,
    interval: positive('INTERVAL', 1),
    count: positive('COUNT', Number.POSITIVE_INFINITY),
    until: parseUntil(parts.get('UNTIL')),
    byDay,
    byMonthDay,
  };
}

function parseDay(text: string): { ordinal: number; weekday: number } {
  const match = /^(-?[1-5])?(MO|TU|WE|TH|FR|SA|SU)$/.exec(text);
  if (match === null) throw new RecurrenceError(`'${text}' is no weekday; write MO, TU, WE, TH, FR, SA or SU, for months also 2TU or -1SU`);
  return { ordinal: Number(match[1] ?? 0), weekday: WEEKDAYS.indexOf(match[2]!) };
}

function parseUntil(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  const iso = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`;
  const ms = Date.parse(`${iso}T00:00Z`);
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(iso))
    throw new RecurrenceError(`UNTIL=${text} is no date; write yyyymmdd`);
  return ms;
}

/** The days (local ms at 00:00) on which the rule falls, in order, from the day of the start on. Endless rules give endless days: take what is needed. */
export function* recurrenceDays(rule: Recurrence, startDay: number): Generator<number, void> {
  let given = 0;
  let empty = 0;
  for (let step = 0; empty < MAX_EMPTY_STEPS; step++) {
    empty++;
    for (const day of daysOfStep(rule, startDay, step)) {
      if (day < startDay) continue;
      if (day > rule.until || given >= rule.count) return;
      given++;
      empty = 0;
      yield day;
    }
    if (stepBegin(rule, startDay, step) > rule.until) return;
  }
}

function stepBegin(rule: Recurrence, startDay: number, step: number): number {
  if (rule.frequency === 'DAILY') return startDay + step * rule.interval * DAY_MS;
  if (rule.frequency === 'WEEKLY') return startDay - weekdayOf(startDay) * DAY_MS + step * rule.interval * 7 * DAY_MS;
  const start = new Date(startDay);
  return Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + step * rule.interval, 1);
}

function daysOfStep(rule: Recurrence, startDay: number, step: number): number[] {
  const begin = stepBegin(rule, startDay, step);
  if (rule.frequency === 'DAILY')
    return matchesMonthDay(rule, begin) && (rule.byDay.length === 0 || rule.byDay.some((day) => day.weekday === weekdayOf(begin)))
      ? [begin]
      : [];
  if (rule.frequency === 'WEEKLY') {
    const weekdays = rule.byDay.length === 0 ? [weekdayOf(startDay)] : [...new Set(rule.byDay.map((day) => day.weekday))].sort();
    return weekdays.map((weekday) => begin + weekday * DAY_MS);
  }
  const days: number[] = [];
  const length = monthLength(begin);
  for (let index = 0; index < length; index++) {
    const day = begin + index * DAY_MS;
    const byDefault = rule.byDay.length === 0 && rule.byMonthDay.length === 0;
    if (byDefault ? index + 1 === new Date(startDay).getUTCDate() : matchesMonthDay(rule, day) && matchesWeekday(rule, day, index, length))
      days.push(day);
  }
  return days;
}

function matchesMonthDay(rule: Recurrence, day: number): boolean {
  if (rule.byMonthDay.length === 0) return true;
  const date = new Date(day).getUTCDate();
  const fromEnd = date - monthLength(day) - 1;
  return rule.byMonthDay.includes(date) || rule.byMonthDay.includes(fromEnd);
}

function matchesWeekday(rule: Recurrence, day: number, index: number, length: number): boolean {
  if (rule.byDay.length === 0) return true;
  const nth = Math.floor(index / 7) + 1;
  const fromEnd = -(Math.floor((length - 1 - index) / 7) + 1);
  return rule.byDay.some(({ ordinal, weekday }) => weekday === weekdayOf(day) && (ordinal === 0 || ordinal === nth || ordinal === fromEnd));
}

/** 0 = Monday … 6 = Sunday. 1970-01-01 was a Thursday. */
export function weekdayOf(day: number): number {
  return (((Math.floor(day / DAY_MS) + 3) % 7) + 7) % 7;
}

function monthLength(day: number): number {
  const date = new Date(day);
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
}
