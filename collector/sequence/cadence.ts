import type { SequenceLimits } from './limits.js';

/** Pauses are counted by their logarithm, four classes to a doubling: 1 ms to 12 days. */
const CLASSES_PER_DOUBLING = 4;
const CLASSES = 120;
/** The usual pause is the one that this share of the time is spent in pauses of, or in shorter ones. */
const SHARE_OF_TIME = 0.95;
/** Pauses between two looks at the classes. */
const PAUSES_PER_LOOK = 64;
/** So many pauses beyond the limit between two looks are no outages any more: the exporter has another cadence now, which is learned anew. */
const SILENCES_TO_RELEARN = 8;
/** Silence begins at this many usual pauses (reference: assurance.md §2.5). */
export const PAUSES_OF_SILENCE = 2;
/** … and at this much at least: export times are in seconds, and we ourselves may have been busy for a while. */
const LEAST_SILENCE_MS = 1000;

/**
 * How often an exporter's messages usually come, and when it was silent for longer. The usual pause is a quantile weighted by time: an exporter that sends
 * ten messages at once every minute pauses for a minute; one whose messages come at random is almost never silent beyond twice of it. An outage counts
 * for no more than the limit that it passed, so that it does not become usual; what is older fades.
 */
export class Cadence {
  /** Milliseconds; NaN until enough messages came. */
  usualPauseMs = Number.NaN;
  private readonly limits: SequenceLimits;
  private readonly silent: (fromMs: number, toMs: number) => void;
  private readonly time = new Float64Array(CLASSES);
  private lastMs = Number.NaN;
  /** Silence is booked up to here. */
  private bookedMs = Number.NaN;
  private pauses = 0;
  private pausesToLook: number;
  private silences = 0;

  /** `silent` is told each stretch of silence once, in ms of the clock that `message` is given. */
  constructor(limits: SequenceLimits, silent: (fromMs: number, toMs: number) => void) {
    this.limits = limits;
    this.silent = silent;
    this.pausesToLook = limits.messagesToLearnCadence;
  }

  /** A message came at `ms` by the clock of arrivals. Times that run back say nothing. */
  message(ms: number): void {
    const pause = ms - this.lastMs;
    if (pause >= 1) this.pause(pause, ms);
    if (!(ms <= this.lastMs)) this.lastMs = ms;
  }

  /** No message came up to `ms`. */
  ranUntil(ms: number): void {
    const from = Math.max(this.lastMs + this.limitMs, Number.isNaN(this.bookedMs) ? 0 : this.bookedMs);
    const to = Math.min(ms, this.lastMs + this.limits.maxSilenceMs);
    if (!(to > from)) return;
    this.silent(from, to);
    this.bookedMs = to;
  }

  private get limitMs(): number {
    return Math.max(LEAST_SILENCE_MS, this.usualPauseMs * PAUSES_OF_SILENCE);
  }

  private pause(pause: number, ms: number): void {
    const limit = this.limitMs;
    if (pause > limit) {
      this.ranUntil(ms);
      this.silences++;
    }
    const counted = Number.isNaN(limit) ? pause : Math.min(pause, limit);
    this.time[Math.min(CLASSES - 1, Math.floor(Math.log2(counted) * CLASSES_PER_DOUBLING))]! += counted;
    if (++this.pauses >= this.pausesToLook) this.look();
  }

  private look(): void {
    if (this.silences >= SILENCES_TO_RELEARN) {
      this.time.fill(0);
      this.usualPauseMs = Number.NaN;
      this.pausesToLook = this.limits.messagesToLearnCadence;
    } else {
      this.usualPauseMs = this.quantile();
      this.pausesToLook = PAUSES_PER_LOOK;
      for (let i = 0; i < CLASSES; i++) this.time[i]! *= 0.9;
    }
    this.pauses = 0;
    this.silences = 0;
  }

  /** Upper end of the class that the quantile falls in. */
  private quantile(): number {
    let all = 0;
    for (const time of this.time) all += time;
    let left = all * SHARE_OF_TIME;
    for (let i = 0; i < CLASSES; i++) {
      left -= this.time[i]!;
      if (left <= 0) return 2 ** ((i + 1) / CLASSES_PER_DOUBLING);
    }
    return Number.NaN;
  }
}
