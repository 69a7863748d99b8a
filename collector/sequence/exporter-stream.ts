import { SequenceState } from '../../flow/columns.js';
import { minuteOf } from '../../flow/time.js';
import type { HeldMessage, MessageReport, ReleasedSet } from '../contracts.js';
import { type Account, emptyCounts, type MinuteCounts, sawMessage, sawOffset } from './counts.js';
import { DialectStream } from './dialect.js';
import type { ExporterStatus } from './exporter-status.js';
import type { SequenceLimits } from './limits.js';
import { bookReleased } from './released-sets.js';
import { SampleSources, type SourceBudget } from './sample-sources.js';
import { DUPLICATE, type SequenceBook, SequenceStream } from './stream.js';
import { StreamTotals } from './stream-totals.js';

/** The minutes of one account that were not drained yet. */
export class OpenMinutes {
  readonly account: Account;
  /** Grows when minutes are taken out: who holds on to a minute's counts must fetch them anew. */
  generation = 0;
  private readonly minutes = new Map<number, MinuteCounts>();
  private readonly maxOpen: number;
  private latest: MinuteCounts | undefined;

  constructor(account: Account, maxOpen: number) {
    this.account = account;
    this.maxOpen = maxOpen;
  }

  /** The counts of the minute around `ms`; those of the latest minute where too many are open (a clock that jumps at random). */
  at(ms: number): MinuteCounts {
    const minute = minuteOf(ms);
    if (this.latest?.minute === minute) return this.latest;
    let counts = this.minutes.get(minute);
    if (counts === undefined) {
      if (this.minutes.size >= this.maxOpen && this.latest !== undefined) return this.latest;
      counts = emptyCounts(minute);
      this.minutes.set(minute, counts);
    }
    this.latest = counts;
    return counts;
  }

  get size(): number {
    return this.minutes.size;
  }

  /** Takes out the minutes before `untilMs`. */
  take(untilMs: number): MinuteCounts[] {
    const taken = [...this.minutes.values()].filter((counts) => counts.minute < untilMs);
    for (const counts of taken) this.minutes.delete(counts.minute);
    if (taken.length > 0) this.generation++;
    if (this.latest !== undefined && this.latest.minute < untilMs) this.latest = undefined;
    return taken;
  }
}

/** One exporter's stream of one protocol: its sequence numbers and the ledger rows they fill. */
export class ExporterStream implements SequenceBook {
  readonly key: string;
  readonly minutes: OpenMinutes;
  lastUse = 0;
  /** NetFlow v9 and sFlow number their messages; v5 and v7 number records; what IPFIX numbers is learned. */
  private readonly countsPackets: boolean;
  /** NetFlow v1 numbers nothing. */
  private readonly isNumbered: boolean;
  /** sFlow: each source numbers its samples too. */
  private readonly samples: SampleSources | undefined;
  private readonly sequence: SequenceStream | DialectStream;
  private readonly totals = new StreamTotals();

  constructor(key: string, minutes: OpenMinutes, limits: SequenceLimits, sourceBudget: SourceBudget) {
    const { protocol } = minutes.account;
    this.key = key;
    this.minutes = minutes;
    this.countsPackets = protocol === 'netflow9' || protocol === 'sflow5';
    this.isNumbered = protocol !== 'netflow1';
    this.samples =
      protocol === 'sflow5' ? new SampleSources(limits, sourceBudget, (samples, ms) => this.lostSamples(samples, ms)) : undefined;
    this.sequence = protocol === 'ipfix' ? new DialectStream(limits, this) : new SequenceStream(limits, this);
  }

  /** Books one message. Returns its SequenceState, or DUPLICATE. */
  message(report: MessageReport, receivedMs: number): number {
    const state = this.follow(report);
    const counts = this.minutes.at(report.exportTimeMs);
    const waiting = Math.max(0, report.recordsHeld);
    const records = report.recordsDecoded + report.recordsUndecodable + report.recordsMalformed + waiting;
    sawMessage(counts, report.exportTimeMs);
    this.totals.saw(Number.isNaN(receivedMs) ? report.exportTimeMs : receivedMs);
    counts.recordsReceived += records;
    counts.recordsSent += records;
    if (state === DUPLICATE) {
      counts.messagesDuplicate++;
      counts.recordsDuplicate += records;
      this.totals.duplicates++;
      if (report.held !== undefined) report.held.discarded = true;
      return state;
    }
    if (report.held !== undefined) {
      report.held.sequenceState = state;
      report.held.recordsWaiting = waiting;
      counts.recordsHeld += waiting;
      this.totals.held += waiting;
    }
    // While the stream is in doubt, so are the numbers of its samples.
    const attained =
      state === SequenceState.unknown && this.totals.messages > 0 ? 0 : (this.samples?.observe(report.samples, report.exportTimeMs) ?? 0);
    this.totals.took(report, records, attained);
    counts.messagesReceived++;
    counts.messagesSent++;
    if (report.malformed) counts.messagesMalformed++;
    counts.recordsDecoded += report.recordsDecoded;
    counts.recordsUndecodable += report.recordsUndecodable;
    counts.recordsMalformed += report.recordsMalformed;
    counts.optionsRecords += report.optionsRecords;
    counts.templatesReceived += report.templatesReceived;
    counts.templatesMissing += report.templatesMissing;
    counts.templatesChanged += report.templatesChanged;
    counts.samplingInterval = Math.max(counts.samplingInterval, report.samplingInterval, attained);
    // sFlow has no clock that could be off.
    if (this.samples === undefined) sawOffset(counts, receivedMs - report.exportTimeMs);
    return state;
  }

  lost(units: number, revealedMs: number): void {
    const counts = this.minutes.at(revealedMs);
    const { totals } = this;
    const mean = totals.messages === 0 ? 1 : Math.max(1, totals.records / totals.messages);
    const inMessages = this.countsPackets || (this.sequence instanceof DialectStream && this.sequence.dialect === 'messages');
    const messages = inMessages ? units : Math.ceil(units / mean);
    const records =
      this.samples?.complete === true
        ? 0
        : inMessages
          ? Math.round(units * (totals.messages === 0 ? 0 : totals.records / totals.messages))
          : units;
    totals.lostMessages += messages;
    totals.lostRecords += records;
    counts.messagesLost += messages;
    counts.messagesSent += messages;
    counts.recordsLost += records;
    counts.recordsSent += records;
    if (inMessages) counts.lossEstimated = 1;
  }

  restarted(revealedMs: number): void {
    this.samples?.clear();
    this.totals.restarts++;
    this.minutes.at(revealedMs).restarts++;
  }

  undecodable(units: number, messageMs: number, held: HeldMessage | undefined): void {
    const counts = this.minutes.at(messageMs);
    let unread = units;
    if (held !== undefined) {
      const released = Math.min(units, held.recordsAhead);
      held.recordsAhead -= released;
      unread -= released;
    }
    this.totals.records += unread;
    counts.recordsReceived += unread;
    counts.recordsSent += unread;
    if (held !== undefined && held.setsWaiting > 0) {
      held.recordsWaiting += unread;
      counts.recordsHeld += unread;
      this.totals.held += unread;
    } else {
      counts.recordsUndecodable += unread;
      this.totals.undecodable += unread;
    }
  }

  /** Books a held set that was let go of. Before the message that let it go is followed: it may tell how many records were lost next to it. */
  released(set: ReleasedSet): void {
    const { message } = set;
    const isOpen = this.sequence instanceof DialectStream ? this.sequence.counted(set) : true;
    const records = bookReleased(this.minutes.at(message.exportTimeMs), set, this.totals);
    if (!isOpen) message.recordsAhead += records;
  }

  settleBefore(ms: number): void {
    this.samples?.settleBefore(ms);
    if (ms === Number.POSITIVE_INFINITY) this.sequence.settleAll();
    else this.sequence.settleBefore(ms);
  }

  /** Gives back what a stream that is forgotten held. */
  close(): void {
    this.settleBefore(Number.POSITIVE_INFINITY);
    this.samples?.clear();
  }

  /**
   * Flow samples that the sources' own numbers miss: exact, but for sources that lost their last samples. `lossEstimated` is set with the datagrams that
   * took them along; without a datagram lost, the agent itself left numbers out.
   */
  private lostSamples(samples: number, revealedMs: number): void {
    const counts = this.minutes.at(revealedMs);
    this.totals.lostRecords += samples;
    counts.recordsLost += samples;
    counts.recordsSent += samples;
  }

  status(): ExporterStatus {
    return this.totals.status(this.minutes.account, this.dialect());
  }

  private dialect(): string {
    if (!this.isNumbered) return 'none';
    if (this.sequence instanceof DialectStream) return this.sequence.dialect;
    return this.countsPackets ? 'messages' : 'records-before';
  }

  private follow(report: MessageReport): number {
    // A header that cannot be right (a v5 count no datagram holds, an IPFIX length below its header) has no sequence number to believe.
    const isHeaderWrong = report.malformed && report.recordsAnnounced < 0 && report.undecodableOctets === 0;
    if (!this.isNumbered || (isHeaderWrong && this.samples === undefined)) return SequenceState.unknown;
    if (this.sequence instanceof DialectStream) return this.sequence.observe(report);
    return this.sequence.observe({
      sequence: report.sequenceNumber,
      advance: this.countsPackets ? 1 : report.recordsDecoded + report.recordsUndecodable + report.recordsMalformed,
      slack: 0,
      exportTimeMs: report.exportTimeMs,
      systemUptimeMs: report.systemUptimeMs,
      ...(this.samples === undefined ? {} : { stampMs: report.systemUptimeMs }),
    });
  }
}
