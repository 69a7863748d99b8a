import { FlowBatch } from '../../flow/batch.js';
import { MINUTE_MS } from '../../flow/time.js';
import { StateError, StateReader, StateWriter } from '../baseline/state.js';
import type { CompiledClaims } from '../claims/compiled.js';
import type { FollowedDecision } from '../decisions/followed.js';
import { DETECTION_IDS, type DetectionId } from '../detections/index.js';
import { ObservedRecord } from '../detections/observed-record.js';
import type { Finding } from '../findings/finding.js';
import { compareFindings } from '../findings/json.js';
import { compareJudgements, type Judgement } from '../findings/judgement.js';
import { RowReader } from '../sessions/row-reader.js';
import { type DetectionSettings, type EffectiveParameters, effectiveParameters } from './parameters.js';
import { Partition } from './partition.js';
import { type SnapshotBinding, sealSnapshot, unsealSnapshot } from './snapshot.js';
import { UnitState } from './unit.js';

export interface EngineOptions {
  readonly claims: CompiledClaims;
  readonly parameters?: DetectionSettings;
  /** Which detections judge, for tools that ask for some; all where it is left out. */
  readonly detections?: readonly DetectionId[];
  /** Every detection sees every record, whatever it attends: the findings must be the same, which a test holds. */
  readonly showAll?: boolean;
}

/** An asset that a learned detection does not judge yet. */
export interface Learning {
  readonly asset: string;
  readonly detection: DetectionId;
  readonly untilMs: number;
}

/** The detector of one partition: records in, findings out. No clock, no input or output; equal records in equal order give equal findings. */
export interface Engine {
  /** Judges every row. The batch may be reused afterwards. */
  ingest(batch: FlowBatch): void;
  /** Findings that changed since the last call, withdrawn ones (`records` 0) included, oldest first. */
  takeChanged(): Finding[];
  /** All findings that stand, oldest first. */
  findings(): Finding[];
  /** The unit that a finding belongs to: what its frame is partitioned by. */
  unitOf(finding: Finding): string;
  /** What verdicts need beside findings: counts by unit, claim and period, ordered. */
  judgements(): Judgement[];
  /** Those that grew since the last call. */
  takeChangedJudgements(): Judgement[];
  learning(): Learning[];
  /** Rows filed under no asset of these claims, since the start or as restored. */
  readonly unassignedRecords: number;
  snapshot(): Uint8Array;
  /** Takes over a snapshot of an engine with equal claims, parameters and detections. Undefined when done, else why not, and the engine is as new. */
  restore(bytes: Uint8Array): string | undefined;
}

/** Which rows of a batch: those from `row` on and before `end` that start in [fromMs, untilMs); later ones only make time pass. */
export interface RowRange {
  readonly row: number;
  readonly end: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The engine of one version of a claim set, see ClaimEngines. */
export interface VersionEngine extends Engine {
  ingest(batch: FlowBatch, range?: RowRange): void;
  /** True while something waits for records that start at `untilMs`, the end of the claims, or later: `ingest` must see them. */
  isWaiting(untilMs: number): boolean;
  /** What people have decided (decisions/followed.ts): a unit follows each before the first of its records that starts at its time or later. */
  decide(decisions: readonly FollowedDecision[]): void;
  /** Takes over what the learning detections know, where the assets are the same: a changed rule is no reason to learn anew for weeks. */
  inherit(before: VersionEngine): void;
}

export function createEngine({ claims, parameters, detections = DETECTION_IDS, showAll = false }: EngineOptions): VersionEngine {
  return new PartitionEngine(claims, effectiveParameters(parameters), detections, showAll);
}

class PartitionEngine implements VersionEngine {
  unassignedRecords = 0;
  private readonly claims: CompiledClaims;
  private readonly parameters: EffectiveParameters;
  private readonly partition: Partition;
  /** Indexes of the assets of each unit. */
  private readonly assetsOfUnit = new Map<string, number[]>();
  private readonly reader: RowReader;
  private readonly record = new ObservedRecord();
  private readonly units = new Map<string, UnitState>();
  private readonly fleetOf: Uint32Array;
  private readonly unitOfAsset: (UnitState | undefined)[] = [];
  /** Units that have judged records since they were last asked for news: most have not, where there are thousands. */
  private readonly withFindings: UnitState[] = [];
  private readonly withCounts: UnitState[] = [];
  private batch = new FlowBatch(16);
  /** So long after the claims' end something may still wait for time to pass; 0: nothing ever does. */
  private readonly settleMs: number;
  private decisions: readonly FollowedDecision[] = [];

  constructor(claims: CompiledClaims, parameters: EffectiveParameters, detections: readonly DetectionId[], showAll: boolean) {
    this.claims = claims;
    this.parameters = parameters;
    this.partition = new Partition(claims, parameters, detections, showAll);
    claims.assets.forEach(({ unit }, asset) => {
      const assets = this.assetsOfUnit.get(unit);
      if (assets === undefined) this.assetsOfUnit.set(unit, [asset]);
      else assets.push(asset);
    });
    this.reader = new RowReader(claims, this.batch);
    this.settleMs = settleMsOf(claims);
    this.fleetOf = Uint32Array.from(claims.assets, ({ fleet }) => fleet);
  }

  ingest(batch: FlowBatch, range?: RowRange): void {
    this.batch = batch;
    this.reader.open(batch);
    const { reader, record } = this;
    const starts = batch.columns.flowStartMilliseconds;
    const { fromMs, untilMs } = range ?? { fromMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY };
    const end = range?.end ?? batch.length;
    for (let row = range?.row ?? 0; row < end; row++) {
      if (starts[row]! < fromMs) continue;
      if (starts[row]! >= untilMs) {
        if (this.settleMs > 0) this.pass(row, untilMs);
        continue;
      }
      const asset = reader.assetOf(row);
      if (asset < 0) {
        this.unassignedRecords += 1;
        continue;
      }
      const unit = this.unitOfAsset[asset] ?? this.addUnit(this.claims.assets[asset]!.unit, asset);
      if (!unit.hasNewFindings || !unit.hasNewCounts) this.expectNews(unit);
      record.asset = asset;
      record.fleet = this.fleetOf[asset]!;
      if (reader.read(row, unit.sessions, this.partition.kinds, record)) {
        reader.retell(record);
        unit.book.retract(record.session);
        unit.judge(record, batch);
      }
      reader.tell(record);
      unit.judge(record, batch);
    }
  }

  isWaiting(untilMs: number): boolean {
    if (this.settleMs === 0) return false;
    for (const unit of this.units.values()) if (unit.passedMs < untilMs + this.settleMs) return true;
    return false;
  }

  decide(decisions: readonly FollowedDecision[]): void {
    this.decisions = decisions;
    for (const unit of this.units.values()) unit.decide(decisions);
  }

  inherit(before: VersionEngine): void {
    if (!(before instanceof PartitionEngine) || !sameAssets(before.claims, this.claims)) return;
    this.claims.assets.forEach(({ unit }, asset) => {
      const known = before.units.get(unit);
      if (known !== undefined && !this.units.has(unit)) this.addUnit(unit, asset).inherit(known);
    });
  }

  takeChanged(): Finding[] {
    const changed: Finding[] = [];
    for (const unit of this.withFindings) {
      unit.hasNewFindings = false;
      unit.book.takeChanged(changed);
    }
    this.withFindings.length = 0;
    return changed.sort(compareFindings);
  }

  findings(): Finding[] {
    const all: Finding[] = [];
    for (const unit of this.units.values()) unit.book.list(all);
    return all.sort(compareFindings);
  }

  unitOf(finding: Finding): string {
    return this.claims.assets.find((asset) => asset.name === finding.asset)?.unit ?? finding.asset;
  }

  judgements(): Judgement[] {
    const all: Judgement[] = [];
    for (const unit of this.units.values()) unit.book.judgements.list(all);
    return all.sort(compareJudgements);
  }

  takeChangedJudgements(): Judgement[] {
    const changed: Judgement[] = [];
    for (const unit of this.withCounts) {
      unit.hasNewCounts = false;
      unit.book.judgements.takeChanged(changed);
    }
    this.withCounts.length = 0;
    return changed.sort(compareJudgements);
  }

  learning(): Learning[] {
    return this.claims.assets.flatMap(({ name, unit }, index) =>
      (this.units.get(unit)?.learning(index) ?? []).map((learning) => ({ asset: name, ...learning })),
    );
  }

  snapshot(): Uint8Array {
    const writer = new StateWriter();
    writer.f64(this.unassignedRecords);
    this.reader.save(writer);
    writer.u32(this.units.size);
    for (const unit of this.units.values()) {
      writer.text(unit.name);
      unit.save(writer);
    }
    return sealSnapshot(this.binding(), writer);
  }

  restore(bytes: Uint8Array): string | undefined {
    const unsealed = unsealSnapshot(this.binding(), bytes);
    if ('refused' in unsealed) return unsealed.refused;
    this.units.clear();
    this.unitOfAsset.length = 0;
    this.withFindings.length = 0;
    this.withCounts.length = 0;
    for (const asset of this.claims.assets.keys()) this.partition.times.forget(asset);
    const reader = new StateReader(unsealed.state);
    this.unassignedRecords = reader.f64();
    this.reader.load(reader);
    for (let left = reader.u32(); left > 0; left--) {
      const name = reader.text();
      const unit = this.newUnit(name);
      unit.load(reader);
      this.expectNews(unit);
    }
    if (reader.remaining > 0) throw new StateError('the snapshot is longer than its state: its version should have been raised');
    return undefined;
  }

  /** Time goes on for the unit of a row that starts after the claims' time: what waits for later records is decided, the row itself is others' to judge. */
  private pass(row: number, untilMs: number): void {
    const { reader, record } = this;
    const asset = reader.assetOf(row);
    const unit = asset < 0 ? undefined : (this.unitOfAsset[asset] ?? this.units.get(this.claims.assets[asset]!.unit));
    if (unit === undefined || unit.passedMs >= untilMs + this.settleMs) return;
    record.asset = asset;
    record.fleet = this.fleetOf[asset]!;
    reader.pass(row, record);
    this.expectNews(unit);
    unit.pass(record, this.batch);
  }

  private expectNews(unit: UnitState): void {
    if (!unit.hasNewFindings) this.withFindings.push(unit);
    if (!unit.hasNewCounts) this.withCounts.push(unit);
    unit.hasNewFindings = true;
    unit.hasNewCounts = true;
  }

  private binding(): SnapshotBinding {
    const parameters = Object.fromEntries(this.partition.ids.map((id) => [id, this.parameters[id]]));
    return { claimsHash: this.claims.hash, parameters };
  }

  private addUnit(name: string, asset: number): UnitState {
    const unit = this.units.get(name) ?? this.newUnit(name);
    this.unitOfAsset[asset] = unit;
    return unit;
  }

  private newUnit(name: string): UnitState {
    const unit = new UnitState(this.partition, name, this.assetsOfUnit.get(name) ?? []);
    unit.decide(this.decisions);
    this.units.set(name, unit);
    return unit;
  }
}

/** Minutes of stretches close, and sessions behind a jump host are decided, so long after the last record that they were told by; that one may end after the claims. */
function settleMsOf({ claims }: CompiledClaims): number {
  return Math.max(
    0,
    ...claims.flatMap(({ island, via }) => [
      island === undefined ? 0 : island.settleMs + 3 * MINUTE_MS,
      via === undefined ? 0 : via.skewMs + 2 * via.settleMs,
    ]),
  );
}

function sameAssets({ assets }: CompiledClaims, { assets: others }: CompiledClaims): boolean {
  return (
    assets.length === others.length && assets.every(({ name, unit }, index) => name === others[index]!.name && unit === others[index]!.unit)
  );
}
