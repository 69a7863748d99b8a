/** A stretch of time [fromMs, toMs). Lists of intervals here are sorted and disjoint. */
export interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The union of intervals in any order, cut to [fromMs, toMs). */
export function unionOf(intervals: readonly Interval[], fromMs: number, toMs: number): Interval[] {
  const cut = intervals
    .map((one) => ({ fromMs: Math.max(one.fromMs, fromMs), toMs: Math.min(one.toMs, toMs) }))
    .filter((one) => one.fromMs < one.toMs)
    .sort((a, b) => a.fromMs - b.fromMs || a.toMs - b.toMs);
  const merged: Interval[] = [];
  for (const one of cut) {
    const last = merged.at(-1);
    if (last !== undefined && one.fromMs <= last.toMs)
      merged[merged.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, one.toMs) };
    else merged.push(one);
  }
  return merged;
}

/** What lies in both lists. */
export function intersectionOf(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const shared: Interval[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const fromMs = Math.max(a[i]!.fromMs, b[j]!.fromMs);
    const toMs = Math.min(a[i]!.toMs, b[j]!.toMs);
    if (fromMs < toMs) shared.push({ fromMs, toMs });
    if (a[i]!.toMs < b[j]!.toMs) i++;
    else j++;
  }
  return shared;
}

export function totalMs(intervals: readonly Interval[]): number {
  return intervals.reduce((sum, one) => sum + one.toMs - one.fromMs, 0);
}

export function longestMs(intervals: readonly Interval[]): number {
  return intervals.reduce((longest, one) => Math.max(longest, one.toMs - one.fromMs), 0);
}
