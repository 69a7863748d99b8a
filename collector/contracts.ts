import type { FlowBatch } from '../flow/batch.js';

/** Where a payload came from. Made once per exporter and reused: nothing here changes per record. */
export interface Origin {
  /** Name of the sensor (claims file), or a name made from exporter and domain when none is configured. */
  readonly sensor: string;
  /** Address the payload came from, 16 bytes, IPv4 mapped; all zero for captures and log files. */
  readonly exporter: Uint8Array;
  readonly exporterPort: number;
  readonly transport: 'udp' | 'tcp' | 'tls' | 'file';
  /** TCP and TLS: number of the connection, another for each: templates and sequence numbers are its own (RFC 7011 §3.1, §8). */
  readonly session?: number;
  /** Arrival by our clock in ms; for a file replayed, the time recorded with it (pcap timestamp), NaN when there is none. */
  receivedMs: number;
}

/** A source of payloads: a socket, a file, a log. Inert until `start`; resolves when it has ended by itself (files) or was stopped. */
export interface FlowSource {
  /** `deliver` may return a promise: the source waits for it where it can (files, TCP), and counts loss where it cannot (UDP). */
  start(deliver: (payload: Uint8Array, origin: Origin) => void | Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** What can be wrong with input. A closed list: faults are counters with bounded labels, never thrown, never a log line each. */
export const FAULT_CODES = [
  'message-truncated',
  'message-version',
  'message-length',
  'set-length',
  'set-reserved',
  'template-missing',
  'template-malformed',
  'template-empty',
  'template-limit',
  'template-changed',
  'record-truncated',
  'record-count',
  'variable-length',
  'padding',
  'link-type',
  'packet-truncated',
  'packet-malformed',
  'fragment-limit',
  'flow-table-limit',
  'block-malformed',
  'line-malformed',
  'line-too-long',
  'content-missed',
  'records-skipped',
  'time-implausible',
  'counter-implausible',
  'refused',
] as const;
export type FaultCode = (typeof FAULT_CODES)[number];

/** What the flow samples of an sFlow datagram said of their sources, read or not: columns with a length, reused. */
export interface SampleCounters {
  length: number;
  /** SAMPLE_WORDS numbers a sample: the source's class and index, the sample's sequence number, sampling rate, pool, drops. */
  words: Uint32Array;
}
export const SAMPLE_WORDS = 6;

/**
 * What an exporter says of itself in options records (IPFIX, RFC 7011 §4.1–§4.3; elements 40–42, 164–168): running totals since its start, NaN what
 * this message does not tell.
 */
export interface ExporterStatistics {
  exportedMessages: number;
  exportedRecords: number;
  notSentRecords: number;
  ignoredPackets: number;
  ignoredOctets: number;
}

/** Interface counters that a message carries (sFlow if_counters): running totals in columns with a length, reused. */
export interface InterfaceCounters {
  length: number;
  /** INTERFACE_NUMBERS numbers an interface: ifIndex, ifHCInOctets, ifHCOutOctets, ifInErrors + ifInDiscards. */
  numbers: Float64Array;
}
export const INTERFACE_NUMBERS = 4;

/**
 * A message of which data sets are kept until their templates come. The decoder makes one for each such message; the ledger notes in it how it has
 * booked the message, so that what is released later is booked where it belongs.
 */
export interface HeldMessage {
  readonly origin: Origin;
  readonly protocol: string;
  readonly observationDomainId: number;
  readonly exportTimeMs: number;
  readonly systemUptimeMs: number;
  readonly sequenceNumber: number;
  /** Sets of it that still wait. */
  setsWaiting: number;
  /** True while the held sets are all of the message that could not be read: when they are, its records are known to the last one. */
  isWhole: boolean;
  /** Rows made of the message so far: what is released is numbered on from them. */
  rows: number;
  /** The message's SequenceState, for the rows that are still to come of it. 'unknown' where nobody keeps a ledger. */
  sequenceState: number;
  /** True when the ledger knew the message for a duplicate: nothing of it will be released. */
  discarded: boolean;
  /** Of the ledger: records booked as held, and not as released since. */
  recordsWaiting: number;
}

/** A held set that was let go of: read, or given up (all counts 0) for want of room, for its age or with its connection. */
export interface ReleasedSet {
  readonly message: HeldMessage;
  /** Octets of it that are counted now; fewer than it had where it broke off. */
  readonly octets: number;
  /** Rows. */
  readonly recordsDecoded: number;
  /** Of a template that makes no flows. */
  readonly recordsUndecodable: number;
  readonly recordsMalformed: number;
  readonly optionsRecords: number;
  readonly samplingInterval: number;
}

/** What one call of `decode` says beside its rows. Owned by the caller, reset by the decoder at the start of each call. */
export interface MessageReport {
  /** 'netflow5', 'netflow9', 'ipfix', 'sflow5', … ; '' when the bytes are no message of the decoder's. */
  protocol: string;
  observationDomainId: number;
  sequenceNumber: number;
  /** By the exporter's clock. sFlow has none: arrival by ours, or the agent's uptime where arrival is not known. */
  exportTimeMs: number;
  /** Milliseconds since the exporter's start (v5, v9, sFlow), NaN where the protocol has none (IPFIX). */
  systemUptimeMs: number;
  /**
   * Data records announced or implied by the message, options records apart: decoded + undecodable + malformed + held. −1 when it cannot be
   * known (an IPFIX set without its template): the next message's sequence number then tells.
   */
  recordsAnnounced: number;
  /** Rows made of this message; decode() returns recordsDecoded + recordsReleased. */
  recordsDecoded: number;
  recordsUndecodable: number;
  /**
   * Data records kept until their template comes (templates/held-sets.ts), as far as the header tells their number (v9): options records may turn out to be
   * among them. −1 when sets are kept and their records cannot be counted (IPFIX).
   */
  recordsHeld: number;
  /** The message's own entry where sets of it are kept; undefined otherwise. */
  held: HeldMessage | undefined;
  /**
   * Rows made of sets held from earlier messages. They follow the message's own `recordsDecoded` rows and carry their own message's export time, sequence
   * number, exporter and sequence state; their record numbers go on from the rows that were made of that message before.
   */
  recordsReleased: number;
  /** Every held set that was let go of in this call, also of other exporters (where room was made). */
  readonly released: ReleasedSet[];
  /** Octets that could not be read as records (sets without template, cut or broken sets): an upper bound of the records in them. */
  undecodableOctets: number;
  recordsMalformed: number;
  /**
   * Options data records: IPFIX and v9 count them in their sequence (RFC 7011 §3.1), they are no flows. sFlow: counter samples, discarded packets,
   * and flow samples of frames that are not IP.
   */
  optionsRecords: number;
  templatesReceived: number;
  templatesMissing: number;
  templatesChanged: number;
  /** Largest sampling interval that applied to rows of this message, 0 not known. */
  samplingInterval: number;
  /** Whether the record formats in force can tell IPv6 addresses: one of Ipv6Fields (flow/coverage.ts). */
  ipv6Fields: number;
  /** True when the message could not be read to its end. */
  malformed: boolean;
  /** Empty but for sFlow. */
  readonly samples: SampleCounters;
  /** Empty but for sFlow's counter samples. */
  readonly interfaces: InterfaceCounters;
  readonly statistics: ExporterStatistics;
}

/** Counts of faults by code. */
export interface Faults {
  add(code: FaultCode, count?: number): void;
}

/**
 * Turns one payload into rows. Pure but for its template cache: same payloads in the same order, same rows. Never throws on input,
 * never keeps the payload, writes whole rows or none, and returns how many rows it added to `into` (into.length grows by exactly that).
 */
export interface FlowDecoder {
  decode(payload: Uint8Array, origin: Origin, into: FlowBatch, report: MessageReport, faults: Faults): number;
  /** Forgets what the connection of `origin` (its `session`) told: it has ended. Decoders that keep nothing of connections have none. */
  endSession?(origin: Origin): void;
}

/** Lines of a log, without their line ends. Valid only during the call they are handed to. */
export interface LineBlock {
  readonly bytes: Uint8Array;
  /** Line `i` is `bytes[starts[i] … ends[i])`, its number in the log `numbers[i]`, from 1. Empty lines are left out, but counted in numbers. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly numbers: Uint32Array;
  readonly length: number;
  /** Lines longer than the limit that ended in this block; their bytes were passed over. */
  readonly tooLong: number;
  /** True when the last line has no line end: the log may have been cut within it. */
  readonly unterminated: boolean;
}

/** What a log says, line by line in its order: what the ledger of the log is made from. Times in ms since the epoch. */
export interface LogEvents {
  /** A row was written; `ms` is its export time. */
  record(ms: number): void;
  /** A line that should hold a record, and cannot be read. */
  malformed(lines: number): void;
  /** A line that holds no flow record: a header, another kind of event. `ms`, where it tells a time: the log ran until then. */
  other(ms?: number): void;
  /** The log says that there was nothing to record up to `ms`. */
  quiet(ms: number): void;
  /** The log says that records before `ms` are missing from it, and not how many. */
  missing(ms: number): void;
  /** The sensor says that it did not look at so many packets before `ms`. Told beside what the line is. */
  packetsMissed(packets: number, ms: number): void;
}

/**
 * Turns lines of a log into rows. It keeps what the log's header said, nothing else: same lines, same rows, however they come in blocks. Never throws on
 * input, writes whole rows or none; every line is told to `events` once.
 */
export interface LineDecoder {
  decode(lines: LineBlock, into: FlowBatch, events: LogEvents, faults: Faults): void;
  /** The log has ended: tells what was begun and not completed. Only decoders of documents that span lines have it. */
  end?(events: LogEvents, faults: Faults): void;
}
