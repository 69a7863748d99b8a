import { formatDuration, HOUR_MS } from '../../../flow/time.js';
import { type AssetVolumes, Sum, sumAt } from '../../baseline/asset-volumes.js';
import { DriftLanes, Lane, UNIT_OCTETS } from '../../baseline/drift-lanes.js';
import type { NumberPool } from '../../baseline/number-pool.js';
import { OpenHours, shareOfHour } from '../../baseline/open-hours.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { VolumeConsumer } from '../../baseline/volume-consumer.js';
import type { FollowedDecision } from '../../decisions/followed.js';
import type { FindingSink, Matter } from '../../findings/finding-sink.js';
import { formatOctets } from '../../findings/quantity.js';
import { formatInstant } from '../../findings/time-span.js';
import type { ParameterValues, UnitContext } from '../detection.js';
import type { ObservedRecord } from '../observed-record.js';
import { laneRule, laneWords } from './peer-lane.js';
import { SLOW_EXFILTRATION_ID, type SLOW_EXFILTRATION_PARAMETERS } from './slow-exfiltration-parameters.js';

/**
 * Most σ that one hour adds. The document clips at 4, so that three busy hours in a row are a "slow" exfiltration; at 2 it takes seven hours
 * at least, and what is shorter and larger is volume-up's.
 */
const MOST_PER_HOUR = 2;
/**
 * A lane has come down when its level lies so far below 0 (in σ). The level is a weighted mean over the hours in which something is usual, each of which says 1 σ at most: a
 * holiday, three days of a fault, or busy hours that are empty by chance are no new level, and the return from them no rise. It remembers a week of such hours where a rise
 * was told before, as its end was to be expected, and two weeks where it would fall below what was learned. Then what is usual follows within a day of such hours.
 */
const COME_DOWN = 0.5;
const TOLD_MEMORY_HOURS = 168;
const LEARNED_MEMORY_HOURS = 336;
const FOLLOWING_HOURS = 24;

interface Watched {
  readonly firstHour: number;
  readonly hours: OpenHours;
  /** Lane 0 is all peers, lane 1 + place a group; a group that was sent nothing yet has none. */
  readonly lanes: DriftLanes;
}

export class DriftConsumer implements VolumeConsumer<Watched> {
  readonly unit: UnitContext;
  private readonly pool: NumberPool;
  private readonly warmUpHours: number;
  private readonly allowance: number;
  private readonly limit: number;
  private readonly leastExcess: number;

  constructor(unit: UnitContext, parameters: ParameterValues<typeof SLOW_EXFILTRATION_PARAMETERS>) {
    this.unit = unit;
    this.pool = unit.pool;
    this.warmUpHours = parameters.warmUpHours;
    this.allowance = parameters.allowance;
    this.limit = parameters.limit;
    this.leastExcess = parameters.leastExcessMegabytes * 1e6;
  }

  begin(record: ObservedRecord): Watched {
    const firstHour = Math.floor(record.startMs / HOUR_MS);
    const watched = { firstHour, hours: new OpenHours(), lanes: new DriftLanes(this.pool) };
    watched.lanes.open(0, firstHour, firstHour);
    return watched;
  }

  dueMs({ hours }: Watched): number {
    return hours.dueMs;
  }

  advance(watched: Watched, volumes: AssetVolumes, record: ObservedRecord, findings: FindingSink): void {
    const { hours } = watched;
    if (record.endMs >= hours.dueMs) hours.advance(record.endMs, (hour, gap) => this.close(hour, gap, watched, volumes, record, findings));
  }

  enter({ lanes }: Watched, _volumes: AssetVolumes, place: number): void {
    lanes.shut(1 + place);
  }

  take(watched: Watched, { sums, groups, fromMs }: AssetVolumes, total: Float64Array): void {
    const side = Math.floor(fromMs / HOUR_MS) & 1;
    const { lanes } = watched;
    // A record of what came in shows that the asset was seen.
    addTo(lanes, 0, side, total[Sum.out]!, total[Sum.records]!, total[Sum.sessionsOut]!);
    for (let place = 0; place < groups.size; place++) {
      const at = sumAt(place);
      if (sums[at + Sum.recordsOut] === 0) continue;
      if (!lanes.isOpen(1 + place)) this.openLane(place, groups.evictions, watched);
      addTo(lanes, 1 + place, side, sums[at + Sum.out]!, sums[at + Sum.recordsOut]!, sums[at + Sum.sessionsOut]!);
    }
  }

  add(watched: Watched, { groups }: AssetVolumes, place: number, record: ObservedRecord): void {
    const { hours, lanes } = watched;
    const octets = record.octetsOut * record.sampling;
    if (octets === 0) {
      const open = Math.floor(record.endMs / HOUR_MS);
      if (open >= hours.oldest) addTo(lanes, 0, open & 1, 0, 1, 0);
      return;
    }
    if (!lanes.isOpen(1 + place)) this.openLane(place, groups.evictions, watched);
    spread(record, 0, octets, watched);
    spread(record, 1 + place, octets, watched);
  }

  /** A level that was told is what further rises are measured against: it is so no more, and a rise that goes on is told again. */
  decided({ lanes }: Watched, { groups }: AssetVolumes, { does, peer, detection }: FollowedDecision): void {
    if (does !== 'unlearn' || (peer === '' && detection !== SLOW_EXFILTRATION_ID)) return;
    for (const lane of [0, ...groups.placesOf(peer, this.unit.claims).map((place) => 1 + place)]) {
      if (!lanes.isOpen(lane)) continue;
      const shift = lanes.at(lane, Lane.shift);
      lanes.numbers[shift] = Math.min(0, lanes.numbers[shift]!);
    }
  }

  learnedMs({ firstHour }: Watched): number {
    return (firstHour + this.warmUpHours) * HOUR_MS;
  }

  save({ firstHour, hours, lanes }: Watched, writer: StateWriter): void {
    writer.f64(firstHour);
    hours.save(writer);
    lanes.save(writer);
  }

  load(reader: StateReader): Watched {
    const watched = { firstHour: reader.f64(), hours: new OpenHours(), lanes: new DriftLanes(this.pool) };
    watched.hours.load(reader);
    watched.lanes.load(reader);
    return watched;
  }

  private openLane(place: number, evictions: number, { firstHour, hours, lanes }: Watched): void {
    // Once a group has given way, one that enters may be an old one: it is learned anew.
    lanes.open(1 + place, evictions > 0 ? hours.oldest : firstHour, hours.oldest);
  }

  private close(hour: number, gap: boolean, watched: Watched, volumes: AssetVolumes, record: ObservedRecord, findings: FindingSink): void {
    const { lanes } = watched;
    const { numbers } = lanes;
    const seen = numbers[lanes.at(0, Lane.records) + (hour & 1)]! > 0;
    let told = false;
    // Groups first: where one of them explains the rise, that of all peers together is not told beside it.
    for (let lane = lanes.count - 1; lane >= 0; lane--) {
      if (!lanes.isOpen(lane)) continue;
      if (seen && this.closeLane(lane, hour, told, watched, volumes, record, findings)) told = true;
      if (!seen || gap) numbers[lanes.at(lane, Lane.zBefore)] = 0;
      lanes.clearHour(lane, hour);
    }
  }

  /** True when the lane's rise was told. */
  private closeLane(
    lane: number,
    hour: number,
    told: boolean,
    watched: Watched,
    volumes: AssetVolumes,
    record: ObservedRecord,
    findings: FindingSink,
  ): boolean {
    const { lanes } = watched;
    const { numbers } = lanes;
    const octets = numbers[lanes.at(lane, Lane.octets) + (hour & 1)]!;
    const hourOfWeek = this.unit.clock.hourOfWeek(hour * HOUR_MS);
    if (hour < numbers[lanes.at(lane, Lane.entered)]! + this.warmUpHours) {
      lanes.learn(lane, octets, hourOfWeek);
      return false;
    }
    const { beside, residual, usual, sigma } = lanes.judge(lane, octets, hourOfWeek);
    if (usual >= UNIT_OCTETS) this.comeDown(lane, beside, sigma, lanes);
    const score = numbers[lanes.at(lane, Lane.score)]! + Math.min(MOST_PER_HOUR, residual) - this.allowance;
    if (score <= 0) {
      forgetRise(lane, lanes);
      return false;
    }
    if (numbers[lanes.at(lane, Lane.hours)] === 0) numbers[lanes.at(lane, Lane.onset)] = hour;
    numbers[lanes.at(lane, Lane.score)] = Math.min(score, 2 * this.limit);
    numbers[lanes.at(lane, Lane.hours)]! += 1;
    numbers[lanes.at(lane, Lane.sent)]! += octets;
    numbers[lanes.at(lane, Lane.usual)]! += usual;
    numbers[lanes.at(lane, Lane.excess)]! += beside;
    numbers[lanes.at(lane, Lane.sentRecords)]! += numbers[lanes.at(lane, Lane.records) + (hour & 1)]!;
    numbers[lanes.at(lane, Lane.sentSessions)]! += numbers[lanes.at(lane, Lane.sessions) + (hour & 1)]!;
    const excess = numbers[lanes.at(lane, Lane.sent)]! - numbers[lanes.at(lane, Lane.usual)]!;
    if (score <= this.limit || excess < this.leastExcess) return false;
    if (lane === 0 && !told && this.someGroupRises(lanes)) return false;
    if (!told || lane !== 0) this.report(lane, hour, watched, volumes, record, findings);
    // Told: from now on this level is what a further rise is measured against.
    const rise = numbers[lanes.at(lane, Lane.excess)]! / numbers[lanes.at(lane, Lane.hours)]!;
    numbers[lanes.at(lane, Lane.shift)]! += Math.max(0, rise);
    numbers[lanes.at(lane, Lane.level)] = 0;
    forgetRise(lane, lanes);
    return true;
  }

  /** All peers together wait for a group that is on its way to be told. */
  private someGroupRises(lanes: DriftLanes): boolean {
    for (let lane = 1; lane < lanes.count; lane++)
      if (lanes.isOpen(lane) && lanes.numbers[lanes.at(lane, Lane.score)]! > this.limit / 2) return true;
    return false;
  }

  private comeDown(lane: number, beside: number, sigma: number, lanes: DriftLanes): void {
    const { numbers } = lanes;
    const level = lanes.at(lane, Lane.level);
    const shift = lanes.at(lane, Lane.shift);
    const said = Math.max(-1, Math.min(1, beside / sigma));
    numbers[level]! += (said - numbers[level]!) / (numbers[shift]! > 0 ? TOLD_MEMORY_HOURS : LEARNED_MEMORY_HOURS);
    if (numbers[level]! <= -COME_DOWN) numbers[shift]! += beside / FOLLOWING_HOURS;
  }

  private report(
    lane: number,
    hour: number,
    { lanes }: Watched,
    { groups }: AssetVolumes,
    record: ObservedRecord,
    findings: FindingSink,
  ): void {
    const { numbers } = lanes;
    const of = (field: number): number => numbers[lanes.at(lane, field)]!;
    const group = lane === 0 ? undefined : groups.names[lane - 1];
    const windowFromMs = of(Lane.onset) * HOUR_MS;
    const windowToMs = (hour + 1) * HOUR_MS;
    const period = this.unit.claims.periodOf(windowToMs - 1);
    const observed = of(Lane.sent);
    const expected = of(Lane.usual);
    const score = Math.min(2 * this.limit, of(Lane.score));
    findings.measure(record, {
      matter: matterOf(laneRule('out', group)),
      observed,
      expected,
      unit: 'octets',
      periodFromMs: period.fromMs,
      periodToMs: period.toMs,
      windowFromMs,
      windowToMs,
      confidence: of(Lane.hours) >= 24 ? 80 : 65,
      why: `${formatOctets(observed)} ${laneWords('out', group)} in the ${formatDuration(windowToMs - windowFromMs)} from ${formatInstant(windowFromMs)}, where ${formatOctets(expected)} are usual: somewhat more hour after hour, which adds up to ${score.toFixed(1)} σ (limit ${this.limit})`,
      totals: {
        firstMs: windowFromMs,
        lastMs: windowToMs,
        octetsOut: Math.round(observed / record.sampling),
        octetsIn: 0,
        packetsOut: 0,
        packetsIn: 0,
        records: Math.max(1, of(Lane.sentRecords)),
        sessions: of(Lane.sentSessions),
      },
    });
  }
}

function addTo(lanes: DriftLanes, lane: number, side: number, octets: number, records: number, sessions: number): void {
  const { numbers } = lanes;
  numbers[lanes.at(lane, Lane.octets) + side]! += octets;
  numbers[lanes.at(lane, Lane.records) + side]! += records;
  numbers[lanes.at(lane, Lane.sessions) + side]! += sessions;
}

/** Adds a record to the open hours that it lies in; it counts in the last. */
function spread({ startMs, endMs, sessionStarts }: ObservedRecord, lane: number, octets: number, { hours, lanes }: Watched): void {
  const last = Math.floor(endMs / HOUR_MS);
  for (let hour = Math.max(hours.oldest, Math.floor(startMs / HOUR_MS)); hour <= last; hour++)
    addTo(lanes, lane, hour & 1, octets * shareOfHour(startMs, endMs, hour), 0, 0);
  if (last >= hours.oldest) addTo(lanes, lane, last & 1, 0, 1, sessionStarts ? 1 : 0);
}

/** The sum is back at 0: what comes next may be an onset. */
function forgetRise(lane: number, lanes: DriftLanes): void {
  for (const field of [Lane.score, Lane.onset, Lane.hours, Lane.sent, Lane.usual, Lane.excess, Lane.sentRecords, Lane.sentSessions])
    lanes.numbers[lanes.at(lane, field)] = 0;
}

function matterOf(rule: string): Matter {
  const severities = ['medium', 'medium', 'medium', 'medium'] as const;
  return { detection: SLOW_EXFILTRATION_ID, claim: -1, part: rule, scope: 'member', rule, severities, most: Number.MAX_SAFE_INTEGER };
}
