import { formatDuration, HOUR_MS, MINUTE_MS } from '../../../flow/time.js';
import { type AssetVolumes, At, Bin, Sum } from '../../baseline/asset-volumes.js';
import { bytesOf, type NumberPool, type Piece } from '../../baseline/number-pool.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { ShortBins, VolumeConsumer } from '../../baseline/volume-consumer.js';
import { VolumeSeries, type VolumeSurge } from '../../baseline/volume-series.js';
import type { FollowedDecision } from '../../decisions/followed.js';
import type { FindingSink, Matter } from '../../findings/finding-sink.js';
import { formatOctets } from '../../findings/quantity.js';
import { formatInstant } from '../../findings/time-span.js';
import type { ParameterValues, UnitContext } from '../detection.js';
import type { ObservedRecord } from '../observed-record.js';
import { VOLUME_UP_ID, type VOLUME_UP_PARAMETERS, VOLUME_UP_RULE } from './volume-up-parameters.js';

/** Bins of five minutes and of an hour: a burst, and a bulk copy in small steps. */
const SHORT_BIN_MS = 5 * MINUTE_MS;
const LONG_BIN_MS = HOUR_MS;

/** One direction: its series, and where in the piece of an asset they begin, in bytes. */
interface Way {
  readonly inbound: boolean;
  readonly matter: Matter;
  /** Where, in doubles of the piece, are period and ratio of the surge that stands in the finding: a lesser one does not replace it. */
  readonly periodAt: number;
  readonly ratioAt: number;
  readonly short: VolumeSeries;
  readonly shortAt: number;
  readonly long: VolumeSeries;
  readonly longAt: number;
}

// Doubles at the head of an asset's piece: when it was seen first, then period and ratio of what was told, of both ways.
const FIRST = 0;
const TOLD = 1;
const HEAD_BYTES = 8 * (TOLD + 4);

/*
 * A piece of 6 kB for each asset that shows records: four series (out and in, five minutes and an hour), each a ring of open bins and 0.9 kB of profile and extremes.
 * The document counts flows and peers in the same way; here scan, reconnect-hammer and new-destination look at those, by who answered and who is new, which says
 * more than how many.
 */
export class SurgeConsumer implements VolumeConsumer<Piece> {
  readonly unit: UnitContext;
  /** Bins of five minutes. */
  readonly bins: ShortBins<Piece>;
  private readonly warmUpMs: number;
  private readonly ways: readonly [Way, Way];
  private readonly bytes: number;
  private readonly pool: NumberPool;

  constructor(unit: UnitContext, parameters: ParameterValues<typeof VOLUME_UP_PARAMETERS>) {
    const { sigmas, runSigmas, leastExcessMegabytes, leastExcessInMegabytes, leastExcessPercent } = parameters;
    this.unit = unit;
    this.pool = unit.pool;
    this.warmUpMs = parameters.warmUpHours * HOUR_MS;
    const rule = `${sigmas} σ in one bin or ${runSigmas} σ in three running`;
    let at = HEAD_BYTES;
    const placeOf = ({ bytes }: VolumeSeries): number => {
      at += bytes;
      return at - bytes;
    };
    const wayOf = (inbound: boolean, leastMegabytes: number): Way => {
      const limits = { sigmas, runSigmas, leastExcess: leastMegabytes * 1e6, leastShare: leastExcessPercent / 100 };
      const matter = inbound ? matterOf('in', VOLUME_UP_RULE.in + rule) : matterOf('', VOLUME_UP_RULE.out + rule);
      const short = new VolumeSeries(inbound, SHORT_BIN_MS, unit.clock, limits);
      const long = new VolumeSeries(inbound, LONG_BIN_MS, unit.clock, limits);
      const periodAt = inbound ? TOLD + 2 : TOLD;
      return { inbound, matter, periodAt, ratioAt: periodAt + 1, short, shortAt: placeOf(short), long, longAt: placeOf(long) };
    };
    this.ways = [wayOf(false, leastExcessMegabytes), wayOf(true, leastExcessInMegabytes)];
    this.bytes = at;
    this.bins = this.shortBins();
  }

  begin(record: ObservedRecord): Piece {
    const piece = this.pool.piece(this.bytes);
    const head = headOf(piece);
    head[FIRST] = record.startMs;
    for (const { short, shortAt, long, longAt, periodAt } of this.ways) {
      head[periodAt] = Number.NEGATIVE_INFINITY;
      short.use(piece, shortAt).begin();
      long.use(piece, longAt).begin();
    }
    return piece;
  }

  dueMs(piece: Piece, nowMs: number): number {
    return this.isTraining(piece, nowMs) ? this.learnedMs(piece) : Number.POSITIVE_INFINITY;
  }

  advance(piece: Piece, _volumes: AssetVolumes, record: ObservedRecord): void {
    const training = this.isTraining(piece, record.endMs);
    for (const { long, longAt } of this.ways) long.use(piece, longAt).advance(record.endMs, training);
  }

  take(piece: Piece, { sums }: AssetVolumes, total: Float64Array): void {
    const sampling = sums[At.sampling]!;
    const [out, back] = this.ways;
    if (total[Sum.recordsOut]! > 0) {
      out.long
        .use(piece, out.longAt)
        .take(total[Sum.out]!, total[Sum.packetsOut]!, total[Sum.recordsOut]!, total[Sum.sessionsOut]!, sampling);
    }
    if (total[Sum.recordsIn]! > 0) {
      back.long
        .use(piece, back.longAt)
        .take(total[Sum.in]!, total[Sum.packetsIn]!, total[Sum.recordsIn]!, total[Sum.sessionsIn]!, sampling);
    }
  }

  add(piece: Piece, _volumes: AssetVolumes, _place: number, record: ObservedRecord, findings: FindingSink): void {
    const training = this.isTraining(piece, record.endMs);
    for (const way of this.ways) {
      if ((way.inbound ? record.octetsIn : record.octetsOut) === 0) continue;
      if (way.long.use(piece, way.longAt).add(record, training)) this.report(record, way, piece, way.long.surge()!, findings);
    }
  }

  room(piece: Piece, inbound: boolean, nowMs: number): number {
    if (this.isTraining(piece, nowMs)) return Number.POSITIVE_INFINITY;
    const { long, longAt } = this.ways[inbound ? 1 : 0];
    return long.use(piece, longAt).room();
  }

  check(piece: Piece, _volumes: AssetVolumes, _place: number, record: ObservedRecord, findings: FindingSink): void {
    if (this.isTraining(piece, record.endMs)) return;
    for (const way of this.ways) {
      if ((way.inbound ? record.octetsIn : record.octetsOut) === 0) continue;
      if (way.long.use(piece, way.longAt).check()) this.report(record, way, piece, way.long.surge()!, findings);
    }
  }

  /** A bin that was told counts a twentieth in what is usual; here, lesser surges of the same day are told again too. */
  decided(piece: Piece, _volumes: AssetVolumes, { does, detection }: FollowedDecision): void {
    if (does !== 'unlearn' || detection !== VOLUME_UP_ID) return;
    for (const { ratioAt } of this.ways) headOf(piece)[ratioAt] = 0;
  }

  learnedMs({ chunk, from }: Piece): number {
    return chunk.doubles[(from >> 3) + FIRST]! + this.warmUpMs;
  }

  save(piece: Piece, writer: StateWriter): void {
    writer.numbers(bytesOf(piece));
  }

  load(reader: StateReader): Piece {
    const piece = this.pool.piece(this.bytes);
    reader.numbers(bytesOf(piece));
    return piece;
  }

  private shortBins(): ShortBins<Piece> {
    const wayOf = (inbound: boolean): Way => this.ways[inbound ? 1 : 0];
    const shortOf = (piece: Piece, inbound: boolean): VolumeSeries => {
      const { short, shortAt } = wayOf(inbound);
      return short.use(piece, shortAt);
    };
    return {
      newestFromMs: (piece, inbound) => shortOf(piece, inbound).newestFromMs,
      newestToMs: (piece, inbound) => shortOf(piece, inbound).newestToMs,
      take: (piece, inbound, sums, at) =>
        shortOf(piece, inbound).take(
          sums[at + Bin.octets]!,
          sums[at + Bin.packets]!,
          sums[at + Bin.records]!,
          sums[at + Bin.sessions]!,
          sums[At.sampling]!,
        ),
      each: (piece, inbound, record, findings) => {
        const short = shortOf(piece, inbound);
        if (short.add(record, this.isTraining(piece, record.endMs))) this.report(record, wayOf(inbound), piece, short.surge()!, findings);
      },
      room: (piece, inbound, nowMs) => (this.isTraining(piece, nowMs) ? Number.POSITIVE_INFINITY : shortOf(piece, inbound).room()),
      check: (piece, inbound, record, findings) => {
        const short = shortOf(piece, inbound);
        if (!this.isTraining(piece, record.endMs) && short.check()) this.report(record, wayOf(inbound), piece, short.surge()!, findings);
      },
    };
  }

  private isTraining(piece: Piece, ms: number): boolean {
    return ms < this.learnedMs(piece);
  }

  private report(
    record: ObservedRecord,
    { inbound, matter, periodAt, ratioAt }: Way,
    piece: Piece,
    surge: VolumeSurge,
    findings: FindingSink,
  ): void {
    const period = this.unit.claims.periodOf(surge.fromMs);
    const ratio = surge.observed / Math.max(1, surge.expected);
    const head = headOf(piece);
    if (period.fromMs < head[periodAt]! || (period.fromMs === head[periodAt]! && ratio < head[ratioAt]!)) return;
    head[periodAt] = period.fromMs;
    head[ratioAt] = ratio;
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

function headOf({ chunk, from }: Piece): Float64Array {
  return chunk.doubles.subarray(from / 8, (from + HEAD_BYTES) / 8);
}

function matterOf(part: string, rule: string): Matter {
  const severities = ['medium', 'medium', 'medium', 'medium'] as const;
  return { detection: VOLUME_UP_ID, claim: -1, part, scope: 'member', rule, severities, most: Number.MAX_SAFE_INTEGER };
}
