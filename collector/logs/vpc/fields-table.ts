/** Fields of AWS VPC and transit gateway flow logs that a row is made from, by the place their values are kept in. */
export const Slot = {
  version: 0,
  source: 1,
  destination: 2,
  packetSource: 3,
  packetDestination: 4,
  sourcePort: 5,
  destinationPort: 6,
  protocol: 7,
  packets: 8,
  octets: 9,
  start: 10,
  end: 11,
  action: 12,
  status: 13,
  tcpFlags: 14,
  interfaceId: 15,
  direction: 16,
  network: 17,
} as const;
export const SLOTS = 18;

/** Fields by the name in the header line (docs.aws.amazon.com/vpc, "Available fields"; "Transit Gateway Flow Log records"). */
export const VPC_SLOT_OF_FIELD: ReadonlyMap<string, number> = new Map([
  ['version', Slot.version],
  ['srcaddr', Slot.source],
  ['dstaddr', Slot.destination],
  ['pkt-srcaddr', Slot.packetSource],
  ['pkt-dstaddr', Slot.packetDestination],
  ['srcport', Slot.sourcePort],
  ['dstport', Slot.destinationPort],
  ['protocol', Slot.protocol],
  ['packets', Slot.packets],
  ['bytes', Slot.octets],
  ['start', Slot.start],
  ['end', Slot.end],
  ['action', Slot.action],
  ['log-status', Slot.status],
  ['tcp-flags', Slot.tcpFlags],
  ['interface-id', Slot.interfaceId],
  ['tgw-attachment-id', Slot.interfaceId],
  ['flow-direction', Slot.direction],
  ['vpc-id', Slot.network],
  ['tgw-id', Slot.network],
]);

/** The default format: the fields of version 2 in their order. */
const VERSION_2 = 'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status';
const VERSION_3 = `${VERSION_2} vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr`;
const VERSION_4 = `${VERSION_3} region az-id sublocation-type sublocation-id`;
const VERSION_5 = `${VERSION_4} pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path`;
const TRANSIT_GATEWAY =
  'version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id tgw-src-vpc-id tgw-dst-vpc-id ' +
  'tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id tgw-pair-attachment-id srcaddr dstaddr srcport dstport ' +
  'protocol packets bytes start end log-status type packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired ' +
  'tcp-flags region flow-direction pkt-src-aws-service pkt-dst-aws-service';

/**
 * Formats that a line without header is read by, with the version that it then says to be of: the default formats of VPCs and transit gateways, and all
 * fields up to a version in the order in which AWS documents them. Each has a number of fields of its own.
 */
export const VPC_FORMATS: readonly { readonly version: number; readonly names: readonly string[] }[] = [
  { version: 2, names: VERSION_2.split(' ') },
  { version: 3, names: VERSION_3.split(' ') },
  { version: 4, names: VERSION_4.split(' ') },
  { version: 5, names: VERSION_5.split(' ') },
  { version: 6, names: TRANSIT_GATEWAY.split(' ') },
];
