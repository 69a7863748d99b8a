import { FlowBatch } from '../../flow/batch.js';
import { FLOW_COLUMNS } from '../../flow/columns.js';
import { RowWindow } from '../../flow/row-window.js';
import { MINUTE_MS } from '../../flow/time.js';
import { joined, StateError, StateReader, StateWriter } from '../baseline/state.js';
import type { CompiledClaims } from '../claims/compiled.js';
import type { FollowedDecision } from '../decisions/followed.js';
import { DETECTION_IDS, type DetectionId } from '../detections/index.js';
import { ObservedRecord } from '../detections/observed-record.js';
import type { Finding } from '../findings/finding.js';
import { compareFindings } from '../findings/json.js';
import { compareJudgements, type Judgement } from '../findings/judgement.js';
import { READ_COLUMNS } from '../sessions/read-columns.js';
import { RowReader } from '../sessions/row-reader.js';
import { type DetectionSettings, type EffectiveParameters, effectiveParameters } from './parameters.js';
import { Partition } from './partition.js';
import { RowsByUnit } from './rows-by-unit.js';
import { type SnapshotBinding, sealSnapshot, unsealSnapshot } from './snapshot.js';
import { UnitState } from './unit.js';

/** Rows that lie in the order of judging at a time: 4.5 MB. A window as large as the largest batch judges as fast, within what runs differ, and takes 18. */
const WINDOW_ROWS = 32_768;
/** Units whose state is written in one part of a snapshot: about a megabyte. */
const UNITS_OF_A_PART = 32;

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
  /** Units that have shown a record. */
  readonly units: number;
  /** The whole state, as `restore` takes it. */
  snapshot(): Uint8Array;
  /** The same in parts, each made when it is asked for and good until the next is: until the last of them nothing may be ingested or taken. */
  snapshotParts(): Iterable<Uint8Array>;
  /**
   * Takes over a snapshot of an engine with equal claims, parameters and detections, in one piece or in parts. Undefined when done, else why not, and the engine is as new.
   * Parts are read once and one at a time; whoever gives them has checked that they are what was written.
   */
  restore(bytes: Uint8Array | Iterable<Uint8Array>): string | undefined;
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
  units = 0;
  private readonly claims: CompiledClaims;
  private readonly parameters: EffectiveParameters;
  private readonly partition: Partition;
  /** Names of all units, in the order of the claims' assets, which numbers them; then by number. */
  private readonly unitNames = new Map<string, number>();
  private readonly assetsOfUnit: number[][] = [];
  /** Made with the first record. */
  private readonly states: (UnitState | undefined)[];
  private readonly unitOfAsset: Uint32Array;
  private readonly rows = new RowsByUnit();
  private readonly window = new RowWindow(FLOW_COLUMNS, READ_COLUMNS);
  private readonly reader: RowReader;
  private readonly record = new ObservedRecord();
  private readonly fleetOf: Uint32Array;
  private batch = new FlowBatch(16);
  /** So long after the claims' end something may still wait for time to pass; 0: nothing ever does. */
  private readonly settleMs: number;
  private decisions: readonly FollowedDecision[] = [];

  constructor(claims: CompiledClaims, parameters: EffectiveParameters, detections: readonly DetectionId[], showAll: boolean) {
    this.claims = claims;
    this.parameters = parameters;
    this.partition = new Partition(claims, parameters, detections, showAll);
    this.unitOfAsset = Uint32Array.from(claims.assets, ({ unit }, asset) => {
      const number = this.unitNames.get(unit) ?? this.unitNames.size;
      this.unitNames.set(unit, number);
      const others = this.assetsOfUnit[number];
      // Most units are one asset: pushed to, each list would have room for seventeen.
      if (others === undefined) this.assetsOfUnit[number] = [asset];
      else others.push(asset);
      return number;
    });
    this.states = new Array<UnitState | undefined>(this.assetsOfUnit.length).fill(undefined);
    this.reader = new RowReader(claims, this.batch);
    this.settleMs = settleMsOf(claims);
    this.fleetOf = Uint32Array.from(claims.assets, ({ fleet }) => fleet);
  }

  ingest(batch: FlowBatch, range?: RowRange): void {
    this.batch = batch;
    this.partition.batches += 1;
    const { reader, window } = this;
    reader.open(batch);
    const untilMs = range?.untilMs ?? Number.POSITIVE_INFINITY;
    this.gather(batch, range);
    const rows = this.rows.end();
    window.open(batch);
    for (let from = 0; from < rows.length; from += WINDOW_ROWS) {
      window.turnTo(rows.subarray(from, from + WINDOW_ROWS));
      reader.turnTo(window);
      const starts = window.columns.flowStartMilliseconds;
      for (let place = 0; place < window.rows.length; place++) {
        if (starts[place]! < untilMs) this.judge(place);
        else this.pass(place, untilMs);
      }
    }
  }

  isWaiting(untilMs: number): boolean {
    if (this.settleMs === 0) return false;
    for (const unit of this.known()) if (unit.passedMs < untilMs + this.settleMs) return true;
    return false;
  }

  decide(decisions: readonly FollowedDecision[]): void {
    this.decisions = decisions;
    for (const unit of this.known()) unit.decide(decisions);
  }

  inherit(before: VersionEngine): void {
    if (!(before instanceof PartitionEngine) || !sameAssets(before.claims, this.claims)) return;
    for (const [number, known] of before.states.entries()) {
      if (known !== undefined && this.states[number] === undefined) this.addUnit(number).inherit(known);
    }
  }

  takeChanged(): Finding[] {
    return this.partition.changed.take().sort(compareFindings);
  }

  findings(): Finding[] {
    const all: Finding[] = [];
    for (const unit of this.known()) unit.book.list(all);
    return all.sort(compareFindings);
  }

  unitOf(finding: Finding): string {
    return this.claims.assets.find((asset) => asset.name === finding.asset)?.unit ?? finding.asset;
  }

  judgements(): Judgement[] {
    const all: Judgement[] = [];
    for (const unit of this.known()) unit.book.judgements.list(all);
    return all.sort(compareJudgements);
  }

  takeChangedJudgements(): Judgement[] {
    return this.partition.changedJudgements.take().sort(compareJudgements);
  }

  learning(): Learning[] {
    return this.claims.assets.flatMap(({ name }, asset) =>
      (this.states[this.unitOfAsset[asset]!]?.learning(asset) ?? []).map((learning) => ({ asset: name, ...learning })),
    );
  }

  snapshot(): Uint8Array {
    return joined(this.snapshotParts());
  }

  snapshotParts(): Iterable<Uint8Array> {
    return sealSnapshot(this.binding(), this.state());
  }

  private *state(): Generator<Uint8Array> {
    const units = [...this.known()];
    const writer = new StateWriter();
    writer.f64(this.unassignedRecords);
    this.reader.save(writer);
    writer.u32(units.length);
    for (const [index, unit] of units.entries()) {
      writer.text(unit.name);
      unit.save(writer);
      if ((index + 1) % UNITS_OF_A_PART !== 0) continue;
      yield writer.take();
    }
    yield writer.take();
  }

  restore(bytes: Uint8Array | Iterable<Uint8Array>): string | undefined {
    const unsealed = unsealSnapshot(this.binding(), bytes);
    if ('refused' in unsealed) return unsealed.refused;
    this.forget();
    try {
      const reader = new StateReader(unsealed.state);
      this.unassignedRecords = reader.f64();
      this.reader.load(reader);
      for (let left = reader.u32(); left > 0; left--) {
        const unit = this.addUnit(this.unitNames.get(reader.text())!);
        unit.load(reader);
      }
      // Behind the last of it the checksum is compared.
      let longer = 0;
      for (let rest = reader.part(); rest !== undefined; rest = reader.part()) longer += rest.length;
      if (longer > 0) throw new StateError('the snapshot is longer than its state: its version should have been raised');
      return undefined;
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      this.forget();
      return error.message;
    }
  }

  private forget(): void {
    this.states.fill(undefined);
    this.units = 0;
    this.unassignedRecords = 0;
    this.partition.changed.clear();
    this.partition.changedJudgements.clear();
    for (const asset of this.claims.assets.keys()) this.partition.times.forget(asset);
  }

  /** Hands each row that is to be judged, or that makes time pass, to its unit. */
  private gather(batch: FlowBatch, range: RowRange | undefined): void {
    const { reader, rows, unitOfAsset } = this;
    const starts = batch.columns.flowStartMilliseconds;
    const { fromMs, untilMs } = range ?? { fromMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY };
    const end = range?.end ?? batch.length;
    rows.begin(batch.length, this.assetsOfUnit.length);
    for (let row = range?.row ?? 0; row < end; row++) {
      const startMs = starts[row]!;
      if (startMs < fromMs || (startMs >= untilMs && this.settleMs === 0)) continue;
      const asset = reader.assetOf(row);
      if (asset >= 0) rows.add(unitOfAsset[asset]!, row);
      else if (startMs < untilMs) this.unassignedRecords += 1;
    }
  }

  private judge(place: number): void {
    const { reader, record } = this;
    record.asset = reader.assetOf(place);
    record.fleet = this.fleetOf[record.asset]!;
    const number = this.unitOfAsset[record.asset]!;
    const unit = this.states[number] ?? this.addUnit(number);
    if (reader.read(place, unit.sessions, this.partition.kinds, record)) {
      reader.retell(record);
      unit.book.retract(record.session);
      unit.judge(record, this.batch);
    }
    reader.tell(record);
    unit.judge(record, this.batch);
  }

  /** Time goes on for the unit of a row that starts after the claims' time: what waits for later records is decided, the row itself is others' to judge. */
  private pass(place: number, untilMs: number): void {
    const { reader, record } = this;
    const asset = reader.assetOf(place);
    const unit = this.states[this.unitOfAsset[asset]!];
    if (unit === undefined || unit.passedMs >= untilMs + this.settleMs) return;
    record.asset = asset;
    record.fleet = this.fleetOf[asset]!;
    reader.pass(place, record);
    unit.pass(record, this.batch);
  }

  private binding(): SnapshotBinding {
    const parameters = Object.fromEntries(this.partition.ids.map((id) => [id, this.parameters[id]]));
    return { claimsHash: this.claims.hash, parameters };
  }

  private addUnit(number: number): UnitState {
    const assets = this.assetsOfUnit[number]!;
    const unit = new UnitState(this.partition, this.claims.assets[assets[0]!]!.unit, assets);
    unit.decide(this.decisions);
    this.states[number] = unit;
    this.units += 1;
    return unit;
  }

  private *known(): Generator<UnitState> {
    for (const unit of this.states) if (unit !== undefined) yield unit;
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
