import type { FlowBatch } from '../../flow/batch.js';
import { StateError, StateReader, StateWriter } from '../baseline/state.js';
import type { CompiledClaims } from '../claims/compiled.js';
import type { Finding } from '../findings/finding.js';
import { compareFindings } from '../findings/json.js';
import { compareJudgements, type Judgement } from '../findings/judgement.js';
import { createEngine, type Engine, type Learning } from './engine.js';
import type { DetectionSettings } from './parameters.js';

/**
 * Several claim sets judged side by side: one engine each, every one reading all rows and judging those filed under its own assets. Assets belong to
 * one claim set, so the engines share no state, and one that is changed or added leaves the others' findings as they are.
 */
export function createEngineSet(factories: readonly (() => Engine)[]): Engine {
  const [only] = factories;
  return factories.length === 1 && only !== undefined ? only() : new EngineSet(factories);
}

/** A detector of these claim sets under the same parameters: what a service makes for each partition. */
export function createClaimEngines(sets: readonly CompiledClaims[], parameters?: DetectionSettings): Engine {
  return createEngineSet(sets.map((claims) => () => createEngine({ claims, ...(parameters === undefined ? {} : { parameters }) })));
}

class EngineSet implements Engine {
  private readonly factories: readonly (() => Engine)[];
  private engines: readonly Engine[];
  private readonly unitOfAsset = new Map<string, string>();

  constructor(factories: readonly (() => Engine)[]) {
    this.factories = factories;
    this.engines = factories.map((make) => make());
  }

  /** Rows that no engine judged: each counts the rows of the others, so the smallest count is the nearest bound. */
  get unassignedRecords(): number {
    return this.engines.length === 0 ? 0 : Math.min(...this.engines.map((engine) => engine.unassignedRecords));
  }

  ingest(batch: FlowBatch): void {
    for (const engine of this.engines) engine.ingest(batch);
  }

  takeChanged(): Finding[] {
    return this.gather((engine) => engine.takeChanged());
  }

  findings(): Finding[] {
    return this.gather((engine) => engine.findings());
  }

  unitOf(finding: Finding): string {
    return this.unitOfAsset.get(finding.asset) ?? finding.asset;
  }

  judgements(): Judgement[] {
    return this.engines.flatMap((engine) => engine.judgements()).sort(compareJudgements);
  }

  takeChangedJudgements(): Judgement[] {
    return this.engines.flatMap((engine) => engine.takeChangedJudgements()).sort(compareJudgements);
  }

  learning(): Learning[] {
    return this.engines.flatMap((engine) => engine.learning());
  }

  snapshot(): Uint8Array {
    const writer = new StateWriter();
    writer.u32(this.engines.length);
    for (const engine of this.engines) writer.numbers(engine.snapshot());
    return writer.finish();
  }

  restore(bytes: Uint8Array): string | undefined {
    const refused = this.tryRestore(bytes);
    // One engine's state without the others' would belong to no offset of the log.
    if (refused !== undefined) this.engines = this.factories.map((make) => make());
    return refused;
  }

  private tryRestore(bytes: Uint8Array): string | undefined {
    try {
      const reader = new StateReader(bytes);
      const count = reader.u32();
      if (count !== this.engines.length) return `it holds ${count} claim sets where ${this.engines.length} are judged`;
      for (const engine of this.engines) {
        const refused = engine.restore(reader.octets());
        if (refused !== undefined) return refused;
      }
      return undefined;
    } catch (error) {
      if (error instanceof StateError) return error.message;
      throw error;
    }
  }

  private gather(list: (engine: Engine) => Finding[]): Finding[] {
    const all: Finding[] = [];
    for (const engine of this.engines) {
      for (const finding of list(engine)) {
        this.unitOfAsset.set(finding.asset, engine.unitOf(finding));
        all.push(finding);
      }
    }
    return all.sort(compareFindings);
  }
}
