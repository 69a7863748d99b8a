import { MINUTE_MS, minuteOf } from '../../flow/time.js';
import type { MessageReport } from '../contracts.js';
import type { Account } from './counts.js';
import type { ExporterStatus } from './exporter-status.js';

/** A rate over less than this says nothing. */
const LEAST_RATE_MS = 10_000;

/** What a stream has come to since it was first seen. */
export class StreamTotals {
  messages = 0;
  records = 0;
  lostMessages = 0;
  lostRecords = 0;
  undecodable = 0;
  malformed = 0;
  duplicates = 0;
  held = 0;
  restarts = 0;
  /** Of duplicates too, see ExporterStream. */
  templatesChanged = 0;
  recordsNotExported = 0;
  packetsMissed = 0;
  private templatesReceived = 0;
  private templatesMissing = 0;
  private samplingInterval = 0;
  private firstSeenMs = Number.NaN;
  private lastSeenMs = Number.NaN;
  private minute = Number.NaN;
  private inMinute = 0;
  private inMinuteBefore = 0;

  /** A message came, a duplicate too; `ms` by our clock where it is known. */
  saw(ms: number): void {
    if (Number.isNaN(this.firstSeenMs)) this.firstSeenMs = ms;
    this.lastSeenMs = ms;
    if (ms >= this.minute && ms < this.minute + MINUTE_MS) {
      this.inMinute++;
      return;
    }
    const minute = minuteOf(ms);
    this.inMinuteBefore = minute === this.minute + MINUTE_MS ? this.inMinute : 0;
    this.minute = minute;
    this.inMinute = 1;
  }

  /** The message was not seen before. `attained` is the sampling interval it showed, 0 none. */
  took(report: MessageReport, records: number, attained: number): void {
    this.messages++;
    this.records += records;
    this.undecodable += report.recordsUndecodable;
    this.malformed += report.recordsMalformed;
    this.templatesReceived += report.templatesReceived;
    this.templatesMissing += report.templatesMissing;
    this.samplingInterval = Math.max(report.samplingInterval, attained) || this.samplingInterval;
  }

  status(account: Account, dialect: string, usualPauseMs: number, clockOffsetMs: number): ExporterStatus {
    return {
      ...account,
      firstSeenMs: this.firstSeenMs,
      lastSeenMs: this.lastSeenMs,
      messages: this.messages,
      records: this.records,
      messagesPerSecond: this.rate(),
      usualPauseMs,
      samplingInterval: this.samplingInterval,
      lostMessages: this.lostMessages,
      lostRecords: this.lostRecords,
      undecodable: this.undecodable,
      malformed: this.malformed,
      duplicates: this.duplicates,
      held: this.held,
      restarts: this.restarts,
      templatesMissing: this.templatesMissing,
      templatesChanged: this.templatesChanged,
      templatesReceived: this.templatesReceived,
      recordsNotExported: this.recordsNotExported,
      packetsMissed: this.packetsMissed,
      clockOffsetMs,
      dialect,
    };
  }

  private rate(): number {
    const since = Math.max(this.firstSeenMs, this.inMinuteBefore > 0 ? this.minute - MINUTE_MS : this.minute);
    const span = this.lastSeenMs - since;
    return span < LEAST_RATE_MS ? Number.NaN : ((this.inMinute + this.inMinuteBefore) * 1000) / span;
  }
}
