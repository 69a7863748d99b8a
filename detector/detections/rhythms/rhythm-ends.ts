import { MINUTE_MS } from '../../../flow/time.js';
import type { AssetTimes } from '../../baseline/asset-times.js';
import type { FindingSink } from '../../findings/finding-sink.js';
import type { UnitContext } from '../detection.js';
import type { ObservedRecord } from '../observed-record.js';
import type { RhythmReports } from './rhythm-reports.js';
import { Fact, type RhythmRows } from './rhythm-rows.js';

/** A rhythm has ended when at least this time has passed, and the asset has shown itself in so many minutes of it. */
const LEAST_PAUSE_MS = 10 * MINUTE_MS;
const LEAST_ACTIVE_MINUTES = 10;
const LATE_MS = 5 * MINUTE_MS;

export interface EndLimits {
  /** Since the first start of a key, until its end is told. */
  readonly warmUpMs: number;
  /** Periods without a beat. */
  readonly missedBeats: number;
}

/** Which rhythms of a unit have ended: looked at with the first record of a minute, and only in minutes in which something may be told. */
export class RhythmEnds {
  private readonly times: AssetTimes;
  private readonly rows: RhythmRows;
  private readonly reports: RhythmReports;
  private readonly warmUpMs: number;
  private readonly missedBeats: number;
  private readonly settleMs: number;

  constructor({ times, claims }: UnitContext, rows: RhythmRows, reports: RhythmReports, { warmUpMs, missedBeats }: EndLimits) {
    this.times = times;
    this.rows = rows;
    this.reports = reports;
    this.warmUpMs = warmUpMs;
    this.missedBeats = missedBeats;
    this.settleMs = LATE_MS + Math.max(0, ...claims.sensors.map(({ activeTimeoutMs }) => activeTimeoutMs));
  }

  /** `learned`: rhythms of the record's asset. */
  look(record: ObservedRecord, learned: number, newestMs: number, findings: FindingSink): void {
    if (learned === 0 || !this.times.beginsMinute) return;
    this.tellEnds(record, learned, newestMs, findings);
    this.times.wake(record.asset, this.nextLookMs(record, newestMs));
  }

  /** What is usual of a rhythm has changed, or its end may be told again. */
  lookNextMinute(asset: number): void {
    this.times.wake(asset, minuteAfter(this.times.newestMs(asset)));
  }

  /** The minute in which something may be told of an end that was not told so far, unless what is usual changes before: beats that come make it later only. */
  private nextLookMs(record: ObservedRecord, newestMs: number): number {
    const { rows } = this;
    let nextMs = Number.POSITIVE_INFINITY;
    for (let row = 0; row < rows.keys.end; row++) {
      if (!this.isOfAsset(row, record) || rows.fact(row, Fact.told) === 1) continue;
      nextMs = Math.min(nextMs, Math.max(this.overdueMs(row), rows.fact(row, Fact.firstMs) + this.warmUpMs));
    }
    return Math.max(minuteAfter(newestMs), Math.floor(nextMs / MINUTE_MS) * MINUTE_MS);
  }

  /** With the first record of a minute: whose beats are overdue? */
  private tellEnds(record: ObservedRecord, learned: number, newestMs: number, findings: FindingSink): void {
    const { rows } = this;
    let overdue = 0;
    for (let row = 0; row < rows.keys.end; row++) if (this.isOfAsset(row, record) && this.isOverdue(row, newestMs)) overdue += 1;
    // Most of what is steady has ceased: then the asset falls silent, which is for other detections to tell.
    if (overdue === 0 || (learned > 1 && overdue * 2 > learned)) return;
    for (let row = 0; row < rows.keys.end; row++) {
      if (!this.isOfAsset(row, record) || rows.fact(row, Fact.told) === 1 || !this.isOverdue(row, newestMs)) continue;
      if (
        this.times.minutes(record.asset) - rows.fact(row, Fact.activeAt) < LEAST_ACTIVE_MINUTES ||
        newestMs < rows.fact(row, Fact.firstMs) + this.warmUpMs
      )
        continue;
      rows.setFact(row, Fact.told, 1);
      this.reports.end(record, newestMs, rows, row, findings);
    }
  }

  private isOfAsset(row: number, record: ObservedRecord): boolean {
    const { rows } = this;
    return rows.keys.isUsed(row) && rows.fact(row, Fact.asset) === record.asset && rows.isLearned(row);
  }

  private isOverdue(row: number, newestMs: number): boolean {
    return newestMs > this.overdueMs(row);
  }

  private overdueMs(row: number): number {
    const { rows } = this;
    const periodMs = rows.fact(row, Fact.periodMs);
    const usualMs = Math.max(this.missedBeats * periodMs, 1.5 * rows.fact(row, Fact.longestMs) + periodMs, LEAST_PAUSE_MS);
    return rows.fact(row, Fact.latestMs) + usualMs + rows.fact(row, Fact.lagMs) + this.settleMs;
  }
}

function minuteAfter(ms: number): number {
  return (Math.floor(ms / MINUTE_MS) + 1) * MINUTE_MS;
}
