import { formatDuration, HOUR_MS, MINUTE_MS } from '../../flow/time.js';
import { type AssetVolumes, At, Bin, Sum } from '../baseline/asset-volumes.js';
import { EXTREMES } from '../baseline/hour-extremes.js';
import type { NumberPool } from '../baseline/number-pool.js';
import type { StateReader, StateWriter } from '../baseline/state.js';
import type { ShortBins, VolumeConsumer } from '../baseline/volume-consumer.js';
import { PROFILE_WORDS } from '../baseline/volume-profile.js';
import { type SeriesTables, VolumeSeries, type VolumeSurge } from '../baseline/volume-series.js';
import type { FollowedDecision } from '../decisions/followed.js';
import type { FindingSink, Matter } from '../findings/finding-sink.js';
import { formatOctets } from '../findings/quantity.js';
import { formatInstant } from '../findings/time-span.js';
import type { ParameterValues, UnitContext } from './detection.js';
import type { ObservedRecord } from './observed-record.js';
import { VOLUME_UP_ID, type VOLUME_UP_PARAMETERS, VOLUME_UP_RULE } from './volume-up-parameters.js';

/** Bins of five minutes and of an hour: a burst, and a bulk copy in small steps. */
const SHORT_BIN_MS = 5 * MINUTE_MS;
const LONG_BIN_MS = HOUR_MS;

/** One direction: its series, and where its numbers lie in the tables of an asset. */
interface Way {
  readonly inbound: boolean;
  readonly matter: Matter;
  /** Period and ratio of the surge that stands in the finding: a lesser one does not replace it. */
  readonly periodAt: number;
  readonly ratioAt: number;
  readonly short: VolumeSeries;
  readonly shortAt: number;
  readonly long: VolumeSeries;
  readonly longAt: number;
}
/** When the asset was seen first, before the numbers of the ways. */
const FIRST = 0;
const SERIES = 4;

/*
 * 7.4 kB for each asset that shows records: four series (out and in, five minutes and an hour), each 1.3 kB of profile and extremes and a ring of open bins.
 * The document counts flows and peers in the same way; here scan, reconnect-hammer and new-destination look at those, by who answered and who is new, which says
 * more than how many.
 */
export class SurgeConsumer implements VolumeConsumer<SeriesTables> {
  readonly unit: UnitContext;
  /** Bins of five minutes. */
  readonly bins: ShortBins<SeriesTables>;
  private readonly warmUpMs: number;
  private readonly ways: readonly [Way, Way];
  private readonly size: number;
  private readonly pool: NumberPool;

  constructor(unit: UnitContext, parameters: ParameterValues<typeof VOLUME_UP_PARAMETERS>) {
    const { sigmas, runSigmas, leastExcessMegabytes, leastExcessInMegabytes, leastExcessPercent } = parameters;
    this.unit = unit;
    this.pool = unit.pool;
    this.warmUpMs = parameters.warmUpHours * HOUR_MS;
    const rule = `${sigmas} σ in one bin or ${runSigmas} σ in three running`;
    let at = FIRST + 1;
    let place = 0;
    const wayOf = (inbound: boolean, leastMegabytes: number): Way => {
      const limits = { sigmas, runSigmas, leastExcess: leastMegabytes * 1e6, leastShare: leastExcessPercent / 100 };
      const matter = inbound ? matterOf('in', VOLUME_UP_RULE.in + rule) : matterOf('', VOLUME_UP_RULE.out + rule);
      const periodAt = at;
      at += 2;
      const short = new VolumeSeries(place, inbound, SHORT_BIN_MS, unit.clock, limits);
      const long = new VolumeSeries(place + 1, inbound, LONG_BIN_MS, unit.clock, limits);
      const shortAt = at;
      const longAt = at + short.size;
      at = longAt + long.size;
      place += 2;
      return { inbound, matter, periodAt, ratioAt: periodAt + 1, short, shortAt, long, longAt };
    };
    this.ways = [wayOf(false, leastExcessMegabytes), wayOf(true, leastExcessInMegabytes)];
    this.size = at;
    this.bins = this.shortBins();
  }

  begin(record: ObservedRecord): SeriesTables {
    const tables = this.newTables();
    tables.numbers[FIRST] = record.startMs;
    for (const { short, shortAt, long, longAt, periodAt } of this.ways) {
      tables.numbers[periodAt] = Number.NEGATIVE_INFINITY;
      short.use(tables, shortAt).begin();
      long.use(tables, longAt).begin();
    }
    return tables;
  }

  dueMs(tables: SeriesTables, nowMs: number): number {
    return this.isTraining(tables, nowMs) ? this.learnedMs(tables) : Number.POSITIVE_INFINITY;
  }

  advance(tables: SeriesTables, _volumes: AssetVolumes, record: ObservedRecord): void {
    const training = this.isTraining(tables, record.endMs);
    for (const { long, longAt } of this.ways) long.use(tables, longAt).advance(record.endMs, training);
  }

  take(tables: SeriesTables, { sums }: AssetVolumes, total: Float64Array): void {
    const sampling = sums[At.sampling]!;
    const [out, back] = this.ways;
    if (total[Sum.recordsOut]! > 0) {
      out.long
        .use(tables, out.longAt)
        .take(total[Sum.out]!, total[Sum.packetsOut]!, total[Sum.recordsOut]!, total[Sum.sessionsOut]!, sampling);
    }
    if (total[Sum.recordsIn]! > 0) {
      back.long
        .use(tables, back.longAt)
        .take(total[Sum.in]!, total[Sum.packetsIn]!, total[Sum.recordsIn]!, total[Sum.sessionsIn]!, sampling);
    }
  }

  add(tables: SeriesTables, _volumes: AssetVolumes, _place: number, record: ObservedRecord, findings: FindingSink): void {
    const training = this.isTraining(tables, record.endMs);
    for (const way of this.ways) {
      if ((way.inbound ? record.octetsIn : record.octetsOut) === 0) continue;
      if (way.long.use(tables, way.longAt).add(record, training)) this.report(record, way, tables, way.long.surge()!, findings);
    }
  }

  room(tables: SeriesTables, inbound: boolean, nowMs: number): number {
    if (this.isTraining(tables, nowMs)) return Number.POSITIVE_INFINITY;
    const { long, longAt } = this.ways[inbound ? 1 : 0];
    return long.use(tables, longAt).room();
  }

  check(tables: SeriesTables, _volumes: AssetVolumes, _place: number, record: ObservedRecord, findings: FindingSink): void {
    if (this.isTraining(tables, record.endMs)) return;
    for (const way of this.ways) {
      if ((way.inbound ? record.octetsIn : record.octetsOut) === 0) continue;
      if (way.long.use(tables, way.longAt).check()) this.report(record, way, tables, way.long.surge()!, findings);
    }
  }

  /** A bin that was told counts a twentieth in what is usual; here, lesser surges of the same day are told again too. */
  decided({ numbers }: SeriesTables, _volumes: AssetVolumes, { does, detection }: FollowedDecision): void {
    if (does !== 'unlearn' || detection !== VOLUME_UP_ID) return;
    for (const { ratioAt } of this.ways) numbers[ratioAt] = 0;
  }

  learnedMs({ numbers }: SeriesTables): number {
    return numbers[FIRST]! + this.warmUpMs;
  }

  save({ numbers, words, extremes }: SeriesTables, writer: StateWriter): void {
    for (const values of [numbers, words, extremes]) writer.numbers(values);
  }

  load(reader: StateReader): SeriesTables {
    const tables = this.newTables();
    for (const values of [tables.numbers, tables.words, tables.extremes]) reader.numbers(values);
    return tables;
  }

  private shortBins(): ShortBins<SeriesTables> {
    const wayOf = (inbound: boolean): Way => this.ways[inbound ? 1 : 0];
    const shortOf = (tables: SeriesTables, inbound: boolean): VolumeSeries => {
      const { short, shortAt } = wayOf(inbound);
      return short.use(tables, shortAt);
    };
    return {
      newestFromMs: (tables, inbound) => shortOf(tables, inbound).newestFromMs,
      newestToMs: (tables, inbound) => shortOf(tables, inbound).newestToMs,
      take: (tables, inbound, sums, at) =>
        shortOf(tables, inbound).take(
          sums[at + Bin.octets]!,
          sums[at + Bin.packets]!,
          sums[at + Bin.records]!,
          sums[at + Bin.sessions]!,
          sums[At.sampling]!,
        ),
      each: (tables, inbound, record, findings) => {
        const short = shortOf(tables, inbound);
        if (short.add(record, this.isTraining(tables, record.endMs))) this.report(record, wayOf(inbound), tables, short.surge()!, findings);
      },
      room: (tables, inbound, nowMs) => (this.isTraining(tables, nowMs) ? Number.POSITIVE_INFINITY : shortOf(tables, inbound).room()),
      check: (tables, inbound, record, findings) => {
        const short = shortOf(tables, inbound);
        if (!this.isTraining(tables, record.endMs) && short.check()) this.report(record, wayOf(inbound), tables, short.surge()!, findings);
      },
    };
  }

  private newTables(): SeriesTables {
    return {
      numbers: this.pool.doubles(this.size),
      words: this.pool.shorts(SERIES * PROFILE_WORDS),
      extremes: this.pool.floats(SERIES * EXTREMES).fill(Number.NaN),
    };
  }

  private isTraining(tables: SeriesTables, ms: number): boolean {
    return ms < this.learnedMs(tables);
  }

  private report(
    record: ObservedRecord,
    { inbound, matter, periodAt, ratioAt }: Way,
    { numbers }: SeriesTables,
    surge: VolumeSurge,
    findings: FindingSink,
  ): void {
    const period = this.unit.claims.periodOf(surge.fromMs);
    const ratio = surge.observed / Math.max(1, surge.expected);
    if (period.fromMs < numbers[periodAt]! || (period.fromMs === numbers[periodAt]! && ratio < numbers[ratioAt]!)) return;
    numbers[periodAt] = period.fromMs;
    numbers[ratioAt] = ratio;
    const length = formatDuration(surge.toMs - surge.fromMs);
    const direction = inbound ? 'in' : 'out';
    findings.measure(record, {
      matter,
      observed: surge.observed,
      expected: surge.expected,
      unit: 'octets',
      periodFromMs: period.fromMs,
      periodToMs: period.toMs,
      windowFromMs: surge.fromMs,
      windowToMs: surge.toMs,
      // Twice what is usual is weak, ten times is strong.
      confidence: Math.round(Math.min(95, 40 + 25 * Math.log10(Math.max(1, ratio)) * 2)),
      why: `${formatOctets(surge.observed)} ${direction} in the ${length} from ${formatInstant(surge.fromMs)}, where ${formatOctets(surge.expected)} are usual at this hour`,
      totals: {
        firstMs: surge.fromMs,
        lastMs: Math.min(record.endMs, surge.toMs),
        octetsOut: inbound ? 0 : surge.counted,
        octetsIn: inbound ? surge.counted : 0,
        packetsOut: inbound ? 0 : surge.packets,
        packetsIn: inbound ? surge.packets : 0,
        records: surge.records,
        sessions: surge.sessions,
      },
    });
  }
}

function matterOf(part: string, rule: string): Matter {
  const severities = ['medium', 'medium', 'medium', 'medium'] as const;
  return { detection: VOLUME_UP_ID, claim: -1, part, scope: 'member', rule, severities, most: Number.MAX_SAFE_INTEGER };
}
