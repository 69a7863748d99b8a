import { DAY_MS } from '../../../flow/time.js';
import { type DailyVolumes, localDayStartMs, Rest, Today, WINDOW_DAYS } from '../../baseline/daily-volumes.js';
import type { LocalClock } from '../../baseline/local-clock.js';
import type { ParameterValues } from '../detection.js';
import type { VOLUME_OVER_DAYS_PARAMETERS } from './volume-over-days-parameters.js';

/** What sums over a day, a week and a month may come to: learned for a while, then fixed. */
export class DayLimits {
  private readonly warmUpDays: number;
  private readonly factor: number;
  /** Octets a day, by direction: out, in. */
  private readonly floors: readonly [number, number];
  private readonly clock: LocalClock;

  constructor(parameters: ParameterValues<typeof VOLUME_OVER_DAYS_PARAMETERS>, clock: LocalClock) {
    this.clock = clock;
    this.warmUpDays = parameters.warmUpDays;
    this.factor = parameters.limitPercent / 100;
    this.floors = [parameters.leastMegabytesPerDay * 1e6, parameters.leastMegabytesPerDayIn * 1e6];
  }

  /** The day `closed` is over, and teaches while it is learned from. */
  learn(lane: number, closed: number, days: DailyVolumes): void {
    const entered = days.rest(lane, Rest.entered);
    for (const [window, length] of WINDOW_DAYS.entries()) {
      if (!this.isTraining(lane, window, closed, days) || closed - entered + 1 < length) continue;
      const { octets } = days.sum(lane, closed - length + 1, closed);
      days.setRest(lane, Rest.largest + window, Math.max(days.rest(lane, Rest.largest + window), octets));
    }
  }

  isTraining(lane: number, window: number, day: number, days: DailyVolumes): boolean {
    const more = window === WINDOW_DAYS.length - 1 ? WINDOW_DAYS[window]! : 0;
    return day < days.rest(lane, Rest.entered) + this.warmUpDays + more;
  }

  /** Octets that the sum of a window may come to whose last day is `lastDay`. */
  limitOf(lane: number, window: number, days: DailyVolumes, lastDay = days.today): number {
    const times = this.factor + (WINDOW_DAYS[window] === 1 && this.repeatsHour(lastDay) ? 1 : 0);
    return Math.max(times * days.rest(lane, Rest.largest + window), this.floors[(lane & 1) as 0 | 1] * WINDOW_DAYS[window]!);
  }

  /** Sets the level of today at which the first of the windows passes its limit. */
  setAlarm(lane: number, days: DailyVolumes): void {
    let least = Number.POSITIVE_INFINITY;
    for (let window = 0; window < WINDOW_DAYS.length; window++) {
      if (this.isTraining(lane, window, days.today, days)) continue;
      least = Math.min(least, this.limitOf(lane, window, days) - days.numbers[days.at(lane, Today.before + window)]!);
    }
    days.numbers[days.at(lane, Today.alarmAt)] = least;
  }

  isPassed(lane: number, days: DailyVolumes): boolean {
    return days.numbers[days.at(lane, Today.octets)]! >= days.numbers[days.at(lane, Today.alarmAt)]!;
  }

  /** The window that is farthest over its limit, or nearest to it. */
  ratioOf(lane: number, days: DailyVolumes): { window: number; ratio: number } {
    let best = { window: 0, ratio: 0 };
    for (let window = 0; window < WINDOW_DAYS.length; window++) {
      if (this.isTraining(lane, window, days.today, days)) continue;
      const sum = days.numbers[days.at(lane, Today.before + window)]! + days.numbers[days.at(lane, Today.octets)]!;
      const ratio = sum / this.limitOf(lane, window, days);
      if (ratio > best.ratio) best = { window, ratio };
    }
    return best;
  }

  /**
   * On a day of 25 hours the clock tells one of them twice, and a job that is set in it may run twice: such a day may come to once more the largest that was learned. In a
   * week or a month one run more is within the limit.
   */
  private repeatsHour(day: number): boolean {
    return localDayStartMs(this.clock, day + 1) - localDayStartMs(this.clock, day) > DAY_MS;
  }
}
