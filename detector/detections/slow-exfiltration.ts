import { formatDuration, HOUR_MS } from '../../flow/time.js';
import { DriftLanes, Lane } from '../baseline/drift-lanes.js';
import type { LocalClock } from '../baseline/local-clock.js';
import { OpenHours, shareOfHour } from '../baseline/open-hours.js';
import { PeerGroupReader, PeerGroups, peerGroupName } from '../baseline/peer-groups.js';
import type { StateReader, StateWriter } from '../baseline/state.js';
import type { CompiledClaims } from '../claims/compiled.js';
import type { FollowedDecision } from '../decisions/followed.js';
import type { Finding } from '../findings/finding.js';
import type { FindingSink, Matter } from '../findings/finding-sink.js';
import { formatOctets } from '../findings/quantity.js';
import { formatInstant } from '../findings/time-span.js';
import type { Detection, Evaluator, FindingFlow, ParameterTable, ParameterValues, UnitContext } from './detection.js';
import type { ObservedRecord } from './observed-record.js';
import { laneRecords, laneRule, laneWords } from './peer-lane.js';
import { estimateOf, shareWithin, sumOf } from './recompute.js';
import { SLOW_EXFILTRATION_EXAMPLES } from './slow-exfiltration-examples.js';

const ID = 'slow-exfiltration';

const PARAMETERS = {
  warmUpHours: {
    default: 336,
    least: 168,
    most: 8760,
    unit: 'hours of record time since the first record of the asset',
    reason: 'Fourteen days hold ten of each hour of a workday and four of a weekend day; then the baseline stands still.',
  },
  allowance: {
    default: 0.5,
    least: 0.1,
    most: 2,
    unit: 'σ an hour that are allowed (k)',
    reason:
      'Half of the smallest rise to be found quickly: a rise of 1 σ, which is 28 % for the steadiest device, takes 20 hours (detection.md D05).',
  },
  limit: {
    default: 10,
    least: 4,
    most: 50,
    unit: 'σ added up (h)',
    reason:
      'By chance alone passed once in 141 000 hours of each lane (Siegmund); seventeen lanes of a thousand devices: twenty a week at worst, where 8 would give a hundred and fifty (detection.md D05).',
  },
  leastExcessMegabytes: {
    default: 1,
    least: 0,
    most: 1_000_000,
    unit: 'MB above what is usual',
    reason: 'As of volume-up: below a megabyte nobody looks.',
  },
} as const satisfies ParameterTable;

/**
 * Most σ that one hour adds. The document clips at 4, so that three busy hours in a row are a "slow" exfiltration; at 2 it takes seven hours
 * at least, and what is shorter and larger is volume-up's.
 */
const MOST_PER_HOUR = 2;
/** Weight of an hour in the week's level, hours before it says anything, and how far below 0 (in σ) a lane must lie to have come down. */
const WEEK_HOURS = 168;
const COME_DOWN = 0.5;

export const slowExfiltration: Detection<typeof PARAMETERS> = {
  id: ID,
  title: 'A little more every hour',
  question: 'Does the equipment send somewhat more than usual, hour after hour, although no hour stands out?',
  claimKinds: [],
  attack: [
    { id: 'T1029', matrix: 'enterprise', version: '18.0' },
    { id: 'T1030', matrix: 'enterprise', version: '18.0' },
    { id: 'T1041', matrix: 'enterprise', version: '18.0' },
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
  history: '14 days of the asset’s records by hour of the day, workdays and weekends apart, for all peers and for each group of them',
  falsePositives: [
    'More work: a new line, a new release, more patients. It is told once for each step of growth, not every day.',
    'A season that the 14 days of learning did not show.',
    'What was there while it was learned is usual and not found here; a `budget` claim finds it.',
    'Records of more than an hour and a half (conn.log of long sessions): of hours that have closed nothing is added.',
  ],
  runbook: [
    'The window begins where the excess began: what changed on that day?',
    'Which processes talk to that group of peers? Compare the sessions of an hour before and after the onset: more of them, or larger ones?',
    'When it is to stay, write the amount as a `budget` claim.',
  ],
  references: ['reference/detection.md D05, P7', 'E. S. Page, Continuous inspection schemes, Biometrika 41 (1954)'],
  examples: SLOW_EXFILTRATION_EXAMPLES,
  recompute: (finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims) =>
    sumOf(
      laneRecords(finding, rows, claims),
      (record) => estimateOf(record, 'out') * shareWithin(record, finding.windowFromMs, finding.windowToMs),
    ),
  evaluator: (unit, parameters) => new DriftWatch(unit, parameters),
};

interface Watched {
  readonly firstHour: number;
  readonly hours: OpenHours;
  readonly groups: PeerGroups;
  /** Lane 0 is all peers, lane 1 + place a group. */
  readonly lanes: DriftLanes;
}

class DriftWatch implements Evaluator {
  private readonly claims: CompiledClaims;
  private readonly clock: LocalClock;
  private readonly groupsOf: PeerGroupReader;
  private readonly warmUpHours: number;
  private readonly allowance: number;
  private readonly limit: number;
  private readonly leastExcess: number;
  /** By asset. */
  private readonly watched: (Watched | undefined)[] = [];

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    this.claims = unit.claims;
    this.clock = unit.clock;
    this.groupsOf = new PeerGroupReader(unit.claims);
    this.warmUpHours = parameters.warmUpHours;
    this.allowance = parameters.allowance;
    this.limit = parameters.limit;
    this.leastExcess = parameters.leastExcessMegabytes * 1e6;
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    if (record.retold || record.agreed) return;
    const watched = this.watched[record.asset] ?? this.watchFrom(record.asset, Math.floor(record.startMs / HOUR_MS));
    const { hours, groups, lanes } = watched;
    if (record.endMs >= hours.dueMs) this.advance(watched, record, findings);
    const octets = record.octetsOut * record.sampling;
    // A record of what came in shows that the asset was seen.
    if (octets === 0) {
      const open = Math.floor(record.endMs / HOUR_MS);
      if (open >= hours.oldest) lanes.numbers[lanes.at(0, Lane.records) + (open & 1)]! += 1;
      return;
    }
    const key = this.groupsOf.keyOf(record);
    let place = groups.find(key);
    if (place < 0) place = this.enter(record, key, watched);
    groups.volumes[place]! += octets;
    this.add(record, 0, octets, watched);
    this.add(record, 1 + place, octets, watched);
  }

  /** A level that was told is what further rises are measured against: it is so no more, and a rise that goes on is told again. */
  decided(asset: number, { does, peer, detection }: FollowedDecision): void {
    const watched = this.watched[asset];
    if (does !== 'unlearn' || watched === undefined || (peer === '' && detection !== ID)) return;
    const { groups, lanes } = watched;
    for (const lane of [0, ...groups.placesOf(peer, this.claims).map((place) => 1 + place)]) {
      const shift = lanes.at(lane, Lane.shift);
      lanes.numbers[shift] = Math.min(0, lanes.numbers[shift]!);
    }
  }

  learningUntil(asset: number, nowMs: number): number | undefined {
    const watched = this.watched[asset];
    if (watched === undefined) return undefined;
    const until = (watched.firstHour + this.warmUpHours) * HOUR_MS;
    return nowMs < until ? until : undefined;
  }

  save(writer: StateWriter): void {
    writer.byAsset(this.watched, (watched) => {
      writer.f64(watched.firstHour);
      watched.hours.save(writer);
      watched.groups.save(writer);
      watched.lanes.save(writer);
    });
  }

  load(reader: StateReader): void {
    for (let left = reader.u32(); left > 0; left--) {
      const watched = this.watchFrom(reader.u32(), reader.f64());
      watched.hours.load(reader);
      watched.groups.load(reader);
      watched.lanes.load(reader);
    }
  }

  private watchFrom(asset: number, firstHour: number): Watched {
    const watched = { firstHour, hours: new OpenHours(), groups: new PeerGroups(), lanes: new DriftLanes() };
    watched.lanes.open(0, firstHour, firstHour);
    this.watched[asset] = watched;
    return watched;
  }

  private enter(record: ObservedRecord, key: number, { groups, lanes, hours, firstHour }: Watched): number {
    const place = groups.enter(key, peerGroupName(record, this.claims));
    // Once a group has given way, one that enters may be an old one: it is learned anew.
    lanes.open(1 + place, groups.evictions > 0 ? hours.oldest : firstHour, hours.oldest);
    return place;
  }

  private add({ startMs, endMs, sessionStarts }: ObservedRecord, lane: number, octets: number, { hours, lanes }: Watched): void {
    const last = Math.floor(endMs / HOUR_MS);
    const { numbers } = lanes;
    for (let hour = Math.max(hours.oldest, Math.floor(startMs / HOUR_MS)); hour <= last; hour++) {
      const share = shareOfHour(startMs, endMs, hour);
      numbers[lanes.at(lane, Lane.octets) + (hour & 1)]! += octets * share;
    }
    if (last < hours.oldest) return;
    numbers[lanes.at(lane, Lane.records) + (last & 1)]! += 1;
    if (sessionStarts) numbers[lanes.at(lane, Lane.sessions) + (last & 1)]! += 1;
  }

  /** Apart from `judge`: a closure there would cost an object for every record. */
  private advance(watched: Watched, record: ObservedRecord, findings: FindingSink): void {
    watched.hours.advance(record.endMs, (hour, gap) => this.close(hour, gap, watched, record, findings));
  }

  private close(hour: number, gap: boolean, watched: Watched, record: ObservedRecord, findings: FindingSink): void {
    const { lanes, groups } = watched;
    const { numbers } = lanes;
    const seen = numbers[lanes.at(0, Lane.records) + (hour & 1)]! > 0;
    let told = false;
    // Groups first: where one of them explains the rise, that of all peers together is not told beside it.
    for (let lane = lanes.count - 1; lane >= 0; lane--) {
      if (seen && this.closeLane(lane, hour, told, watched, record, findings)) told = true;
      if (!seen || gap) numbers[lanes.at(lane, Lane.zBefore)] = 0;
      lanes.clearHour(lane, hour);
    }
    if (hour % WEEK_HOURS === 0) groups.halve();
  }

  /** True when the lane's rise was told. */
  private closeLane(lane: number, hour: number, told: boolean, watched: Watched, record: ObservedRecord, findings: FindingSink): boolean {
    const { lanes } = watched;
    const { numbers } = lanes;
    const octets = numbers[lanes.at(lane, Lane.octets) + (hour & 1)]!;
    const hourOfWeek = this.clock.hourOfWeek(hour * HOUR_MS);
    if (hour < numbers[lanes.at(lane, Lane.entered)]! + this.warmUpHours) {
      lanes.learn(lane, octets, hourOfWeek);
      return false;
    }
    const { beside, residual, usual, sigma } = lanes.judge(lane, octets, hourOfWeek);
    this.comeDown(lane, beside, sigma, lanes);
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
    if (!told || lane !== 0) this.report(lane, hour, watched, record, findings);
    // Told: from now on this level is what a further rise is measured against.
    const rise = numbers[lanes.at(lane, Lane.excess)]! / numbers[lanes.at(lane, Lane.hours)]!;
    numbers[lanes.at(lane, Lane.shift)]! += Math.max(0, rise);
    numbers[lanes.at(lane, Lane.level)] = 0;
    forgetRise(lane, lanes);
    return true;
  }

  /** All peers together wait for a group that is on its way to be told. */
  private someGroupRises(lanes: DriftLanes): boolean {
    for (let lane = 1; lane < lanes.count; lane++) if (lanes.numbers[lanes.at(lane, Lane.score)]! > this.limit / 2) return true;
    return false;
  }

  private comeDown(lane: number, beside: number, sigma: number, lanes: DriftLanes): void {
    const { numbers } = lanes;
    const at = lanes.at(lane, Lane.level);
    numbers[at]! += (beside - numbers[at]!) / WEEK_HOURS;
    if (numbers[at]! >= -COME_DOWN * sigma) return;
    numbers[lanes.at(lane, Lane.shift)]! += numbers[at]!;
    numbers[at] = 0;
  }

  private report(lane: number, hour: number, { lanes, groups }: Watched, record: ObservedRecord, findings: FindingSink): void {
    const { numbers } = lanes;
    const of = (field: number): number => numbers[lanes.at(lane, field)]!;
    const group = lane === 0 ? undefined : groups.names[lane - 1];
    const windowFromMs = of(Lane.onset) * HOUR_MS;
    const windowToMs = (hour + 1) * HOUR_MS;
    const period = this.claims.periodOf(windowToMs - 1);
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

/** The sum is back at 0: what comes next may be an onset. */
function forgetRise(lane: number, lanes: DriftLanes): void {
  for (const field of [Lane.score, Lane.onset, Lane.hours, Lane.sent, Lane.usual, Lane.excess, Lane.sentRecords, Lane.sentSessions])
    lanes.numbers[lanes.at(lane, field)] = 0;
}

function matterOf(rule: string): Matter {
  const severities = ['medium', 'medium', 'medium', 'medium'] as const;
  return { detection: ID, claim: -1, part: rule, scope: 'member', rule, severities, most: Number.MAX_SAFE_INTEGER };
}
