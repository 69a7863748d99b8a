import type { UnitContext } from '../detections/detection.js';
import type { AssetTimes } from './asset-times.js';
import { ByAsset } from './by-asset.js';
import { finishHash, mixWord } from './hash.js';
import type { NumberPool } from './number-pool.js';
import { SeenSet } from './seen-set.js';
import type { StateReader, StateWriter } from './state.js';

/**
 * Whom the assets of a unit have to do with, as far as a detection asks, and how long that is learned: at most 20 KiB an asset, nothing before its first relation.
 * Learning begins with the asset's first record, whatever it was: who never had such a relation has learned that.
 */
export class LearnedRelations {
  readonly warmUpMs: number;
  readonly times: AssetTimes;
  private readonly pool: NumberPool;
  private readonly assets = new ByAsset<SeenSet>();

  constructor({ times, pool }: Pick<UnitContext, 'times' | 'pool'>, warmUpMs: number) {
    this.times = times;
    this.pool = pool;
    this.warmUpMs = warmUpMs;
  }

  /**
   * Meets a relation, given as two hashes of the peer and a word that tells relations with one peer apart. True from its first meeting to the end of that
   * calendar period, unless it was met while learning: what was reported once is known, and was not learned silently. `warmUpMs`: where such relations are learned sooner.
   */
  meetsNew(asset: number, a: number, b: number, word: number, ms: number, periodFromMs: number, warmUpMs = this.warmUpMs): boolean {
    let seen = this.assets.get(asset);
    if (seen === undefined) {
      seen = new SeenSet(this.pool);
      this.assets.set(asset, seen);
    }
    const firstMs = seen.meet(finishHash(mixWord(a, word)), finishHash(mixWord(b, ~word)), ms, periodFromMs);
    return firstMs >= Math.max(periodFromMs, this.times.firstMs(asset) + warmUpMs);
  }

  /** Forgets relations with one peer: the next meeting of each is its first. */
  forget(asset: number, a: number, b: number, words: readonly number[]): void {
    const seen = this.assets.get(asset);
    for (const word of words) seen?.forget(finishHash(mixWord(a, word)), finishHash(mixWord(b, ~word)));
  }

  learningUntil(asset: number, nowMs: number): number | undefined {
    return this.times.learningUntil(asset, this.warmUpMs, nowMs);
  }

  save(writer: StateWriter): void {
    writer.byAsset(this.assets, (seen) => seen.save(writer));
  }

  load(reader: StateReader): void {
    for (let left = reader.u32(); left > 0; left--) {
      const asset = reader.u32();
      const seen = new SeenSet(this.pool);
      seen.load(reader);
      this.assets.set(asset, seen);
    }
  }
}
