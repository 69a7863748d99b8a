import type { LineDecoder, LogEvents } from '../../../collector/contracts.js';
import { createLogSplitter, type LogFraming } from '../../../collector/inputs/line-file.js';
import { LOG_FORMATS, type LogFormat } from '../../../collector/logs/formats-table.js';
import { formatAddress } from '../../../flow/address.js';
import { FlowBatch } from '../../../flow/batch.js';
import { COMPLETION, INITIATOR } from '../../../flow/columns.js';
import { FaultCounts } from '../inputs/collecting.js';

/** What a decoder told of its lines. */
export interface Told {
  records: number;
  malformed: number;
  other: number;
  quiet: number[];
  missing: number[];
  /** Packets that the sensor missed, and when it said so. */
  missed: [packets: number, ms: number][];
  times: number[];
}

export interface ReadLog {
  batch: FlowBatch;
  rows: LogRow[];
  told: Told;
  faults: FaultCounts['counts'];
  lines: number;
}

export type LogRow = ReturnType<typeof rowOf>;

/** Reads a log's octets (text: UTF-8) in chunks of `chunkOctets`. */
export function readLog(format: LogFormat, log: string | Uint8Array, chunkOctets = 65_536): ReadLog {
  const { framing, createDecoder } = LOG_FORMATS[format];
  return readWith(createDecoder('tap'), log, chunkOctets, framing);
}

export function readWith(decoder: LineDecoder, log: string | Uint8Array, chunkOctets = 65_536, framing: LogFraming = 'lines'): ReadLog {
  const bytes = typeof log === 'string' ? new TextEncoder().encode(log) : log;
  const batch = new FlowBatch(64);
  const faults = new FaultCounts();
  const told: Told = { records: 0, malformed: 0, other: 0, quiet: [], missing: [], missed: [], times: [] };
  const events: LogEvents = {
    record: (ms) => {
      told.records++;
      told.times.push(ms);
    },
    malformed: (lines) => {
      told.malformed += lines;
    },
    other: () => {
      told.other++;
    },
    quiet: (ms) => void told.quiet.push(ms),
    missing: (ms) => void told.missing.push(ms),
    packetsMissed: (packets, ms) => void told.missed.push([packets, ms]),
  };
  const splitter = createLogSplitter(framing, bytes.subarray(0, chunkOctets), chunkOctets);
  for (let at = 0, ended = bytes.length === 0; ; ) {
    while (splitter.next(ended)) decoder.decode(splitter, batch, events, faults);
    if (ended) break;
    at += chunkOctets;
    const chunk = bytes.subarray(at, at + chunkOctets);
    splitter.bytes.set(chunk, splitter.held);
    splitter.received(chunk.length);
    ended = chunk.length === 0;
  }
  decoder.end?.(events, faults);
  return {
    batch,
    rows: Array.from({ length: batch.length }, (_, row) => rowOf(batch, row)),
    told,
    faults: faults.counts,
    lines: splitter.lines,
  };
}

/** One row as a test reads it. */
function rowOf({ columns }: FlowBatch, row: number) {
  return {
    startMs: columns.flowStartMilliseconds[row]!,
    endMs: columns.flowEndMilliseconds[row]!,
    source: formatAddress(columns.sourceIPv6Address.bytes, row * 16),
    destination: formatAddress(columns.destinationIPv6Address.bytes, row * 16),
    ports: [columns.sourceTransportPort[row]!, columns.destinationTransportPort[row]!],
    protocol: columns.protocolIdentifier[row]!,
    flags: columns.tcpControlBits[row]!,
    reverseFlags: columns.reverseTcpControlBits[row]!,
    octets: [columns.octetDeltaCount[row]!, columns.reverseOctetDeltaCount[row]!],
    packets: [columns.packetDeltaCount[row]!, columns.reversePacketDeltaCount[row]!],
    biflow: columns.biflow[row]!,
    sampling: columns.samplingInterval[row]!,
    icmp: columns.icmpTypeCode[row]!,
    vlan: columns.vlanId[row]!,
    tunnel: columns.tunnel.dictionary.name(columns.tunnel.codes[row]!) || undefined,
    macs: [columns.sourceMacAddress[row]!, columns.destinationMacAddress[row]!],
    endReason: columns.flowEndReason[row]!,
    initiator: INITIATOR[columns.initiator[row]!]!,
    confidence: columns.initiatorConfidence[row]!,
    completion: COMPLETION[columns.completion[row]!]!,
    exportProtocol: columns.exportProtocol.dictionary.name(columns.exportProtocol.codes[row]!),
    sensor: columns.sensor.dictionary.name(columns.sensor.codes[row]!),
    exportMs: columns.exportTimeMilliseconds[row]!,
    // Undefined where the log has none, so that a test names them only where they matter.
    firewall: columns.firewallEvent[row]! || undefined,
    tos: columns.ipClassOfService[row]! || undefined,
    vrf: columns.vrfName.dictionary.name(columns.vrfName.codes[row]!) || undefined,
    ingress: columns.ingressInterfaceName.dictionary.name(columns.ingressInterfaceName.codes[row]!) || undefined,
    egress: columns.egressInterfaceName.dictionary.name(columns.egressInterfaceName.codes[row]!) || undefined,
    application: columns.applicationName.dictionary.name(columns.applicationName.codes[row]!) || undefined,
    line: columns.recordNumber[row]!,
    sequence: columns.exportSequenceNumber[row]!,
  };
}
