import { SequenceState } from '../../flow/columns.js';
import type { HeldMessage, MessageReport, ReleasedSet } from '../contracts.js';
import type { SequenceLimits } from './limits.js';
import { type SequenceBook, type SequencedMessage, SequenceStream } from './stream.js';

/**
 * What an IPFIX exporter counts in its sequence numbers. RFC 7011 §3.1 says: the data records, options records included, that were sent before
 * the message. Exporters in the field differ: softflowd counts those of the message itself and no options records, others leave out the options
 * records, others count messages. Whoever took them at the RFC's word would find losses that never were.
 */
export const DIALECTS = ['records-before', 'flow-records-before', 'flow-records-including', 'messages'] as const;
export type Dialect = (typeof DIALECTS)[number];

/** A dialect is ruled out when another has fitted this many messages more. */
const LEAD_TO_RULE_OUT = 4;
/** After this many messages the dialects that are left are taken for equal, and the first of them is kept. */
const MESSAGES_TO_SETTLE = 512;

interface BookEvent {
  readonly kind: keyof SequenceBook;
  units: number;
  readonly ms: number;
  readonly held: HeldMessage | undefined;
}

interface Reading {
  readonly dialect: Dialect;
  readonly stream: SequenceStream;
  readonly events: BookEvent[];
  fits: number;
}

/**
 * Follows a stream of records in every dialect at once until one is left. What all that are left agree on is booked at once; where they differ
 * it waits until the wrong ones are ruled out. An exporter whose messages are all alike fits several for long, and then they agree.
 */
export class DialectStream {
  private readonly book: SequenceBook;
  private readings: Reading[];
  private messages = 0;

  constructor(limits: SequenceLimits, book: SequenceBook) {
    this.book = book;
    this.readings = DIALECTS.map((dialect) => {
      const events: BookEvent[] = [];
      const stream = new SequenceStream(limits, {
        lost: (units, ms) => void events.push({ kind: 'lost', units, ms, held: undefined }),
        undecodable: (units, ms, held) => void events.push({ kind: 'undecodable', units, ms, held }),
        restarted: (ms) => void events.push({ kind: 'restarted', units: 0, ms, held: undefined }),
      });
      return { dialect, stream, events, fits: 0 };
    });
  }

  /** The dialect that fits best so far, the RFC's where several do. */
  get dialect(): Dialect {
    return this.best().dialect;
  }

  /** Takes the next message. Returns its SequenceState, or DUPLICATE, in the dialect that fits best so far. */
  observe(report: MessageReport): number {
    this.messages++;
    const before = this.best();
    let state: number = SequenceState.unknown;
    for (const reading of this.readings) {
      const seen = reading.stream.observe(sequenced(report, reading.dialect));
      if (seen === SequenceState.inOrder) reading.fits++;
      if (reading === before) state = seen;
    }
    if (this.readings.length > 1) {
      const { fits } = this.best();
      this.readings = this.readings.filter((reading) => fits - reading.fits < LEAD_TO_RULE_OUT);
      if (this.messages >= MESSAGES_TO_SETTLE) this.readings = [this.best()];
    }
    this.bookAgreed();
    return state;
  }

  /** A held set of an earlier message has been read: its records are known in every dialect, also where what became of them is not booked yet. */
  counted({ message, octets, optionsRecords, ...set }: ReleasedSet): void {
    const flows = set.recordsDecoded + set.recordsUndecodable + set.recordsMalformed;
    for (const { dialect, stream, events } of this.readings) {
      if (dialect === 'messages') continue;
      const units = dialect === 'records-before' ? flows + optionsRecords : flows;
      if (stream.counted(message, units, octets)) continue;
      const at = events.findIndex(({ kind, held }) => kind === 'undecodable' && held === message);
      if (at < 0) continue;
      const event = events[at]!;
      if (event.units <= units) events.splice(at, 1);
      else event.units -= units;
    }
    this.bookAgreed();
  }

  settleBefore(ms: number): void {
    for (const { stream } of this.readings) stream.settleBefore(ms);
    this.bookAgreed();
  }

  /** At the end of input the first that is left decides: the RFC's, unless it was ruled out. */
  settleAll(): void {
    for (const { stream } of this.readings) stream.settleAll();
    this.readings = [this.readings[0]!];
    this.bookAgreed();
  }

  private bookAgreed(): void {
    const [first, ...others] = this.readings;
    for (let event = first!.events[0]; event !== undefined; event = first!.events[0]) {
      const { kind, units, ms, held } = event;
      if (!others.every(({ events: [other] }) => other?.kind === kind && other.units === units && other.ms === ms)) return;
      for (const { events } of this.readings) events.shift();
      if (kind === 'restarted') this.book.restarted(ms);
      else this.book[kind](units, ms, held);
    }
  }

  private best(): Reading {
    return this.readings.reduce((best, reading) => (reading.fits > best.fits ? reading : best));
  }
}

/** The message's place in the sequence: where its units begin, and how many there are. */
function sequenced(report: MessageReport, dialect: Dialect): SequencedMessage {
  const flows = report.recordsDecoded + report.recordsUndecodable + report.recordsMalformed;
  const advance = dialect === 'messages' ? 1 : dialect === 'records-before' ? flows + report.optionsRecords : flows;
  return {
    sequence: (dialect === 'flow-records-including' ? report.sequenceNumber - flows : report.sequenceNumber) >>> 0,
    advance,
    slack: dialect === 'messages' || report.recordsAnnounced >= 0 ? 0 : report.undecodableOctets,
    slackIsBefore: dialect === 'flow-records-including',
    held: report.held,
    headerSequence: report.sequenceNumber,
    exportTimeMs: report.exportTimeMs,
    systemUptimeMs: report.systemUptimeMs,
  };
}
