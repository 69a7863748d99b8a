import type { ColumnTable } from './column-kinds.js';

/**
 * The coverage ledger: one row says what one sensor (exporter and observation domain, or capture) told in one minute of its own clock.
 * Several rows for the same minute add up, so rows are deltas and can be sent as soon as a minute is left behind.
 *
 * Double entry (reference: assurance.md §2.6), residues are bugs:
 *   recordsSent     = recordsReceived + recordsLost                 (sent comes from sequence numbers alone)
 *   recordsReceived + recordsReleased
 *                   = recordsDecoded + recordsUndecodable + recordsMalformed + recordsDuplicate + recordsRefused + recordsHeld
 *   recordsDecoded  = recordsProduced + recordsUnwatched            (produced rows are then stored, quarantined or in flight)
 * Records whose template is missing are held for a while (recordsHeld) and released when it comes, or when they are given up as undecodable
 * (recordsReleased): held − released is what still waits. Both are counted in the minute of the message that the records came in.
 * interfaceOctets are what came in and went out between two counter samples of an sFlow interface; estimatedOctets the rows between the same two, as Ethernet
 * frames (18 octets more a packet, 22 with a tag, 64 at least). silentMilliseconds are told by the clock of arrivals, brought to the exporter's clock.
 * NetFlow v9 numbers export packets, not records: there recordsLost is messagesLost times the mean of records a packet, and
 * `lossEstimated` says so; messagesSent = messagesReceived + messagesLost is exact.
 */
export const COVERAGE_COLUMNS = {
  minute: { kind: 'time', meaning: "start of the minute, by the exporter's clock (captures: packet time)" },
  sensor: { kind: 'symbol', meaning: 'name of the source of telemetry' },
  exporterIPv6Address: { kind: 'address', meaning: 'address the export came from; :: for captures' },
  observationDomainId: { kind: 'u32', meaning: 'observation domain; 0 for captures' },
  exportProtocol: { kind: 'symbol', meaning: 'netflow5, netflow9, ipfix, pcap, …' },
  firstMessageMilliseconds: { kind: 'time', meaning: 'export time of the first message (capture: first packet) of these counts' },
  lastMessageMilliseconds: { kind: 'time', meaning: 'export time of the last message (capture: last packet) of these counts' },
  observedMilliseconds: {
    kind: 'u32',
    meaning: 'captures: how much of the minute the capture was running; exporters: 0, the verdict derives it from the heartbeat',
    unit: 'ms',
  },
  messagesSent: { kind: 'u64', meaning: 'messages the exporter sent, by its sequence numbers (captures: packets)' },
  messagesReceived: { kind: 'u64', meaning: 'messages that arrived once and were accepted' },
  messagesLost: { kind: 'u64', meaning: 'messages the sequence numbers miss (captures: packets the interface or kernel dropped)' },
  messagesDuplicate: { kind: 'u64', meaning: 'messages seen before' },
  messagesMalformed: { kind: 'u64', meaning: 'messages that could not be read to their end' },
  messagesRefused: { kind: 'u64', meaning: 'messages from senders that are not allowed' },
  recordsSent: { kind: 'u64', meaning: 'data records the exporter sent, by its sequence numbers' },
  recordsReceived: { kind: 'u64', meaning: 'data records that arrived' },
  recordsLost: { kind: 'u64', meaning: 'data records that did not arrive' },
  lossEstimated: { kind: 'u8', meaning: '1 when recordsLost is an estimate (NetFlow v9)' },
  recordsDecoded: { kind: 'u64', meaning: 'data records turned into rows' },
  recordsUndecodable: { kind: 'u64', meaning: 'data records whose template was missing, or of a kind that carries no flow' },
  recordsMalformed: { kind: 'u64', meaning: 'data records announced by a message whose bytes did not hold them' },
  recordsDuplicate: { kind: 'u64', meaning: 'data records in duplicate messages' },
  recordsRefused: { kind: 'u64', meaning: 'data records in refused messages' },
  recordsProduced: { kind: 'u64', meaning: 'rows handed to the bus (each record once, mirrors not counted)' },
  recordsUnwatched: { kind: 'u64', meaning: 'rows that concern no watched asset and were not kept' },
  optionsRecords: { kind: 'u64', meaning: 'options data records read' },
  templatesReceived: { kind: 'u64', meaning: 'template and options template records read' },
  templatesMissing: { kind: 'u64', meaning: 'data sets that arrived without a known template' },
  templatesChanged: { kind: 'u64', meaning: 'templates redefined in flight: a security event' },
  restarts: { kind: 'u64', meaning: 'restarts of the exporter recognised' },
  kernelDrops: { kind: 'u64', meaning: 'datagrams the kernel dropped before the collector (per socket)' },
  samplingInterval: { kind: 'u32', meaning: 'largest sampling interval seen, 0 not told', unit: '1:N' },
  clockOffsetMilliseconds: {
    kind: 'f64',
    meaning: 'smallest arrival − export time in these counts; NaN when arrival is not known (replay)',
    unit: 'ms',
  },
  recordsHeld: { kind: 'u64', meaning: 'data records kept until their template comes' },
  recordsReleased: { kind: 'u64', meaning: 'held data records that were decoded after all, or given up' },
  recordsNotExported: {
    kind: 'u64',
    meaning: 'records the exporter says that it made and did not send (IPFIX notSentFlowTotalCount, RFC 7011 §4.3)',
  },
  packetsMissed: {
    kind: 'u64',
    meaning:
      'packets the sensor says that it did not look at (IPFIX ignoredPacketTotalCount, sFlow drops, Zeek capture_loss, Suricata drops)',
    unit: 'packets',
  },
  packetsSelected: { kind: 'u64', meaning: 'packets that sampling took, as far as their pool is told (sFlow)', unit: 'packets' },
  packetsPool: { kind: 'u64', meaning: 'packets that packetsSelected were taken from (sFlow sample_pool)', unit: 'packets' },
  interfaceOctets: { kind: 'u64', meaning: 'octets that passed by the interface counters of the exporter', unit: 'octets' },
  estimatedOctets: {
    kind: 'u64',
    meaning: 'octets of the rows by the same interfaces, times their sampling interval: what interfaceOctets is reconciled with',
    unit: 'octets',
  },
  messagesOverrun: { kind: 'u64', meaning: 'messages dropped unread because bus and buffer were full' },
  messagesQuarantined: { kind: 'u64', meaning: 'messages that could not be read and were kept aside' },
  silentMilliseconds: {
    kind: 'u32',
    meaning: 'how much of the minute lay beyond twice the usual pause between messages of this exporter',
    unit: 'ms',
  },
  ipv6Fields: {
    kind: 'u8',
    meaning: 'whether the record formats in force could tell IPv6 addresses: 2 they could, 1 they could not, 0 not told (captures, logs)',
  },
} as const satisfies ColumnTable;

/** Values of `ipv6Fields`, of which the largest of a minute counts. */
export const Ipv6Fields = { unknown: 0, none: 1, some: 2 } as const;

export type CoverageColumnName = keyof typeof COVERAGE_COLUMNS;
