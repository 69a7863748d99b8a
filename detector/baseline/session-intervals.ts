/** Stretches of time [from, to], disjoint and in order; what lies closer together than `nearMs` is one. */
export class Intervals {
  private readonly nearMs: number;
  private readonly most: number;
  private list: { from: number; to: number }[] = [];

  /** `nearMs`: gaps up to this are closed. `most`: beyond so many the oldest are forgotten. */
  constructor(nearMs: number, most: number) {
    this.nearMs = nearMs;
    this.most = most;
  }

  get length(): number {
    return this.list.length;
  }

  add(fromMs: number, toMs: number): void {
    const { list, nearMs } = this;
    // Records come nearly in order: looked for from the end.
    let at = list.length;
    while (at > 0 && list[at - 1]!.to + nearMs >= fromMs) at -= 1;
    const grown = { from: fromMs, to: toMs };
    let after = at;
    for (; after < list.length && list[after]!.from <= toMs + nearMs; after++) {
      grown.from = Math.min(grown.from, list[after]!.from);
      grown.to = Math.max(grown.to, list[after]!.to);
    }
    list.splice(at, after - at, grown);
    if (list.length > this.most) list.shift();
  }

  /** True when one of them shares a moment with [fromMs, toMs]. */
  meets(fromMs: number, toMs: number): boolean {
    for (let i = this.list.length - 1; i >= 0; i--) {
      const { from, to } = this.list[i]!;
      if (to < fromMs) return false;
      if (from <= toMs) return true;
    }
    return false;
  }

  forgetBefore(ms: number): void {
    let gone = 0;
    while (gone < this.list.length && this.list[gone]!.to < ms) gone += 1;
    if (gone > 0) this.list.splice(0, gone);
  }

  /** Plain values, for snapshots. */
  save(): readonly (readonly [number, number])[] {
    return this.list.map(({ from, to }) => [from, to]);
  }

  load(saved: readonly (readonly [number, number])[]): void {
    this.list = saved.map(([from, to]) => ({ from, to }));
  }
}
