import { DAY_MS } from '../../flow/time.js';
import { DailyVolumes, localDay, localDayStartMs, WINDOW_DAYS } from '../baseline/daily-volumes.js';
import type { LocalClock } from '../baseline/local-clock.js';
import { PeerGroupReader, PeerGroups, peerGroupName } from '../baseline/peer-groups.js';
import type { StateReader, StateWriter } from '../baseline/state.js';
import type { CompiledClaims } from '../claims/compiled.js';
import type { FollowedDecision } from '../decisions/followed.js';
import type { Finding } from '../findings/finding.js';
import type { FindingSink, Matter } from '../findings/finding-sink.js';
import { formatOctets } from '../findings/quantity.js';
import type { Detection, Evaluator, FindingFlow, ParameterTable, ParameterValues, UnitContext } from './detection.js';
import type { ObservedRecord } from './observed-record.js';
import { laneDirection, laneRecords, laneRule, laneWords } from './peer-lane.js';
import { estimateOf, shareWithin, sumOf } from './recompute.js';
import { VOLUME_OVER_DAYS_EXAMPLES } from './volume-over-days-examples.js';

const ID = 'volume-over-days';

const PARAMETERS = {
  warmUpDays: {
    default: 14,
    least: 7,
    most: 365,
    unit: 'days of record time since the first record of the asset; the sum over 30 days needs 30 more',
    reason: 'Two of every weekday, and eight sums over seven days (detection.md D06).',
  },
  limitPercent: {
    default: 150,
    least: 110,
    most: 1000,
    unit: '% of the largest sum in training',
    reason: 'Half as much again as ever seen: what equipment does from week to week stays below (detection.md D06).',
  },
  leastMegabytesPerDay: {
    default: 1,
    least: 0,
    most: 1_000_000,
    unit: 'MB a day sent',
    reason:
      'The floor of the limit: a closed device that sends less than a megabyte a day carries nothing away that matters soon (detection.md D06).',
  },
  leastMegabytesPerDayIn: {
    default: 50,
    least: 0,
    most: 1_000_000,
    unit: 'MB a day received',
    reason: 'What is received is mostly updates: below the size of an image it needs no explanation.',
  },
} as const satisfies ParameterTable;

/** Weeks in which the sum over seven days must have risen, each by so much, before a date is foretold; and how far ahead. */
const RISES = 3;
const LEAST_RISE = 1.1;
const FORETELL_DAYS = 30;
const WEEK = 7;
/** A foretelling stands so long before it is made anew. */
const FORETOLD_DAYS = 14;
/** A lane that stays below its limits so long has come back: passing them again is another finding. */
const QUIET_DAYS = 7;

export const volumeOverDays: Detection<typeof PARAMETERS> = {
  id: ID,
  title: 'More data over days than ever learned',
  question:
    'Does the equipment send or receive more over a day, a week or a month than it ever did while it was learned, and when will a steady rise pass that?',
  claimKinds: [],
  attack: [
    { id: 'T1029', matrix: 'enterprise', version: '18.0' },
    { id: 'T1030', matrix: 'enterprise', version: '18.0' },
    { id: 'T1041', matrix: 'enterprise', version: '18.0' },
    { id: 'T1567', matrix: 'enterprise', version: '18.0' },
    { id: 'T0882', matrix: 'ics', version: '18.0' },
    { id: 'T0893', matrix: 'ics', version: '18.0' },
  ],
  severity: 'medium',
  parameters: PARAMETERS,
  columns: [
    'octetDeltaCount',
    'reverseOctetDeltaCount',
    'samplingInterval',
    'flowStartMilliseconds',
    'flowEndMilliseconds',
    'bgpSourceAsNumber',
    'bgpDestinationAsNumber',
  ],
  history:
    '14 days of the asset’s records for the sums over a day and a week, 44 for the sum over 30 days; limits stay as they were learned',
  falsePositives: [
    'A new task of the equipment. The finding grows as one, it is not told again every day.',
    'A new peer with more than the floor: to this detection everything from it is more than ever.',
    'A service that moves from one network to another, where no set names it and no AS is known.',
  ],
  runbook: [
    'Which group of peers is it? Is the growth steady, or did it begin on one day? Look for a change on that day.',
    'Compare with the members of the fleet: the same growth on all of them is a new release or more use, on one it is this device.',
    'When the amount is to stay, write it down as a `budget` claim; it needs no learning.',
  ],
  references: ['reference/detection.md D06, P7'],
  examples: VOLUME_OVER_DAYS_EXAMPLES,
  recompute: octetsOfDays,
  evaluator: (unit, parameters) => new DaysWatch(unit, parameters),
};

function octetsOfDays(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  const { windowFromMs, windowToMs } = finding;
  return sumOf(
    laneRecords(finding, rows, claims),
    (record) => estimateOf(record, laneDirection(finding)) * shareWithin(record, windowFromMs, windowToMs),
  );
}

interface Watched {
  readonly firstDay: number;
  readonly groups: PeerGroups;
  readonly volumes: DailyVolumes;
}

/*
 * The document sums with leaky counters of half-lives of 1, 7 and 30 days. Two reasons for plain sums over calendar days instead: a leaky counter of 30 days
 * is at 28 % of its final level when training ends after 14, so that steady traffic passes 1.5 times its "largest in training" nine days later, always;
 * and a leaky sum reaches back without end, so nobody can do it again from the rows of a window.
 */
class DaysWatch implements Evaluator {
  private readonly claims: CompiledClaims;
  private readonly clock: LocalClock;
  private readonly groupsOf: PeerGroupReader;
  private readonly warmUpDays: number;
  private readonly factor: number;
  /** Octets a day, by direction: out, in. */
  private readonly floors: readonly [number, number];
  private readonly matters = new Map<string, Matter>();
  /** By asset. */
  private readonly watched: (Watched | undefined)[] = [];

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    this.claims = unit.claims;
    this.clock = unit.clock;
    this.groupsOf = new PeerGroupReader(unit.claims);
    this.warmUpDays = parameters.warmUpDays;
    this.factor = parameters.limitPercent / 100;
    this.floors = [parameters.leastMegabytesPerDay * 1e6, parameters.leastMegabytesPerDayIn * 1e6];
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    if (record.retold || record.agreed) return;
    const out = record.octetsOut * record.sampling;
    const back = record.octetsIn * record.sampling;
    if (out + back === 0) return;
    const watched = this.watched[record.asset] ?? this.watchFrom(record.asset, localDay(this.clock, record.endMs));
    const { volumes, groups } = watched;
    if (record.endMs >= volumes.todayToMs) this.nextDay(record, watched, findings);
    const key = this.groupsOf.keyOf(record);
    let place = groups.find(key);
    if (place < 0) place = this.enter(record, key, watched);
    groups.volumes[place]! += out + back;
    const lane = 2 + 2 * place;
    if (record.startMs < volumes.todayFromMs) {
      this.spread(record, lane, out, back, watched, findings);
    } else {
      volumes.addToday(lane, out, record.sessionStarts);
      volumes.addToday(lane + 1, back, record.sessionStarts);
      volumes.addToday(0, out, record.sessionStarts);
      volumes.addToday(1, back, record.sessionStarts);
    }
    const { current, alarmAt } = volumes;
    for (let way = 0; way < 2; way++) {
      if (current[lane + way]! >= alarmAt[lane + way]!) this.pass(record, lane + way, watched, findings);
      else if (current[way]! >= alarmAt[way]! && !someGroupPasses(way, volumes)) this.pass(record, way, watched, findings);
    }
  }

  /** Nothing was told: what is over its limit still is told again. */
  decided(asset: number, { does, peer, detection }: FollowedDecision): void {
    const watched = this.watched[asset];
    if (does !== 'unlearn' || watched === undefined || (peer === '' && detection !== ID)) return;
    const { groups, volumes } = watched;
    for (const lane of [0, 1, ...groups.placesOf(peer, this.claims).flatMap((place) => [2 + 2 * place, 3 + 2 * place])])
      volumes.toldRatio[lane] = 0;
  }

  learningUntil(asset: number, nowMs: number): number | undefined {
    const watched = this.watched[asset];
    if (watched === undefined) return undefined;
    const until = localDayStartMs(this.clock, watched.firstDay + this.warmUpDays);
    return nowMs < until ? until : undefined;
  }

  save(writer: StateWriter): void {
    writer.byAsset(this.watched, (watched) => {
      writer.f64(watched.firstDay);
      watched.groups.save(writer);
      watched.volumes.save(writer);
    });
  }

  load(reader: StateReader): void {
    for (let left = reader.u32(); left > 0; left--) {
      const watched = this.watchFrom(reader.u32(), reader.f64());
      watched.groups.load(reader);
      watched.volumes.load(reader, this.clock);
    }
  }

  private watchFrom(asset: number, firstDay: number): Watched {
    const watched = { firstDay, groups: new PeerGroups(), volumes: new DailyVolumes() };
    watched.volumes.begin(firstDay);
    watched.volumes.setToday(firstDay, this.clock);
    this.watched[asset] = watched;
    return watched;
  }

  private enter(record: ObservedRecord, key: number, { groups, volumes, firstDay }: Watched): number {
    const place = groups.enter(key, peerGroupName(record, this.claims));
    // Once a group has given way, one that enters may be an old one: it is learned anew.
    const entered = groups.evictions > 0 ? volumes.today : firstDay;
    volumes.openLanes(place, entered);
    for (const lane of [2 + 2 * place, 3 + 2 * place]) this.setAlarm(lane, volumes);
    return place;
  }

  /** A record that began before today: its octets are spread evenly over its time. It counts today, and may add to what was told of the days before. */
  private spread(record: ObservedRecord, lane: number, out: number, back: number, watched: Watched, findings: FindingSink): void {
    const { volumes } = watched;
    const { startMs, endMs, sessionStarts } = record;
    const { today, todayFromMs, todayToMs } = volumes;
    const now = shareWithin(record, todayFromMs, todayToMs);
    const parts = [
      [lane, out],
      [lane + 1, back],
      [0, out],
      [1, back],
    ] as const;
    for (const [to, octets] of parts) volumes.addToday(to, octets * now, sessionStarts);
    const last = Math.min(today - 1, localDay(this.clock, endMs));
    for (let day = localDay(this.clock, startMs); day <= last; day++) {
      const share = shareWithin(record, localDayStartMs(this.clock, day), localDayStartMs(this.clock, day + 1));
      for (const [to, octets] of parts) volumes.addBefore(to, day, octets * share);
    }
    for (const [to, octets] of parts) {
      const toldDay = volumes.toldDay[to]!;
      if (octets > 0 && volumes.toldRatio[to]! > 0 && toldDay === today - 1 && localDay(this.clock, startMs) <= toldDay)
        this.tell(record, to, watched, findings);
    }
  }

  /** The day is over: it teaches while learning, limits of the next are set, and rises are looked for. */
  private nextDay(record: ObservedRecord, watched: Watched, findings: FindingSink): void {
    const { volumes, groups } = watched;
    const closed = volumes.today;
    volumes.closeToday(localDay(this.clock, record.endMs), this.clock, groups);
    for (let lane = 0; lane < volumes.lanes; lane++) {
      for (const [window, days] of WINDOW_DAYS.entries()) {
        if (!this.isTraining(lane, window, closed, volumes) || closed - volumes.entered[lane]! + 1 < days) continue;
        const { octets } = volumes.sum(lane, closed - days + 1, closed);
        volumes.largest[lane * 3 + window] = Math.max(volumes.largest[lane * 3 + window]!, octets);
      }
      this.setAlarm(lane, volumes);
      this.foretell(record, lane, closed, watched, findings);
      const { toldPeriodMs, toldRatio } = volumes;
      if (toldRatio[lane]! > 0 && this.ratioOf(lane, volumes).ratio < 1 && volumes.todayFromMs > toldPeriodMs[lane]! + QUIET_DAYS * DAY_MS)
        toldRatio[lane] = 0;
    }
  }

  private isTraining(lane: number, window: number, day: number, { entered }: DailyVolumes): boolean {
    const more = window === WINDOW_DAYS.length - 1 ? WINDOW_DAYS[window]! : 0;
    return day < entered[lane]! + this.warmUpDays + more;
  }

  private limitOf(lane: number, window: number, { largest }: DailyVolumes): number {
    return Math.max(this.factor * largest[lane * 3 + window]!, this.floors[(lane & 1) as 0 | 1] * WINDOW_DAYS[window]!);
  }

  private setAlarm(lane: number, volumes: DailyVolumes): void {
    let least = Number.POSITIVE_INFINITY;
    for (let window = 0; window < WINDOW_DAYS.length; window++) {
      if (this.isTraining(lane, window, volumes.today, volumes)) continue;
      least = Math.min(least, this.limitOf(lane, window, volumes) - volumes.before[lane * 3 + window]!);
    }
    volumes.alarmAt[lane] = least;
  }

  /** The window that is farthest over its limit, or nearest to it. */
  private ratioOf(lane: number, volumes: DailyVolumes): { window: number; ratio: number } {
    let best = { window: 0, ratio: 0 };
    for (let window = 0; window < WINDOW_DAYS.length; window++) {
      if (this.isTraining(lane, window, volumes.today, volumes)) continue;
      const ratio = (volumes.before[lane * 3 + window]! + volumes.current[lane]!) / this.limitOf(lane, window, volumes);
      if (ratio > best.ratio) best = { window, ratio };
    }
    return best;
  }

  private pass(record: ObservedRecord, lane: number, watched: Watched, findings: FindingSink): void {
    const { volumes } = watched;
    const { window, ratio } = this.ratioOf(lane, volumes);
    if (ratio < 1 || ratio <= volumes.toldRatio[lane]!) return;
    if (volumes.toldRatio[lane] === 0) volumes.toldPeriodMs[lane] = this.claims.periodOf(record.endMs).fromMs;
    volumes.toldRatio[lane] = ratio;
    volumes.toldWindow[lane] = window;
    volumes.toldDay[lane] = volumes.today;
    this.tell(record, lane, watched, findings);
  }

  /** Tells the window that was found farthest over its limit, with what it holds by now. */
  private tell(record: ObservedRecord, lane: number, watched: Watched, findings: FindingSink): void {
    const { volumes } = watched;
    const window = volumes.toldWindow[lane]!;
    const lastDay = volumes.toldDay[lane]!;
    const days = WINDOW_DAYS[window]!;
    const limit = this.limitOf(lane, window, volumes);
    const current = lastDay === volumes.today ? volumes.current[lane]! : 0;
    const observed = volumes.sum(lane, lastDay - days + 1, lastDay).octets + current;
    const largest = volumes.largest[lane * 3 + window]!;
    const learned = largest === 0 ? 'nothing was learned of it' : `the most in learning was ${formatOctets(largest)}`;
    const { words, rule } = this.laneText(lane, watched);
    this.measure(record, lane, watched, findings, {
      matter: this.matterOf(rule, rule, 'medium'),
      observed,
      expected: limit,
      firstDay: lastDay - days + 1,
      lastDay,
      periodMs: volumes.toldPeriodMs[lane]!,
      confidence: Math.round(Math.min(95, 50 + 50 * Math.log2(observed / limit))),
      why: `${formatOctets(observed)} ${words} in ${days === 1 ? 'one day' : `${days} days`}, where ${formatOctets(limit)} is the limit (${learned})`,
    });
  }

  /** Three weeks of rises in a row, and the limit in reach: tells the day on which a rise that goes on as steadily will pass it. */
  private foretell(record: ObservedRecord, lane: number, closed: number, watched: Watched, findings: FindingSink): void {
    const { volumes } = watched;
    if (this.isTraining(lane, 1, closed, volumes) || closed + 1 - volumes.entered[lane]! < (RISES + 1) * WEEK) return;
    if (closed < volumes.foretoldDay[lane]! + FORETOLD_DAYS) return;
    const weeks = Array.from(
      { length: RISES + 1 },
      (_, back) => volumes.sum(lane, closed - (back + 1) * WEEK + 1, closed - back * WEEK).octets,
    );
    const limit = this.limitOf(lane, 1, volumes);
    const [now = 0] = weeks;
    const rises = weeks.every((week, back) => back === 0 || (week > 0 && weeks[back - 1]! >= LEAST_RISE * week));
    const perDay = (now - weeks[RISES]!) / (RISES * WEEK);
    const daysLeft = Math.ceil((limit - now) / perDay);
    if (!rises || now >= limit || now < limit / 2 || daysLeft > FORETELL_DAYS) return;
    volumes.foretoldDay[lane] = closed;
    const { words, rule } = this.laneText(lane, watched);
    const date = new Date((closed + daysLeft) * DAY_MS).toISOString().slice(0, 10);
    this.measure(record, lane, watched, findings, {
      matter: this.matterOf(`${rule} rise`, rule, 'low'),
      observed: now,
      expected: limit,
      firstDay: closed - WEEK + 1,
      lastDay: closed,
      periodMs: this.claims.periodOf(record.endMs).fromMs,
      confidence: 50,
      why: `${formatOctets(now)} ${words} in 7 days, after ${weeks.slice(1).map(formatOctets).join(', ')} in the weeks before: rising so steadily it passes the limit of ${formatOctets(limit)} about ${date}`,
    });
  }

  private measure(
    record: ObservedRecord,
    lane: number,
    { volumes }: Watched,
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
    const period = this.claims.periodOf(what.periodMs);
    const windowFromMs = localDayStartMs(this.clock, firstDay);
    const windowToMs = localDayStartMs(this.clock, lastDay + 1);
    const { records, sessions } = volumes.sum(lane, firstDay, lastDay);
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

  private laneText(lane: number, { groups }: Watched): { words: string; rule: string } {
    const direction = (lane & 1) === 1 ? 'in' : 'out';
    const group = lane < 2 ? undefined : groups.names[(lane >> 1) - 1];
    return { words: laneWords(direction, group), rule: laneRule(direction, group) };
  }

  private matterOf(part: string, rule: string, severity: 'low' | 'medium'): Matter {
    let matter = this.matters.get(part);
    if (matter === undefined) {
      const severities = [severity, severity, severity, severity] as const;
      matter = { detection: ID, claim: -1, part, scope: 'member', rule, severities, most: Number.MAX_SAFE_INTEGER };
      if (this.matters.size >= MOST_MATTERS) this.matters.clear();
      this.matters.set(part, matter);
    }
    return matter;
  }
}

/** Where one group of peers is over its limit, that all of them together are says nothing new. */
function someGroupPasses(way: number, { lanes, current, alarmAt }: DailyVolumes): boolean {
  for (let lane = 2 + way; lane < lanes; lane += 2) if (current[lane]! >= alarmAt[lane]!) return true;
  return false;
}

/** Lanes whose words are kept; made anew beyond. */
const MOST_MATTERS = 256;
