/** Intervals told for one interface or one line card are kept among the samplers', apart from their ids. */
const INTERFACE_KEYS = 2 ** 40;
const LINE_CARD_KEYS = 2 ** 41;
export const interfaceSampler = (index: number): number => INTERFACE_KEYS + index;
export const lineCardSampler = (id: number): number => LINE_CARD_KEYS + id;

/** Selectors one after another in a selection sequence (RFC 5476 §6.5.1); real ones have one or two. */
const MAX_SELECTORS_PER_SEQUENCE = 8;

/**
 * Sampling intervals that an observation domain told in options records. A record that names its sampler gets that sampler's interval;
 * one that names none gets the domain's: the one told without a sampler, or the one on which all samplers agree. Where they differ
 * the answer is 0, not known: the last one told is no better than a guess.
 */
export class SamplingTable {
  /** Interval for records that name no known sampler; 0 not known. */
  domainInterval = 0;
  /** True when some interval was told for one interface. */
  byInterface = false;
  private told = false;
  private readonly intervals = new Map<number, number>();
  private readonly sequences = new Map<number, readonly number[]>();
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
    if (sampler >= INTERFACE_KEYS && sampler < LINE_CARD_KEYS) this.byInterface = true;
    if (!this.told) this.domainInterval = this.agreed();
  }

  /** The interval of a sampler, or of the domain where that sampler is not known. */
  of(sampler: number): number {
    return this.intervals.get(sampler) ?? this.domainInterval;
  }

  /** The interval told for the interface that packets came in by, or left by; else the domain's. */
  ofInterfaces(ingress: number, egress: number): number {
    return this.intervals.get(interfaceSampler(ingress)) ?? this.intervals.get(interfaceSampler(egress)) ?? this.domainInterval;
  }

  /** Remembers that packets of a selection sequence went through these selectors, one after the other. */
  setSequence(sequence: number, selectors: readonly number[]): void {
    if (selectors.length === 0 || selectors.length > MAX_SELECTORS_PER_SEQUENCE) return;
    if (this.sequences.has(sequence) || this.sequences.size < this.maxSamplers) this.sequences.set(sequence, selectors);
  }

  /** The interval of a selection sequence: the product of its selectors'. Where one of them told none, it selects by what packets are, not by chance. */
  ofSequence(sequence: number): number {
    const selectors = this.sequences.get(sequence);
    if (selectors === undefined) return this.of(sequence);
    const told = selectors.map((selector) => this.intervals.get(selector)).filter((interval) => interval !== undefined);
    return told.length === 0
      ? this.domainInterval
      : Math.min(
          0xffff_ffff,
          told.reduce((product, interval) => product * interval, 1),
        );
  }

  /** What was told, in the form that `set` takes: a table is made again by setting them in this order. */
  *entries(): Generator<readonly [sampler: number | undefined, interval: number]> {
    if (this.told) yield [undefined, this.domainInterval];
    yield* this.intervals;
  }

  /** The same for `setSequence`. */
  selectionSequences(): Iterable<[sequence: number, selectors: readonly number[]]> {
    return this.sequences.entries();
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
