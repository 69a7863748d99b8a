import type { StateReader, StateWriter } from './state.js';

/** When the first record of each asset of a unit began. Shared by the detections of the unit that learn; each of them keeps it in its own state. */
export class AssetAges {
  private readonly firsts = new Map<number, number>();
  private lastAsset = -1;
  private lastFirstMs = 0;

  /** To be asked with every record: the first one counts. */
  firstMs(asset: number, ms: number): number {
    if (asset === this.lastAsset) return this.lastFirstMs;
    const known = this.firsts.get(asset);
    if (known === undefined) this.firsts.set(asset, ms);
    this.lastAsset = asset;
    this.lastFirstMs = known ?? ms;
    return this.lastFirstMs;
  }

  known(asset: number): number | undefined {
    return this.firsts.get(asset);
  }

  save(writer: StateWriter): void {
    writer.u32(this.firsts.size);
    for (const [asset, firstMs] of this.firsts) {
      writer.u32(asset);
      writer.f64(firstMs);
    }
  }

  load(reader: StateReader): void {
    this.lastAsset = -1;
    for (let left = reader.u32(); left > 0; left--) this.firsts.set(reader.u32(), reader.f64());
  }
}
