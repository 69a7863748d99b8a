/*
 * One flow in the table: 32 words of 4 octets in one buffer, seen as Int32Array and Float64Array. The first 64 octets, one cache line, are
 * what a packet of a known IPv4 flow touches.
 *
 *   word 0        2        4        6        8       9       10      11      12      13      14      15
 *        +--------+--------+--------+--------+-------+-------+-------+-------+-------+-------+-------+-------+
 *        | start  | last   | octets | octets |packets|packets| ports | kind  | source| dest. | TCP   | state |
 *        | ms f64 | ms f64 | fwd f64| rev f64| fwd   | rev   |       |       | word 3| word 3| flags | bits  |
 *        +--------+--------+--------+--------+-------+-------+-------+-------+-------+-------+-------+-------+
 *   word 16 … 18    19 … 21   22      23      24      25        26      27      28       29     30        31
 *        +---------+---------+-------+-------+-------+---------+-------+-------+--------+------+--------+-------+
 *        | source  | dest.   | prev. | next  | bucket| MAC     | source| dest. | first  | hash | tunnel | class |
 *        | 0 … 2   | 0 … 2   |       |       |       | high 2× | MAC lo| MAC lo| packet |      |        |       |
 *        +---------+---------+-------+-------+-------+---------+-------+-------+--------+------+--------+-------+
 *
 * ports: source << 16 | destination; ICMP: type << 8 | code of the request. kind: tunnelled << 31 | VLAN << 16 | IP version << 8 | protocol.
 * tunnel: the first packet's << 16 | its identity, by which flows are told apart (packets/tunnel-table.ts). class: of service, of the first packet.
 * TCP flags: reverse << 16 | forward, of the current record. `source` is the initiator as far as it is known.
 */
export const ENTRY_WORDS = 32;
export const ENTRY_DOUBLES = ENTRY_WORDS / 2;

/** Offsets in doubles. */
export const START = 0;
export const LAST = 1;
export const OCTETS = 2;
export const REVERSE_OCTETS = 3;

/** Offsets in words. */
export const PACKETS = 8;
export const REVERSE_PACKETS = 9;
export const PORTS = 10;
export const KIND = 11;
export const SOURCE_3 = 12;
export const DESTINATION_3 = 13;
export const TCP_FLAGS = 14;
export const STATE = 15;
export const SOURCE_0 = 16;
export const DESTINATION_0 = 19;
export const PREVIOUS = 22;
export const NEXT = 23;
export const BUCKET = 24;
export const MAC_HIGH = 25;
export const SOURCE_MAC_LOW = 26;
export const DESTINATION_MAC_LOW = 27;
export const FIRST_PACKET = 28;
export const HASH = 29;
export const TUNNEL = 30;
export const CLASS_OF_SERVICE = 31;

/** What a session has shown since its first packet; kept when a record is cut by the active timeout. */
export const State = {
  /** The destination sent something. */
  answered: 1,
  /** The source sent SYN without ACK: it is the initiator. */
  syn: 2,
  /** The destination sent SYN with ACK. */
  synAck: 4,
  /** The source, or the destination, sent ACK without SYN or RST. */
  sourceAck: 8,
  destinationAck: 16,
  sourceFin: 32,
  destinationFin: 64,
  /** Both sent FIN, or one RST. */
  closed: 128,
} as const;

const VERSION_SHIFT = 8;
const VLAN_SHIFT = 16;
const TUNNELLED = 0x8000_0000 | 0;

/** `tunnelled` when the identity of the tunnel has to be compared too: a plain packet never meets a flow with it. */
export function packKind(protocol: number, version: number, vlanId: number, tunnelled: boolean): number {
  const kind = (vlanId << VLAN_SHIFT) | (version << VERSION_SHIFT) | protocol;
  return tunnelled ? kind | TUNNELLED : kind;
}
export function protocolOf(kind: number): number {
  return kind & 0xff;
}
export function vlanOf(kind: number): number {
  return (kind >>> VLAN_SHIFT) & 0x0fff;
}
export function tunnelOf(word: number): number {
  return word >>> 16;
}
export function tunnelIdentityOf(word: number): number {
  return word & 0xffff;
}
