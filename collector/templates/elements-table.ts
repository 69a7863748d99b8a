/**
 * What an information element means to a flow row: the closed table between the IANA IPFIX registry (which NetFlow v9 shares for
 * its types up to 127 and beyond), a few makers' own elements, and our columns. Elements that are not here are skipped by their length, never an error.
 */

/** Reverse information elements of biflows carry this enterprise number (RFC 5103 §6.1). */
export const REVERSE_PEN = 29_305;
/** Cisco: application visibility (AVC) tells a connection's ends by elements of its own, in NetFlow v9 with the enterprise bit as part of the type. */
const CISCO_PEN = 9;
/** CERT, the makers of YAF; the reverse of an element of theirs has bit 14 set. */
const CERT_PEN = 6871;
const CERT_REVERSE = 0x4000;
const IXIA_PEN = 3054;

/** One number for an element: enterprise number and id. Enterprise 0 is the IANA registry. */
export function elementKey(enterprise: number, id: number): number {
  return enterprise * 65_536 + id;
}

/** Key of a NetFlow v9 scope field: its types are a numbering of their own (RFC 3954 §6.1), kept apart by a number no enterprise can have. */
export const SCOPE_ENTERPRISE = 2 ** 32;
export function scopeKey(type: number): number {
  return elementKey(SCOPE_ENTERPRISE, type);
}

const reverse = (id: number): number => elementKey(REVERSE_PEN, id);
const cisco = (id: number): number => elementKey(CISCO_PEN, id);
const cert = (id: number): number => elementKey(CERT_PEN, id);

/**
 * How the bytes of a field become a value.
 * `seconds`, `deltaMicroseconds`, `ntp` and `uptime` are the time encodings of RFC 7011 §6.1.7–10 and of elements 21/22 and 158/159.
 */
export type Reading = 'unsigned' | 'ipv4' | 'ipv6' | 'seconds' | 'milliseconds' | 'ntp' | 'deltaMicroseconds' | 'uptime' | 'text';

/** What happens with the value after it was read, where it is more than a copy into its column. */
export type Role =
  | 'column'
  /** Stands in where the column is still 0. */
  | 'fill'
  /** Goes before what the column has, where it is not 0. */
  | 'overlay'
  /** Bits that are added to the column's. */
  | 'merge'
  | 'dscp'
  | 'systemInit'
  | 'durationMs'
  | 'durationUs'
  | 'icmpType'
  | 'icmpCode'
  | 'outerVlan'
  | 'mplsLabel'
  | 'vrfId'
  | 'applicationId'
  | 'samplerId'
  | 'selectionSequence'
  | 'samplingWith'
  | 'samplingSpace'
  | 'samplingPopulation'
  | 'biflowDirection';

export interface FieldSource {
  /** Column the value ends in; values of other roles pass through scratch memory. */
  readonly column: string;
  readonly role: Role;
  /** Elements in order of preference: the first that a template has is read, the others are skipped. */
  readonly from: readonly (readonly [element: number, reading: Reading])[];
  /** Read only where the template has one of these too. */
  readonly beside?: readonly number[];
}

const column = (name: string, ...elements: number[]): FieldSource => unsigned('column', name, ...elements);
const fill = (name: string, ...elements: number[]): FieldSource => unsigned('fill', name, ...elements);

function unsigned(role: Role, name: string, ...elements: number[]): FieldSource {
  return { column: name, role, from: elements.map((element) => [element, 'unsigned'] as const) };
}

/** In this order the fields of a record are read. Where two write one column, the later fills what the earlier left empty. */
export const FIELD_SOURCES: readonly FieldSource[] = [
  // Must come before the times, which rest on it (Huawei: 22 + 160).
  { column: '', role: 'systemInit', from: [[160, 'milliseconds']] },
  {
    column: 'flowStartMilliseconds',
    role: 'column',
    from: [
      [152, 'milliseconds'],
      [154, 'ntp'],
      [156, 'ntp'],
      [150, 'seconds'],
      [158, 'deltaMicroseconds'],
      [22, 'uptime'],
      [323, 'milliseconds'],
      [324, 'ntp'],
      [325, 'ntp'],
      [322, 'seconds'],
      [272, 'milliseconds'],
      [271, 'ntp'],
      [273, 'ntp'],
      [265, 'seconds'],
      [359, 'milliseconds'],
      [258, 'milliseconds'],
    ],
  },
  {
    column: 'flowEndMilliseconds',
    role: 'column',
    from: [
      [153, 'milliseconds'],
      [155, 'ntp'],
      [157, 'ntp'],
      [151, 'seconds'],
      [159, 'deltaMicroseconds'],
      [21, 'uptime'],
      [323, 'milliseconds'],
      [324, 'ntp'],
      [325, 'ntp'],
      [322, 'seconds'],
      [269, 'milliseconds'],
      [268, 'ntp'],
      [270, 'ntp'],
      [261, 'seconds'],
      [360, 'milliseconds'],
      [258, 'milliseconds'],
    ],
  },
  unsigned('durationMs', '', 161),
  unsigned('durationUs', '', 162),
  // Cisco AVC: the ends of a connection as client and server, 45004 and on in NetFlow v9.
  {
    column: 'sourceIPv6Address',
    role: 'column',
    from: [
      [27, 'ipv6'],
      [cisco(12_238), 'ipv6'],
      [45_006, 'ipv6'],
    ],
  },
  {
    column: 'destinationIPv6Address',
    role: 'column',
    from: [
      [28, 'ipv6'],
      [cisco(12_239), 'ipv6'],
      [45_007, 'ipv6'],
    ],
  },
  {
    column: 'sourceIPv6Address',
    role: 'column',
    from: [
      [8, 'ipv4'],
      [cisco(12_236), 'ipv4'],
      [45_004, 'ipv4'],
    ],
  },
  {
    column: 'destinationIPv6Address',
    role: 'column',
    from: [
      [12, 'ipv4'],
      [cisco(12_237), 'ipv4'],
      [45_005, 'ipv4'],
    ],
  },
  column('sourceTransportPort', 7, 182, 180, cisco(12_240), 45_008),
  column('destinationTransportPort', 11, 183, 181, cisco(12_241), 45_009),
  // A template for TCP and UDP alike has all four; a record fills its own two.
  fill('sourceTransportPort', 180),
  fill('destinationTransportPort', 181),
  column('protocolIdentifier', 4, 193),
  column('tcpControlBits', 6, cert(14)),
  unsigned('merge', 'tcpControlBits', cert(15)),
  column('reverseTcpControlBits', reverse(6), cert(CERT_REVERSE | 14)),
  unsigned('merge', 'reverseTcpControlBits', cert(CERT_REVERSE | 15)),
  // The initiator's and the responder's counters belong together, before any that may hold both directions (a firewall's 85). Huawei has 232 alone, for
  // something else. Then delta counters; totals (85/86) where there is no delta; what left the exporter (OUT_BYTES, 23) only where nothing tells what came
  // in; frames last. An OUT counter never overwrites an IN counter.
  { ...column('octetDeltaCount', 231), beside: [232] },
  column('octetDeltaCount', 1, 85, 231, 23, 171, 352, 353, 417, 420),
  { ...column('packetDeltaCount', 298), beside: [299] },
  column('packetDeltaCount', 2, 86, 298, 24, 172, 430, 431),
  column('reverseOctetDeltaCount', reverse(1), reverse(85)),
  { ...column('reverseOctetDeltaCount', 232), beside: [231] },
  column('reverseOctetDeltaCount', elementKey(IXIA_PEN, 176), reverse(352), reverse(353)),
  column('reversePacketDeltaCount', reverse(2), reverse(86)),
  { ...column('reversePacketDeltaCount', 299), beside: [298] },
  column('reversePacketDeltaCount', elementKey(IXIA_PEN, 177), reverse(430), reverse(431)),
  column('icmpTypeCode', 32),
  fill('icmpTypeCode', 139),
  unsigned('icmpType', 'icmpTypeCode', 176),
  unsigned('icmpCode', 'icmpTypeCode', 177),
  unsigned('icmpType', 'icmpTypeCode', 178),
  unsigned('icmpCode', 'icmpTypeCode', 179),
  column('vlanId', 245),
  fill('vlanId', 58, 243, 59, 254),
  { ...unsigned('outerVlan', 'tunnel', 243), beside: [245] },
  ...[70, 71, 72, 73, 74, 75, 76, 77, 78, 79].map((section) => unsigned('mplsLabel', 'tunnel', section)),
  column('ingressInterface', 10, 252),
  column('egressInterface', 14, 253),
  column('sourceMacAddress', 56, 81),
  column('destinationMacAddress', 80, 57),
  column('flowEndReason', 136),
  column('bgpSourceAsNumber', 16),
  column('bgpDestinationAsNumber', 17),
  column('ipClassOfService', 5, 55),
  unsigned('dscp', 'ipClassOfService', 195, 98),
  // 40005 and 40001 to 40004 are what ASA 8.2 to 8.4 had for 233 and 225 to 228.
  column('firewallEvent', 233, 40_005),
  column('natEvent', 230),
  { column: 'postNATSourceIPv6Address', role: 'column', from: [[281, 'ipv6']] },
  { column: 'postNATDestinationIPv6Address', role: 'column', from: [[282, 'ipv6']] },
  {
    column: 'postNATSourceIPv6Address',
    role: 'column',
    from: [
      [225, 'ipv4'],
      [40_001, 'ipv4'],
    ],
  },
  {
    column: 'postNATDestinationIPv6Address',
    role: 'column',
    from: [
      [226, 'ipv4'],
      [40_002, 'ipv4'],
    ],
  },
  column('postNAPTSourceTransportPort', 227, 40_003),
  column('postNAPTDestinationTransportPort', 228, 40_004),
  { column: 'vrfName', role: 'column', from: [[236, 'text']] },
  unsigned('vrfId', '', 234, 235),
  { column: 'applicationName', role: 'column', from: [[96, 'text']] },
  unsigned('applicationId', '', 95),
  // 305 alone is the rate in practice; with 306 beside it, it is the number taken between gaps of 306.
  column('samplingInterval', 34, 50, 305),
  unsigned('samplerId', 'samplingInterval', 48, 302),
  unsigned('selectionSequence', 'samplingInterval', 301),
  unsigned('samplingWith', '', 305, 309),
  unsigned('samplingSpace', 'samplingInterval', 306),
  unsigned('samplingPopulation', 'samplingInterval', 310),
  unsigned('biflowDirection', '', 239),
];

/** A template with one of these has a flow's end in it; one with none describes something else (statistics, HTTP requests, stations). */
export const ENDPOINT_COLUMNS: ReadonlySet<string> = new Set([
  'sourceIPv6Address',
  'destinationIPv6Address',
  'sourceMacAddress',
  'destinationMacAddress',
]);

/** Columns that only an exporter which measured both directions fills (RFC 5103; firewall's initiator and responder counters). */
export const REVERSE_COLUMNS: ReadonlySet<string> = new Set(['reverseOctetDeltaCount', 'reversePacketDeltaCount']);

/** Elements that hold lists of values or of records (RFC 6313 §4.5). */
export const LIST_ELEMENTS = { basicList: 291, subTemplateList: 292, subTemplateMultiList: 293 } as const;

/** Elements that hold the beginning of a packet: from its link header, from its IP header, from what follows its MPLS labels. */
export const SECTION_ELEMENTS = {
  dataLinkFrameSection: 315,
  layer2PacketSectionData: 104,
  ipHeaderPacketSection: 313,
  mplsPayloadPacketSection: 317,
  dataLinkFrameSize: 312,
  dataLinkFrameType: 408,
  sectionOffset: 409,
  sectionExportedOctets: 410,
  layer2PacketSectionOffset: 102,
} as const;

/** What is read from options data records; all other options are counted and skipped. */
export const OPTION_ELEMENTS = {
  ingressInterface: 10,
  egressInterface: 14,
  samplingInterval: 34,
  samplerId: 48,
  samplerRandomInterval: 50,
  interfaceName: 82,
  interfaceDescription: 83,
  applicationId: 95,
  applicationName: 96,
  lineCardId: 141,
  systemInitTimeMilliseconds: 160,
  ingressVRFID: 234,
  egressVRFID: 235,
  vrfName: 236,
  ingressPhysicalInterface: 252,
  egressPhysicalInterface: 253,
  selectionSequenceId: 301,
  selectorId: 302,
  samplingPacketInterval: 305,
  samplingPacketSpace: 306,
  samplingTimeInterval: 307,
  samplingTimeSpace: 308,
  samplingSize: 309,
  samplingPopulation: 310,
  samplingProbability: 311,
} as const;

/** What an exporter counts of itself (RFC 7011 §4.1 to §4.3). */
export const STATISTICS_ELEMENTS = {
  exportedMessages: 41,
  exportedRecords: 42,
  ignoredPackets: 164,
  ignoredOctets: 165,
  notSentRecords: 166,
} as const;

/** NetFlow v9 scope types: the options hold for one interface, one line card (RFC 3954 §6.1). */
export const SCOPE_INTERFACE = 2;
export const SCOPE_LINE_CARD = 3;
