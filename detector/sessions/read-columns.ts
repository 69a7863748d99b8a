import type { BatchColumns } from '../../flow/batch.js';
import type { FLOW_COLUMNS, FlowColumnName } from '../../flow/columns.js';

/** Columns of every row that sessions and detections look at; evidence is copied from the batch itself. */
export const READ_COLUMNS = [
  ...(['flowStartMilliseconds', 'flowEndMilliseconds', 'sourceIPv6Address', 'destinationIPv6Address'] as const),
  ...(['sourceTransportPort', 'destinationTransportPort', 'protocolIdentifier', 'icmpTypeCode'] as const),
  ...(['tcpControlBits', 'reverseTcpControlBits', 'octetDeltaCount', 'packetDeltaCount'] as const),
  ...(['reverseOctetDeltaCount', 'reversePacketDeltaCount', 'biflow', 'samplingInterval'] as const),
  ...(['sourceMacAddress', 'destinationMacAddress', 'bgpSourceAsNumber', 'bgpDestinationAsNumber'] as const),
  ...(['initiator', 'initiatorConfidence', 'completion', 'exportProtocol', 'sensor', 'asset', 'assetSide'] as const),
  ...(['sourceNames', 'destinationNames', 'applicationName'] as const),
] satisfies FlowColumnName[];

/** Those of a batch, or of a window on it. */
export type ReadColumns = Pick<BatchColumns<typeof FLOW_COLUMNS>, (typeof READ_COLUMNS)[number]>;
