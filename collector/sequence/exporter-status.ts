/** What one exporter's stream of one protocol has come to since it was first seen: for operators, not for verdicts, which rest on the ledger's minutes. */
export interface ExporterStatus {
  readonly sensor: string;
  /** 16 bytes, IPv4 mapped. Not to be changed. */
  readonly exporter: Uint8Array;
  readonly observationDomainId: number;
  readonly protocol: string;
  /** Arrival of the first and the last message by our clock; by the exporter's where arrival is not known (a file without times). */
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** Messages and data records that arrived once; duplicates are apart. */
  readonly messages: number;
  readonly records: number;
  /** Over the last one to two minutes of arrivals up to `lastSeenMs`; NaN before the stream is ten seconds old. */
  readonly messagesPerSecond: number;
  /** The pause between messages that is usual for this exporter, NaN while too few came. Silence is counted beyond twice of it. */
  readonly usualPauseMs: number;
  /** Largest told or attained by the last message that said one: 1 in N, 0 not known. */
  readonly samplingInterval: number;
  readonly lostMessages: number;
  readonly lostRecords: number;
  readonly undecodable: number;
  readonly malformed: number;
  /** Messages. */
  readonly duplicates: number;
  /** Records that wait for their template now, as far as they could be counted. */
  readonly held: number;
  readonly restarts: number;
  /** Data sets that came before their template. */
  readonly templatesMissing: number;
  /** Templates redefined in flight: a security event. */
  readonly templatesChanged: number;
  readonly templatesReceived: number;
  /** Records the exporter says that it did not send, packets it says that it did not look at. */
  readonly recordsNotExported: number;
  readonly packetsMissed: number;
  /** Smallest arrival − export time of the last ten minutes of arrivals: the exporter's clock is behind ours by it; NaN not known. */
  readonly clockOffsetMs: number;
  /** What the sequence numbers count (IPFIX: as learned so far); 'none' where the protocol numbers nothing. */
  readonly dialect: string;
}
