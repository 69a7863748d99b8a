import { DAY_MS } from '../../../flow/time.js';
import { type DailyVolumes, localDayStartMs, Rest, Today, WINDOW_DAYS } from '../../baseline/daily-volumes.js';
import type { PeerGroups } from '../../baseline/peer-groups.js';
import type { FindingSink, Matter } from '../../findings/finding-sink.js';
import { formatOctets } from '../../findings/quantity.js';
import type { UnitContext } from '../detection.js';
import type { ObservedRecord } from '../observed-record.js';
import { laneRule, laneWords } from './peer-lane.js';
import type { DayLimits } from './volume-over-days-limits.js';
import { VOLUME_OVER_DAYS_ID } from './volume-over-days-parameters.js';

/** Weeks in which the sum over seven days must have risen, each by so much, before a date is foretold; and how far ahead. */
const RISES = 3;
const LEAST_RISE = 1.1;
const FORETELL_DAYS = 30;
const WEEK = 7;
/** A foretelling stands so long before it is made anew. */
const FORETOLD_DAYS = 14;
/** Lanes whose words are kept; made anew beyond. */
const MOST_MATTERS = 256;

/** Puts into words what sums over days have come to, or will. */
export class DaysReporter {
  private readonly unit: UnitContext;
  private readonly limits: DayLimits;
  private readonly matters = new Map<string, Matter>();

  constructor(unit: UnitContext, limits: DayLimits) {
    this.unit = unit;
    this.limits = limits;
  }

  /** A window has passed its limit; told where it did so by more than before. */
  pass(record: ObservedRecord, lane: number, days: DailyVolumes, groups: PeerGroups, findings: FindingSink): void {
    const { window, ratio } = this.limits.ratioOf(lane, days);
    const told = days.at(lane, Today.toldRatio);
    if (ratio < 1 || ratio <= days.numbers[told]!) return;
    if (days.numbers[told] === 0) days.numbers[days.at(lane, Today.toldPeriodMs)] = this.unit.claims.periodOf(record.endMs).fromMs;
    days.numbers[told] = ratio;
    days.setRest(lane, Rest.toldWindow, window);
    days.setRest(lane, Rest.toldDay, days.today);
    this.tell(record, lane, days, groups, findings);
  }

  /** Tells the window that was found farthest over its limit, with what it holds by now. */
  tell(record: ObservedRecord, lane: number, days: DailyVolumes, groups: PeerGroups, findings: FindingSink): void {
    const window = days.rest(lane, Rest.toldWindow);
    const lastDay = days.rest(lane, Rest.toldDay);
    const length = WINDOW_DAYS[window]!;
    const limit = this.limits.limitOf(lane, window, days, lastDay);
    const current = lastDay === days.today ? days.numbers[days.at(lane, Today.octets)]! : 0;
    const observed = days.sum(lane, lastDay - length + 1, lastDay).octets + current;
    const largest = days.rest(lane, Rest.largest + window);
    const learned = largest === 0 ? 'nothing was learned of it' : `the most in learning was ${formatOctets(largest)}`;
    const { words, rule } = laneText(lane, groups);
    this.measure(record, lane, days, findings, {
      matter: this.matterOf(rule, rule, 'medium'),
      observed,
      expected: limit,
      firstDay: lastDay - length + 1,
      lastDay,
      periodMs: days.numbers[days.at(lane, Today.toldPeriodMs)]!,
      confidence: Math.round(Math.min(95, 50 + 50 * Math.log2(observed / limit))),
      why: `${formatOctets(observed)} ${words} in ${length === 1 ? 'one day' : `${length} days`}, where ${formatOctets(limit)} is the limit (${learned})`,
    });
  }

  /** Three weeks of rises in a row, and the limit in reach: tells the day on which a rise that goes on as steadily will pass it. */
  foretell(record: ObservedRecord, lane: number, closed: number, days: DailyVolumes, groups: PeerGroups, findings: FindingSink): void {
    if (this.limits.isTraining(lane, 1, closed, days) || closed + 1 - days.rest(lane, Rest.entered) < (RISES + 1) * WEEK) return;
    if (closed < days.rest(lane, Rest.foretoldDay) + FORETOLD_DAYS) return;
    const weeks = Array.from(
      { length: RISES + 1 },
      (_, back) => days.sum(lane, closed - (back + 1) * WEEK + 1, closed - back * WEEK).octets,
    );
    const limit = this.limits.limitOf(lane, 1, days);
    const [now = 0] = weeks;
    const rises = weeks.every((week, back) => back === 0 || (week > 0 && weeks[back - 1]! >= LEAST_RISE * week));
    const perDay = (now - weeks[RISES]!) / (RISES * WEEK);
    const daysLeft = Math.ceil((limit - now) / perDay);
    if (!rises || now >= limit || now < limit / 2 || daysLeft > FORETELL_DAYS) return;
    days.setRest(lane, Rest.foretoldDay, closed);
    const { words, rule } = laneText(lane, groups);
    const date = new Date((closed + daysLeft) * DAY_MS).toISOString().slice(0, 10);
    this.measure(record, lane, days, findings, {
      matter: this.matterOf(`${rule} rise`, rule, 'low'),
      observed: now,
      expected: limit,
      firstDay: closed - WEEK + 1,
      lastDay: closed,
      periodMs: this.unit.claims.periodOf(record.endMs).fromMs,
      confidence: 50,
      why: `${formatOctets(now)} ${words} in 7 days, after ${weeks.slice(1).map(formatOctets).join(', ')} in the weeks before: rising so steadily it passes the limit of ${formatOctets(limit)} about ${date}`,
    });
  }

  private measure(
    record: ObservedRecord,
    lane: number,
    days: DailyVolumes,
    findings: FindingSink,
    what: {
      matter: Matter;
      observed: number;
      expected: number;
      firstDay: number;
      lastDay: number;
      periodMs: number;
      confidence: number;
      why: string;
    },
  ): void {
    const { matter, observed, expected, firstDay, lastDay, confidence, why } = what;
    const period = this.unit.claims.periodOf(what.periodMs);
    const windowFromMs = localDayStartMs(this.unit.clock, firstDay);
    const windowToMs = localDayStartMs(this.unit.clock, lastDay + 1);
    const { records, sessions } = days.sum(lane, firstDay, lastDay);
    // As counted; where the sampling interval changed within the window, an estimate.
    const counted = Math.round(observed / record.sampling);
    const inbound = (lane & 1) === 1;
    findings.measure(record, {
      matter,
      observed,
      expected,
      unit: 'octets',
      periodFromMs: period.fromMs,
      periodToMs: period.toMs,
      windowFromMs,
      windowToMs,
      confidence,
      why,
      totals: {
        firstMs: windowFromMs,
        lastMs: Math.min(record.endMs, windowToMs),
        octetsOut: inbound ? 0 : counted,
        octetsIn: inbound ? counted : 0,
        packetsOut: 0,
        packetsIn: 0,
        records: Math.max(1, records),
        sessions,
      },
    });
  }

  private matterOf(part: string, rule: string, severity: 'low' | 'medium'): Matter {
    let matter = this.matters.get(part);
    if (matter === undefined) {
      const severities = [severity, severity, severity, severity] as const;
      matter = { detection: VOLUME_OVER_DAYS_ID, claim: -1, part, scope: 'member', rule, severities, most: Number.MAX_SAFE_INTEGER };
      if (this.matters.size >= MOST_MATTERS) this.matters.clear();
      this.matters.set(part, matter);
    }
    return matter;
  }
}

function laneText(lane: number, groups: PeerGroups): { words: string; rule: string } {
  const direction = (lane & 1) === 1 ? 'in' : 'out';
  const group = lane < 2 ? undefined : groups.names[(lane >> 1) - 1];
  return { words: laneWords(direction, group), rule: laneRule(direction, group) };
}
