/**
 * What is kept for each asset of a unit. Most units are one asset: the first has a place of its own, and a table is made for the others only. Arrays by the asset's
 * index would be as long as the claims name assets, in every unit.
 */
export class ByAsset<T extends object> {
  private first = -1;
  private ofFirst: T | undefined;
  private others: Map<number, T> | undefined;

  get(asset: number): T | undefined {
    return asset === this.first ? this.ofFirst : this.others?.get(asset);
  }

  set(asset: number, value: T): void {
    if (this.first < 0 || asset === this.first) {
      this.first = asset;
      this.ofFirst = value;
      return;
    }
    this.others ??= new Map();
    this.others.set(asset, value);
  }

  /** In the order in which the assets came. */
  *entries(): Generator<[number, T]> {
    if (this.ofFirst !== undefined) yield [this.first, this.ofFirst];
    if (this.others !== undefined) yield* this.others;
  }
}
