/** What became of one packet. `parsed` and `portsMissing` have addresses, lengths and protocol; the others do not. */
export const PacketStatus = {
  parsed: 0,
  /** IP header read, but the capture or the packet ends before the ports: they are 0. */
  portsMissing: 1,
  /** Not IP: ARP, LLDP, spanning tree … Counted, no fault. */
  nonIp: 2,
  /** A link type that this project does not read. */
  linkType: 3,
  /** The capture holds too little of the packet to find its addresses. */
  truncated: 4,
  /** Headers that contradict themselves. */
  malformed: 5,
} as const;

export const Protocol = {
  icmp: 1,
  ipv4: 4,
  tcp: 6,
  udp: 17,
  dccp: 33,
  ipv6: 41,
  gre: 47,
  icmp6: 58,
  etherIp: 97,
  sctp: 132,
  udpLite: 136,
  mpls: 137,
  ethernet: 143,
} as const;
export const TcpFlag = { fin: 0x01, syn: 0x02, rst: 0x04, psh: 0x08, ack: 0x10, urg: 0x20 } as const;

/** Room for the headers around a packet: sixteen tunnels with their endpoints, or eighty tags (tunnel-layers.ts). */
export const MAX_TUNNEL_WORDS = 160;

/**
 * The headers of one packet. One instance is made and refilled for every packet, and every field is a 32-bit integer, so that parsing
 * allocates nothing. Address words are big-endian values (`a.b.c.d` is 0xaabbccdd) kept as signed integers; IPv4 is mapped (RFC 4291 §2.5.5.2).
 */
export class PacketHeaders {
  /** Headers around the IP header below, outermost first (tunnel-layers.ts), in the first `tunnelLength` words. */
  readonly tunnelWords = new Int32Array(MAX_TUNNEL_WORDS);
  tunnelLength = 0;
  /** Link-layer headers walked so far: bounds their nesting. */
  levels = 0;
  /** Link layer: the VLAN next to the IP header, addresses as 16 + 32 bits, where the network header starts. */
  vlanId = 0;
  sourceMacHigh = 0;
  sourceMacLow = 0;
  destinationMacHigh = 0;
  destinationMacLow = 0;
  networkOffset = 0;
  /** 4 or 6. */
  version = 0;
  source0 = 0;
  source1 = 0;
  source2 = 0;
  source3 = 0;
  destination0 = 0;
  destination1 = 0;
  destination2 = 0;
  destination3 = 0;
  protocol = 0;
  /** DSCP and ECN: IPv4's type of service, IPv6's traffic class. */
  classOfService = 0;
  /** IP octets: header and payload as the IP header tells, whatever the capture cut off. */
  octets = 0;
  /** Where the transport header starts, and how many octets it and its payload have by the IP header. */
  transportOffset = 0;
  transportLength = 0;
  /** RFC 791: fragment offset in octets, 1 when more fragments follow, identification (32 bits in IPv6). */
  fragmentOffset = 0;
  moreFragments = 0;
  identification = 0;
  /** Ports; for ICMP 0, with type and code below. */
  sourcePort = 0;
  destinationPort = 0;
  icmpType = 0;
  icmpCode = 0;
  tcpFlags = 0;
  /** Made when the first tunnel is entered: where parse-packet.ts keeps the headers it may have to come back to. */
  outer: PacketHeaders | undefined = undefined;
  /** 1 when this is the inside of the first fragment of a packet, whose headers are in `carrier`: its other fragments bring the rest. */
  fragmentCarried = 0;
  carrier: PacketHeaders | undefined = undefined;
}

/** Copies everything but the tunnel's words: those before `tunnelLength` are never overwritten while a packet is parsed. */
export function copyHeaders(from: PacketHeaders, to: PacketHeaders): void {
  to.tunnelLength = from.tunnelLength;
  to.levels = from.levels;
  to.vlanId = from.vlanId;
  to.sourceMacHigh = from.sourceMacHigh;
  to.sourceMacLow = from.sourceMacLow;
  to.destinationMacHigh = from.destinationMacHigh;
  to.destinationMacLow = from.destinationMacLow;
  to.networkOffset = from.networkOffset;
  to.version = from.version;
  to.source0 = from.source0;
  to.source1 = from.source1;
  to.source2 = from.source2;
  to.source3 = from.source3;
  to.destination0 = from.destination0;
  to.destination1 = from.destination1;
  to.destination2 = from.destination2;
  to.destination3 = from.destination3;
  to.protocol = from.protocol;
  to.classOfService = from.classOfService;
  to.octets = from.octets;
  to.transportOffset = from.transportOffset;
  to.transportLength = from.transportLength;
  to.fragmentOffset = from.fragmentOffset;
  to.moreFragments = from.moreFragments;
  to.identification = from.identification;
  to.sourcePort = from.sourcePort;
  to.destinationPort = from.destinationPort;
  to.icmpType = from.icmpType;
  to.icmpCode = from.icmpCode;
  to.tcpFlags = from.tcpFlags;
}

/** Turns addresses and MAC addresses around; ports stay. */
export function swapEndpoints(packet: PacketHeaders): void {
  const { source0, source1, source2, source3, sourceMacHigh, sourceMacLow } = packet;
  packet.source0 = packet.destination0;
  packet.source1 = packet.destination1;
  packet.source2 = packet.destination2;
  packet.source3 = packet.destination3;
  packet.sourceMacHigh = packet.destinationMacHigh;
  packet.sourceMacLow = packet.destinationMacLow;
  packet.destination0 = source0;
  packet.destination1 = source1;
  packet.destination2 = source2;
  packet.destination3 = source3;
  packet.destinationMacHigh = sourceMacHigh;
  packet.destinationMacLow = sourceMacLow;
}
