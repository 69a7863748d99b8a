import type { FlowBatch } from '../../flow/batch.js';
import { joined, StateError, StateReader, StateWriter } from '../baseline/state.js';
import type { FollowedDecision } from '../decisions/followed.js';
import type { Finding } from '../findings/finding.js';
import { compareFindings } from '../findings/json.js';
import { compareJudgements, type Judgement } from '../findings/judgement.js';
import type { ClaimVersion } from './claim-version.js';
import { createEngine, type Engine, type Learning, type VersionEngine } from './engine.js';
import { type DetectionSettings, effectiveParameters } from './parameters.js';

const NONE: readonly FollowedDecision[] = [];

/** One version of one claim set, and its engine from the first record on that falls into its time. */
interface Part {
  readonly version: ClaimVersion;
  engine: VersionEngine | undefined;
}

/**
 * Several claim sets judged side by side, each by one engine for every version: an engine reads all rows that start while its version is in force, and
 * judges those filed under its own assets. Assets belong to one claim set, so the engines share no state, and a set that is changed or added leaves the
 * findings of the others as they are. Versions are looked up with every batch: a new one counts from the next batch on, and must begin after the newest
 * record so far, so that judging again from any snapshot finds the same.
 */
export class ClaimEngines implements Engine {
  /** Start of the newest record, ms since the epoch; −Infinity before the first. */
  newestStartMs = Number.NEGATIVE_INFINITY;
  private readonly current: () => readonly ClaimVersion[];
  private readonly parameters: DetectionSettings;
  private readonly decisions: () => readonly FollowedDecision[];
  private decided: readonly FollowedDecision[] = [];
  private followed: readonly ClaimVersion[] = [];
  private parts: readonly Part[] = [];
  private readonly unitOfAsset = new Map<string, string>();
  private findingsTaken = true;

  /**
   * `current` answers the versions in force, before and to come, of every claim set, `decisions` what people have decided that the detector follows; a changed
   * list is a new array. Throws ParameterError.
   */
  constructor(
    current: () => readonly ClaimVersion[],
    parameters: DetectionSettings = {},
    decisions: () => readonly FollowedDecision[] = () => NONE,
  ) {
    effectiveParameters(parameters);
    this.current = current;
    this.parameters = parameters;
    this.decisions = decisions;
    this.follow();
  }

  /** Rows that no engine judged: each claim set counts the rows of the others, so the smallest count is the nearest bound. */
  get unassignedRecords(): number {
    const bySet = new Map<string, number>();
    for (const { version, engine } of this.parts)
      bySet.set(version.claims.id, (bySet.get(version.claims.id) ?? 0) + (engine?.unassignedRecords ?? 0));
    return bySet.size === 0 ? 0 : Math.min(...bySet.values());
  }

  get units(): number {
    return this.engines().reduce((sum, engine) => sum + engine.units, 0);
  }

  ingest(batch: FlowBatch): void {
    this.follow();
    this.findingsTaken = false;
    // A version begins with what the one before knows when its first record comes: a batch is cut there, so that where batches begin does not matter.
    const begins = this.parts.flatMap(({ version, engine }) => (engine === undefined ? [version.fromMs] : []));
    for (let row = 0; row < batch.length; ) {
      const cuts = begins.map((fromMs) => firstRowFrom(batch, row, fromMs)).filter((cut) => cut > row);
      const end = Math.min(batch.length, ...cuts);
      this.ingestRows(batch, row, end);
      row = end;
    }
  }

  private ingestRows(batch: FlowBatch, row: number, end: number): void {
    const { oldest, newest } = startsOf(batch, row, end);
    const concerned = this.parts.filter(
      ({ version, engine }) =>
        newest >= version.fromMs &&
        (oldest < version.untilMs || engine?.isWaiting(version.untilMs) === true) &&
        !this.isClosed({ version }),
    );
    for (const part of concerned) part.engine ??= this.begin(part);
    for (const { version, engine } of concerned) {
      const { fromMs, untilMs, closesMs } = version;
      engine!.ingest(batch, { row, end: newest < closesMs ? end : Math.min(end, firstRowFrom(batch, row, closesMs)), fromMs, untilMs });
    }
    if (newest > this.newestStartMs) this.newestStartMs = newest;
  }

  takeChanged(): Finding[] {
    this.findingsTaken = true;
    return this.gather((engine) => engine.takeChanged());
  }

  findings(): Finding[] {
    return this.gather((engine) => engine.findings());
  }

  unitOf(finding: Finding): string {
    return this.unitOfAsset.get(finding.asset) ?? finding.asset;
  }

  judgements(): Judgement[] {
    return this.engines()
      .flatMap((engine) => engine.judgements())
      .sort(compareJudgements);
  }

  takeChangedJudgements(): Judgement[] {
    const changed = this.engines().flatMap((engine) => engine.takeChangedJudgements());
    // All that a version found has been handed on by now, and no record of it is judged any more.
    if (this.findingsTaken) for (const part of this.parts) if (this.isClosed(part)) part.engine = undefined;
    return changed.sort(compareJudgements);
  }

  /** Of the versions that are in force now, or will be. */
  learning(): Learning[] {
    return this.parts.flatMap(({ version, engine }) => (version.untilMs > this.newestStartMs ? (engine?.learning() ?? []) : []));
  }

  snapshot(): Uint8Array {
    return joined(this.snapshotParts());
  }

  /** Of each version its key and its engine's snapshot, part by part, each part with its length before it; a part without length ends the version. */
  *snapshotParts(): Generator<Uint8Array> {
    this.follow();
    const head = new StateWriter();
    head.f64(this.newestStartMs);
    head.u32(this.parts.length);
    yield head.finish();
    for (const { version, engine } of this.parts) {
      yield textPart(keyOf(version));
      for (const part of engine?.snapshotParts() ?? []) {
        if (part.length === 0) continue;
        yield lengthPart(part.length);
        yield part;
      }
      yield lengthPart(0);
    }
  }

  restore(bytes: Uint8Array | Iterable<Uint8Array>): string | undefined {
    this.follow();
    const refused = this.tryRestore(bytes);
    if (refused === undefined) return undefined;
    // One engine's state without the others' would belong to no offset of the log.
    for (const part of this.parts) part.engine = undefined;
    this.newestStartMs = Number.NEGATIVE_INFINITY;
    return refused;
  }

  private tryRestore(bytes: Uint8Array | Iterable<Uint8Array>): string | undefined {
    const missing = new Map(this.parts.map((part) => [keyOf(part.version), part]));
    try {
      const reader = new StateReader(bytes);
      const newestStartMs = reader.f64();
      for (let left = reader.u32(); left > 0; left--) {
        const key = reader.text();
        const part = missing.get(key);
        missing.delete(key);
        const state = partsOf(reader);
        const first = state.next();
        // A version that has judged nothing has no state.
        if (first.done === true) continue;
        if (part === undefined) {
          // A claim set that is configured no more, or a version that cannot be loaded any more, takes its state with it.
          for (const _ of state);
          continue;
        }
        part.engine = this.make(part.version);
        const refused = part.engine.restore(withFirst(first.value, state));
        if (refused !== undefined) return refused;
      }
      // A version that came into force later has judged nothing before the snapshot; one that always was in force has.
      const unknown = [...missing.values()].find(({ version }) => version.fromMs === Number.NEGATIVE_INFINITY);
      if (unknown !== undefined) return `it holds nothing of the claims '${unknown.version.claims.id}'`;
      this.newestStartMs = newestStartMs;
      return undefined;
    } catch (error) {
      if (error instanceof StateError) return error.message;
      throw error;
    }
  }

  /** Takes over what has changed in the list of versions; engines of versions that stay go on. */
  private follow(): void {
    const decided = this.decisions();
    if (decided !== this.decided) {
      this.decided = decided;
      for (const { engine } of this.parts) engine?.decide(decided);
    }
    const versions = this.current();
    if (versions === this.followed) return;
    const engines = new Map(this.parts.map(({ version, engine }) => [keyOf(version), engine]));
    this.parts = versions.map((version) => ({ version, engine: engines.get(keyOf(version)) }));
    this.followed = versions;
  }

  private isClosed({ version }: Pick<Part, 'version'>): boolean {
    return this.newestStartMs >= version.closesMs;
  }

  private make({ claims }: ClaimVersion): VersionEngine {
    const engine = createEngine({ claims, parameters: this.parameters });
    engine.decide(this.decided);
    return engine;
  }

  private begin(part: Part): VersionEngine {
    const { version } = part;
    const engine = this.make(version);
    const before = this.parts[this.parts.indexOf(part) - 1];
    if (before?.engine !== undefined && before.version.claims.id === version.claims.id) engine.inherit(before.engine);
    return engine;
  }

  private engines(): Engine[] {
    return this.parts.flatMap(({ engine }) => (engine === undefined ? [] : [engine]));
  }

  private gather(list: (engine: Engine) => Finding[]): Finding[] {
    const all: Finding[] = [];
    for (const engine of this.engines()) {
      for (const finding of list(engine)) {
        this.unitOfAsset.set(finding.asset, engine.unitOf(finding));
        all.push(finding);
      }
    }
    return all.sort(compareFindings);
  }
}

/** A detector of these claim sets under the same parameters: what a service makes for each partition. */
export function createClaimEngines(
  versions: () => readonly ClaimVersion[],
  parameters?: DetectionSettings,
  decisions?: () => readonly FollowedDecision[],
): ClaimEngines {
  return new ClaimEngines(versions, parameters, decisions);
}

function textPart(text: string): Uint8Array {
  const writer = new StateWriter();
  writer.text(text);
  return writer.finish();
}

function lengthPart(length: number): Uint8Array {
  const part = new Uint8Array(4);
  new DataView(part.buffer).setUint32(0, length, true);
  return part;
}

/** The parts that follow, up to the one without length, each good until the next is asked for. */
function* partsOf(reader: StateReader): Generator<Uint8Array, void> {
  for (let length = reader.u32(); length > 0; length = reader.u32()) yield reader.raw(length);
}

function* withFirst(first: Uint8Array, others: Iterable<Uint8Array>): Generator<Uint8Array> {
  yield first;
  yield* others;
}

function keyOf({ claims, fromMs }: ClaimVersion): string {
  return `${claims.id} ${claims.hash} ${fromMs}`;
}

/** The first row from `row` on that starts at `ms` or later; the batch's length where none does. */
function firstRowFrom(batch: FlowBatch, row: number, ms: number): number {
  const starts = batch.columns.flowStartMilliseconds;
  let at = row;
  while (at < batch.length && starts[at]! < ms) at++;
  return at;
}

function startsOf(batch: FlowBatch, row: number, end: number): { oldest: number; newest: number } {
  const starts = batch.columns.flowStartMilliseconds;
  let oldest = Number.POSITIVE_INFINITY;
  let newest = Number.NEGATIVE_INFINITY;
  for (let at = row; at < end; at++) {
    const start = starts[at]!;
    if (start < oldest) oldest = start;
    if (start > newest) newest = start;
  }
  return { oldest, newest };
}
