import { formatAddress } from '../../../flow/address.js';
import { SECOND_MS } from '../../../flow/time.js';
import type { StartRings } from '../../baseline/start-rings.js';
import type { CompiledClaims, Severity } from '../../claims/compiled.js';
import type { Finding } from '../../findings/finding.js';
import type { FindingSink, Matter, Measurement } from '../../findings/finding-sink.js';
import { formatPort } from '../../findings/quantity.js';
import { formatInstant, formatSpan } from '../../findings/time-span.js';
import type { ExchangeKinds } from '../../sessions/exchange-kinds.js';
import type { FindingFlow, UnitContext } from '../detection.js';
import { Began, ObservedRecord } from '../observed-record.js';
import { medianInterval, startsIn } from './beacon-recompute.js';
import { CHANGE_INTERVALS, Fact, type RhythmRows } from './rhythm-rows.js';
import { formatInterval, formatShare } from './rhythm-words.js';

const CHANGED: readonly [Severity, Severity, Severity, Severity] = ['low', 'low', 'low', 'low'];
const ENDED: readonly [Severity, Severity, Severity, Severity] = ['medium', 'medium', 'medium', 'medium'];
const TAKEN_OVER: readonly [Severity, Severity, Severity, Severity] = ['high', 'high', 'high', 'high'];

interface Measured {
  readonly medianMs: number;
  readonly spread: number;
  readonly usualMs: number;
  readonly rings: StartRings;
  readonly row: number;
}

const reporters = new WeakMap<ExchangeKinds, RhythmReports>();

/** One for all units of a partition. */
export function reportsOf({ claims, kinds }: UnitContext, detection: string): RhythmReports {
  const reports = reporters.get(kinds) ?? new RhythmReports(detection, claims);
  reporters.set(kinds, reports);
  return reports;
}

/** How changes of rhythm are told. */
export class RhythmReports {
  private readonly claims: CompiledClaims;
  private readonly changed: Matter;
  private readonly ended: Matter;
  private readonly takenOver: Matter;

  constructor(detection: string, claims: CompiledClaims) {
    this.claims = claims;
    const matter = { detection, claim: -1, scope: 'member', most: 50 } as const;
    this.changed = { ...matter, part: '', rule: `median of ${CHANGE_INTERVALS} intervals against the learned one`, severities: CHANGED };
    this.ended = { ...matter, part: 'end', rule: 'time since the last beat of a learned rhythm', severities: ENDED };
    this.takenOver = { ...matter, part: 'takeover', rule: 'the learned rhythm of another peer, which has ceased', severities: TAKEN_OVER };
  }

  change(
    record: ObservedRecord,
    measured: Measured & { readonly usualSpread: number; readonly lost: boolean },
    findings: FindingSink,
  ): void {
    const { medianMs, spread, usualMs, usualSpread, lost } = measured;
    const now = lost
      ? `has lost its rhythm: half of the last ${CHANGE_INTERVALS} intervals are beyond ±${formatShare(spread)} of ${formatInterval(medianMs)}`
      : `now comes every ${formatInterval(medianMs)} (the last ${CHANGE_INTERVALS} intervals)`;
    this.measure(record, this.changed, measured, {
      confidence: lost ? 60 : 85,
      why: `the steady exchange with ${this.peerOf(record)} ${now}, where every ${formatInterval(usualMs)} within ±${formatShare(usualSpread)} was usual`,
      findings,
    });
  }

  takeover(record: ObservedRecord, measured: Measured, rows: RhythmRows, other: number, findings: FindingSink): void {
    const { medianMs, usualMs } = measured;
    const before = `${formatAddress(rows.peerOf(other), 0)} on ${formatPort(rows.fact(other, Fact.protocol), rows.fact(other, Fact.ports))}`;
    this.measure(record, this.takenOver, measured, {
      confidence: 80,
      why:
        `${this.peerOf(record)} has the rhythm, every ${formatInterval(medianMs)}, that the asset kept with ${before}, every ${formatInterval(usualMs)}, ` +
        `until ${formatInstant(rows.fact(other, Fact.latestMs))}; no claim admits it`,
      findings,
    });
  }

  /** Told while a record of something else is at hand. */
  end(record: ObservedRecord, nowMs: number, rows: RhythmRows, row: number, findings: FindingSink): void {
    const lastMs = rows.fact(row, Fact.latestMs);
    const periodMs = rows.fact(row, Fact.periodMs);
    const own = recordOf(record, rows, row, lastMs);
    const period = this.claims.periodOf(nowMs);
    findings.measure(own, {
      matter: this.ended,
      observed: (nowMs - lastMs) / SECOND_MS,
      expected: periodMs / SECOND_MS,
      unit: 'seconds',
      peerPort: rows.fact(row, Fact.ports),
      periodFromMs: period.fromMs,
      periodToMs: period.toMs,
      windowFromMs: lastMs,
      windowToMs: nowMs,
      confidence: 75,
      why:
        `the steady exchange with ${this.peerOf(own)}, every ${formatInterval(periodMs)} until ${formatInstant(lastMs)}, ` +
        `has not come for ${formatInterval(nowMs - lastMs)}, while the asset goes on talking to others`,
      totals: { firstMs: lastMs, lastMs: nowMs, octetsOut: 0, octetsIn: 0, packetsOut: 0, packetsIn: 0, records: 1, sessions: 1 },
    });
  }

  private measure(
    record: ObservedRecord,
    matter: Matter,
    { medianMs, usualMs, rings, row }: Measured,
    { confidence, why, findings }: { readonly confidence: number; readonly why: string; readonly findings: FindingSink },
  ): void {
    const toMs = rings.latest(row);
    const fromMs = rings.at(row, rings.count(row) - 1 - CHANGE_INTERVALS);
    const period = this.claims.periodOf(toMs);
    const measurement: Measurement = {
      matter,
      observed: medianMs / SECOND_MS,
      expected: usualMs / SECOND_MS,
      unit: 'seconds',
      peerPort: record.initiator === Began.asset ? record.peerPort : record.assetPort,
      periodFromMs: period.fromMs,
      periodToMs: period.toMs,
      windowFromMs: fromMs,
      windowToMs: toMs + 1,
      confidence,
      why: `${why}; ${formatSpan(fromMs, toMs)}`,
      totals: {
        firstMs: fromMs,
        lastMs: record.endMs,
        octetsOut: record.octetsOut,
        octetsIn: record.octetsIn,
        packetsOut: record.packetsOut,
        packetsIn: record.packetsIn,
        records: CHANGE_INTERVALS + 1,
        sessions: CHANGE_INTERVALS + 1,
      },
    };
    findings.measure(record, measurement);
  }

  private peerOf(record: ObservedRecord): string {
    const name = this.claims.nameOf(record.peerBytes, record.peerOffset);
    const port = record.initiator === Began.asset ? record.peerPort : record.assetPort;
    return `${formatAddress(record.peerBytes, record.peerOffset)}${name === '' ? '' : ` (${name})`} on ${formatPort(record.protocol, port)}`;
  }
}

/** A record of the exchange that has ceased, as its last one would have been: of the asset of the record at hand. */
function recordOf(at: ObservedRecord, rows: RhythmRows, row: number, lastMs: number): ObservedRecord {
  const record = new ObservedRecord();
  const byAsset = rows.fact(row, Fact.began) === Began.asset;
  return Object.assign(record, {
    asset: at.asset,
    fleet: at.fleet,
    assetBytes: at.assetBytes,
    assetOffset: at.assetOffset,
    peerBytes: rows.peerOf(row),
    protocol: rows.fact(row, Fact.protocol),
    assetPort: byAsset ? 0 : rows.fact(row, Fact.ports),
    peerPort: byAsset ? rows.fact(row, Fact.ports) : 0,
    initiator: rows.fact(row, Fact.began),
    level: at.level,
    startMs: lastMs,
    endMs: lastMs,
    row: -1,
  });
}

/** The period of the finding's window; of a rhythm that has ceased, the time since its last beat. In seconds. */
export function recomputeRhythm(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  const starts = startsIn(finding, rows, claims);
  if (finding.rule.startsWith('time since')) return (finding.windowToMs - Math.max(...starts)) / SECOND_MS;
  return medianInterval(starts) / SECOND_MS;
}
