import { formatAddress } from '../../flow/address.js';
import type { FlowBatch } from '../../flow/batch.js';
import type { EvidenceRow } from './finding.js';

/**
 * The row as a pointer into the telemetry: sensor, message and record, with what an auditor compares first. `before`: a row of the same finding, whose addresses
 * are the same nearly always; equal ones are kept once.
 */
export function evidenceOf(batch: FlowBatch, row: number, before?: EvidenceRow): EvidenceRow {
  const columns = batch.columns;
  return {
    sensor: columns.sensor.dictionary.name(columns.sensor.codes[row]!),
    exporter: addressOf(columns.exporterIPv6Address.bytes, row, before),
    domain: columns.observationDomainId[row]!,
    sequence: columns.exportSequenceNumber[row]!,
    record: columns.recordNumber[row]!,
    startMs: columns.flowStartMilliseconds[row]!,
    endMs: columns.flowEndMilliseconds[row]!,
    source: addressOf(columns.sourceIPv6Address.bytes, row, before),
    sourcePort: columns.sourceTransportPort[row]!,
    destination: addressOf(columns.destinationIPv6Address.bytes, row, before),
    destinationPort: columns.destinationTransportPort[row]!,
    octets: columns.octetDeltaCount[row]!,
    reverseOctets: columns.reverseOctetDeltaCount[row]!,
    samplingInterval: columns.samplingInterval[row]!,
  };
}

function addressOf(bytes: Uint8Array, row: number, before: EvidenceRow | undefined): string {
  const text = formatAddress(bytes, row * 16);
  if (before === undefined) return text;
  if (text === before.source) return before.source;
  if (text === before.destination) return before.destination;
  return text === before.exporter ? before.exporter : text;
}
