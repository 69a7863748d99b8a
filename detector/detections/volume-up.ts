import { formatDuration, HOUR_MS, MINUTE_MS } from '../../flow/time.js';
import type { LocalClock } from '../baseline/local-clock.js';
import type { StateReader, StateWriter } from '../baseline/state.js';
import { type VolumeLimits, VolumeSeries, type VolumeSurge } from '../baseline/volume-series.js';
import type { CompiledClaims } from '../claims/compiled.js';
import type { Finding } from '../findings/finding.js';
import type { FindingSink, Matter } from '../findings/finding-sink.js';
import { formatOctets } from '../findings/quantity.js';
import { formatInstant } from '../findings/time-span.js';
import type { Detection, Evaluator, FindingFlow, ParameterTable, ParameterValues, UnitContext } from './detection.js';
import type { ObservedRecord } from './observed-record.js';
import { estimateOf, recordsOf, shareWithin, sumOf } from './recompute.js';
import { VOLUME_UP_EXAMPLES } from './volume-up-examples.js';

const ID = 'volume-up';

const PARAMETERS = {
  warmUpHours: {
    default: 336,
    least: 24,
    most: 8760,
    unit: 'hours of record time since the first record of the asset',
    reason: 'Fourteen days hold each hour of the week twice (detection.md D03); 24 is the least that holds each hour of the day.',
  },
  sigmas: {
    default: 6,
    least: 3,
    most: 20,
    unit: 'σ of ln(octets)',
    reason: 'One bin this far out is reported at once (detection.md D03).',
  },
  runSigmas: {
    default: 4,
    least: 2,
    most: 20,
    unit: 'σ of ln(octets)',
    reason: 'Three bins running this far out are reported (detection.md D03).',
  },
  leastExcessMegabytes: {
    default: 1,
    least: 0,
    most: 1_000_000,
    unit: 'MB above what is usual',
    reason: 'A device that usually sends nothing multiplies easily; below a megabyte nobody looks (detection.md D03).',
  },
  leastExcessPercent: {
    default: 20,
    least: 0,
    most: 1000,
    unit: '% of a typical bin',
    reason: 'The same for devices that send much (detection.md D03).',
  },
} as const satisfies ParameterTable;

/** Bins of five minutes and of an hour: a burst, and a bulk copy in small steps. */
const SHORT_BIN_MS = 5 * MINUTE_MS;
const LONG_BIN_MS = HOUR_MS;

export const volumeUp: Detection<typeof PARAMETERS> = {
  id: ID,
  title: 'More data out than usual',
  question: 'Does the equipment send more than it usually sends at this hour?',
  claimKinds: [],
  attack: [
    { id: 'T1020', matrix: 'enterprise', version: '18.0' },
    { id: 'T1030', matrix: 'enterprise', version: '18.0' },
    { id: 'T1048', matrix: 'enterprise', version: '18.0' },
    { id: 'T1498', matrix: 'enterprise', version: '18.0' },
    { id: 'T0882', matrix: 'ics', version: '18.0' },
    { id: 'T0814', matrix: 'ics', version: '18.0' },
  ],
  severity: 'medium',
  parameters: PARAMETERS,
  columns: ['octetDeltaCount', 'reverseOctetDeltaCount', 'samplingInterval', 'flowStartMilliseconds', 'flowEndMilliseconds'],
  history: '14 days of the asset’s records, by hour of the week in the claim file’s time zone',
  falsePositives: [
    'Backup, firmware or re-indexing days.',
    'A public holiday worked like a weekday, or the reverse.',
    'Exporters whose records are longer than half an hour: their octets fall into one bin.',
    'Strong sampling of few packets: the estimate itself scatters by 1/√n.',
  ],
  runbook: [
    'Which peers make up the excess? Look at the asset’s peers in that window beside the same hour of the weeks before.',
    'Does the fleet show the same? Then look for a change on their server; else look at this asset.',
    'If the excess goes to a peer that a claim admits, consider a `budget` claim: it needs no learning.',
  ],
  references: ['reference/detection.md D03, P3'],
  examples: VOLUME_UP_EXAMPLES,
  recompute: octetsWithin,
  evaluator: (unit, parameters) => new VolumeWatch(unit, parameters),
};

/** Octets out within the bin, each record spread evenly over its time. */
function octetsWithin({ windowFromMs, windowToMs }: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  return sumOf(recordsOf(rows, claims), (record) => estimateOf(record, 'out') * shareWithin(record, windowFromMs, windowToMs));
}

interface Watched {
  firstMs: number;
  /** Period and ratio of the surge that stands in the finding: a lesser one does not replace it. */
  periodFromMs: number;
  ratio: number;
  readonly short: VolumeSeries;
  readonly long: VolumeSeries;
}

class VolumeWatch implements Evaluator {
  private readonly unit: UnitContext;
  private readonly clock: LocalClock;
  private readonly warmUpMs: number;
  private readonly limits: VolumeLimits;
  private readonly matter: Matter;
  /** By asset. */
  private readonly watched: (Watched | undefined)[] = [];

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    this.unit = unit;
    this.clock = unit.clock;
    this.warmUpMs = parameters.warmUpHours * HOUR_MS;
    this.limits = {
      sigmas: parameters.sigmas,
      runSigmas: parameters.runSigmas,
      leastExcess: parameters.leastExcessMegabytes * 1e6,
      leastShare: parameters.leastExcessPercent / 100,
    };
    this.matter = {
      detection: ID,
      claim: -1,
      part: '',
      scope: 'member',
      rule: `${parameters.sigmas} σ in one bin or ${parameters.runSigmas} σ in three running`,
      severities: ['medium', 'medium', 'medium', 'medium'],
      most: Number.MAX_SAFE_INTEGER,
    };
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    if (record.retold || record.octetsOut === 0) return;
    const watched = this.watched[record.asset] ?? this.watchFrom(record.asset, record.startMs);
    const training = record.endMs < watched.firstMs + this.warmUpMs;
    const { short, long } = watched;
    if (short.add(record, training)) this.report(record, watched, short.surge()!, findings);
    if (long.add(record, training)) this.report(record, watched, long.surge()!, findings);
  }

  learningUntil(asset: number, nowMs: number): number | undefined {
    const watched = this.watched[asset];
    if (watched === undefined) return undefined;
    const until = watched.firstMs + this.warmUpMs;
    return nowMs < until ? until : undefined;
  }

  save(writer: StateWriter): void {
    writer.u32(this.watched.filter((watched) => watched !== undefined).length);
    for (const [asset, watched] of this.watched.entries()) {
      if (watched === undefined) continue;
      writer.u32(asset);
      writer.f64(watched.firstMs);
      writer.f64(watched.periodFromMs);
      writer.f64(watched.ratio);
      watched.short.save(writer);
      watched.long.save(writer);
    }
  }

  load(reader: StateReader): void {
    for (let left = reader.u32(); left > 0; left--) {
      const watched = this.watchFrom(reader.u32(), reader.f64());
      watched.periodFromMs = reader.f64();
      watched.ratio = reader.f64();
      watched.short.load(reader);
      watched.long.load(reader);
    }
  }

  private report(record: ObservedRecord, watched: Watched, surge: VolumeSurge, findings: FindingSink): void {
    const period = this.unit.claims.periodOf(surge.fromMs);
    const ratio = surge.observed / Math.max(1, surge.expected);
    if (period.fromMs < watched.periodFromMs || (period.fromMs === watched.periodFromMs && ratio < watched.ratio)) return;
    watched.periodFromMs = period.fromMs;
    watched.ratio = ratio;
    const length = formatDuration(surge.toMs - surge.fromMs);
    findings.measure(record, {
      matter: this.matter,
      observed: surge.observed,
      expected: surge.expected,
      unit: 'octets',
      periodFromMs: period.fromMs,
      periodToMs: period.toMs,
      windowFromMs: surge.fromMs,
      windowToMs: surge.toMs,
      // Twice what is usual is weak, ten times is strong.
      confidence: Math.round(Math.min(95, 40 + 25 * Math.log10(Math.max(1, ratio)) * 2)),
      why: `${formatOctets(surge.observed)} out in the ${length} from ${formatInstant(surge.fromMs)}, where ${formatOctets(surge.expected)} are usual at this hour`,
      totals: {
        firstMs: surge.fromMs,
        lastMs: Math.min(record.endMs, surge.toMs),
        octetsOut: surge.counted,
        octetsIn: 0,
        packetsOut: surge.packets,
        packetsIn: 0,
        records: surge.records,
        sessions: surge.sessions,
      },
    });
  }

  private watchFrom(asset: number, startMs: number): Watched {
    const watched = {
      firstMs: startMs,
      periodFromMs: Number.NEGATIVE_INFINITY,
      ratio: 0,
      short: new VolumeSeries(SHORT_BIN_MS, this.clock, this.limits),
      long: new VolumeSeries(LONG_BIN_MS, this.clock, this.limits),
    };
    this.watched[asset] = watched;
    return watched;
  }
}
