/** Fields of AWS VPC flow logs that a row is made from, by the place their values are kept in. */
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
} as const;
export const SLOTS = 15;

/** Fields by the name in the header line (docs.aws.amazon.com/vpc, "Available fields"). */
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
]);

/** The default format: the fields of version 2 in their order. Lines without a header are read by it where they say to be of version 2. */
export const VPC_DEFAULT_FIELDS =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status'.split(' ');
