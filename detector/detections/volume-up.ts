import { formatDuration, HOUR_MS, MINUTE_MS } from '../../flow/time.js';
import type { StateReader, StateWriter } from '../baseline/state.js';
import { type VolumeLimits, VolumeSeries, type VolumeSurge } from '../baseline/volume-series.js';
import type { CompiledClaims } from '../claims/compiled.js';
import type { FollowedDecision } from '../decisions/followed.js';
import type { Finding } from '../findings/finding.js';
import type { FindingSink, Matter } from '../findings/finding-sink.js';
import { formatOctets } from '../findings/quantity.js';
import { formatInstant } from '../findings/time-span.js';
import type { Detection, Evaluator, FindingFlow, ParameterTable, ParameterValues, UnitContext } from './detection.js';
import type { ObservedRecord } from './observed-record.js';
import { estimateOf, recordsOf, shareWithin, sumOf } from './recompute.js';
import { isAgreed } from './recompute-claims.js';
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
  leastExcessInMegabytes: {
    default: 10,
    least: 0,
    most: 1_000_000,
    unit: 'MB received above what is usual',
    reason: 'What comes in is updates and answers more often than an attack; below ten megabytes it is neither a flood nor an image.',
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
  title: 'More data than usual',
  question: 'Does the equipment send or receive more than it usually does at this hour?',
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
  columns: [
    'octetDeltaCount',
    'reverseOctetDeltaCount',
    'packetDeltaCount',
    'reversePacketDeltaCount',
    'samplingInterval',
    'flowStartMilliseconds',
    'flowEndMilliseconds',
  ],
  history: '14 days of the asset’s records, by hour of the week in the claim file’s time zone',
  falsePositives: [
    'Backup, firmware or re-indexing days. Write them into the claims as windows: what a claim allows at agreed times only, and comes in them, is not counted here.',
    'A public holiday worked like a weekday, or the reverse.',
    'Records longer than half an hour (conn.log of long sessions): of what lies farther back than the bins that are open, nothing is seen.',
    'Strong sampling of few packets: the estimate itself scatters by 1/√n. The band is as much wider, so small surges are missed rather than invented.',
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

/** Octets within the bin, each record spread evenly over its time, without what came in agreed times. */
function octetsWithin(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  const { windowFromMs, windowToMs } = finding;
  const direction = finding.rule.startsWith(RULE.in) ? 'in' : 'out';
  const records = recordsOf(rows, claims).filter((record) => !isAgreed(record, claims));
  return sumOf(records, (record) => estimateOf(record, direction) * shareWithin(record, windowFromMs, windowToMs));
}

/** How the rule of a finding begins, by direction. */
const RULE = { out: 'out: ', in: 'in: ' } as const;

/** One direction of an asset. */
interface Way {
  readonly inbound: boolean;
  readonly short: VolumeSeries;
  readonly long: VolumeSeries;
  /** Period and ratio of the surge that stands in the finding: a lesser one does not replace it. */
  periodFromMs: number;
  ratio: number;
}

interface Watched {
  readonly firstMs: number;
  readonly out: Way;
  readonly in: Way;
}

/*
 * About 9 kB for each asset that shows records: four series (out and in, five minutes and an hour), each 1.1 kB of profile and a ring of open bins.
 * The document counts flows and peers in the same way; here scan, reconnect-hammer and new-destination look at those, by who answered and who is new, which says
 * more than how many.
 */
class VolumeWatch implements Evaluator {
  private readonly unit: UnitContext;
  private readonly warmUpMs: number;
  private readonly limitsOut: VolumeLimits;
  private readonly limitsIn: VolumeLimits;
  private readonly matterOut: Matter;
  private readonly matterIn: Matter;
  /** By asset. */
  private readonly watched: (Watched | undefined)[] = [];

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    const { sigmas, runSigmas, leastExcessMegabytes, leastExcessInMegabytes, leastExcessPercent } = parameters;
    this.unit = unit;
    this.warmUpMs = parameters.warmUpHours * HOUR_MS;
    this.limitsOut = { sigmas, runSigmas, leastExcess: leastExcessMegabytes * 1e6, leastShare: leastExcessPercent / 100 };
    this.limitsIn = { ...this.limitsOut, leastExcess: leastExcessInMegabytes * 1e6 };
    const rule = `${sigmas} σ in one bin or ${runSigmas} σ in three running`;
    this.matterOut = matterOf('', RULE.out + rule);
    this.matterIn = matterOf('in', RULE.in + rule);
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    if (record.retold || record.agreed) return;
    const watched = this.watched[record.asset] ?? this.watchFrom(record.asset, record.startMs);
    const training = record.endMs < watched.firstMs + this.warmUpMs;
    if (record.octetsOut > 0) this.add(record, watched.out, training, findings);
    if (record.octetsIn > 0) this.add(record, watched.in, training, findings);
  }

  /** A bin that was told counts a twentieth in what is usual; here, lesser surges of the same day are told again too. */
  decided(asset: number, { does, detection }: FollowedDecision): void {
    const watched = this.watched[asset];
    if (does !== 'unlearn' || watched === undefined || detection !== ID) return;
    for (const way of [watched.out, watched.in]) way.ratio = 0;
  }

  learningUntil(asset: number, nowMs: number): number | undefined {
    const watched = this.watched[asset];
    if (watched === undefined) return undefined;
    const until = watched.firstMs + this.warmUpMs;
    return nowMs < until ? until : undefined;
  }

  save(writer: StateWriter): void {
    writer.byAsset(this.watched, (watched) => {
      writer.f64(watched.firstMs);
      for (const way of [watched.out, watched.in]) {
        writer.f64(way.periodFromMs);
        writer.f64(way.ratio);
        way.short.save(writer);
        way.long.save(writer);
      }
    });
  }

  load(reader: StateReader): void {
    for (let left = reader.u32(); left > 0; left--) {
      const watched = this.watchFrom(reader.u32(), reader.f64());
      for (const way of [watched.out, watched.in]) {
        way.periodFromMs = reader.f64();
        way.ratio = reader.f64();
        way.short.load(reader);
        way.long.load(reader);
      }
    }
  }

  private add(record: ObservedRecord, way: Way, training: boolean, findings: FindingSink): void {
    if (way.short.add(record, training)) this.report(record, way, way.short.surge()!, findings);
    if (way.long.add(record, training)) this.report(record, way, way.long.surge()!, findings);
  }

  private report(record: ObservedRecord, way: Way, surge: VolumeSurge, findings: FindingSink): void {
    const period = this.unit.claims.periodOf(surge.fromMs);
    const ratio = surge.observed / Math.max(1, surge.expected);
    if (period.fromMs < way.periodFromMs || (period.fromMs === way.periodFromMs && ratio < way.ratio)) return;
    way.periodFromMs = period.fromMs;
    way.ratio = ratio;
    const length = formatDuration(surge.toMs - surge.fromMs);
    const direction = way.inbound ? 'in' : 'out';
    findings.measure(record, {
      matter: way.inbound ? this.matterIn : this.matterOut,
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
        octetsOut: way.inbound ? 0 : surge.counted,
        octetsIn: way.inbound ? surge.counted : 0,
        packetsOut: way.inbound ? 0 : surge.packets,
        packetsIn: way.inbound ? surge.packets : 0,
        records: surge.records,
        sessions: surge.sessions,
      },
    });
  }

  private watchFrom(asset: number, firstMs: number): Watched {
    const watched = { firstMs, out: this.wayOf(false, this.limitsOut), in: this.wayOf(true, this.limitsIn) };
    this.watched[asset] = watched;
    return watched;
  }

  private wayOf(inbound: boolean, limits: VolumeLimits): Way {
    const { clock } = this.unit;
    return {
      inbound,
      short: new VolumeSeries(inbound, SHORT_BIN_MS, clock, limits),
      long: new VolumeSeries(inbound, LONG_BIN_MS, clock, limits),
      periodFromMs: Number.NEGATIVE_INFINITY,
      ratio: 0,
    };
  }
}

function matterOf(part: string, rule: string): Matter {
  const severities = ['medium', 'medium', 'medium', 'medium'] as const;
  return { detection: ID, claim: -1, part, scope: 'member', rule, severities, most: Number.MAX_SAFE_INTEGER };
}
