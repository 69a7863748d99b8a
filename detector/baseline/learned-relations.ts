import { finishHash, mixWord } from './hash.js';
import { SeenSet } from './seen-set.js';
import type { StateReader, StateWriter } from './state.js';

/** What one asset has to do with others, as far as a detection asks. At most 20 KiB, nothing before the first relation. */
export class Relations {
  readonly firstMs: number;
  private seen: SeenSet | undefined;

  /** `firstMs`: the asset's first record, whatever it was: who never had such a relation has learned that. */
  constructor(firstMs: number) {
    this.firstMs = firstMs;
  }

  /**
   * Meets a relation, given as two hashes of the peer and a word that tells relations with one peer apart. True from its first meeting to the end of that
   * calendar period, unless it was met while learning: what was reported once is known, and was not learned silently.
   */
  meetsNew(a: number, b: number, word: number, ms: number, periodFromMs: number, warmUpMs: number): boolean {
    this.seen ??= new SeenSet();
    const firstMs = this.seen.meet(finishHash(mixWord(a, word)), finishHash(mixWord(b, ~word)), ms, periodFromMs);
    return firstMs >= Math.max(periodFromMs, this.firstMs + warmUpMs);
  }

  save(writer: StateWriter): void {
    writer.u32(this.seen === undefined ? 0 : 1);
    this.seen?.save(writer);
  }

  load(reader: StateReader): void {
    if (reader.u32() === 0) return;
    this.seen = new SeenSet();
    this.seen.load(reader);
  }
}

/** Relations of the assets of a unit, with how long they are learned. */
export class LearnedRelations {
  readonly warmUpMs: number;
  private readonly assets = new Map<number, Relations>();
  private last: Relations | undefined;
  private lastAsset = -1;

  constructor(warmUpMs: number) {
    this.warmUpMs = warmUpMs;
  }

  /** To be asked with every record: the first one begins the learning. */
  of(asset: number, ms: number): Relations {
    if (asset === this.lastAsset) return this.last!;
    let relations = this.assets.get(asset);
    if (relations === undefined) {
      relations = new Relations(ms);
      this.assets.set(asset, relations);
    }
    this.last = relations;
    this.lastAsset = asset;
    return relations;
  }

  learningUntil(asset: number, nowMs: number): number | undefined {
    const relations = this.assets.get(asset);
    if (relations === undefined) return undefined;
    const untilMs = relations.firstMs + this.warmUpMs;
    return nowMs < untilMs ? untilMs : undefined;
  }

  save(writer: StateWriter): void {
    writer.u32(this.assets.size);
    for (const [asset, relations] of this.assets) {
      writer.u32(asset);
      writer.f64(relations.firstMs);
      relations.save(writer);
    }
  }

  load(reader: StateReader): void {
    for (let left = reader.u32(); left > 0; left--) this.of(reader.u32(), reader.f64()).load(reader);
  }
}
