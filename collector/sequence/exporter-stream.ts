import type { FlowBatch } from '../../flow/batch.js';
import { SequenceState } from '../../flow/columns.js';
import { MINUTE_MS, minuteOf } from '../../flow/time.js';
import type { HeldMessage, MessageReport, ReleasedSet } from '../contracts.js';
import { Cadence } from './cadence.js';
import { ClockOffset } from './clock-offset.js';
import { type MinuteCounts, sawMessage, sawOffset } from './counts.js';
import { DialectStream } from './dialect.js';
import type { ExporterStatus } from './exporter-status.js';
import { type InterfaceBudget, Interfaces } from './interfaces.js';
import type { SequenceLimits } from './limits.js';
import type { OpenMinutes } from './open-minutes.js';
import { bookReleased } from './released-sets.js';
import { RunningTotal } from './running-total.js';
import { SampleSources, type SourceBudget } from './sample-sources.js';
import { DUPLICATE, type SequenceBook, SequenceStream } from './stream.js';
import { StreamTotals } from './stream-totals.js';

/** What all streams of a ledger share. */
export interface StreamBudgets {
  readonly sources: SourceBudget;
  readonly interfaces: InterfaceBudget;
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
  /** sFlow: the agent's interface counters against its samples. */
  private readonly interfaces: Interfaces | undefined;
  private readonly cadence: Cadence;
  private readonly clockOffset = new ClockOffset();
  /** What the exporter says of itself: records it did not send, packets it did not look at. */
  private readonly notSent = new RunningTotal();
  private readonly ignored = new RunningTotal();
  private readonly totals = new StreamTotals();

  constructor(key: string, minutes: OpenMinutes, limits: SequenceLimits, budgets: StreamBudgets) {
    const { protocol } = minutes.account;
    this.key = key;
    this.minutes = minutes;
    this.countsPackets = protocol === 'netflow9' || protocol === 'sflow5';
    this.isNumbered = protocol !== 'netflow1';
    const isSampled = protocol === 'sflow5';
    this.samples = isSampled ? new SampleSources(limits, budgets.sources, (samples, ms) => this.lostSamples(samples, ms)) : undefined;
    this.interfaces = isSampled ? new Interfaces(budgets.interfaces) : undefined;
    this.cadence = new Cadence(limits, (fromMs, toMs) => this.silent(fromMs, toMs));
    this.sequence = protocol === 'ipfix' ? new DialectStream(limits, this) : new SequenceStream(limits, this);
  }

  /** Books one message, whose own rows begin at `first` of `batch`. Returns its SequenceState, or DUPLICATE. */
  message(report: MessageReport, receivedMs: number, batch: FlowBatch | undefined, first: number): number {
    const state = this.follow(report);
    const counts = this.minutes.at(report.exportTimeMs);
    const arrivedMs = Number.isNaN(receivedMs) ? report.exportTimeMs : receivedMs;
    const waiting = Math.max(0, report.recordsHeld);
    const records = report.recordsDecoded + report.recordsUndecodable + report.recordsMalformed + waiting;
    sawMessage(counts, report.exportTimeMs);
    this.totals.saw(arrivedMs);
    this.cadence.message(arrivedMs);
    counts.recordsReceived += records;
    counts.recordsSent += records;
    // Of duplicates too: the decoder has taken their templates in, and whoever redefines one may well repeat an earlier message's number.
    counts.templatesChanged += report.templatesChanged;
    this.totals.templatesChanged += report.templatesChanged;
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
    counts.samplingInterval = Math.max(counts.samplingInterval, report.samplingInterval, attained);
    counts.ipv6Fields = Math.max(counts.ipv6Fields, report.ipv6Fields);
    // sFlow has no clock that could be off.
    if (this.samples === undefined) {
      sawOffset(counts, receivedMs - report.exportTimeMs);
      this.clockOffset.saw(receivedMs - report.exportTimeMs, receivedMs);
    }
    if (state !== SequenceState.reordered && (state !== SequenceState.unknown || this.totals.messages === 1)) this.told(report, counts);
    if (batch !== undefined) this.interfaces?.rows(batch, first, first + report.recordsDecoded);
    if (report.interfaces.length > 0) this.interfaces?.counters(report.interfaces, report.exportTimeMs, counts);
    return state;
  }

  /** What the exporter, in a message that is in its place, says of what it left out itself: no sequence number shows it. */
  private told({ statistics }: MessageReport, counts: MinuteCounts): void {
    const notExported = this.notSent.told(statistics.notSentRecords);
    let missed = this.ignored.told(statistics.ignoredPackets);
    if (this.samples !== undefined) {
      const { selected, pool, dropped } = this.samples.counts;
      counts.packetsSelected += selected;
      counts.packetsPool += pool;
      missed += dropped;
    }
    counts.recordsNotExported += notExported;
    counts.packetsMissed += missed;
    this.totals.recordsNotExported += notExported;
    this.totals.packetsMissed += missed;
  }

  /** Silence by the clock of arrivals is booked by the exporter's, as its messages are, so far as its offset is known. */
  private silent(fromMs: number, toMs: number): void {
    const { ms } = this.clockOffset;
    const offsetMs = Number.isNaN(ms) ? 0 : ms;
    const end = toMs - offsetMs;
    for (let at = fromMs - offsetMs; at < end; ) {
      const next = Math.min(end, minuteOf(at) + MINUTE_MS);
      this.minutes.at(at).silentMilliseconds += next - at;
      at = next;
    }
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
    this.interfaces?.clear();
    this.notSent.restart();
    this.ignored.restart();
    this.totals.restarts++;
    this.minutes.at(revealedMs).restarts++;
  }

  undecodable(units: number, messageMs: number, held: HeldMessage | undefined): void {
    const counts = this.minutes.at(messageMs);
    // All of the message was read since, and this was not in it.
    if (held !== undefined && held.setsWaiting === 0 && held.isWhole) return this.lost(units, messageMs);
    this.totals.records += units;
    counts.recordsReceived += units;
    counts.recordsSent += units;
    if (held !== undefined && held.setsWaiting > 0) {
      held.recordsWaiting += units;
      counts.recordsHeld += units;
      this.totals.held += units;
    } else {
      counts.recordsUndecodable += units;
      this.totals.undecodable += units;
    }
  }

  /** Books a held set that was let go of. Before the message that let it go is followed: it may tell how many records were lost next to it. */
  released(set: ReleasedSet): void {
    const { message } = set;
    const { sequence } = this;
    const byNumbers = sequence instanceof DialectStream;
    if (byNumbers && set.octets > 0) sequence.counted(set);
    const lost = bookReleased(this.minutes.at(message.exportTimeMs), set, this.totals, byNumbers);
    if (lost > 0) this.lost(lost, message.exportTimeMs);
  }

  settleBefore(ms: number): void {
    this.samples?.settleBefore(ms);
    if (ms === Number.POSITIVE_INFINITY) this.sequence.settleAll();
    else this.sequence.settleBefore(ms);
  }

  /** No message came up to `ms` by the clock of arrivals. */
  ranUntil(ms: number): void {
    this.cadence.ranUntil(ms);
  }

  /** Gives back what a stream that is forgotten held. */
  close(): void {
    this.settleBefore(Number.POSITIVE_INFINITY);
    this.samples?.clear();
    this.interfaces?.clear();
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
    return this.totals.status(this.minutes.account, this.dialect(), this.cadence.usualPauseMs, this.clockOffset.ms);
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
