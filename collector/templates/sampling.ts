/**
 * Sampling intervals that an observation domain told in options records. A record that names its sampler gets that sampler's interval;
 * one that names none gets the domain's: the one told without a sampler, or the one on which all samplers agree. Where they differ
 * the answer is 0, not known: the last one told is no better than a guess.
 */
export class SamplingTable {
  /** Interval for records that name no known sampler; 0 not known. */
  domainInterval = 0;
  private told = false;
  private readonly intervals = new Map<number, number>();
  private readonly maxSamplers: number;

  constructor(maxSamplers: number) {
    this.maxSamplers = maxSamplers;
  }

  /** Remembers 1 in `interval`. `sampler` undefined: for the whole domain. An interval below 1 says nothing and is ignored. */
  set(sampler: number | undefined, interval: number): void {
    if (!(interval >= 1)) return;
    if (sampler === undefined) {
      this.told = true;
      this.domainInterval = interval;
      return;
    }
    if (!this.intervals.has(sampler) && this.intervals.size >= this.maxSamplers) return;
    this.intervals.set(sampler, interval);
    if (!this.told) this.domainInterval = this.agreed();
  }

  /** The interval of a sampler, or of the domain where that sampler is not known. */
  of(sampler: number): number {
    return this.intervals.get(sampler) ?? this.domainInterval;
  }

  /** What was told, in the form that `set` takes: a table is made again by setting them in this order. */
  *entries(): Generator<readonly [sampler: number | undefined, interval: number]> {
    if (this.told) yield [undefined, this.domainInterval];
    yield* this.intervals;
  }

  private agreed(): number {
    let common = 0;
    for (const interval of this.intervals.values()) {
      if (common !== 0 && common !== interval) return 0;
      common = interval;
    }
    return common;
  }
}
