import { SequenceState } from '../../flow/columns.js';
import type { HeldMessage } from '../contracts.js';
import type { SequenceLimits } from './limits.js';

/** What `SequenceStream.observe` answers for a message that was seen before: it must not be counted, nor its rows kept. */
export const DUPLICATE = -1;

/** One message as the stream sees it. Sequence numbers and units are modulo 2^32. */
export interface SequencedMessage {
  /** Where the message's units begin, as far as they are known. */
  readonly sequence: number;
  /** Units (records or messages) that the sequence advances by; the least it can be where `slack` is above 0. */
  readonly advance: number;
  /** How many more units it may have been: a message with records that could not be counted. 0 where `advance` is exact. */
  readonly slack: number;
  /** True where those lie before `sequence` instead of behind the units known: exporters whose number is that of the message's end. */
  readonly slackIsBefore?: boolean;
  /** The message's entry where sets of it are held: they will be counted when they are read. */
  readonly held?: HeldMessage | undefined;
  /** The number in the message's header, by which a repeated message is known; default: `sequence`. */
  readonly headerSequence?: number;
  readonly exportTimeMs: number;
  /** NaN where the protocol has none. */
  readonly systemUptimeMs: number;
  /** The exporter's own time stamp, which a repeated message repeats; default: exportTimeMs. sFlow's export time is our arrival, its stamp the uptime. */
  readonly stampMs?: number;
}

/** Where the stream books what the sequence numbers reveal. `revealedMs` is the export time of the message that did. */
export interface SequenceBook {
  lost(units: number, revealedMs: number): void;
  restarted(revealedMs: number): void;
  /** Units of a message of `messageMs` that could not be counted then, and now are known to have been in it; of held sets where it has an entry. */
  undecodable(units: number, messageMs: number, held: HeldMessage | undefined): void;
}

/** A message whose units could not all be counted. */
interface Uncounted {
  /** Most units that it may have had besides. */
  slack: number;
  readonly exportTimeMs: number;
  readonly held: HeldMessage | undefined;
}

interface Hole {
  from: number;
  length: number;
  readonly revealedMs: number;
  settled: boolean;
  /** The units before the stream's first message: unknown, until an earlier message shows that there were some in between. */
  readonly isPrehistory: boolean;
  /** The message next to the hole that some of its units may have been in: the one before it, or behind it where its number is that of its end. */
  readonly uncounted: Uncounted | undefined;
}

/** How far uptime may fall behind the clock before it means a restart: v5 and v9 stamp whole seconds beside milliseconds. */
const UPTIME_TOLERANCE_MS = 2000;
const UPTIME_MODULO = 2 ** 32;

/**
 * Follows one exporter's sequence numbers (reference: assurance.md §2.1).
 *
 *   received:   [ 0..9 ]          [ 20..29 ]   [ 30..39 ]
 *   holes:               [ 10..19 ]                          next = 40
 *
 * A gap is a hole that later messages may fill; what is left of it when the reorder window has passed is lost, but for what may have been in a message
 * next to it whose records could not be counted: that arrived, and was undecodable or is held. A message that does not continue
 * the stream, by falling back, by jumping implausibly far or by an uptime that fell, changes nothing at first: only when `messagesToResync`
 * messages continue each other is the stream moved, and the loss claimed for the jump is bounded by what the exporter could have sent.
 * So a forged number neither blinds the count (RFC 7011 §11.6) nor inflates it without bound.
 */
export class SequenceStream {
  private readonly limits: SequenceLimits;
  private readonly book: SequenceBook;
  private started = false;
  private next = 0;
  /** Of the last message in order. */
  private uncounted: Uncounted | undefined;
  private slackIsBefore = false;
  private firstMs = 0;
  private latestMs = 0;
  private latestUptimeMs = Number.NaN;
  private units = 0;
  private readonly holes: Hole[] = [];
  /** No hole that was revealed at this time or later is looked at: none before it is open. */
  private firstOpenMs = Number.POSITIVE_INFINITY;
  private candidate: { next: number; messages: number; readonly jump: number } | undefined;
  private readonly recentSequences: Uint32Array;
  private readonly recentTimes: Float64Array;
  private readonly recentAdvances: Uint32Array;
  private recentCount = 0;

  constructor(limits: SequenceLimits, book: SequenceBook) {
    this.limits = limits;
    this.book = book;
    this.recentSequences = new Uint32Array(limits.maxRecentMessages);
    this.recentTimes = new Float64Array(limits.maxRecentMessages);
    this.recentAdvances = new Uint32Array(limits.maxRecentMessages);
  }

  /** Takes the next message as it arrived. Returns its SequenceState, or DUPLICATE. */
  observe(message: SequencedMessage): number {
    if (!this.started) return this.start(message);
    this.settleOld(message.exportTimeMs);
    // A message without a record that could be counted repeats the very number that is expected next.
    if (message.slack > 0 && this.isRecent(message)) return DUPLICATE;
    const distance = (message.sequence - this.next) | 0;
    if (distance < 0) return this.fallenBack(message, distance);
    const uncounted = message.slackIsBefore === true ? uncountedOf(message) : this.uncounted;
    const missing = distance - (uncounted?.slack ?? 0);
    if (distance > 0 && (this.uptimeFell(message) || missing > this.plausible(message.exportTimeMs))) {
      return this.doubt(message, distance);
    }
    if (distance > 0) this.open(this.next, distance, message.exportTimeMs, uncounted);
    if (message.advance > 0) this.candidate = undefined;
    this.continueWith(message);
    this.units += distance;
    return missing > 0 ? SequenceState.afterLoss : SequenceState.inOrder;
  }

  /**
   * A set of an earlier message has been read after all: `units` were in it, which leaves `octets` fewer to hold uncounted ones. False when the stream
   * has nothing open for that message: its units were booked, or will never be known.
   */
  counted(held: HeldMessage, units: number, octets: number): boolean {
    this.recognise(held, units);
    if (this.uncounted?.held === held) {
      this.uncounted.slack = Math.max(0, this.uncounted.slack - octets);
      this.next = (this.next + units) >>> 0;
      this.units += units;
      return true;
    }
    const hole = this.holes.find(({ uncounted, settled }) => uncounted?.held === held && !settled);
    if (hole?.uncounted === undefined) return false;
    const taken = Math.min(units, hole.length);
    hole.uncounted.slack = Math.max(0, hole.uncounted.slack - octets);
    hole.length -= taken;
    // Where the message lies behind the hole, its units were the hole's last.
    if (!this.slackIsBefore) hole.from = (hole.from + taken) >>> 0;
    return true;
  }

  /** Books every open hole as lost: at the end of input, or when the stream is forgotten. */
  settleAll(): void {
    for (const hole of this.holes) this.settle(hole);
  }

  /** Books the holes revealed before `ms` as lost: their minute is about to be closed. */
  settleBefore(ms: number): void {
    for (const hole of this.holes) if (hole.revealedMs < ms) this.settle(hole);
  }

  private start(message: SequencedMessage): number {
    this.started = true;
    this.firstMs = message.exportTimeMs;
    this.latestMs = message.exportTimeMs;
    // Messages just before the first may still be under way. They fall into this hole, which itself is never booked and soon forgotten.
    const before = this.limits.plausibleGap;
    this.holes.push({
      from: (message.sequence - before) >>> 0,
      length: before,
      revealedMs: message.exportTimeMs,
      settled: true,
      isPrehistory: true,
      uncounted: undefined,
    });
    this.continueWith(message);
    return SequenceState.unknown; // what was sent before it, nobody here can know
  }

  private continueWith(message: SequencedMessage): void {
    this.next = (message.sequence + message.advance) >>> 0;
    this.slackIsBefore = message.slackIsBefore === true;
    this.uncounted = this.slackIsBefore ? undefined : uncountedOf(message);
    this.units += message.advance;
    if (message.exportTimeMs >= this.latestMs) this.latestMs = message.exportTimeMs;
    if (!Number.isNaN(message.systemUptimeMs)) this.latestUptimeMs = message.systemUptimeMs;
    this.remember(message);
  }

  /** The number is behind what is expected: late, seen before, or a stream begun anew. */
  private fallenBack(message: SequencedMessage, distance: number): number {
    if (this.isRecent(message)) return DUPLICATE;
    const hole = this.uptimeFell(message) ? undefined : this.holeAround(message);
    if (hole !== undefined) {
      if (!hole.settled || hole.isPrehistory) this.fill(hole, message);
      this.remember(message);
      return SequenceState.reordered;
    }
    return this.doubt(message, distance);
  }

  /** One message out of line proves nothing; several that continue each other do. */
  private doubt(message: SequencedMessage, distance: number): number {
    const { candidate } = this;
    if (this.isRecent(message)) return DUPLICATE;
    this.remember(message);
    if (message.advance <= 0 || message.slack > 0) return SequenceState.unknown;
    if (candidate === undefined || candidate.next !== message.sequence) {
      // A number that is smaller but for the wrap, and too far for it, is that of a stream begun anew: nothing lies in between.
      const jump = message.sequence < this.next ? 0 : distance;
      this.candidate = { next: (message.sequence + message.advance) >>> 0, messages: 1, jump };
      return SequenceState.unknown;
    }
    candidate.next = (message.sequence + message.advance) >>> 0;
    candidate.messages++;
    if (candidate.messages < this.limits.messagesToResync) return SequenceState.unknown;
    this.resync(message, candidate.jump);
    return SequenceState.afterRestart;
  }

  private resync(message: SequencedMessage, jump: number): void {
    const claimed = this.uptimeFell(message) ? 0 : Math.min(Math.max(jump, 0), this.plausible(message.exportTimeMs));
    this.settleAll();
    this.holes.length = 0;
    if (claimed > 0) this.book.lost(claimed, message.exportTimeMs);
    this.book.restarted(message.exportTimeMs);
    this.candidate = undefined;
    this.firstMs = message.exportTimeMs;
    this.latestMs = message.exportTimeMs;
    this.units = 0;
    this.latestUptimeMs = message.systemUptimeMs;
    this.continueWith(message);
  }

  /** Most units that the exporter can have sent since its last message, judged by its own rate. */
  private plausible(exportTimeMs: number): number {
    const { plausibleGap, plausibleRateFactor, reorderWindowMs } = this.limits;
    const span = this.latestMs - this.firstMs;
    if (span < reorderWindowMs) return plausibleGap;
    const elapsed = Math.max(0, exportTimeMs - this.latestMs) + reorderWindowMs;
    return Math.max(plausibleGap, Math.ceil((this.units / span) * elapsed * plausibleRateFactor));
  }

  /** True when the exporter's uptime is less than the time since its last message allows; the wrap after 49.7 days is no restart. */
  private uptimeFell({ systemUptimeMs, exportTimeMs }: SequencedMessage): boolean {
    if (Number.isNaN(systemUptimeMs) || Number.isNaN(this.latestUptimeMs)) return false;
    if (exportTimeMs < this.latestMs) return false; // a late message rightly has a smaller uptime
    const expected = this.latestUptimeMs + (exportTimeMs - this.latestMs);
    if (systemUptimeMs + UPTIME_TOLERANCE_MS >= this.latestUptimeMs) return false;
    const wrapped = Math.abs((expected - systemUptimeMs) % UPTIME_MODULO);
    return Math.min(wrapped, UPTIME_MODULO - wrapped) > UPTIME_TOLERANCE_MS;
  }

  private open(from: number, length: number, revealedMs: number, uncounted: Uncounted | undefined): void {
    this.holes.push({ from, length, revealedMs, settled: false, isPrehistory: false, uncounted });
    if (revealedMs < this.firstOpenMs) this.firstOpenMs = revealedMs;
    while (this.holes.length > this.limits.maxHoles) this.settle(this.holes.shift()!);
  }

  private holeAround({ sequence, advance }: SequencedMessage): Hole | undefined {
    return this.holes.find((hole) => {
      const offset = (sequence - hole.from) >>> 0;
      return offset < hole.length && offset + advance <= hole.length;
    });
  }

  /** Takes the message's part out of the hole; what is before and behind it stays open. */
  private fill(hole: Hole, message: SequencedMessage): void {
    const { sequence, advance, exportTimeMs } = message;
    const offset = (sequence - hole.from) >>> 0;
    const behind = hole.length - offset - advance;
    const index = this.holes.indexOf(hole);
    const own = uncountedOf(message);
    const isBefore = message.slackIsBefore === true;
    const parts: Hole[] = [];
    // What was before the first message stays unknown, whatever may have been in this one.
    if (offset > 0) parts.push({ ...hole, length: offset, uncounted: isBefore && !hole.isPrehistory ? own : hole.uncounted });
    if (behind > 0) {
      const revealedMs = hole.isPrehistory ? exportTimeMs : hole.revealedMs;
      const uncounted = isBefore ? hole.uncounted : own;
      parts.push({ from: (sequence + advance) >>> 0, length: behind, revealedMs, settled: false, isPrehistory: false, uncounted });
    }
    for (const part of parts) if (!part.settled) this.firstOpenMs = Math.min(this.firstOpenMs, part.revealedMs);
    this.holes.splice(index, 1, ...parts);
    while (this.holes.length > this.limits.maxHoles) this.settle(this.holes.shift()!);
  }

  /** Holes past the window are lost. They are forgotten a window later: till then a straggler is known for one, not taken for a restart. */
  private settleOld(exportTimeMs: number): void {
    const { holes } = this;
    const before = Math.max(exportTimeMs, this.latestMs) - this.limits.reorderWindowMs;
    if (this.firstOpenMs < before) {
      this.firstOpenMs = Number.POSITIVE_INFINITY;
      for (const hole of holes) {
        if (hole.revealedMs < before) this.settle(hole);
        else if (!hole.settled) this.firstOpenMs = Math.min(this.firstOpenMs, hole.revealedMs);
      }
    }
    while (holes.length > 0 && holes[0]!.revealedMs < before - this.limits.reorderWindowMs) this.settle(holes.shift()!);
  }

  private settle(hole: Hole): void {
    if (hole.settled) return;
    hole.settled = true;
    const { uncounted } = hole;
    const arrived = Math.min(hole.length, uncounted?.slack ?? 0);
    if (uncounted !== undefined && arrived > 0) this.book.undecodable(arrived, uncounted.exportTimeMs, uncounted.held);
    if (hole.length > arrived) this.book.lost(hole.length - arrived, hole.revealedMs);
  }

  private remember(message: SequencedMessage): void {
    const slot = this.recentCount % this.recentSequences.length;
    this.recentSequences[slot] = message.headerSequence ?? message.sequence;
    this.recentTimes[slot] = message.stampMs ?? message.exportTimeMs;
    this.recentAdvances[slot] = message.advance;
    this.recentCount++;
  }

  /** The advance belongs to a message's identity: an IPFIX message of templates alone shares its number with the data message behind it. */
  private isRecent({ sequence, headerSequence = sequence, exportTimeMs, stampMs = exportTimeMs, advance }: SequencedMessage): boolean {
    const known = Math.min(this.recentCount, this.recentSequences.length);
    for (let i = 0; i < known; i++) {
      if (this.recentSequences[i] === headerSequence && this.recentTimes[i] === stampMs && this.recentAdvances[i] === advance) return true;
    }
    return false;
  }

  /** A held message has more units now: repeated, it will be known by them, for its template is known too. */
  private recognise({ sequenceNumber, exportTimeMs }: HeldMessage, units: number): void {
    if (units === 0) return;
    const known = Math.min(this.recentCount, this.recentSequences.length);
    for (let i = 0; i < known; i++) {
      if (this.recentSequences[i] !== sequenceNumber || this.recentTimes[i] !== exportTimeMs) continue;
      this.recentAdvances[i]! += units;
      return;
    }
  }
}

function uncountedOf({ slack, exportTimeMs, held }: SequencedMessage): Uncounted | undefined {
  return slack > 0 ? { slack, exportTimeMs, held } : undefined;
}
