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

export const Protocol = { icmp: 1, tcp: 6, udp: 17, dccp: 33, icmp6: 58, sctp: 132, udpLite: 136 } as const;
export const TcpFlag = { fin: 0x01, syn: 0x02, rst: 0x04, psh: 0x08, ack: 0x10, urg: 0x20 } as const;

/**
 * The headers of one packet. One instance is made and refilled for every packet, and every field is a 32-bit integer, so that parsing
 * allocates nothing. Address words are big-endian values (`a.b.c.d` is 0xaabbccdd) kept as signed integers; IPv4 is mapped (RFC 4291 §2.5.5.2).
 */
export class PacketHeaders {
  /** Link layer: outer VLAN, addresses as 16 + 32 bits, where the network header starts. */
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
