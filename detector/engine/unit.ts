import type { LocalClock } from '../baseline/local-clock.js';
import { StateReader, StateWriter } from '../baseline/state.js';
import type { CompiledClaims } from '../claims/compiled.js';
import type { FollowedDecision } from '../decisions/followed.js';
import type { Detection, Evaluator, UnitContext } from '../detections/detection.js';
import { DETECTIONS, type DetectionId } from '../detections/index.js';
import type { ObservedRecord } from '../detections/observed-record.js';
import { DrillWatch } from '../drills/drill-watch.js';
import { FindingBook } from '../findings/finding-book.js';
import type { Judgement } from '../findings/judgement.js';
import { ExchangeKinds, kindsOf } from '../sessions/exchange-kinds.js';
import { SessionTable } from '../sessions/session-table.js';
import type { EffectiveParameters } from './parameters.js';

/** Everything remembered of one unit: an asset, or a fleet that is judged as a whole. Units share nothing, so partitions do not matter. */
export class UnitState {
  readonly name: string;
  readonly sessions: SessionTable;
  readonly kinds: ExchangeKinds;
  readonly book: FindingBook;
  newestMs = Number.NEGATIVE_INFINITY;
  /** End of the newest record after the claims' own time; not kept in snapshots, for passing the same time again changes nothing. */
  passedMs = Number.NEGATIVE_INFINITY;
  private readonly evaluators: readonly { readonly id: DetectionId; readonly evaluator: Evaluator }[];
  /** The same evaluators without their names. */
  private readonly judges: readonly Evaluator[];
  private readonly assets: readonly number[];
  private readonly claims: CompiledClaims;
  private readonly drills: DrillWatch;
  private readonly aboutAuxiliary: readonly Evaluator[];
  private decisions: readonly FollowedDecision[] = [];
  /** Ids of decisions that have taken effect. */
  private readonly followed = new Set<string>();
  private nextDecisionMs = Number.POSITIVE_INFINITY;
  /** Counts of the period at hand, by asset: found once, not with every record. */
  private counting: (Judgement | undefined)[] = [];
  private countingPeriodMs = Number.NaN;

  /** `assets` are the unit's, `detections` those that judge, in that order. */
  constructor(
    claims: CompiledClaims,
    name: string,
    assets: readonly number[],
    clock: LocalClock,
    parameters: EffectiveParameters,
    detections: readonly DetectionId[],
  ) {
    this.name = name;
    this.assets = assets;
    this.claims = claims;
    this.drills = new DrillWatch(claims, assets);
    this.book = new FindingBook(claims, name);
    this.sessions = new SessionTable((session) => this.book.forget(session));
    const kinds = kindsOf(assets.length, claims.assets.length);
    this.kinds = new ExchangeKinds(kinds);
    const context: UnitContext = { claims, assets, clock, kinds };
    this.evaluators = detections.map((id) => ({ id, evaluator: evaluatorOf(id, context, parameters) }));
    this.judges = this.evaluators.map(({ evaluator }) => evaluator);
    this.aboutAuxiliary = this.evaluators.flatMap(({ id, evaluator }) => (detectionOf(id).auxiliary === true ? [evaluator] : []));
  }

  /** What people have decided, in the order of taking effect; a list that is longer than before, or the same. */
  decide(decisions: readonly FollowedDecision[]): void {
    this.decisions = decisions;
    this.nextDecisionMs = decisions.find(({ id }) => !this.followed.has(id))?.effectiveMs ?? Number.POSITIVE_INFINITY;
  }

  judge(record: ObservedRecord): void {
    if (record.startMs >= this.nextDecisionMs) this.follow(record.startMs);
    if (this.drills.takes(record, this.book)) return;
    const auxiliary = this.claims.assets[record.asset]!.auxiliary;
    if (!record.retold && !auxiliary) this.count(record);
    const judges = auxiliary ? this.aboutAuxiliary : this.judges;
    for (let i = 0; i < judges.length; i++) judges[i]!.judge(record, this.book);
  }

  /** A record that other claims judge: see Evaluator.passed. */
  pass(record: ObservedRecord): void {
    if (record.endMs > this.passedMs) this.passedMs = record.endMs;
    for (const { evaluator } of this.evaluators) evaluator.passed?.(record, this.book);
  }

  /** Until when (ms since the epoch) each learning detection still learns the asset. */
  learning(asset: number): { detection: DetectionId; untilMs: number }[] {
    return this.evaluators.flatMap(({ id, evaluator }) => {
      const untilMs = evaluator.learningUntil?.(asset, this.newestMs);
      return untilMs === undefined ? [] : [{ detection: id, untilMs }];
    });
  }

  /** Takes over what the learning detections of the same unit know under the claims before; the assets must be the same, in the same order. */
  inherit(before: UnitState): void {
    for (const id of before.followed) this.followed.add(id);
    this.decide(this.decisions);
    for (const { id, evaluator } of this.evaluators) {
      const known = before.evaluators.find((one) => one.id === id)?.evaluator;
      if (known?.learningUntil === undefined) continue;
      const writer = new StateWriter();
      known.save(writer);
      evaluator.load(new StateReader(writer.finish()));
    }
  }

  save(writer: StateWriter): void {
    writer.f64(this.newestMs);
    this.sessions.save(writer);
    this.book.save(writer);
    this.drills.save(writer);
    writer.text(JSON.stringify([...this.followed]));
    for (const { evaluator } of this.evaluators) evaluator.save(writer);
  }

  load(reader: StateReader): void {
    this.newestMs = reader.f64();
    this.sessions.load(reader);
    this.book.load(reader);
    this.drills.load(reader);
    for (const id of JSON.parse(reader.text()) as string[]) this.followed.add(id);
    this.decide(this.decisions);
    for (const { evaluator } of this.evaluators) evaluator.load(reader);
  }

  /** What takes effect by `startMs` does, in its order, on the assets of the unit that it is about. */
  private follow(startMs: number): void {
    for (const decision of this.decisions) {
      if (decision.effectiveMs > startMs) break;
      if (this.followed.has(decision.id)) continue;
      this.followed.add(decision.id);
      for (const asset of this.assets) {
        const { name, fleet } = this.claims.assets[asset]!;
        if (decision.asset !== name && decision.asset !== this.claims.fleets[fleet]!.name) continue;
        for (const { evaluator } of this.evaluators) evaluator.decided?.(asset, decision);
      }
    }
    this.decide(this.decisions);
  }

  private count(record: ObservedRecord): void {
    if (record.endMs > this.newestMs) this.newestMs = record.endMs;
    if (this.countingPeriodMs !== record.periodFromMs) {
      this.counting = [];
      this.countingPeriodMs = record.periodFromMs;
    }
    const counts = this.counting[record.asset] ?? this.countsOf(record);
    if (counts === undefined) return;
    this.counting[record.asset] = counts;
    this.book.judgements.add(counts, record);
  }

  private countsOf(record: ObservedRecord): Judgement | undefined {
    const { name, fleet } = this.claims.assets[record.asset]!;
    return this.book.judgements.of('judged', this.claims.fleets[fleet]!.name, '', name, record);
  }
}

function evaluatorOf(id: DetectionId, context: UnitContext, parameters: EffectiveParameters): Evaluator {
  return (detectionOf(id).evaluator as (unit: UnitContext, values: Readonly<Record<string, number>>) => Evaluator)(context, parameters[id]);
}

function detectionOf(id: DetectionId): Detection {
  return DETECTIONS[id];
}
