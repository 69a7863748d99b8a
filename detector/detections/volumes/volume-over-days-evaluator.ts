import { DAY_MS } from '../../../flow/time.js';
import { type AssetVolumes, Sum, sumAt } from '../../baseline/asset-volumes.js';
import { DailyVolumes, localDay, localDayStartMs, Rest, Today } from '../../baseline/daily-volumes.js';
import type { NumberPool } from '../../baseline/number-pool.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { VolumeConsumer } from '../../baseline/volume-consumer.js';
import type { FollowedDecision } from '../../decisions/followed.js';
import type { FindingSink } from '../../findings/finding-sink.js';
import type { ParameterValues, UnitContext } from '../detection.js';
import type { ObservedRecord } from '../observed-record.js';
import { shareWithin } from '../recompute.js';
import { DayLimits } from './volume-over-days-limits.js';
import { VOLUME_OVER_DAYS_ID, type VOLUME_OVER_DAYS_PARAMETERS } from './volume-over-days-parameters.js';
import { DaysReporter } from './volume-over-days-report.js';

/** A lane that stays below its limits so long has come back: passing them again is another finding. */
const QUIET_DAYS = 7;

interface Watched {
  readonly firstDay: number;
  readonly days: DailyVolumes;
}

/*
 * The document sums with leaky counters of half-lives of 1, 7 and 30 days. Two reasons for plain sums over calendar days instead: a leaky counter of 30 days
 * is at 28 % of its final level when training ends after 14, so that steady traffic passes 1.5 times its "largest in training" nine days later, always;
 * and a leaky sum reaches back without end, so nobody can do it again from the rows of a window.
 */
export class DaysConsumer implements VolumeConsumer<Watched> {
  readonly unit: UnitContext;
  private readonly pool: NumberPool;
  private readonly warmUpDays: number;
  private readonly limits: DayLimits;
  private readonly reporter: DaysReporter;

  constructor(unit: UnitContext, parameters: ParameterValues<typeof VOLUME_OVER_DAYS_PARAMETERS>) {
    this.unit = unit;
    this.pool = unit.pool;
    this.warmUpDays = parameters.warmUpDays;
    this.limits = new DayLimits(parameters, unit.clock);
    this.reporter = new DaysReporter(unit, this.limits);
  }

  begin(record: ObservedRecord): Watched {
    const { clock } = this.unit;
    const firstDay = localDay(clock, record.endMs);
    const days = new DailyVolumes(this.pool);
    days.begin(firstDay);
    days.setToday(firstDay, clock);
    return { firstDay, days };
  }

  dueMs({ days }: Watched): number {
    return days.todayToMs;
  }

  sinceMs({ days }: Watched): number {
    return days.todayFromMs;
  }

  /** The day is over: it teaches while learning, limits of the next are set, and rises are looked for. */
  advance({ days }: Watched, volumes: AssetVolumes, record: ObservedRecord, findings: FindingSink): void {
    if (record.endMs < days.todayToMs) return;
    const { limits } = this;
    const { clock } = this.unit;
    const closed = days.today;
    days.closeToday(localDay(clock, record.endMs), clock);
    for (let lane = 0; lane < days.lanes; lane++) {
      limits.learn(lane, closed, days);
      limits.setAlarm(lane, days);
      this.reporter.foretell(record, lane, closed, days, volumes.groups, findings);
      const told = days.at(lane, Today.toldRatio);
      const quiet = days.todayFromMs > days.numbers[days.at(lane, Today.toldPeriodMs)]! + QUIET_DAYS * DAY_MS;
      if (days.numbers[told]! > 0 && quiet && limits.ratioOf(lane, days).ratio < 1) days.numbers[told] = 0;
    }
  }

  enter({ firstDay, days }: Watched, { groups }: AssetVolumes, place: number): void {
    // Once a group has given way, one that enters may be an old one: it is learned anew.
    days.openLanes(place, groups.evictions > 0 ? days.today : firstDay);
    for (const lane of [2 + 2 * place, 3 + 2 * place]) this.limits.setAlarm(lane, days);
  }

  take({ days }: Watched, { groups, sums }: AssetVolumes, total: Float64Array): void {
    addBoth(days, 0, total, 0);
    for (let place = 0; place < groups.size; place++) {
      const at = sumAt(place);
      if (sums[at + Sum.recordsAny]! > 0) addBoth(days, 2 + 2 * place, sums, at);
    }
  }

  add({ days }: Watched, volumes: AssetVolumes, place: number, record: ObservedRecord, findings: FindingSink): void {
    const out = record.octetsOut * record.sampling;
    const back = record.octetsIn * record.sampling;
    if (out + back === 0) return;
    const lane = 2 + 2 * place;
    const starts = record.sessionStarts ? 1 : 0;
    if (record.startMs < days.todayFromMs) this.spread(record, lane, out, back, days, volumes, findings);
    else {
      days.addToday(lane, out, back, 1, starts);
      days.addToday(0, out, back, 1, starts);
    }
    this.tellPassed(days, volumes, place, record, findings);
  }

  room({ days }: Watched, inbound: boolean): number {
    const { numbers } = days;
    let room = Number.POSITIVE_INFINITY;
    for (let lane = inbound ? 1 : 0; lane < days.lanes; lane += 2)
      room = Math.min(room, numbers[days.at(lane, Today.alarmAt)]! - numbers[days.at(lane, Today.octets)]!);
    return room;
  }

  check({ days }: Watched, volumes: AssetVolumes, place: number, record: ObservedRecord, findings: FindingSink): void {
    if (record.octetsOut + record.octetsIn > 0) this.tellPassed(days, volumes, place, record, findings);
  }

  /** Nothing was told: what is over its limit still is told again. */
  decided({ days }: Watched, { groups }: AssetVolumes, { does, peer, detection }: FollowedDecision): void {
    if (does !== 'unlearn' || (peer === '' && detection !== VOLUME_OVER_DAYS_ID)) return;
    for (const lane of [0, 1, ...groups.placesOf(peer, this.unit.claims).flatMap((place) => [2 + 2 * place, 3 + 2 * place])])
      days.numbers[days.at(lane, Today.toldRatio)] = 0;
  }

  learnedMs({ firstDay }: Watched): number {
    return localDayStartMs(this.unit.clock, firstDay + this.warmUpDays);
  }

  save({ firstDay, days }: Watched, writer: StateWriter): void {
    writer.f64(firstDay);
    days.save(writer);
  }

  load(reader: StateReader): Watched {
    const watched = { firstDay: reader.f64(), days: new DailyVolumes(this.pool) };
    watched.days.load(reader, this.unit.clock);
    return watched;
  }

  private tellPassed(days: DailyVolumes, { groups }: AssetVolumes, place: number, record: ObservedRecord, findings: FindingSink): void {
    for (let way = 0; way < 2; way++) {
      const lane = 2 + 2 * place + way;
      if (this.limits.isPassed(lane, days)) this.reporter.pass(record, lane, days, groups, findings);
      else if (this.limits.isPassed(way, days) && !this.someGroupPasses(way, days)) this.reporter.pass(record, way, days, groups, findings);
    }
  }

  /** Where one group of peers is over its limit, that all of them together are says nothing new. */
  private someGroupPasses(way: number, days: DailyVolumes): boolean {
    for (let lane = 2 + way; lane < days.lanes; lane += 2) if (this.limits.isPassed(lane, days)) return true;
    return false;
  }

  /** A record that began before today: its octets are spread evenly over its time. It counts today, and may add to what was told of the days before. */
  private spread(
    record: ObservedRecord,
    lane: number,
    out: number,
    back: number,
    days: DailyVolumes,
    volumes: AssetVolumes,
    findings: FindingSink,
  ): void {
    const { clock } = this.unit;
    const { startMs, endMs, sessionStarts } = record;
    const { today, todayFromMs, todayToMs } = days;
    const now = shareWithin(record, todayFromMs, todayToMs);
    const parts = [
      [lane, out],
      [lane + 1, back],
      [0, out],
      [1, back],
    ] as const;
    for (const first of [lane, 0]) days.addToday(first, out * now, back * now, 1, sessionStarts ? 1 : 0);
    const last = Math.min(today - 1, localDay(clock, endMs));
    for (let day = localDay(clock, startMs); day <= last; day++) {
      const share = shareWithin(record, localDayStartMs(clock, day), localDayStartMs(clock, day + 1));
      for (const [to, octets] of parts) days.addBefore(to, day, octets * share);
    }
    for (const [to, octets] of parts) {
      const toldDay = days.rest(to, Rest.toldDay);
      if (octets > 0 && days.numbers[days.at(to, Today.toldRatio)]! > 0 && toldDay === today - 1 && localDay(clock, startMs) <= toldDay)
        this.reporter.tell(record, to, days, volumes.groups, findings);
    }
  }
}

/** Adds the sums at `at` to the two lanes from `lane` on. */
function addBoth(days: DailyVolumes, lane: number, sums: Float64Array, at: number): void {
  days.addToday(lane, sums[at + Sum.out]!, sums[at + Sum.in]!, sums[at + Sum.recordsAny]!, sums[at + Sum.sessionsAny]!);
}
