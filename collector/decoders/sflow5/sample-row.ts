import type { FlowBatch } from '../../../flow/batch.js';
import type { FlowColumnName } from '../../../flow/columns.js';
import { Protocol } from '../../packets/packet.js';
import { writeWords } from '../../packets/udp-payload.js';
import { targetsBeside, type Unwritten } from '../../templates/plan.js';
import type { FlowSample } from './flow-sample.js';

/** The columns that `writeSampleRow` writes. */
const WRITTEN: readonly FlowColumnName[] = [
  'sourceIPv6Address',
  'destinationIPv6Address',
  'sourceTransportPort',
  'destinationTransportPort',
  'protocolIdentifier',
  'tcpControlBits',
  'octetDeltaCount',
  'packetDeltaCount',
  'samplingInterval',
  'icmpTypeCode',
  'vlanId',
  'ingressInterface',
  'egressInterface',
  'sourceMacAddress',
  'destinationMacAddress',
  'bgpSourceAsNumber',
  'bgpDestinationAsNumber',
];

/** What has to be zeroed in rows that `writeSampleRow` wrote. */
export const UNWRITTEN: Unwritten = targetsBeside(new Set(WRITTEN));

/** Writes the packet of a sample as row `row`: one packet, its IP octets, and the interval it was sampled at. */
export function writeSampleRow(into: FlowBatch, row: number, sample: FlowSample): void {
  const { columns } = into;
  const { packet } = sample;
  const isIcmp = packet.protocol === Protocol.icmp || packet.protocol === Protocol.icmp6;
  writeWords(columns.sourceIPv6Address.bytes, row * 16, packet.source0, packet.source1, packet.source2, packet.source3);
  writeWords(
    columns.destinationIPv6Address.bytes,
    row * 16,
    packet.destination0,
    packet.destination1,
    packet.destination2,
    packet.destination3,
  );
  columns.sourceTransportPort[row] = packet.sourcePort;
  columns.destinationTransportPort[row] = packet.destinationPort;
  columns.protocolIdentifier[row] = packet.protocol;
  columns.tcpControlBits[row] = packet.tcpFlags;
  columns.octetDeltaCount[row] = packet.octets;
  columns.packetDeltaCount[row] = 1;
  columns.samplingInterval[row] = sample.rate;
  columns.icmpTypeCode[row] = isIcmp ? packet.icmpType * 256 + packet.icmpCode : 0;
  columns.vlanId[row] = packet.vlanId;
  columns.ingressInterface[row] = sample.ingress;
  columns.egressInterface[row] = sample.egress;
  columns.sourceMacAddress[row] = packet.sourceMacHigh * 2 ** 32 + (packet.sourceMacLow >>> 0);
  columns.destinationMacAddress[row] = packet.destinationMacHigh * 2 ** 32 + (packet.destinationMacLow >>> 0);
  columns.bgpSourceAsNumber[row] = sample.gateway.sourceAs;
  columns.bgpDestinationAsNumber[row] = sample.gateway.destinationAs;
}
