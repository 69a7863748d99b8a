import { DAY_MS, parseDuration } from '../../flow/time.js';
import { createTimeZone, parseLocal } from '../claims/calendar.js';
import { ReportError } from './report-error.js';

/** A stretch of time [fromMs, toMs). */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

const CALENDAR = /^\d{4}(-\d{2}(-\d{2})?)?$/;
const MONTHS = /^P([1-9]\d{0,2})M$/;
const WEEKS = /^P([1-9]\d{0,2})W$/;
const HINT = 'write a year, a month or a day such as 2026, 2026-11 or 2026-11-03, or a length such as P1M, P2W, P7D or P1D';

/**
 * The time that a word means, by the calendar of the time zone. A year, month or day is that one. A length (`P1M`, `P2W`, `P7D`) ends with the day in which
 * `lastMs` lies, the last instant that anything is known of; undefined there means that nothing is. Throws ReportError.
 */
export function stretchOf(text: string, timezone: string, lastMs: number | undefined): Stretch {
  const zone = createTimeZone(timezone);
  if (CALENDAR.test(text)) {
    const [year, month = 1, day = 1] = text.split('-').map(Number) as [number, number?, number?];
    if (parseLocal([String(year).padStart(4, '0'), pad(month), pad(day)].join('-')) === undefined)
      throw new ReportError(`--period ${text} is no day of the calendar; ${HINT}`);
    const parts = text.split('-').length;
    const next = [Date.UTC(year + 1, 0, 1), Date.UTC(year, month, 1), Date.UTC(year, month - 1, day + 1)][parts - 1]!;
    return { fromMs: zone.toInstant(Date.UTC(year, month - 1, day)), toMs: zone.toInstant(next) };
  }
  const months = MONTHS.exec(text)?.[1];
  const weeks = WEEKS.exec(text)?.[1];
  const lengthMs = weeks === undefined ? parseDuration(text) : Number(weeks) * 7 * DAY_MS;
  if (months === undefined && (lengthMs === undefined || lengthMs < DAY_MS || lengthMs % DAY_MS !== 0))
    throw new ReportError(`--period ${text} is no period; ${HINT}`);
  if (lastMs === undefined) throw new ReportError(`--period ${text} counts back from the last that is stored, and nothing is`);
  const endLocal = Math.floor(zone.toLocal(lastMs - 1) / DAY_MS) * DAY_MS + DAY_MS;
  const fromLocal = months === undefined ? endLocal - lengthMs! : monthsBefore(endLocal, Number(months));
  return { fromMs: zone.toInstant(fromLocal), toMs: zone.toInstant(endLocal) };
}

/** The same day some months earlier; the month's last where it is shorter. */
function monthsBefore(localMs: number, months: number): number {
  const day = new Date(localMs);
  const first = Date.UTC(day.getUTCFullYear(), day.getUTCMonth() - months, 1);
  const start = new Date(first);
  const length = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 0)).getUTCDate();
  return first + (Math.min(day.getUTCDate(), length) - 1) * DAY_MS;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
