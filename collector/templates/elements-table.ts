/**
 * What an information element means to a flow row: the closed table between the IANA IPFIX registry (which NetFlow v9 shares for
 * its types up to 127 and beyond) and our columns. Elements that are not here are skipped by their length, never an error.
 */

/** Reverse information elements of biflows carry this enterprise number (RFC 5103 §6.1). */
export const REVERSE_PEN = 29_305;

/** One number for an element: enterprise number and id. Enterprise 0 is the IANA registry. */
export function elementKey(enterprise: number, id: number): number {
  return enterprise * 65_536 + id;
}

/** Key of a NetFlow v9 scope field: its types are a numbering of their own (RFC 3954 §6.1), kept apart by a number no enterprise can have. */
export function scopeKey(type: number): number {
  return elementKey(2 ** 32, type);
}

const reverse = (id: number): number => elementKey(REVERSE_PEN, id);

/**
 * How the bytes of a field become a value.
 * `seconds`, `deltaMicroseconds`, `ntp` and `uptime` are the time encodings of RFC 7011 §6.1.7–10 and of elements 21/22 and 158/159.
 */
export type Reading = 'unsigned' | 'ipv4' | 'ipv6' | 'seconds' | 'milliseconds' | 'ntp' | 'deltaMicroseconds' | 'uptime';

/** What happens with the value after it was read, where it is more than a copy into its column. */
export type Role =
  | 'column'
  | 'systemInit'
  | 'icmpFallback'
  | 'icmpType'
  | 'icmpCode'
  | 'samplerId'
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
}

const column = (name: string, ...elements: number[]): FieldSource => ({
  column: name,
  role: 'column',
  from: elements.map((element) => [element, 'unsigned'] as const),
});

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
    ],
  },
  { column: 'sourceIPv6Address', role: 'column', from: [[27, 'ipv6']] },
  { column: 'destinationIPv6Address', role: 'column', from: [[28, 'ipv6']] },
  { column: 'sourceIPv6Address', role: 'column', from: [[8, 'ipv4']] },
  { column: 'destinationIPv6Address', role: 'column', from: [[12, 'ipv4']] },
  column('sourceTransportPort', 7, 182, 180),
  column('destinationTransportPort', 11, 183, 181),
  column('protocolIdentifier', 4),
  column('tcpControlBits', 6),
  column('reverseTcpControlBits', reverse(6)),
  // Delta counters first; totals (85/86) where there is no delta; what left the exporter (OUT_BYTES, 23) only where nothing tells
  // what came in; the initiator's of a firewall (231) where it is all there is. An OUT counter never overwrites an IN counter.
  column('octetDeltaCount', 1, 85, 231, 23, 171),
  column('packetDeltaCount', 2, 86, 298, 24, 172),
  column('reverseOctetDeltaCount', reverse(1), reverse(85), 232),
  column('reversePacketDeltaCount', reverse(2), reverse(86), 299),
  column('icmpTypeCode', 32),
  { column: 'icmpTypeCode', role: 'icmpFallback', from: [[139, 'unsigned']] },
  {
    column: 'icmpTypeCode',
    role: 'icmpType',
    from: [
      [176, 'unsigned'],
      [178, 'unsigned'],
    ],
  },
  {
    column: 'icmpTypeCode',
    role: 'icmpCode',
    from: [
      [177, 'unsigned'],
      [179, 'unsigned'],
    ],
  },
  column('vlanId', 58, 243, 59, 254),
  column('ingressInterface', 10, 252),
  column('egressInterface', 14, 253),
  column('sourceMacAddress', 56, 81),
  column('destinationMacAddress', 80, 57),
  column('flowEndReason', 136),
  column('bgpSourceAsNumber', 16),
  column('bgpDestinationAsNumber', 17),
  // 305 alone is the rate in practice; with 306 beside it, it is the number taken between gaps of 306.
  column('samplingInterval', 34, 50, 305),
  {
    column: 'samplingInterval',
    role: 'samplerId',
    from: [
      [48, 'unsigned'],
      [302, 'unsigned'],
    ],
  },
  {
    column: '',
    role: 'samplingWith',
    from: [
      [305, 'unsigned'],
      [309, 'unsigned'],
    ],
  },
  { column: 'samplingInterval', role: 'samplingSpace', from: [[306, 'unsigned']] },
  { column: 'samplingInterval', role: 'samplingPopulation', from: [[310, 'unsigned']] },
  { column: '', role: 'biflowDirection', from: [[239, 'unsigned']] },
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

/** What is read from options data records; all other options are counted and skipped. */
export const OPTION_ELEMENTS = {
  samplingInterval: 34,
  samplerId: 48,
  samplerRandomInterval: 50,
  systemInitTimeMilliseconds: 160,
  selectorId: 302,
  samplingPacketInterval: 305,
  samplingPacketSpace: 306,
  samplingSize: 309,
  samplingPopulation: 310,
  ingressInterface: 10,
  egressInterface: 14,
} as const;

/** NetFlow v9 scope type 2: the options hold for one interface (RFC 3954 §6.1). */
export const SCOPE_INTERFACE = 2;
