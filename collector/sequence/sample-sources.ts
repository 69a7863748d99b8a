import { SequenceState } from '../../flow/columns.js';
import { SAMPLE_WORDS, type SampleCounters } from '../contracts.js';
import type { SequenceLimits } from './limits.js';
import { DUPLICATE, SequenceStream } from './stream.js';

/** Samples of a source after which its attained interval is judged. */
export const ATTAINED_SAMPLES = 256;
/**
 * How far the attained interval must lie above the told one to be told itself: four standard deviations of the packets between 256 random samples
 * (1 / √256 each), so that chance alone does not show.
 */
const BEYOND_CHANCE = 1 + 4 / Math.sqrt(ATTAINED_SAMPLES);
/** A port's samples need less memory than an exporter's messages. */
const SOURCE_LIMITS = { maxHoles: 16, maxRecentMessages: 32 } as const;

/**
 * A pool that grew by more than this many sampling intervals for each sample taken was set anew: by chance that happens with a probability of e^−64.
 */
const MOST_INTERVALS = 64;

/** What the latest message told of its sources beside the samples. */
export interface PoolCounts {
  /** Samples that arrived, whose pool is told … */
  selected: number;
  /** … and the packets that they were taken from. */
  pool: number;
  /** Packets marked for sampling that the agent had to drop. */
  dropped: number;
}

/** How many more sources may be followed; shared by all agents of a ledger. */
export interface SourceBudget {
  left: number;
}

interface Source {
  readonly stream: SequenceStream;
  /** Pool at the start of the window, and samples received in it since. */
  poolBefore: number;
  received: number;
  rate: number;
  /** Of the latest sample in order. */
  sequence: number;
  pool: number;
  drops: number;
  /** Interval that the last window came to, 0 while it is not beyond the told one. */
  attained: number;
}

/**
 * The sources (mostly ports) of one sFlow agent. Each numbers its flow samples, so what datagrams took with them when they were lost is known to the sample;
 * and each tells its pool, the packets it could have sampled. Packets per sample received is the interval attained, loss on the way and samples the agent
 * had to drop included (reference: assurance.md §2.1).
 */
export class SampleSources {
  /** False once a source had to be left out for want of memory: its loss can then only be estimated. */
  complete = true;
  /** Of the latest `observe`. */
  readonly counts: PoolCounts = { selected: 0, pool: 0, dropped: 0 };
  private readonly limits: SequenceLimits;
  private readonly budget: SourceBudget;
  private readonly lost: (samples: number, revealedMs: number) => void;
  private readonly sources = new Map<number, Source>();

  constructor(limits: SequenceLimits, budget: SourceBudget, lost: (samples: number, revealedMs: number) => void) {
    this.limits = { ...limits, ...SOURCE_LIMITS };
    this.budget = budget;
    this.lost = lost;
  }

  /** Follows the samples of one datagram, none of which was seen before. Returns the largest interval that one of their sources attained, 0 for none. */
  observe(samples: SampleCounters, exportTimeMs: number): number {
    let largest = 0;
    this.counts.selected = 0;
    this.counts.pool = 0;
    this.counts.dropped = 0;
    for (let at = 0; at < samples.length * SAMPLE_WORDS; at += SAMPLE_WORDS) {
      const source = this.sourceOf(samples.words[at]!, samples.words[at + 1]!);
      if (source === undefined) continue;
      const state = source.stream.observe({
        sequence: samples.words[at + 2]!,
        advance: 1,
        slack: 0,
        exportTimeMs,
        systemUptimeMs: Number.NaN,
      });
      if (state === DUPLICATE) continue;
      if (state === SequenceState.inOrder || state === SequenceState.afterLoss || state === SequenceState.reordered) {
        countPool(source, samples.words[at + 3]!, samples.words[at + 4]!, state !== SequenceState.reordered);
        this.countPackets(source, samples, at, state !== SequenceState.reordered);
      } else {
        keepLatest(source, samples, at);
        startWindow(source, samples.words[at + 3]!, samples.words[at + 4]!);
      }
      if (source.attained > largest) largest = source.attained;
    }
    return largest;
  }

  settleBefore(ms: number): void {
    for (const { stream } of this.sources.values()) {
      if (ms === Number.POSITIVE_INFINITY) stream.settleAll();
      else stream.settleBefore(ms);
    }
  }

  /** Books what is open and forgets all sources: the agent restarted, or is itself forgotten. */
  clear(): void {
    this.settleBefore(Number.POSITIVE_INFINITY);
    this.budget.left += this.sources.size;
    this.sources.clear();
    this.complete = true;
  }

  /** Running totals of 32 bits that wrap. A late sample was taken from a pool that is counted already. */
  private countPackets(source: Source, samples: SampleCounters, at: number, isLatest: boolean): void {
    const { counts } = this;
    const { words } = samples;
    if (!isLatest) {
      if (source.pool > 0) counts.selected++;
      return;
    }
    const rate = words[at + 3]!;
    const pool = words[at + 4]!;
    const drops = words[at + 5]!;
    const packets = (pool - source.pool) >>> 0;
    // A total that was set back looks like billions more.
    const told = (drops - source.drops) >>> 0;
    const dropped = told <= 0x7fff_ffff ? told : 0;
    const taken = ((words[at + 2]! - source.sequence) >>> 0) + dropped;
    if (packets <= rate * taken * MOST_INTERVALS) {
      if (packets > 0) counts.selected++;
      counts.pool += packets;
      counts.dropped += dropped;
    }
    keepLatest(source, samples, at);
  }

  private sourceOf(sourceClass: number, index: number): Source | undefined {
    const key = sourceClass * 2 ** 32 + index;
    let source = this.sources.get(key);
    if (source === undefined) {
      if (this.budget.left <= 0 || !Number.isSafeInteger(key)) {
        this.complete = false;
        return undefined;
      }
      this.budget.left--;
      // That an agent restarted, its datagrams tell; samples without flow were counted when they came.
      const stream = new SequenceStream(this.limits, { lost: this.lost, restarted: () => undefined, undecodable: () => undefined });
      source = { stream, poolBefore: 0, received: 0, rate: 0, sequence: 0, pool: 0, drops: 0, attained: 0 };
      this.sources.set(key, source);
    }
    return source;
  }
}

function keepLatest(source: Source, { words }: SampleCounters, at: number): void {
  source.sequence = words[at + 2]!;
  source.pool = words[at + 4]!;
  source.drops = words[at + 5]!;
}

function startWindow(source: Source, rate: number, pool: number): void {
  source.poolBefore = pool;
  source.received = 0;
  source.rate = rate;
  source.attained = 0;
}

/** One sample more of the window. Late ones count, but their pool is of the past. */
function countPool(source: Source, rate: number, pool: number, isLatest: boolean): void {
  if (rate !== source.rate) return startWindow(source, rate, pool);
  source.received++;
  if (!isLatest || source.received < ATTAINED_SAMPLES) return undefined;
  const interval = Math.round(((pool - source.poolBefore) >>> 0) / source.received);
  source.attained = interval > rate * BEYOND_CHANCE ? interval : 0;
  source.poolBefore = pool;
  source.received = 0;
  return undefined;
}
