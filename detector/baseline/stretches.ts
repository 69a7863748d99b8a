import { MINUTE_MS } from '../../flow/time.js';
import type { StateReader, StateWriter } from './state.js';

/** Minutes that are kept open for late records, at most: a day. */
const MOST_OPEN_MINUTES = 1440;

/** A stretch without contact that has been judged: as long as the claim says, or longer where nothing at all was seen. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
  /** Octets scaled by sampling, and sessions begun, of what shows that the equipment works. */
  readonly octets: number;
  readonly flows: number;
  /** Longest time within it of which no record tells. */
  readonly longestUnseenMs: number;
}

/**
 * Cuts record time into stretches of `forMs` without contact, one after another from the end of the last contact on, and sums what was alive in each. Minute by
 * minute: a minute closes when record time is `settleMs` past it, so that records that come late and out of order still count. What comes later
 * than that no longer does. Memory: four numbers for each open minute.
 */
export class Stretches {
  private readonly forMinutes: number;
  private readonly open: number;
  private readonly contact: Uint8Array;
  private readonly seen: Uint8Array;
  private readonly octets: Float64Array;
  private readonly flows: Float64Array;
  /** Oldest open minute; NaN before the first record. Minutes are numbered from the epoch. */
  private frontier = Number.NaN;
  // The stretch at hand, closed minutes only.
  private from = Number.NaN;
  private sumOctets = 0;
  private sumFlows = 0;
  private unseen = 0;
  private longestUnseen = 0;

  constructor(forMs: number, settleMs: number) {
    this.forMinutes = Math.max(1, Math.ceil(forMs / MINUTE_MS));
    this.open = Math.min(MOST_OPEN_MINUTES, Math.max(2, Math.ceil(settleMs / MINUTE_MS) + 1));
    this.contact = new Uint8Array(this.open);
    this.seen = new Uint8Array(this.open);
    this.octets = new Float64Array(this.open);
    this.flows = new Float64Array(this.open);
  }

  /** Where the stretch begins that is not judged yet; NaN before the first record. */
  get openFromMs(): number {
    return this.from * MINUTE_MS;
  }

  /** All minutes before this have closed; NaN before the first record. */
  get closedToMs(): number {
    return this.frontier * MINUTE_MS;
  }

  /** What closes when record time has come to `ms`. */
  settledAt(ms: number): number {
    return (Math.floor(ms / MINUTE_MS) - this.open + 1) * MINUTE_MS;
  }

  /** The first record has come, of `ms`. */
  begin(ms: number): void {
    this.frontier = this.settledAt(ms) / MINUTE_MS;
    this.from = Math.floor(ms / MINUTE_MS);
  }

  /** Closes the minutes before `untilMs`, a whole minute. Stretches that end go to `ended`. */
  close(untilMs: number, ended: (stretch: Stretch) => void): void {
    const until = Math.floor(untilMs / MINUTE_MS);
    const last = Math.min(until, this.frontier + this.open);
    while (this.frontier < last) this.closeMinute(ended);
    if (this.frontier < until) this.skip(until, ended);
  }

  /**
   * A record of [startMs, endMs], after minutes have closed by its end. Octets are spread evenly over its minutes, flows count where it starts; in minutes that have closed
   * they are lost.
   */
  add(startMs: number, endMs: number, contact: boolean, octets: number, flows: number): void {
    const first = Math.floor(startMs / MINUTE_MS);
    const last = Math.min(Math.floor(endMs / MINUTE_MS), this.frontier + this.open - 1);
    // Records of the first minutes may begin before the first of them came.
    if (first < this.from && this.from === this.frontier + this.open - 1) this.from = Math.max(first, this.frontier);
    if (last < this.frontier) return;
    const share = octets / (Math.floor(endMs / MINUTE_MS) - first + 1);
    for (let minute = Math.max(first, this.frontier); minute <= last; minute++) {
      const at = this.slot(minute);
      this.seen[at] = 1;
      if (contact) this.contact[at] = 1;
      this.octets[at]! += share;
    }
    if (flows > 0) this.flows[this.slot(Math.min(Math.max(first, this.frontier), last))]! += flows;
  }

  save(writer: StateWriter): void {
    for (const value of [this.frontier, this.from, this.sumOctets, this.sumFlows, this.unseen, this.longestUnseen]) writer.f64(value);
    for (const values of [this.contact, this.seen, this.octets, this.flows]) writer.numbers(values);
  }

  load(reader: StateReader): void {
    this.frontier = reader.f64();
    this.from = reader.f64();
    this.sumOctets = reader.f64();
    this.sumFlows = reader.f64();
    this.unseen = reader.f64();
    this.longestUnseen = reader.f64();
    for (const values of [this.contact, this.seen, this.octets, this.flows]) reader.numbers(values);
  }

  private closeMinute(ended: (stretch: Stretch) => void): void {
    const minute = this.frontier;
    const at = this.slot(minute);
    const next = minute + 1;
    this.frontier = next;
    if (this.contact[at] === 1) this.restart(next);
    else if (minute >= this.from) {
      this.sumOctets += this.octets[at]!;
      this.sumFlows += this.flows[at]!;
      this.unseen = this.seen[at] === 1 ? 0 : this.unseen + 1;
      this.longestUnseen = Math.max(this.longestUnseen, this.unseen);
      if (next - this.from >= this.forMinutes) this.end(next, ended);
    }
    this.contact[at] = 0;
    this.seen[at] = 0;
    this.octets[at] = 0;
    this.flows[at] = 0;
  }

  /** Nothing is known of the minutes up to `until`: what was begun ends unseen, whole stretches of nothing are told as one. */
  private skip(until: number, ended: (stretch: Stretch) => void): void {
    const { forMinutes } = this;
    const count = until - this.frontier;
    this.unseen += count;
    this.longestUnseen = Math.max(this.longestUnseen, this.unseen);
    this.frontier = until;
    const whole = Math.floor((until - this.from) / forMinutes);
    if (whole > 0) this.end(this.from + whole * forMinutes, ended);
    this.unseen = Math.min(this.unseen, until - this.from);
    this.longestUnseen = Math.max(this.longestUnseen, this.unseen);
  }

  private end(next: number, ended: (stretch: Stretch) => void): void {
    ended({
      fromMs: this.from * MINUTE_MS,
      toMs: next * MINUTE_MS,
      octets: this.sumOctets,
      flows: this.sumFlows,
      longestUnseenMs: this.longestUnseen * MINUTE_MS,
    });
    const { unseen } = this;
    this.restart(next);
    this.unseen = unseen;
  }

  private restart(minute: number): void {
    this.from = minute;
    this.sumOctets = 0;
    this.sumFlows = 0;
    this.unseen = 0;
    this.longestUnseen = 0;
  }

  private slot(minute: number): number {
    return ((minute % this.open) + this.open) % this.open;
  }
}
