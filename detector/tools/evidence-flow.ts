import { formatTime } from '../../flow/time.js';
import type { EvidenceRow, Finding } from '../findings/finding.js';
import type { RowText } from './flow-text.js';

/**
 * A flow made anew of an evidence row. What the row does not keep is taken from its finding: protocol, how far it came, and who began, which counts as seen
 * because the finding was judged by it.
 */
export function evidenceFlow(finding: Finding, row: EvidenceRow): RowText {
  const assetIsSource = row.source === finding.assetAddress;
  const initiator =
    finding.initiator === 'unknown' ? 'unknown' : (finding.initiator === 'asset') === assetIsSource ? 'source' : 'destination';
  return {
    flowStartMilliseconds: formatTime(row.startMs),
    flowEndMilliseconds: formatTime(row.endMs),
    sourceIPv6Address: row.source,
    destinationIPv6Address: row.destination,
    sourceTransportPort: row.sourcePort,
    destinationTransportPort: row.destinationPort,
    protocolIdentifier: finding.protocol,
    octetDeltaCount: row.octets,
    reverseOctetDeltaCount: row.reverseOctets,
    samplingInterval: row.samplingInterval,
    initiator,
    initiatorConfidence: initiator === 'unknown' ? 0 : 100,
    completion: finding.completion,
    sensor: row.sensor,
    exporterIPv6Address: row.exporter,
    observationDomainId: row.domain,
    exportSequenceNumber: row.sequence,
    recordNumber: row.record,
  };
}
