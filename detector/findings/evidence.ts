import { formatAddress } from '../../flow/address.js';
import type { FlowBatch } from '../../flow/batch.js';
import type { EvidenceRow } from './finding.js';

/** The row as a pointer into the telemetry: sensor, message and record, with what an auditor compares first. */
export function evidenceOf(batch: FlowBatch, row: number): EvidenceRow {
  const columns = batch.columns;
  return {
    sensor: columns.sensor.dictionary.name(columns.sensor.codes[row]!),
    exporter: formatAddress(columns.exporterIPv6Address.bytes, row * 16),
    domain: columns.observationDomainId[row]!,
    sequence: columns.exportSequenceNumber[row]!,
    record: columns.recordNumber[row]!,
    startMs: columns.flowStartMilliseconds[row]!,
    endMs: columns.flowEndMilliseconds[row]!,
    source: formatAddress(columns.sourceIPv6Address.bytes, row * 16),
    sourcePort: columns.sourceTransportPort[row]!,
    destination: formatAddress(columns.destinationIPv6Address.bytes, row * 16),
    destinationPort: columns.destinationTransportPort[row]!,
    octets: columns.octetDeltaCount[row]!,
    reverseOctets: columns.reverseOctetDeltaCount[row]!,
    samplingInterval: columns.samplingInterval[row]!,
  };
}
