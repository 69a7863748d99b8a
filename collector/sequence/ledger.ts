import { compareAddresses } from '../../flow/address.js';
import { type ColumnBatch, type FlowBatch, MAX_BATCH_ROWS } from '../../flow/batch.js';
import { SequenceState } from '../../flow/columns.js';
import type { COVERAGE_COLUMNS } from '../../flow/coverage.js';
import { minuteOf } from '../../flow/time.js';
import type { HeldMessage, MessageReport, Origin, ReleasedSet } from '../contracts.js';
import { type CaptureLedger, createCaptureLedger } from './capture-stretch.js';
import { type Account, type MinuteCounts, writeCounts } from './counts.js';
import type { ExporterStatus } from './exporter-status.js';
import { ExporterStream } from './exporter-stream.js';
import { DEFAULT_SEQUENCE_LIMITS, type SequenceLimits } from './limits.js';
import { createLogLedger, type LogLedger } from './log-ledger.js';
import { OpenMinutes } from './open-minutes.js';
import { bookReleased } from './released-sets.js';
import { StreamTotals } from './stream-totals.js';

export interface LedgerOptions {
  /** True: one sequence per source port, as RFC 7011 §3.1 has it for transport sessions. Default false: exporters change ports and count on. */
  readonly keyByPort?: boolean;
  readonly limits?: Partial<SequenceLimits>;
}

/** Whether rows stand for records that `message` has counted, or were metered here from packets or read from a log and are counted now. */
export type RowSource = 'exported' | 'metered';

/**
 * The coverage ledger's sending side: what exporters sent, by their own sequence numbers, what of it arrived, was decoded and was handed on. All
 * counts go to the minute of the exporter's clock (metered rows: of their expiry); a loss goes to the minute of the message that revealed it.
 *
 * sFlow datagrams are numbered per agent and sub-agent, and their flow samples per source: messagesLost comes from the first, recordsLost from the second.
 * NetFlow v1 numbers nothing: of it, what was lost is not known.
 *
 * Options records are in `optionsRecords` alone: recordsSent + optionsRecords is what IPFIX sequence numbers count, and what is lost may have been
 * either. Duplicates are in recordsReceived and recordsSent, as the double entry of flow/coverage.ts has it.
 */
export interface Ledger {
  /**
   * Books one message as the decoder reported it. Returns the SequenceState for the column `sequenceState` of its rows, or DUPLICATE (−1): the
   * caller then takes the message's own rows back, not those it released from others. `batch` with the message's rows from `first` on is what interface
   * counters are reconciled with; without it nothing is estimated.
   */
  message(report: MessageReport, origin: Origin, batch?: FlowBatch, first?: number): number;
  /** Books rows `from` to `to` of a batch as handed on, those with 1 in `unwatched` (by row) as not kept. */
  rows(batch: FlowBatch, from: number, to: number, source: RowSource, unwatched?: Uint8Array): void;
  /** Books records of one account and minute as handed on, for callers that counted themselves. */
  produced(account: Account, atMs: number, produced: number, unwatched: number): void;
  /** Books what is open of a connection that has ended; its numbers mean nothing to the next one. */
  endSession(origin: Origin): void;
  /** Books messages from senders that are not allowed, with no trace of the sender: its address may be forged. */
  refused(sensor: string, messages: number, atMs: number): void;
  /** Books datagrams the kernel dropped at one of our sockets, in the name of that input. */
  kernelDrops(input: string, drops: number, atMs: number): void;
  /** The ledger of one capture; made once per capture. */
  capture(sensor: string, protocol?: string): CaptureLedger;
  /** The ledger of one log; made once per log. */
  log(sensor: string, protocol: string): LogLedger;
  /**
   * Writes the minutes before `untilMs` as rows, ordered by minute, sensor, exporter, domain and protocol, and forgets them. Gaps revealed in them are
   * lost from then on, so leave `untilMs` a reorder window behind the clock; Infinity at the end of input. A finite `untilMs` says that the ledger was there
   * up to then, so that exporters which sent nothing were silent; the end of input says nothing of the kind. Returns the number of rows;
   * a batch can fill up, so drain into an empty one until that number is 0.
   */
  drain(untilMs: number, into: ColumnBatch<typeof COVERAGE_COLUMNS>): number;
  /**
   * Books a message that `message` has booked and that was kept aside (quarantine): in its account and minute.
   */
  quarantined(report: MessageReport, origin: Origin): void;
  /** Books datagrams dropped unread because bus and buffer were full; the exporter's sequence numbers will tell what was in them. */
  overrun(origin: Origin, messages?: number): void;
  /** The exporters followed now (at most maxStreams), ordered by sensor, exporter, domain and protocol. */
  exporters(): ExporterStatus[];
  stats(): { readonly streams: number; readonly streamsEvicted: number; readonly accounts: number };
}

/** Name of the row that messages of too many exporters share (see maxAccounts). */
export const TOO_MANY_EXPORTERS = '(too many exporters)';

const NO_ADDRESS = new Uint8Array(16);

/** A ledger with nothing in it. Time enters it only with what is booked. */
export function createLedger(options: LedgerOptions = {}): Ledger {
  const limits: SequenceLimits = { ...DEFAULT_SEQUENCE_LIMITS, ...options.limits };
  const accounts = new Map<string, OpenMinutes>();
  const streams = new Map<string, ExporterStream>();
  const captures = new Set<OpenMinutes>();
  const exporterKeys = new WeakMap<Origin, string>();
  const latestStreams = new WeakMap<Origin, { readonly protocol: string; readonly domain: number; readonly stream: ExporterStream }>();
  const streamOfHeld = new WeakMap<HeldMessage, ExporterStream>();
  const overflow = new OpenMinutes(
    { sensor: TOO_MANY_EXPORTERS, exporter: NO_ADDRESS, observationDomainId: 0, protocol: '' },
    limits.maxOpenMinutes,
  );
  const budgets = { sources: { left: limits.maxSampleSources }, interfaces: { left: limits.maxInterfaces } };
  let uses = 0;
  let streamsEvicted = 0;
  let lastMinute = 0;

  function minutesOf(account: Account, maxOpen = limits.maxOpenMinutes): OpenMinutes {
    const key = accountKey(account);
    let minutes = accounts.get(key);
    if (minutes === undefined) {
      if (accounts.size >= limits.maxAccounts) return overflow;
      minutes = new OpenMinutes({ ...account, exporter: account.exporter.slice() }, maxOpen);
      accounts.set(key, minutes);
    }
    return minutes;
  }

  function streamOf(report: MessageReport, origin: Origin): ExporterStream {
    // An origin's messages are mostly of one protocol and domain: making the key costs more than all else that is done for a message here.
    const latest = latestStreams.get(origin);
    if (latest !== undefined && latest.domain === report.observationDomainId && latest.protocol === report.protocol) {
      const { stream } = latest;
      if (streams.get(stream.key) === stream) {
        stream.lastUse = ++uses;
        return stream;
      }
    }
    const stream = findStream(report, origin);
    latestStreams.set(origin, { protocol: report.protocol, domain: report.observationDomainId, stream });
    return stream;
  }

  function findStream(report: MessageReport, origin: Origin): ExporterStream {
    let exporter = exporterKeys.get(origin);
    if (exporter === undefined) {
      exporter = `${sessionKey(origin)}${origin.sensor}/${addressKey(origin.exporter)}${options.keyByPort === true ? `:${origin.exporterPort}` : ''}`;
      exporterKeys.set(origin, exporter);
    }
    const key = `${exporter}/${report.protocol}/${report.observationDomainId}`;
    let stream = streams.get(key);
    if (stream === undefined) {
      if (streams.size >= limits.maxStreams) evict();
      stream = new ExporterStream(key, minutesOf(accountOf(report, origin)), limits, budgets);
      streams.set(key, stream);
    }
    stream.lastUse = ++uses;
    return stream;
  }

  function evict(): void {
    let oldest: ExporterStream | undefined;
    for (const stream of streams.values()) if (oldest === undefined || stream.lastUse < oldest.lastUse) oldest = stream;
    if (oldest === undefined) return;
    oldest.close();
    streams.delete(oldest.key);
    streamsEvicted++;
  }

  /** Streams of a connection are its own; all others share the empty name. */
  function sessionKey({ session }: Origin): string {
    return session === undefined ? '#' : `${session}#`;
  }

  /** Bytes that are no message, or too short for their header: they arrived, and that is all that is known of them. */
  function unreadable(report: MessageReport, origin: Origin): number {
    const atMs = Number.isNaN(origin.receivedMs) ? lastMinute : origin.receivedMs;
    const counts = minutesOf(accountOf(report, origin)).at(atMs);
    counts.messagesReceived++;
    counts.messagesSent++;
    counts.messagesMalformed++;
    return SequenceState.unknown;
  }

  /** A held set that was let go of belongs to the stream of its message, whoever made room or brought the template. */
  function bookSet(set: ReleasedSet): void {
    const { message } = set;
    const stream = streamOfHeld.get(message);
    if (stream !== undefined) stream.released(set);
    else bookReleased(minutesOf(accountOf(message, message.origin)).at(message.exportTimeMs), set, new StreamTotals(), false);
  }

  function book(minutes: OpenMinutes, atMs: number, produced: number, unwatched: number, source: RowSource): void {
    const counts = minutes.at(atMs);
    counts.recordsProduced += produced;
    counts.recordsUnwatched += unwatched;
    if (source === 'exported') return;
    counts.recordsSent += produced + unwatched;
    counts.recordsReceived += produced + unwatched;
    counts.recordsDecoded += produced + unwatched;
  }

  return {
    message(report, origin, batch, first = 0) {
      // A header of zeros may still have records behind it that became rows.
      for (const set of report.released) bookSet(set);
      const isUnread = report.malformed && report.exportTimeMs === 0 && report.recordsDecoded === 0;
      if (report.protocol === '' || isUnread) return unreadable(report, origin);
      lastMinute = minuteOf(report.exportTimeMs);
      const stream = streamOf(report, origin);
      if (report.held !== undefined) streamOfHeld.set(report.held, stream);
      return stream.message(report, origin.receivedMs, batch, first);
    },

    rows(batch, from, to, source, unwatched) {
      for (let first = from; first < to; ) {
        const end = runEnd(batch, first, to);
        let dropped = 0;
        if (unwatched !== undefined) for (let row = first; row < end; row++) dropped += unwatched[row]!;
        const atMs = batch.columns.exportTimeMilliseconds[first]!;
        const minutes = minutesOf(accountOfRow(batch, first));
        book(minutes, atMs, end - first - dropped, dropped, source);
        first = end;
      }
    },

    produced(account, atMs, produced, unwatched) {
      book(minutesOf(account), atMs, produced, unwatched, 'exported');
    },

    endSession(origin) {
      const key = sessionKey(origin);
      for (const stream of [...streams.values()]) {
        if (!stream.key.startsWith(key)) continue;
        stream.close();
        streams.delete(stream.key);
      }
    },

    refused(sensor, messages, atMs) {
      const counts = minutesOf({ sensor, exporter: NO_ADDRESS, observationDomainId: 0, protocol: '' }).at(atMs);
      counts.messagesRefused += messages;
    },

    kernelDrops(input, drops, atMs) {
      const counts = minutesOf({ sensor: input, exporter: NO_ADDRESS, observationDomainId: 0, protocol: '' }).at(atMs);
      counts.kernelDrops += drops;
    },

    capture: (sensor, protocol = 'pcap') => createCaptureLedger(stretchOf(sensor, protocol), limits.maxEmptyMinutes),

    log: (sensor, protocol) => createLogLedger(stretchOf(sensor, protocol), limits.maxEmptyMinutes),

    drain(untilMs, into) {
      for (const stream of streams.values()) {
        stream.settleBefore(untilMs);
        if (untilMs !== Number.POSITIVE_INFINITY) stream.ranUntil(untilMs);
      }
      const taken: { account: Account; counts: MinuteCounts }[] = [];
      for (const minutes of [...accounts.values(), overflow]) {
        if (into.length + taken.length + minutes.size > MAX_BATCH_ROWS) break;
        for (const counts of minutes.take(untilMs)) taken.push({ account: minutes.account, counts });
      }
      forgetUnused();
      taken.sort((a, b) => a.counts.minute - b.counts.minute || compareAccounts(a.account, b.account));
      for (const { account, counts } of taken) writeCounts(into, account, counts);
      return taken.length;
    },

    quarantined(report, origin) {
      const atMs = report.exportTimeMs > 0 ? report.exportTimeMs : Number.isNaN(origin.receivedMs) ? lastMinute : origin.receivedMs;
      minutesOf(accountOf(report, origin)).at(atMs).messagesQuarantined++;
    },

    overrun(origin, messages = 1) {
      const atMs = Number.isNaN(origin.receivedMs) ? lastMinute : origin.receivedMs;
      const account = { sensor: origin.sensor, exporter: origin.exporter, observationDomainId: 0, protocol: '' };
      minutesOf(account).at(atMs).messagesOverrun += messages;
    },

    exporters: () =>
      [...streams.values()].sort((a, b) => compareAccounts(a.minutes.account, b.minutes.account)).map((stream) => stream.status()),

    stats: () => ({ streams: streams.size, streamsEvicted, accounts: accounts.size }),
  };

  /** Minutes of a capture or log, which are kept while it may go on. */
  function stretchOf(sensor: string, protocol: string): OpenMinutes {
    const account = { sensor, exporter: NO_ADDRESS, observationDomainId: 0, protocol };
    const minutes = minutesOf(account, limits.maxOpenMinutes + limits.maxEmptyMinutes);
    captures.add(minutes);
    return minutes;
  }

  function forgetUnused(): void {
    const used = new Set<OpenMinutes>(captures);
    for (const stream of streams.values()) used.add(stream.minutes);
    for (const [key, minutes] of accounts) if (minutes.size === 0 && !used.has(minutes)) accounts.delete(key);
  }
}

function addressKey(exporter: Uint8Array): string {
  return String.fromCharCode(...exporter);
}

function accountKey(account: Account): string {
  return `${account.sensor}/${addressKey(account.exporter)}/${account.protocol}/${account.observationDomainId}`;
}

function accountOf(report: Pick<MessageReport, 'observationDomainId' | 'protocol'>, origin: Origin): Account {
  return { sensor: origin.sensor, exporter: origin.exporter, observationDomainId: report.observationDomainId, protocol: report.protocol };
}

function accountOfRow(batch: FlowBatch, row: number): Account {
  const c = batch.columns;
  return {
    sensor: c.sensor.dictionary.name(c.sensor.codes[row]!),
    exporter: c.exporterIPv6Address.bytes.subarray(row * 16, row * 16 + 16),
    observationDomainId: c.observationDomainId[row]!,
    protocol: c.exportProtocol.dictionary.name(c.exportProtocol.codes[row]!),
  };
}

/** End of the rows that share account and minute with row `first`: mostly a message's, or a capture's whole batch. */
function runEnd(batch: FlowBatch, first: number, to: number): number {
  const { sensor, exporterIPv6Address, observationDomainId, exportProtocol, exportTimeMilliseconds } = batch.columns;
  const { words } = exporterIPv6Address;
  const minute = minuteOf(exportTimeMilliseconds[first]!);
  let row = first + 1;
  while (
    row < to &&
    sensor.codes[row] === sensor.codes[first] &&
    exportProtocol.codes[row] === exportProtocol.codes[first] &&
    observationDomainId[row] === observationDomainId[first] &&
    words[row * 4] === words[first * 4] &&
    words[row * 4 + 1] === words[first * 4 + 1] &&
    words[row * 4 + 2] === words[first * 4 + 2] &&
    words[row * 4 + 3] === words[first * 4 + 3] &&
    minuteOf(exportTimeMilliseconds[row]!) === minute
  ) {
    row++;
  }
  return row;
}

function compareAccounts(a: Account, b: Account): number {
  return (
    compareText(a.sensor, b.sensor) ||
    compareAddresses(a.exporter, b.exporter) ||
    a.observationDomainId - b.observationDomainId ||
    compareText(a.protocol, b.protocol)
  );
}

/** By code unit, whatever the locale of the machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
