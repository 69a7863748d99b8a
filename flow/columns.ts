import type { ColumnTable } from './column-kinds.js';

/** Who sent the first packet. Never a guess dressed as fact: `initiatorConfidence` says how sure it is. */
export const INITIATOR = ['unknown', 'source', 'destination'] as const;
/** How far the exchange came (reference: detection.md P6). `unknown` when only one direction was exported and flags do not tell. */
export const COMPLETION = ['unknown', 'attempt', 'established', 'transferred'] as const;
/** How the record's message stood in its exporter's sequence. */
export const SEQUENCE_STATE = ['unknown', 'in-order', 'after-loss', 'reordered', 'after-restart'] as const;
/** Which end of the record is the watched asset that the row is filed under. */
export const ASSET_SIDE = ['none', 'source', 'destination'] as const;

export const Initiator = { unknown: 0, source: 1, destination: 2 } as const;
export const Completion = { unknown: 0, attempt: 1, established: 2, transferred: 3 } as const;
export const SequenceState = { unknown: 0, inOrder: 1, afterLoss: 2, reordered: 3, afterRestart: 4 } as const;
/** IP octets one way from which an exchange counts as a transfer: the same for what a record tells and for what a session adds up (detection.md P6: 10 kB). */
export const TRANSFERRED_OCTETS = 10_000;
export const AssetSide = { none: 0, source: 1, destination: 2 } as const;

/**
 * The one place that names every column of a flow record. Batch, frame, DDL, documentation and JSON output derive from it.
 * Names are IPFIX element names (IANA registry); addresses are 16 bytes with IPv4 mapped into ::ffff:0:0/96.
 */
export const FLOW_COLUMNS = {
  flowStartMilliseconds: { kind: 'time', element: 152, meaning: 'first packet of the record', unit: 'ms since the epoch' },
  flowEndMilliseconds: { kind: 'time', element: 153, meaning: 'last packet of the record', unit: 'ms since the epoch' },
  sourceIPv6Address: { kind: 'address', element: 27, meaning: 'sender of the forward direction; IPv4 (element 8) mapped' },
  destinationIPv6Address: { kind: 'address', element: 28, meaning: 'receiver of the forward direction; IPv4 (element 12) mapped' },
  sourceTransportPort: { kind: 'u16', element: 7, meaning: 'port of the source; 0 where the protocol has none' },
  destinationTransportPort: { kind: 'u16', element: 11, meaning: 'port of the destination; 0 where the protocol has none' },
  protocolIdentifier: { kind: 'u8', element: 4, meaning: 'IP protocol number' },
  tcpControlBits: { kind: 'u16', element: 6, meaning: 'TCP flags seen source to destination, ORed' },
  reverseTcpControlBits: { kind: 'u16', element: '29305:6', meaning: 'TCP flags seen destination to source, ORed (RFC 5103)' },
  octetDeltaCount: { kind: 'u64', element: 1, meaning: 'IP octets source to destination, as counted by the exporter', unit: 'octets' },
  packetDeltaCount: { kind: 'u64', element: 2, meaning: 'packets source to destination, as counted by the exporter', unit: 'packets' },
  reverseOctetDeltaCount: { kind: 'u64', element: '29305:1', meaning: 'IP octets destination to source (RFC 5103)', unit: 'octets' },
  reversePacketDeltaCount: { kind: 'u64', element: '29305:2', meaning: 'packets destination to source (RFC 5103)', unit: 'packets' },
  biflow: { kind: 'u8', meaning: '1 when the exporter measured both directions in this record, so that a reverse count of 0 is a fact' },
  samplingInterval: {
    kind: 'u32',
    element: 34,
    meaning: '1 in N packets was seen; 1 unsampled, 0 not known. Counters are never multiplied by it',
    unit: '1:N',
  },
  icmpTypeCode: { kind: 'u16', element: 32, meaning: 'ICMP type * 256 + code, for ICMP and ICMPv6 (element 139)' },
  vlanId: { kind: 'u16', element: 58, meaning: '802.1Q VLAN next to the IP header, 0 untagged; the ones around it are in `tunnel`' },
  ingressInterface: { kind: 'u32', element: 10, meaning: "exporter's index of the interface the packets came in by" },
  egressInterface: { kind: 'u32', element: 14, meaning: "exporter's index of the interface the packets left by" },
  sourceMacAddress: { kind: 'u64', element: 56, meaning: 'MAC address of the source as a 48-bit number, 0 not known' },
  destinationMacAddress: { kind: 'u64', element: 80, meaning: 'MAC address of the destination as a 48-bit number, 0 not known' },
  flowEndReason: {
    kind: 'u8',
    element: 136,
    meaning: '1 idle, 2 active timeout, 3 end of flow, 4 forced, 5 lack of resources (RFC 5102), 0 not told',
  },
  bgpSourceAsNumber: { kind: 'u32', element: 16, meaning: 'AS of the source as told by the exporter, 0 not told' },
  bgpDestinationAsNumber: { kind: 'u32', element: 17, meaning: 'AS of the destination as told by the exporter, 0 not told' },
  initiator: { kind: 'enum', values: INITIATOR, meaning: 'who sent the first packet, as far as the record itself tells' },
  initiatorConfidence: {
    kind: 'u8',
    meaning: 'how sure that is: 100 seen (SYN without ACK, biflowDirection), 50 by convention or order, 0 unknown',
    unit: '%',
  },
  completion: { kind: 'enum', values: COMPLETION, meaning: 'how far the exchange came, as far as the record itself tells' },
  exportProtocol: { kind: 'symbol', meaning: 'netflow5, netflow9, ipfix, pcap, …' },
  sensor: { kind: 'symbol', meaning: 'name of the source of telemetry' },
  exporterIPv6Address: {
    kind: 'address',
    element: 131,
    meaning: 'address the export came from; IPv4 (element 130) mapped; :: for captures',
  },
  observationDomainId: {
    kind: 'u32',
    element: 149,
    meaning: 'observation domain (IPFIX), source id (v9), engine type * 256 + engine id (v5)',
  },
  exportTimeMilliseconds: {
    kind: 'time',
    meaning: "the exporter's clock when it sent the message; for captures the time of expiry",
    unit: 'ms since the epoch',
  },
  exportSequenceNumber: { kind: 'u32', meaning: 'sequence number of the message; for captures the number of the first packet modulo 2^32' },
  recordNumber: { kind: 'u32', meaning: 'position of the record within its message, from 0' },
  sequenceState: { kind: 'enum', values: SEQUENCE_STATE, meaning: "how the message stood in its exporter's sequence" },
  asset: { kind: 'symbol', meaning: 'the watched asset that this row is filed under' },
  fleet: { kind: 'symbol', meaning: 'fleet of the asset' },
  assetSide: { kind: 'enum', values: ASSET_SIDE, meaning: 'which end of the record the asset is' },
  mirror: {
    kind: 'u8',
    meaning: '1 in the second copy of a record whose both ends are assets, filed under the destination; each record has one row with 0',
  },
  ipClassOfService: { kind: 'u8', element: 5, meaning: 'DSCP and ECN of the first packet, as the exporter tells it' },
  firewallEvent: { kind: 'u8', element: 233, meaning: '1 created, 2 deleted, 3 denied, 4 alert, 5 update (NSEL and others), 0 not told' },
  natEvent: { kind: 'u8', element: 230, meaning: 'NAT event (RFC 8158 §4.2), 0 not told' },
  postNATSourceIPv6Address: { kind: 'address', element: 281, meaning: 'source after translation; IPv4 (element 225) mapped; :: not told' },
  postNATDestinationIPv6Address: {
    kind: 'address',
    element: 282,
    meaning: 'destination after translation; IPv4 (element 226) mapped; :: not told',
  },
  postNAPTSourceTransportPort: { kind: 'u16', element: 227, meaning: "source's port after translation, 0 not told" },
  postNAPTDestinationTransportPort: { kind: 'u16', element: 228, meaning: "destination's port after translation, 0 not told" },
  ingressInterfaceName: {
    kind: 'symbol',
    element: 82,
    meaning: 'name of the ingress interface, where the exporter told it in options records',
  },
  egressInterfaceName: {
    kind: 'symbol',
    element: 82,
    meaning: 'name of the egress interface, where the exporter told it in options records',
  },
  vrfName: { kind: 'symbol', element: 236, meaning: 'VRF or VPN the flow belongs to, as named or numbered by the exporter' },
  tunnel: {
    kind: 'symbol',
    meaning:
      "headers around the metered packets, outermost first, such as 'vlan 100/gre 192.0.2.1>198.51.100.2'; empty where there are none",
  },
  sourceNames: {
    kind: 'symbol',
    meaning: 'DNS names for which the destination was given the source as an answer still valid, at most 4, separated by commas',
  },
  destinationNames: {
    kind: 'symbol',
    meaning: 'DNS names for which the source was given the destination as an answer still valid, at most 4, separated by commas',
  },
  applicationName: {
    kind: 'symbol',
    element: 96,
    meaning: 'application that the sensor recognised by what was said, in its own words; empty where it told none',
  },
} as const satisfies ColumnTable;

export type FlowColumnName = keyof typeof FLOW_COLUMNS;
