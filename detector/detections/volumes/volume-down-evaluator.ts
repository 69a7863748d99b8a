import { DAY_MS, formatDuration, HOUR_MS } from '../../../flow/time.js';
import { type AssetVolumes, At, markMinutes, Sum } from '../../baseline/asset-volumes.js';
import { DAY_KINDS_BYTES, DayKinds, isWeekend, sundayHour } from '../../baseline/day-kinds.js';
import { EXTREMES, HourExtremes } from '../../baseline/hour-extremes.js';
import { bytesOf, type NumberPool, type Piece } from '../../baseline/number-pool.js';
import { OpenHours, shareOfHour } from '../../baseline/open-hours.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { VolumeConsumer } from '../../baseline/volume-consumer.js';
import { FIRING_WEIGHT, PROFILE_BYTES, VolumeProfile } from '../../baseline/volume-profile.js';
import type { FindingSink, Matter } from '../../findings/finding-sink.js';
import { formatOctets } from '../../findings/quantity.js';
import { formatInstant } from '../../findings/time-span.js';
import type { ParameterValues, UnitContext } from '../detection.js';
import { Began, type ObservedRecord } from '../observed-record.js';
import { laneRule } from './peer-lane.js';
import { VOLUME_DOWN_ID, type VOLUME_DOWN_PARAMETERS } from './volume-down-parameters.js';

/** Most that one hour adds; and how far below an hour lies that may tell. */
const MOST_PER_HOUR = 3.5;
const TELLING_SIGMAS = 2;
/**
 * Two hours running are enough where each lies that many σ below and below half of the smallest learned at about this hour: a device that works in bursts has an empty
 * hour by chance.
 */
const LOW_FACTOR = 0.5;
/** Octets below which hours differ little: the unit of the profile, a tenth of what must be usual. */
const UNIT_OCTETS = 10_000;
/** Of a sampled packet, where nothing better is known. */
const OCTETS_PER_PACKET = 800;
/** Minutes without any record that are always forgiven, and how far beyond the learned ones. */
const LEAST_GAP_MINUTES = 10;
const GAP_DEVIATIONS = 4;
const GAP_MEMORY = 24;
const OWN_FACTOR = 1.2;
const MOST_OWN = 2;
const TRAINED_HOURS = 24;
const MINUTES = 60;
const HALF = 30;

// Numbers of a direction.
const Way = {
  /** Octets of the two open hours, at `hour & 1`. */
  octets: 0,
  /** Most σ below the usual while learning. */
  lowest: 2,
  /** The cumulative sum, and whether it has been told; from when on, and what was sent and usual since. */
  score: 3,
  told: 4,
  from: 5,
  observed: 6,
  expected: 7,
  records: 8,
  period: 9,
} as const;
const WAY = 10;
// Numbers of the asset, behind those of both directions.
const RECORDS = 2 * WAY;
/** Minutes of the open hours with a record: 30 bits in each of two numbers, by hour; then whether agreed work was seen; sampling. */
const BITS = RECORDS + 2;
const AGREED = BITS + 4;
const SAMPLING = AGREED + 2;
/** Longest gap of an hour: mean and mean deviation, and hours learned. */
const GAP = SAMPLING + 2;
/** Octets of the largest hour learned, by direction; when the asset was seen first. */
const PEAK = GAP + 3;
const FIRST = PEAK + 2;
/** The local day at hand, counted from 1970, and how much it looks like a free day so far, by what the asset begins and by what others begin; 1 when it was taken for one. */
const DAY = FIRST + 1;
const FREEDOM = DAY + 1;
const IS_FREE = FREEDOM + 2;
/** Records of the open hours of sessions that the peers began. */
const CALLED = IS_FREE + 1;
const NUMBERS = CALLED + 2;
/** A workday that looks so much like a free day is one: two hours that say so, at least. */
const FREE_FROM = 4;
/** Where one of the two says so much against it, it is none: then something stopped, and the rest goes on. */
const CONTRADICTED = -1;

// Where in the piece of an asset, in bytes, these numbers are followed by the profiles and the smallest hours of both directions, and by the kinds of days of what the
// asset begins and of what others begin.
const PROFILES = 8 * NUMBERS;
const LOWS = PROFILES + 2 * PROFILE_BYTES;
const KINDS = LOWS + 2 * 4 * EXTREMES;
const BYTES = KINDS + 2 * DAY_KINDS_BYTES;

/** What is kept of an asset: a piece of 2.9 kB, and the numbers at its head. */
interface Watched {
  readonly hours: OpenHours;
  readonly piece: Piece;
  readonly numbers: Float64Array;
}

export class FallConsumer implements VolumeConsumer<Watched> {
  readonly unit: UnitContext;
  private readonly pool: NumberPool;
  private readonly warmUpMs: number;
  private readonly sigmas: number;
  private readonly allowance: number;
  private readonly limit: number;
  private readonly leastExpected: number;
  private readonly matters: readonly [Matter, Matter];
  // One for all assets and directions.
  private readonly profile = new VolumeProfile(HOUR_MS, UNIT_OCTETS);
  private readonly lows = new HourExtremes(true, 1);
  private readonly dayKinds = new DayKinds();

  constructor(unit: UnitContext, parameters: ParameterValues<typeof VOLUME_DOWN_PARAMETERS>) {
    this.unit = unit;
    this.pool = unit.pool;
    this.warmUpMs = parameters.warmUpHours * HOUR_MS;
    this.sigmas = parameters.sigmas;
    this.allowance = parameters.allowance;
    this.limit = parameters.limit;
    this.leastExpected = parameters.leastExpectedKilobytes * 1000;
    this.matters = [matterOf('out'), matterOf('in')];
  }

  begin(record: ObservedRecord): Watched {
    const watched = newWatched(this.pool);
    watched.numbers[FIRST] = record.startMs;
    return watched;
  }

  dueMs({ hours }: Watched): number {
    return hours.dueMs;
  }

  advance(watched: Watched, _volumes: AssetVolumes, record: ObservedRecord, findings: FindingSink): void {
    const { hours } = watched;
    if (record.endMs >= hours.dueMs) hours.advance(record.endMs, (hour, gap) => this.close(hour, gap, watched, record, findings));
  }

  take({ hours, numbers }: Watched, { sums, fromMs }: AssetVolumes, total: Float64Array): void {
    const hour = Math.floor(fromMs / HOUR_MS);
    // Agreed work may have closed it.
    if (hour < hours.oldest) return;
    const side = hour & 1;
    for (const half of [0, 1]) numbers[BITS + 2 * side + half] = numbers[BITS + 2 * side + half]! | sums[At.minutes + half]!;
    numbers[Way.octets + side]! += total[Sum.out]!;
    numbers[WAY + Way.octets + side]! += total[Sum.in]!;
    numbers[RECORDS + side]! += total[Sum.records]!;
    numbers[CALLED + side]! += sums[At.called]!;
    if (sums[At.sampling]! > numbers[SAMPLING + side]!) numbers[SAMPLING + side] = sums[At.sampling]!;
  }

  add(watched: Watched, _volumes: AssetVolumes, _place: number, record: ObservedRecord): void {
    const { hours, numbers } = watched;
    const { startMs, endMs } = record;
    const last = Math.floor(endMs / HOUR_MS);
    for (let hour = Math.max(hours.oldest, Math.floor(startMs / HOUR_MS)); hour <= last; hour++) {
      const side = hour & 1;
      markMinutes(numbers, BITS + 2 * side, startMs, endMs, hour);
      const scaled = shareOfHour(startMs, endMs, hour) * record.sampling;
      numbers[Way.octets + side]! += record.octetsOut * scaled;
      numbers[WAY + Way.octets + side]! += record.octetsIn * scaled;
      numbers[RECORDS + side]! += 1;
      if (record.initiator === Began.peer) numbers[CALLED + side]! += 1;
      if (record.sampling > numbers[SAMPLING + side]!) numbers[SAMPLING + side] = record.sampling;
    }
  }

  /** Agreed work is not counted; it shows that the asset is there, and that its hours cannot be compared. */
  agreed(watched: Watched, volumes: AssetVolumes, record: ObservedRecord, findings: FindingSink): void {
    this.advance(watched, volumes, record, findings);
    const { hours, numbers } = watched;
    const { startMs, endMs } = record;
    const last = Math.floor(endMs / HOUR_MS);
    for (let hour = Math.max(hours.oldest, Math.floor(startMs / HOUR_MS)); hour <= last; hour++) {
      markMinutes(numbers, BITS + 2 * (hour & 1), startMs, endMs, hour);
      numbers[AGREED + (hour & 1)] = 1;
    }
  }

  learnedMs({ numbers }: Watched): number {
    return numbers[FIRST]! + this.warmUpMs;
  }

  save({ hours, piece }: Watched, writer: StateWriter): void {
    hours.save(writer);
    writer.numbers(bytesOf(piece));
  }

  load(reader: StateReader): Watched {
    const watched = newWatched(this.pool);
    watched.hours.load(reader);
    reader.numbers(bytesOf(watched.piece));
    return watched;
  }

  private close(hour: number, gap: boolean, watched: Watched, record: ObservedRecord, findings: FindingSink): void {
    const { numbers } = watched;
    const side = hour & 1;
    const training = hour * HOUR_MS < this.learnedMs(watched);
    const unseen = longestGap(numbers, side);
    const assessable = numbers[AGREED + side] === 0 && isUsualGap(numbers, unseen, training);
    if (numbers[AGREED + side] === 0 && unseen < MINUTES) learnGap(numbers, unseen, training);
    const hourOfWeek = assessable ? this.hourOf(hour, training, watched) : 0;
    for (const way of [0, 1] as const) {
      if (assessable) this.closeWay(way, hour, hourOfWeek, training, watched, record, findings);
      // Nobody knows what lay between: a fall that goes on after it is told anew.
      if (!assessable || gap) endRun(numbers, way * WAY);
      numbers[way * WAY + Way.octets + side] = 0;
    }
    for (const at of [RECORDS, CALLED, AGREED, SAMPLING]) numbers[at + side] = 0;
    numbers[BITS + 2 * side] = 0;
    numbers[BITS + 2 * side + 1] = 0;
  }

  /**
   * The hour of the week that an hour is compared with and teaches. A workday on which the asset and its peers begin as little as at weekends is a free day, a
   * holiday: it is taken for a Sunday, so that less work is no fall, and what is missing beside a Sunday still is one.
   */
  private hourOf(hour: number, training: boolean, { numbers, piece }: Watched): number {
    const { clock } = this.unit;
    const ms = hour * HOUR_MS;
    const hourOfWeek = clock.hourOfWeek(ms);
    const day = Math.floor((ms + clock.offsetMs(ms)) / DAY_MS);
    if (numbers[DAY] !== day) {
      numbers[DAY] = day;
      numbers[FREEDOM] = 0;
      numbers[FREEDOM + 1] = 0;
      numbers[IS_FREE] = 0;
    }
    const called = numbers[CALLED + (hour & 1)]!;
    const counts = [numbers[RECORDS + (hour & 1)]! - called, called];
    if (!training && !isWeekend(hourOfWeek)) {
      for (const [part, count] of counts.entries()) numbers[FREEDOM + part]! += this.kindsOf(part, piece).freedom(count, hourOfWeek);
      const own = numbers[FREEDOM]!;
      const others = numbers[FREEDOM + 1]!;
      const free = own + others >= FREE_FROM && own >= CONTRADICTED && others >= CONTRADICTED;
      // What was held against a workday says nothing against a free day.
      if (free && numbers[IS_FREE] === 0) for (const way of [0, WAY]) if (numbers[way + Way.told] === 0) endRun(numbers, way);
      numbers[IS_FREE] = free ? 1 : 0;
      if (free) return sundayHour(hourOfWeek);
    }
    for (const [part, count] of counts.entries()) this.kindsOf(part, piece).learn(count, hourOfWeek);
    return hourOfWeek;
  }

  private kindsOf(part: number, { chunk, from }: Piece): DayKinds {
    return this.dayKinds.use(chunk.shorts, (from + KINDS + part * DAY_KINDS_BYTES) / 2);
  }

  private closeWay(
    way: 0 | 1,
    hour: number,
    hourOfWeek: number,
    training: boolean,
    watched: Watched,
    record: ObservedRecord,
    findings: FindingSink,
  ): void {
    const { numbers } = watched;
    const { chunk, from } = watched.piece;
    const profile = this.profile.use(chunk.shorts, (from + PROFILES + way * PROFILE_BYTES) / 2, numbers, PEAK + way);
    const lows = this.lows.use(chunk.floats, (from + LOWS) / 4 + way * EXTREMES);
    const at = way * WAY;
    const side = hour & 1;
    const octets = numbers[at + Way.octets + side]!;
    const { expected, mean, sigma } = profile.predict(hourOfWeek);
    const sampling = numbers[SAMPLING + side]!;
    const scatter = sampling <= 1 ? 0 : ((1 - 1 / sampling) * OCTETS_PER_PACKET * sampling) / Math.max(1, expected);
    const below = (mean - profile.scaled(octets)) / Math.sqrt(sigma * sigma + scatter);
    const judged = profile.bins >= TRAINED_HOURS && expected >= this.leastExpected;
    if (training || !judged) {
      if (judged && below > numbers[at + Way.lowest]!) numbers[at + Way.lowest] = below;
      // Hours in which little is usual lie in the window of a fall, and say nothing of it.
      if (numbers[at + Way.told] === 1) this.addToRun(at, hour, octets, expected, numbers);
      else endRun(numbers, at);
      profile.learn(octets, hourOfWeek, false);
      lows.learn(octets, hourOfWeek, 1);
      return;
    }
    const before = numbers[at + Way.score]!;
    let score = before + Math.max(-MOST_PER_HOUR, Math.min(MOST_PER_HOUR, below)) - this.allowance;
    const own = Math.max(this.sigmas, Math.min(OWN_FACTOR * numbers[at + Way.lowest]!, MOST_OWN * this.sigmas));
    const alone = below >= own && octets < LOW_FACTOR * (lows.near(hourOfWeek) ?? 0);
    if (alone) score += this.limit / 2;
    if (score <= 0) endRun(numbers, at);
    else this.addToRun(at, hour, octets, expected, numbers);
    numbers[at + Way.score] = Math.max(0, Math.min(score, this.limit + MOST_PER_HOUR));
    const fires = below >= TELLING_SIGMAS && score >= this.limit && numbers[at + Way.observed]! < numbers[at + Way.expected]! / 2;
    // Where both directions fall, one finding says so.
    if (fires && !(way === 1 && numbers[Way.told] === 1)) this.report(way, hour, watched, record, findings);
    const falling = fires || numbers[at + Way.told] === 1;
    profile.learn(octets, hourOfWeek, falling);
    lows.learn(octets, hourOfWeek, falling ? FIRING_WEIGHT : 1);
  }

  private addToRun(at: number, hour: number, octets: number, expected: number, numbers: Float64Array): void {
    if (numbers[at + Way.score] === 0) numbers[at + Way.from] = hour;
    numbers[at + Way.observed]! += octets;
    numbers[at + Way.expected]! += expected;
    numbers[at + Way.records]! += numbers[RECORDS + (hour & 1)]!;
  }

  private report(way: 0 | 1, hour: number, { numbers }: Watched, record: ObservedRecord, findings: FindingSink): void {
    const at = way * WAY;
    const windowFromMs = numbers[at + Way.from]! * HOUR_MS;
    const windowToMs = (hour + 1) * HOUR_MS;
    // However long it lasts, it is one finding, filed where it began to be told.
    if (numbers[at + Way.told] === 0) numbers[at + Way.period] = windowToMs - 1;
    numbers[at + Way.told] = 1;
    const period = this.unit.claims.periodOf(numbers[at + Way.period]!);
    const observed = numbers[at + Way.observed]!;
    const expected = numbers[at + Way.expected]!;
    const counted = Math.round(observed / record.sampling);
    findings.measure(record, {
      matter: this.matters[way],
      observed,
      expected,
      unit: 'octets',
      periodFromMs: period.fromMs,
      periodToMs: period.toMs,
      windowFromMs,
      windowToMs,
      confidence: Math.round(Math.min(90, 50 + 20 * Math.log10(Math.max(1, expected / Math.max(1, observed))))),
      why: `${formatOctets(observed)} ${way === 0 ? 'out' : 'in'} in the ${formatDuration(windowToMs - windowFromMs)} from ${formatInstant(windowFromMs)}, where ${formatOctets(expected)} are usual, while its records went on without a gap`,
      totals: {
        firstMs: windowFromMs,
        lastMs: windowToMs,
        octetsOut: way === 0 ? counted : 0,
        octetsIn: way === 0 ? 0 : counted,
        packetsOut: 0,
        packetsIn: 0,
        records: Math.max(1, numbers[at + Way.records]!),
        sessions: 0,
      },
    });
  }
}

function newWatched(pool: NumberPool): Watched {
  const piece = pool.piece(BYTES);
  const { chunk, from } = piece;
  chunk.floats.fill(Number.NaN, (from + LOWS) / 4, (from + KINDS) / 4);
  return { hours: new OpenHours(), piece, numbers: new Float64Array(chunk.doubles.buffer, from, NUMBERS) };
}

function endRun(numbers: Float64Array, at: number): void {
  numbers.fill(0, at + Way.score, at + Way.period + 1);
}

/** Longest run of minutes without a record within the hour. */
function longestGap(numbers: Float64Array, side: number): number {
  let longest = 0;
  let gap = 0;
  for (let minute = 0; minute < MINUTES; minute++) {
    const bits = numbers[BITS + 2 * side + (minute < HALF ? 0 : 1)]!;
    gap = (bits & (1 << (minute % HALF))) === 0 ? gap + 1 : 0;
    longest = Math.max(longest, gap);
  }
  return longest;
}

function isUsualGap(numbers: Float64Array, gap: number, training: boolean): boolean {
  if (training) return gap < MINUTES;
  return gap <= Math.max(LEAST_GAP_MINUTES, numbers[GAP]! + GAP_DEVIATIONS * numbers[GAP + 1]!);
}

function learnGap(numbers: Float64Array, gap: number, training: boolean): void {
  if (!training && !isUsualGap(numbers, gap, false)) return;
  numbers[GAP + 2] = Math.min(GAP_MEMORY, numbers[GAP + 2]! + 1);
  const alpha = 1 / numbers[GAP + 2]!;
  const residual = gap - numbers[GAP]!;
  numbers[GAP]! += alpha * residual;
  numbers[GAP + 1]! += alpha * (Math.abs(residual) - numbers[GAP + 1]!);
}

function matterOf(direction: 'out' | 'in'): Matter {
  const severities = ['low', 'low', 'low', 'low'] as const;
  const rule = laneRule(direction, undefined);
  return {
    detection: VOLUME_DOWN_ID,
    claim: -1,
    part: direction,
    scope: 'member',
    absence: true,
    rule,
    severities,
    most: Number.MAX_SAFE_INTEGER,
  };
}
