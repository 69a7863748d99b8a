import { DAY_MS } from '../../flow/time.js';
import type { LocalClock } from '../baseline/local-clock.js';
import type { StateReader, StateWriter } from '../baseline/state.js';
import type { CompiledClaims } from '../claims/compiled.js';
import type { Evaluator, UnitContext } from '../detections/detection.js';
import { DETECTION_IDS, DETECTIONS, type DetectionId } from '../detections/index.js';
import type { ObservedRecord } from '../detections/observed-record.js';
import { FindingBook } from '../findings/finding-book.js';
import { ExchangeKinds, kindsOf } from '../sessions/exchange-kinds.js';
import { SessionTable } from '../sessions/session-table.js';
import type { EffectiveParameters } from './parameters.js';

/** Counters of periods older than this are forgotten; verdicts over them have long been given. */
export const JUDGED_RETENTION_MS = 31 * DAY_MS;

/** What was judged in one calendar period. */
export interface JudgedCount {
  readonly periodFromMs: number;
  records: number;
  sessions: number;
}

/** Everything remembered of one unit: an asset, or a fleet that is judged as a whole. Units share nothing, so partitions do not matter. */
export class UnitState {
  readonly name: string;
  readonly fleet: number;
  readonly sessions: SessionTable;
  readonly kinds: ExchangeKinds;
  readonly book: FindingBook;
  readonly judged = new Map<number, JudgedCount>();
  newestMs = Number.NEGATIVE_INFINITY;
  private readonly evaluators: readonly { readonly id: DetectionId; readonly evaluator: Evaluator }[];
  /** The same evaluators without their names. */
  private readonly judges: readonly Evaluator[];
  private counting: JudgedCount = { periodFromMs: Number.NaN, records: 0, sessions: 0 };

  constructor(claims: CompiledClaims, name: string, clock: LocalClock, parameters: EffectiveParameters) {
    this.name = name;
    const assets = claims.assets.flatMap((asset, index) => (asset.unit === name ? [index] : []));
    this.fleet = claims.assets[assets[0]!]!.fleet;
    this.book = new FindingBook(claims, name);
    this.sessions = new SessionTable((session) => this.book.forget(session));
    const kinds = kindsOf(assets.length);
    this.kinds = new ExchangeKinds(kinds);
    const context: UnitContext = { claims, assets, clock, kinds };
    this.evaluators = DETECTION_IDS.map((id) => ({ id, evaluator: evaluatorOf(id, context, parameters) }));
    this.judges = this.evaluators.map(({ evaluator }) => evaluator);
  }

  judge(record: ObservedRecord): void {
    if (!record.retold) this.count(record);
    for (let i = 0; i < this.judges.length; i++) this.judges[i]!.judge(record, this.book);
  }

  /** Until when (ms since the epoch) each learning detection still learns the asset. */
  learning(asset: number): { detection: DetectionId; untilMs: number }[] {
    return this.evaluators.flatMap(({ id, evaluator }) => {
      const untilMs = evaluator.learningUntil?.(asset, this.newestMs);
      return untilMs === undefined ? [] : [{ detection: id, untilMs }];
    });
  }

  save(writer: StateWriter): void {
    writer.f64(this.newestMs);
    writer.u32(this.judged.size);
    for (const { periodFromMs, records, sessions } of this.judged.values()) {
      writer.f64(periodFromMs);
      writer.f64(records);
      writer.f64(sessions);
    }
    this.sessions.save(writer);
    this.book.save(writer);
    for (const { evaluator } of this.evaluators) evaluator.save(writer);
  }

  load(reader: StateReader): void {
    this.newestMs = reader.f64();
    for (let left = reader.u32(); left > 0; left--) {
      const count = { periodFromMs: reader.f64(), records: reader.f64(), sessions: reader.f64() };
      this.judged.set(count.periodFromMs, count);
    }
    this.sessions.load(reader);
    this.book.load(reader);
    for (const { evaluator } of this.evaluators) evaluator.load(reader);
  }

  private count(record: ObservedRecord): void {
    if (record.endMs > this.newestMs) this.newestMs = record.endMs;
    if (this.counting.periodFromMs !== record.periodFromMs) this.counting = this.countOf(record.periodFromMs);
    this.counting.records += 1;
    if (record.sessionStarts) this.counting.sessions += 1;
  }

  private countOf(periodFromMs: number): JudgedCount {
    let count = this.judged.get(periodFromMs);
    if (count === undefined) {
      for (const old of this.judged.keys()) if (old < periodFromMs - JUDGED_RETENTION_MS) this.judged.delete(old);
      count = { periodFromMs, records: 0, sessions: 0 };
      this.judged.set(periodFromMs, count);
    }
    return count;
  }
}

function evaluatorOf(id: DetectionId, context: UnitContext, parameters: EffectiveParameters): Evaluator {
  const detection: (typeof DETECTIONS)[DetectionId] = DETECTIONS[id];
  return (detection.evaluator as (unit: UnitContext, values: Readonly<Record<string, number>>) => Evaluator)(context, parameters[id]);
}
