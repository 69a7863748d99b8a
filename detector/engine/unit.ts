import type { FlowBatch } from '../../flow/batch.js';
import { ByAsset } from '../baseline/by-asset.js';
import { StateReader, StateWriter } from '../baseline/state.js';
import type { FollowedDecision } from '../decisions/followed.js';
import type { Evaluator, UnitContext } from '../detections/detection.js';
import type { DetectionId } from '../detections/index.js';
import type { ObservedRecord } from '../detections/observed-record.js';
import { DrillWatch } from '../drills/drill-watch.js';
import { FindingBook } from '../findings/finding-book.js';
import type { JudgementState } from '../findings/judgement-book.js';
import { MAX_SESSIONS_PER_UNIT, SessionTable } from '../sessions/session-table.js';
import type { Partition } from './partition.js';

/** Of thousands of units hardly one has decisions to follow. */
const NONE: ReadonlySet<string> = new Set();

/** Everything remembered of one unit: an asset, or a fleet that is judged as a whole. Units share nothing that results depend on, so partitions do not matter. */
export class UnitState {
  readonly name: string;
  readonly sessions: SessionTable;
  readonly book: FindingBook;
  newestMs = Number.NEGATIVE_INFINITY;
  /** End of the newest record after the claims' own time; not kept in snapshots, for passing the same time again changes nothing. */
  passedMs = Number.NEGATIVE_INFINITY;
  private readonly partition: Partition;
  private readonly context: UnitContext;
  /** By place of the detection: made with the first record that it is to see. */
  private readonly judges: (Evaluator | undefined)[];
  /** Places of detections that the claims give something to do here, as bits; those that look at jump hosts too. */
  private readonly concerned: number;
  private readonly aboutAuxiliary: number;
  private readonly hasAuxiliary: boolean;
  private readonly drills: DrillWatch | undefined;
  /** Number of the batch that the book has open. */
  private openBatch = 0;
  private decisions: readonly FollowedDecision[] = [];
  /** Ids of decisions that have taken effect. */
  private followed: ReadonlySet<string> = NONE;
  private nextDecisionMs = Number.POSITIVE_INFINITY;
  /** Counts of the period at hand, by asset: found once, not with every record. */
  private counting = new ByAsset<JudgementState>();
  private countingPeriodMs = Number.NaN;

  /** `assets` are the unit's. */
  constructor(partition: Partition, name: string, assets: readonly number[]) {
    const { claims, detections } = partition;
    this.name = name;
    this.partition = partition;
    this.context = partition.contextOf(assets);
    this.drills = claims.drills.some(({ probe }) => assets.includes(probe)) ? new DrillWatch(claims, assets) : undefined;
    this.book = new FindingBook(claims, name, partition.changed, partition.changedJudgements);
    this.sessions = new SessionTable((session) => this.book.forget(session), MAX_SESSIONS_PER_UNIT, partition.pool);
    this.hasAuxiliary = assets.some((asset) => claims.assets[asset]!.auxiliary);
    this.judges = new Array<Evaluator | undefined>(detections.length).fill(undefined);
    let concerned = 0;
    let aboutAuxiliary = 0;
    for (const [index, { concerns, auxiliary }] of detections.entries()) {
      if (concerns?.(this.context) === false) continue;
      concerned |= 1 << index;
      if (auxiliary === true) aboutAuxiliary |= 1 << index;
      // What the claims ask for may be told by time alone.
      if (concerns !== undefined) this.judgeAt(index);
    }
    this.concerned = concerned;
    this.aboutAuxiliary = aboutAuxiliary;
  }

  /** What people have decided, in the order of taking effect; a list that is longer than before, or the same. */
  decide(decisions: readonly FollowedDecision[]): void {
    this.decisions = decisions;
    this.nextDecisionMs = decisions.find(({ id }) => !this.followed.has(id))?.effectiveMs ?? Number.POSITIVE_INFINITY;
  }

  /** `batch`: the record's. */
  judge(record: ObservedRecord, batch: FlowBatch): void {
    this.open(batch);
    if (record.startMs >= this.nextDecisionMs) this.follow(record.startMs);
    if (this.drills?.takes(record, this.book) === true) return;
    if (this.hasAuxiliary && this.context.claims.assets[record.asset]!.auxiliary) {
      this.call(this.aboutAuxiliary, record);
      return;
    }
    const { times, attention, first } = this.partition;
    const due = times.take(record.asset, record.startMs, record.endMs);
    if (times.wasSetBack) this.setBack(record);
    if (!record.retold) this.count(record);
    if (first < 0) this.call(attention.maskOf(record, due, this.context) & this.concerned, record);
    else {
      this.judgeAt(first).judge(record, this.book);
      this.call(attention.maskOf(record, due, this.context) & this.concerned & ~(1 << first), record);
    }
  }

  /** A record that other claims judge: see Evaluator.passed. */
  pass(record: ObservedRecord, batch: FlowBatch): void {
    this.open(batch);
    if (record.endMs > this.passedMs) this.passedMs = record.endMs;
    for (const judge of this.judges) judge?.passed?.(record, this.book);
  }

  /** Until when (ms since the epoch) each learning detection still learns the asset. */
  learning(asset: number): { detection: DetectionId; untilMs: number }[] {
    const { partition, context } = this;
    return partition.learners(context).flatMap((index) => {
      // One that has seen nothing yet learns by the asset's time all the same; it is asked, and not kept.
      const judge = this.judges[index] ?? partition.evaluator(index, context);
      const untilMs = judge.learningUntil?.(asset, this.newestMs);
      return untilMs === undefined ? [] : [{ detection: partition.ids[index]!, untilMs }];
    });
  }

  /** Takes over what the learning detections of the same unit know under the claims before; the assets must be the same, in the same order. */
  inherit(before: UnitState): void {
    this.followed = new Set([...this.followed, ...before.followed]);
    this.decide(this.decisions);
    this.partition.times.inherit(before.partition.times, this.context.assets);
    for (const [index, id] of this.partition.ids.entries()) {
      const known = before.judges[before.partition.ids.indexOf(id)];
      if (known?.learningUntil === undefined) continue;
      const writer = new StateWriter();
      known.save(writer);
      this.judgeAt(index).load(new StateReader(writer.finish()));
    }
  }

  save(writer: StateWriter): void {
    writer.f64(this.newestMs);
    this.partition.times.save(writer, this.context.assets);
    this.sessions.save(writer);
    this.book.save(writer);
    this.drills?.save(writer);
    writer.text(JSON.stringify([...this.followed]));
    let made = 0;
    for (const [index, judge] of this.judges.entries()) if (judge !== undefined) made |= 1 << index;
    writer.u32(made);
    for (const judge of this.judges) judge?.save(writer);
  }

  load(reader: StateReader): void {
    this.newestMs = reader.f64();
    this.partition.times.load(reader, this.context.assets);
    this.sessions.load(reader);
    this.book.load(reader);
    this.drills?.load(reader);
    const followed = JSON.parse(reader.text()) as string[];
    if (followed.length > 0) this.followed = new Set(followed);
    this.decide(this.decisions);
    const made = reader.u32();
    for (const index of this.judges.keys()) if ((made & (1 << index)) !== 0) this.judgeAt(index).load(reader);
  }

  private open(batch: FlowBatch): void {
    if (this.openBatch === this.partition.batches) return;
    this.openBatch = this.partition.batches;
    this.book.open(batch);
  }

  /**
   * The records before came from a clock that was ahead. What detections count of minutes, hours and days is of a time that has not come, and nothing would be newer for years: it begins anew.
   * What they have learned of peers stays (Evaluator.outlastsClocks).
   */
  private setBack({ endMs }: ObservedRecord): void {
    this.newestMs = endMs;
    for (const [index, judge] of this.judges.entries()) if (judge?.outlastsClocks !== true) this.judges[index] = undefined;
  }

  private judgeAt(index: number): Evaluator {
    let judge = this.judges[index];
    if (judge === undefined) {
      judge = this.partition.evaluator(index, this.context);
      this.judges[index] = judge;
    }
    return judge;
  }

  /** `mask`: places of detections, as bits. */
  private call(mask: number, record: ObservedRecord): void {
    for (let left = mask; left !== 0; left &= left - 1) {
      const index = 31 - Math.clz32(left & -left);
      const judge = this.judges[index] ?? this.judgeAt(index);
      judge.judge(record, this.book);
    }
  }

  /** What takes effect by `startMs` does, in its order, on the assets of the unit that it is about. */
  private follow(startMs: number): void {
    const { claims, assets } = this.context;
    for (const decision of this.decisions) {
      if (decision.effectiveMs > startMs) break;
      if (this.followed.has(decision.id)) continue;
      this.followed = new Set(this.followed).add(decision.id);
      for (const asset of assets) {
        const { name, fleet } = claims.assets[asset]!;
        if (decision.asset !== name && decision.asset !== claims.fleets[fleet]!.name) continue;
        for (const index of this.judges.keys()) if ((this.concerned & (1 << index)) !== 0) this.judgeAt(index).decided?.(asset, decision);
      }
    }
    this.decide(this.decisions);
  }

  private count(record: ObservedRecord): void {
    if (record.endMs > this.newestMs) this.newestMs = record.endMs;
    if (this.countingPeriodMs !== record.periodFromMs) {
      this.counting = new ByAsset();
      this.countingPeriodMs = record.periodFromMs;
    }
    const counts = this.counting.get(record.asset) ?? this.countsOf(record);
    if (counts === undefined) return;
    this.book.judgements.add(counts, record);
  }

  private countsOf(record: ObservedRecord): JudgementState | undefined {
    const { claims } = this.context;
    const { name, fleet } = claims.assets[record.asset]!;
    const counts = this.book.judgements.of('judged', claims.fleets[fleet]!.name, '', name, record);
    if (counts !== undefined) this.counting.set(record.asset, counts);
    return counts;
  }
}
