import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LinkType } from '../../../collector/packets/link-layer.js';
import { PacketHeaders, PacketStatus } from '../../../collector/packets/packet.js';
import { parsePacket } from '../../../collector/packets/parse-packet.js';
import { bytes, concat, ethernet, icmp, ipv4, ipv6, SYN, tcp, u16, u32, udp, vlan } from './packet-builder.js';

const packet = new PacketHeaders();

function parse(data: Uint8Array, linkType: number = LinkType.ethernet, original = data.length): number {
  // Surrounded by other octets, as in a chunk: reading beside the packet would show.
  const chunk = concat(new Uint8Array(16).fill(0xee), data, new Uint8Array(16).fill(0xee));
  return parsePacket(new DataView(chunk.buffer), 16, data.length, original, linkType, packet);
}

const IPV4 = ipv4('192.0.2.1', '198.51.100.2', 6, tcp(40_000, 443, SYN, bytes(1, 2, 3)));
const IPV6 = ipv6('2001:db8::1', '2001:db8:1::2', 17, udp(5353, 53, bytes(9, 9)));

function expectIpv4(): void {
  expect([packet.version, packet.source3 >>> 0, packet.destination3 >>> 0]).toEqual([4, 0xc0000201, 0xc6336402]);
  expect([packet.protocol, packet.sourcePort, packet.destinationPort, packet.tcpFlags, packet.octets]).toEqual([6, 40_000, 443, SYN, 43]);
}

function expectIpv6(): void {
  expect([packet.version, packet.source0 >>> 0, packet.source3, packet.destination1 >>> 0, packet.destination3]).toEqual([
    6, 0x20010db8, 1, 0x10000, 2,
  ]);
  expect([packet.protocol, packet.sourcePort, packet.destinationPort, packet.octets]).toEqual([17, 5353, 53, 50]);
}

describe('link layers', () => {
  const wrap: readonly [name: string, linkType: number, v4: Uint8Array, v6: Uint8Array][] = [
    ['Ethernet', LinkType.ethernet, ethernet(0x0800, IPV4), ethernet(0x86dd, IPV6)],
    ['802.1Q', LinkType.ethernet, ethernet(0x8100, vlan(7, 0x0800, IPV4)), ethernet(0x8100, vlan(7, 0x86dd, IPV6))],
    [
      'QinQ',
      LinkType.ethernet,
      ethernet(0x88a8, vlan(7, 0x8100, vlan(9, 0x0800, IPV4))),
      ethernet(0x9100, vlan(7, 0x8100, vlan(9, 0x86dd, IPV6))),
    ],
    [
      'SNAP',
      LinkType.ethernet,
      ethernet(100, concat(u32(0xaaaa0300), u16(0), u16(0x0800), IPV4)),
      ethernet(100, concat(u32(0xaaaa0300), u16(0), u16(0x86dd), IPV6)),
    ],
    [
      'MPLS, two labels',
      LinkType.ethernet,
      ethernet(0x8847, concat(u32(0x00010040), u32(0x00020140), IPV4)),
      ethernet(0x8848, concat(u32(0x00020140), IPV6)),
    ],
    [
      'PPPoE',
      LinkType.ethernet,
      ethernet(0x8864, concat(bytes(0x11, 0), u16(1), u16(45), u16(0x21), IPV4)),
      ethernet(0x8864, concat(bytes(0x11, 0), u16(1), u16(52), u16(0x57), IPV6)),
    ],
    ['PPP', LinkType.ppp, concat(bytes(0xff, 3), u16(0x21), IPV4), concat(u16(0x57), u16(0), IPV6).filter((_, i) => i < 2 || i > 3)],
    ['raw', LinkType.raw, IPV4, IPV6],
    ['raw IPv4, raw IPv6', LinkType.ipv4, IPV4, IPV6],
    ['null, little-endian', LinkType.null, concat(bytes(2, 0, 0, 0), IPV4), concat(bytes(30, 0, 0, 0), IPV6)],
    ['null, big-endian', LinkType.null, concat(u32(2), IPV4), concat(u32(24), IPV6)],
    ['loop', LinkType.loop, concat(u32(2), IPV4), concat(u32(28), IPV6)],
    [
      'Linux cooked',
      LinkType.linuxSll,
      concat(u16(0), u16(1), u16(6), new Uint8Array(8), u16(0x0800), IPV4),
      concat(u16(0), u16(1), u16(6), new Uint8Array(8), u16(0x86dd), IPV6),
    ],
    [
      'Linux cooked v2',
      LinkType.linuxSll2,
      concat(u16(0x0800), u16(0), u32(3), u16(1), bytes(0, 6), new Uint8Array(8), IPV4),
      concat(u16(0x86dd), u16(0), u32(3), u16(1), bytes(0, 6), new Uint8Array(8), IPV6),
    ],
    [
      'LLC of RFC 948, 802.1H',
      LinkType.ethernet,
      ethernet(46, concat(bytes(6, 6, 3), IPV4)),
      ethernet(58, concat(u32(0xaaaa0300), u16(0x00f8), u16(0x86dd), IPV6)),
    ],
    [
      'PPP without its first protocol octet (RFC 1661 §6.5), PPP with a direction',
      LinkType.ppp,
      concat(bytes(0x21), IPV4),
      concat(bytes(0x57), IPV6),
    ],
    ['PPP of pppd', LinkType.pppPppd, concat(bytes(1, 3), u16(0x21), IPV4), concat(bytes(0, 3), u16(0x57), IPV6)],
    ['frame relay', LinkType.frameRelay, concat(bytes(0x18, 0x41, 3, 0xcc), IPV4), concat(bytes(0x18, 0x41, 3, 0, 0x8e), IPV6)],
    [
      'frame relay, Cisco and SNAP',
      LinkType.frameRelay,
      concat(bytes(0x18, 0x41), u16(0x0800), IPV4),
      concat(bytes(0x18, 0x40, 0, 1, 3, 0, 0x80, 0, 0, 0), u16(0x86dd), IPV6),
    ],
    ['MPLS', LinkType.mpls, concat(u32(0x00020140), IPV4), concat(u32(0x00020140), IPV6)],
    [
      '802.11 from the access point, to it with QoS',
      LinkType.wireless,
      concat(bytes(0x08, 0x02), new Uint8Array(22), u32(0xaaaa0300), u16(0), u16(0x0800), IPV4),
      concat(bytes(0x88, 0x01), new Uint8Array(24), u32(0xaaaa0300), u16(0), u16(0x86dd), IPV6),
    ],
    [
      'radiotap, with a padded 802.11 header of 26 octets',
      LinkType.wirelessRadiotap,
      concat(bytes(0, 0, 8, 0, 0, 0, 0, 0), bytes(0x08, 0), new Uint8Array(22), u32(0xaaaa0300), u16(0), u16(0x0800), IPV4),
      concat(bytes(0, 0, 9, 0, 2, 0, 0, 0, 0x20), bytes(0x88, 0), new Uint8Array(26), u32(0xaaaa0300), u16(0), u16(0x86dd), IPV6),
    ],
    [
      'Prism and AVS',
      LinkType.wirelessPrism,
      concat(new Uint8Array(144), bytes(0x08, 0), new Uint8Array(22), u32(0xaaaa0300), u16(0), u16(0x0800), IPV4),
      concat(u32(0x80211001), u32(64), new Uint8Array(56), bytes(0x08, 3), new Uint8Array(28), u32(0xaaaa0300), u16(0), u16(0x86dd), IPV6),
    ],
    [
      'PPI over Ethernet',
      LinkType.ppi,
      concat(bytes(0, 0, 8, 0, 1, 0, 0, 0), ethernet(0x0800, IPV4)),
      concat(bytes(0, 0, 8, 0, 1, 0, 0, 0), ethernet(0x86dd, IPV6)),
    ],
    [
      'netfilter log, either byte order',
      LinkType.nflog,
      concat(bytes(2, 0, 0, 0), bytes(8, 0, 1, 0, 0, 0, 0, 0), bytes(47, 0, 9, 0), IPV4),
      concat(bytes(10, 0, 0, 0), bytes(0, 5, 0, 10, 0x61, 0, 0, 0), bytes(0, 54, 0, 9), IPV6),
    ],
    [
      'token ring with source routing, FDDI',
      LinkType.tokenRing,
      concat(bytes(0x10, 0x40), new Uint8Array(6), bytes(0x80, 0, 0, 0, 0, 0), bytes(2, 0), u32(0xaaaa0300), u16(0), u16(0x0800), IPV4),
      concat(bytes(0x10, 0x40), new Uint8Array(12), u32(0xaaaa0300), u16(0), u16(0x86dd), IPV6),
    ],
    ['IP over InfiniBand', LinkType.ipOverInfiniband, concat(u16(0x0800), u16(0), IPV4), concat(u16(0x86dd), u16(0), IPV6)],
    ['OpenBSD pflog', LinkType.pflog, concat(bytes(61, 2), new Uint8Array(62), IPV4), concat(bytes(61, 24), new Uint8Array(62), IPV6)],
    ['Cisco HDLC', LinkType.ciscoHdlc, concat(u16(0x0f00), u16(0x0800), IPV4), concat(u16(0x0f00), u16(0x86dd), IPV6)],
  ];
  test.each(wrap)('%s carries IPv4 and IPv6', (_name, linkType, v4, v6) => {
    expect(parse(v4, linkType)).toBe(PacketStatus.parsed);
    expectIpv4();
    expect(parse(v6, linkType)).toBe(PacketStatus.parsed);
    expectIpv6();
  });

  test('the VLAN next to the IP header and both MAC addresses are kept, and forgotten for the next packet', () => {
    parse(ethernet(0x88a8, vlan(0xe007, 0x8100, vlan(9, 0x0800, IPV4))));
    expect([packet.vlanId, packet.sourceMacHigh, packet.sourceMacLow, packet.destinationMacLow]).toEqual([
      9, 0x0200, 0x5e00530a, 0x5e00530b,
    ]);
    parse(IPV4, LinkType.raw);
    expect([packet.vlanId, packet.sourceMacHigh, packet.sourceMacLow, packet.destinationMacLow]).toEqual([0, 0, 0, 0]);
  });

  test('what is not IP is counted as such, an unknown link type as a fault', () => {
    expect(parse(ethernet(0x0806, new Uint8Array(28)))).toBe(PacketStatus.nonIp);
    expect(parse(ethernet(38, concat(bytes(0x42, 0x42, 3), new Uint8Array(35))))).toBe(PacketStatus.nonIp);
    expect(parse(ethernet(0x8847, concat(u32(0x00020140), bytes(0, 0, 0, 0), new Uint8Array(40))))).toBe(PacketStatus.nonIp);
    expect(parse(IPV4, 147)).toBe(PacketStatus.linkType);
  });
});

describe('IPv4', () => {
  test('options are stepped over', () => {
    parse(ethernet(0x0800, ipv4('192.0.2.1', '198.51.100.2', 6, tcp(40_000, 443, SYN), { options: [1, 1, 1, 0, 0, 0, 0, 0] })));
    expect([packet.sourcePort, packet.octets]).toEqual([40_000, 48]);
  });

  test('octets are what the header says, whatever the capture cut off and however the frame was padded', () => {
    const frame = ethernet(0x0800, ipv4('192.0.2.1', '198.51.100.2', 17, udp(1, 2, new Uint8Array(1000))));
    expect(parse(frame.subarray(0, 60), LinkType.ethernet, frame.length)).toBe(PacketStatus.parsed);
    expect(packet.octets).toBe(1028);
    parse(concat(ethernet(0x0800, ipv4('192.0.2.1', '198.51.100.2', 17, udp(1, 2, bytes(1)))), new Uint8Array(17)));
    expect(packet.octets).toBe(29);
  });

  test('a total length of 0 is segmentation offload: the frame tells', () => {
    const frame = ethernet(0x0800, ipv4('192.0.2.1', '198.51.100.2', 6, tcp(1, 2, SYN), { totalLength: 0 }));
    expect(parse(frame, LinkType.ethernet, 70_014)).toBe(PacketStatus.parsed);
    expect(packet.octets).toBe(70_000);
  });

  test('headers that contradict themselves are malformed', () => {
    const wrongVersion = IPV4.slice();
    wrongVersion[0] = 0x55;
    const shortHeader = IPV4.slice();
    shortHeader[0] = 0x44;
    expect(parse(ethernet(0x0800, wrongVersion))).toBe(PacketStatus.malformed);
    expect(parse(ethernet(0x0800, shortHeader))).toBe(PacketStatus.malformed);
    expect(parse(ethernet(0x0800, ipv4('192.0.2.1', '192.0.2.2', 6, tcp(1, 2, 0), { totalLength: 19 })))).toBe(PacketStatus.malformed);
  });

  test('a packet cut before its ports keeps its addresses and octets', () => {
    expect(parse(ethernet(0x0800, IPV4).subarray(0, 36), LinkType.ethernet, 57)).toBe(PacketStatus.portsMissing);
    expect([packet.octets, packet.sourcePort, packet.tcpFlags]).toEqual([43, 0, 0]);
    expect(parse(ethernet(0x0800, IPV4).subarray(0, 33), LinkType.ethernet, 57)).toBe(PacketStatus.truncated);
  });

  test('ICMP has a type and a code, and no ports', () => {
    parse(ethernet(0x0800, ipv4('192.0.2.1', '198.51.100.2', 1, icmp(3, 13))));
    expect([packet.icmpType, packet.icmpCode, packet.sourcePort, packet.destinationPort]).toEqual([3, 13, 0, 0]);
  });

  test('SCTP has ports, GRE has none', () => {
    parse(ethernet(0x0800, ipv4('192.0.2.1', '198.51.100.2', 132, concat(u16(36_412), u16(36_422), u32(0)))));
    expect([packet.sourcePort, packet.destinationPort]).toEqual([36_412, 36_422]);
    parse(ethernet(0x0800, ipv4('192.0.2.1', '198.51.100.2', 47, u32Bytes(0x00000800))));
    expect([packet.protocol, packet.sourcePort]).toEqual([47, 0]);
  });
});

function u32Bytes(value: number): Uint8Array {
  return Uint8Array.from(u32(value));
}

describe('IPv6', () => {
  const extended = (next: number, ...headers: (readonly number[])[]): number => {
    const payload = concat(...headers, udp(5353, 53, bytes(9, 9)));
    return parse(ethernet(0x86dd, ipv6('2001:db8::1', '2001:db8:1::2', next, payload)));
  };

  test('extension headers are stepped over to the transport header', () => {
    const hopByHop = [60, 0, 1, 4, 0, 0, 0, 0];
    const destination = [43, 1, ...new Array<number>(14).fill(0)];
    const routing = [51, 0, 0, 0, 0, 0, 0, 0];
    const authentication = [17, 4, ...new Array<number>(22).fill(0)];
    expect(extended(0, hopByHop, destination, routing, authentication)).toBe(PacketStatus.parsed);
    expect([packet.protocol, packet.sourcePort, packet.destinationPort, packet.octets]).toEqual([17, 5353, 53, 40 + 8 + 16 + 8 + 24 + 10]);
  });

  test('a fragment header gives offset, more flag and identification; a later fragment has no ports', () => {
    extended(44, [17, 0, 0, 1, 0xde, 0xad, 0xbe, 0xef]);
    expect([packet.fragmentOffset, packet.moreFragments, packet.identification >>> 0, packet.sourcePort]).toEqual([0, 1, 0xdeadbeef, 5353]);
    extended(44, [17, 0, 0x05, 0xb8, 0xde, 0xad, 0xbe, 0xef]);
    expect([packet.fragmentOffset, packet.moreFragments, packet.protocol, packet.sourcePort]).toEqual([1464, 0, 17, 0]);
  });

  test('no next header (59) and unknown ones end the walk; an endless chain is malformed', () => {
    expect(extended(59)).toBe(PacketStatus.parsed);
    expect([packet.protocol, packet.sourcePort]).toEqual([59, 0]);
    expect(extended(60, ...new Array<number[]>(40).fill([60, 0, 0, 0, 0, 0, 0, 0]))).toBe(PacketStatus.malformed);
  });

  test('a chain cut by the capture keeps addresses and octets', () => {
    const frame = ethernet(
      0x86dd,
      ipv6('2001:db8::1', '2001:db8:1::2', 60, concat(bytes(17, 200, 0, 0, 0, 0, 0, 0), new Uint8Array(1700))),
    );
    expect(parse(frame.subarray(0, 80), LinkType.ethernet, frame.length)).toBeLessThanOrEqual(PacketStatus.portsMissing);
    expect([packet.octets, packet.sourcePort]).toEqual([1748, 0]);
  });

  test('a payload length of 0 is a jumbogram or offload: the frame tells', () => {
    parse(ethernet(0x86dd, ipv6('2001:db8::1', '2001:db8::2', 6, tcp(1, 2, SYN), 0)), LinkType.ethernet, 80_054);
    expect(packet.octets).toBe(80_040);
  });
});

describe('hostile packets', () => {
  const linkTypes = fc.constantFrom(...Object.values(LinkType), 147);
  test('arbitrary octets never throw, and never give negative or impossible lengths', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), linkTypes, fc.nat(200_000), (data, linkType, original) => {
        const status = parse(data, linkType, original);
        if (status > PacketStatus.portsMissing) return;
        expect(packet.octets).toBeGreaterThanOrEqual(20);
        expect(packet.octets).toBeLessThanOrEqual(Math.max(original, data.length, 65_575));
        expect(packet.transportLength).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 3000 },
    );
  });

  test('every prefix of every link layer is read without reaching past it', () => {
    const frame = ethernet(
      0x8100,
      vlan(
        7,
        0x8847,
        concat(u32(0x00020140), ipv6('2001:db8::1', '2001:db8:1::2', 0, concat(bytes(17, 0, 0, 0, 0, 0, 0, 0), udp(5353, 53, bytes())))),
      ),
    );
    const statuses = Array.from({ length: frame.length + 1 }, (_, length) =>
      parse(frame.subarray(0, length), LinkType.ethernet, frame.length),
    );
    expect(statuses.at(-1)).toBe(PacketStatus.parsed);
    expect(new Set(statuses.slice(0, 60))).toEqual(new Set([PacketStatus.truncated]));
  });
});
