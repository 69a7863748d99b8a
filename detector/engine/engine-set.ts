import type { FlowBatch } from '../../flow/batch.js';
import { StateError, StateReader, StateWriter } from '../baseline/state.js';
import type { Finding } from '../findings/finding.js';
import { compareFindings } from '../findings/json.js';
import { compareJudgements, type Judgement } from '../findings/judgement.js';
import type { ClaimVersion } from './claim-version.js';
import { createEngine, type Engine, type Learning } from './engine.js';
import { type DetectionSettings, effectiveParameters } from './parameters.js';

/** One version of one claim set, and its engine from the first record on that falls into its time. */
interface Part {
  readonly version: ClaimVersion;
  engine: Engine | undefined;
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
  private followed: readonly ClaimVersion[] = [];
  private parts: readonly Part[] = [];
  private readonly unitOfAsset = new Map<string, string>();
  private findingsTaken = true;

  /** `current` answers the versions in force, before and to come, of every claim set; a changed list is a new array. Throws ParameterError. */
  constructor(current: () => readonly ClaimVersion[], parameters: DetectionSettings = {}) {
    effectiveParameters(parameters);
    this.current = current;
    this.parameters = parameters;
    this.follow();
  }

  /** Rows that no engine judged: each claim set counts the rows of the others, so the smallest count is the nearest bound. */
  get unassignedRecords(): number {
    const bySet = new Map<string, number>();
    for (const { version, engine } of this.parts)
      bySet.set(version.claims.id, (bySet.get(version.claims.id) ?? 0) + (engine?.unassignedRecords ?? 0));
    return bySet.size === 0 ? 0 : Math.min(...bySet.values());
  }

  ingest(batch: FlowBatch): void {
    this.follow();
    const { oldest, newest } = startsOf(batch);
    for (const part of this.parts) {
      const { version } = part;
      if (newest < version.fromMs || oldest >= version.untilMs || this.isClosed(part)) continue;
      part.engine ??= this.make(version);
      part.engine.ingest(batch, version, newest < version.closesMs ? batch.length : rowsBefore(batch, version.closesMs));
    }
    this.findingsTaken = false;
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
    this.follow();
    const writer = new StateWriter();
    writer.f64(this.newestStartMs);
    writer.u32(this.parts.length);
    for (const { version, engine } of this.parts) {
      writer.text(version.claims.id);
      writer.text(keyOf(version));
      writer.numbers(engine?.snapshot() ?? new Uint8Array(0));
    }
    return writer.finish();
  }

  restore(bytes: Uint8Array): string | undefined {
    this.follow();
    const refused = this.tryRestore(bytes);
    if (refused === undefined) return undefined;
    // One engine's state without the others' would belong to no offset of the log.
    for (const part of this.parts) part.engine = undefined;
    this.newestStartMs = Number.NEGATIVE_INFINITY;
    return refused;
  }

  private tryRestore(bytes: Uint8Array): string | undefined {
    const missing = new Map(this.parts.map((part) => [keyOf(part.version), part]));
    const ids = new Set(this.parts.map(({ version }) => version.claims.id));
    try {
      const reader = new StateReader(bytes);
      const newestStartMs = reader.f64();
      for (let left = reader.u32(); left > 0; left--) {
        const id = reader.text();
        const key = reader.text();
        const state = reader.octets();
        const part = missing.get(key);
        missing.delete(key);
        // A claim set that is configured no more, or a version whose time is over, takes its state with it.
        if (state.length === 0 || !ids.has(id)) continue;
        if (part === undefined) return `it was made under other claims of '${id}'`;
        part.engine = this.make(part.version);
        const refused = part.engine.restore(state);
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
    const versions = this.current();
    if (versions === this.followed) return;
    const engines = new Map(this.parts.map(({ version, engine }) => [keyOf(version), engine]));
    this.parts = versions.map((version) => ({ version, engine: engines.get(keyOf(version)) }));
    this.followed = versions;
  }

  private isClosed({ version }: Part): boolean {
    return this.newestStartMs >= version.closesMs;
  }

  private make({ claims }: ClaimVersion): Engine {
    return createEngine({ claims, parameters: this.parameters });
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
export function createClaimEngines(versions: () => readonly ClaimVersion[], parameters?: DetectionSettings): ClaimEngines {
  return new ClaimEngines(versions, parameters);
}

function keyOf({ claims, fromMs }: ClaimVersion): string {
  return `${claims.id} ${claims.hash} ${fromMs}`;
}

/** Rows before the first that starts at `ms` or later: where a batch begins and ends must not matter. */
function rowsBefore(batch: FlowBatch, ms: number): number {
  const starts = batch.columns.flowStartMilliseconds;
  let row = 0;
  while (row < batch.length && starts[row]! < ms) row++;
  return row;
}

function startsOf(batch: FlowBatch): { oldest: number; newest: number } {
  const starts = batch.columns.flowStartMilliseconds;
  let oldest = Number.POSITIVE_INFINITY;
  let newest = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < batch.length; row++) {
    const start = starts[row]!;
    if (start < oldest) oldest = start;
    if (start > newest) newest = start;
  }
  return { oldest, newest };
}
