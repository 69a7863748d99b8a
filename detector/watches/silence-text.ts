import { MINUTE_MS } from '../../flow/time.js';
import type { Silence } from './silences.js';

/**
 * How far a silence is told: one that goes on is told in steps that grow (5 min, 30 min, 6 h), so that a finding has a few revisions a day and not one a
 * minute; one that has ended is told to the minute.
 */
export function toldUntil({ onset, end, open }: Pick<Silence, 'onset' | 'end' | 'open'>): number {
  const length = end - onset;
  if (!open) return end;
  const step = length < 60 ? 5 : length < 360 ? 30 : 360;
  return length < step ? end : onset + Math.floor(length / step) * step;
}

/** Minutes since the epoch as ms. */
export function minuteMs(minute: number): number {
  return minute * MINUTE_MS;
}

/** 'below 1 in 10^27', as far as it makes sense to say. */
export function chanceText(surprise: number): string {
  const powers = Math.floor(surprise / Math.LN10);
  return powers > 30 ? 'less than 1 in 10^30' : `about 1 in 10^${powers}`;
}

/** Share of `part` in `whole` for people; never '100 %' of what is not whole. */
export function percentText(part: number, whole: number): string {
  if (whole === 0) return '0 %';
  const percent = (100 * part) / whole;
  return `${percent > 99 && part < whole ? Math.floor(percent * 10) / 10 : Math.round(percent)} %`;
}
