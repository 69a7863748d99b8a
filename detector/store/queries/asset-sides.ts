import { formatAddress, parseAddress } from '../../../flow/address.js';
import type { EvidenceRow } from '../../findings/finding.js';

/*
 * Parts of questions about `flows AS f` as the asset that a row is filed under sees it.
 */
export const IS_SOURCE = "f.assetSide = 'source'";
export const PEER = `if(${IS_SOURCE}, f.destinationIPv6Address, f.sourceIPv6Address)`;
export const OWN_PORT = `if(${IS_SOURCE}, f.sourceTransportPort, f.destinationTransportPort)`;
export const PEER_PORT = `if(${IS_SOURCE}, f.destinationTransportPort, f.sourceTransportPort)`;
export const OUT = `if(${IS_SOURCE}, f.octetDeltaCount, f.reverseOctetDeltaCount)`;
export const IN = `if(${IS_SOURCE}, f.reverseOctetDeltaCount, f.octetDeltaCount)`;
export const PACKETS_OUT = `if(${IS_SOURCE}, f.packetDeltaCount, f.reversePacketDeltaCount)`;

/** The order in which the first row of several is chosen. */
export const ROW_ORDER = 'tuple(f.flowStartMilliseconds, f.sensor, f.exportSequenceNumber, f.recordNumber)';

/** A row as a pointer into the telemetry: see `evidenceOfTuple`. */
export const EVIDENCE = `tuple(f.sensor, f.exporterIPv6Address, f.observationDomainId, f.exportSequenceNumber, f.recordNumber,
           toUnixTimestamp64Milli(f.flowStartMilliseconds), toUnixTimestamp64Milli(f.flowEndMilliseconds), f.sourceIPv6Address, f.sourceTransportPort,
           f.destinationIPv6Address, f.destinationTransportPort, f.octetDeltaCount, f.reverseOctetDeltaCount, f.samplingInterval)`;

type Value = string | number;

/** A tuple of EVIDENCE as the store answers it, an array or an object by its format. */
export function evidenceOfTuple(tuple: readonly Value[] | Readonly<Record<string, Value>>): EvidenceRow {
  const values: readonly Value[] = Object.values(tuple);
  const address = (value: Value | undefined): string => formatAddress(parseAddress(String(value)));
  const number = (index: number): number => Number(values[index]);
  return {
    sensor: String(values[0]),
    exporter: address(values[1]),
    domain: number(2),
    sequence: number(3),
    record: number(4),
    startMs: number(5),
    endMs: number(6),
    source: address(values[7]),
    sourcePort: number(8),
    destination: address(values[9]),
    destinationPort: number(10),
    octets: number(11),
    reverseOctets: number(12),
    samplingInterval: number(13),
  };
}
