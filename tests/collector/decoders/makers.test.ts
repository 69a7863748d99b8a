import { describe, expect, it } from 'vitest';
import { field, ip4 } from './build-bytes.js';
import { ipfixRecord, netflow9Record, type Told } from './one-record.js';

const EXPORT_MS = 1_796_256_000_000;
const PAIR: Told[] = [
  [field(8, 4), ip4('192.0.2.1')],
  [field(12, 4), ip4('198.51.100.2')],
];

describe('habits of makers', () => {
  it("Cisco AVC: client and server are the flow's ends, in IPFIX and in NetFlow v9 with the enterprise bit in the type", () => {
    const told = (cisco: (id: number) => Told[0]): Told[] => [
      [cisco(12_236), ip4('192.0.2.1')],
      [cisco(12_237), ip4('198.51.100.2')],
      [cisco(12_240), 40_000],
      [cisco(12_241), 443],
      [field(231, 8), 719],
      [field(232, 8), 0],
      [field(298, 4), 5],
      [field(299, 4), 0],
      [field(239, 1), 1],
    ];
    const lengths: Record<number, number> = { 12236: 4, 12237: 4, 12240: 2, 12241: 2 };
    const ten = ipfixRecord(told((id) => field(id, lengths[id]!, 9)));
    const nine = netflow9Record(told((id) => field(id | 0x8000, lengths[id]!)));
    for (const { cell } of [ten, nine]) {
      expect([cell('sourceIPv6Address'), cell('destinationIPv6Address')]).toEqual(['192.0.2.1', '198.51.100.2']);
      expect([cell('sourceTransportPort'), cell('destinationTransportPort')]).toEqual([40_000, 443]);
      expect([cell('octetDeltaCount'), cell('packetDeltaCount'), cell('initiator'), cell('initiatorConfidence')]).toEqual([
        719,
        5,
        'source',
        100,
      ]);
    }
  });

  it('YAF: TCP flags as those of the first packet and of all others, in both directions', () => {
    const { cell } = ipfixRecord([
      ...PAIR,
      [field(4, 1), 6],
      [field(85, 8), 172],
      [field(85, 8, 29_305), 92],
      [field(14, 1, 6871), 0xc2],
      [field(15, 1, 6871), 0x11],
      [field(14 | 0x4000, 1, 6871), 0x12],
      [field(15 | 0x4000, 1, 6871), 0x11],
    ]);
    expect([cell('tcpControlBits'), cell('reverseTcpControlBits'), cell('reverseOctetDeltaCount')]).toEqual([0xd3, 0x13, 92]);
  });

  it('ports of TCP and UDP as elements of their own: each record fills its two', () => {
    const ports = (tcp: number, udp: number) => {
      const { cell } = ipfixRecord([
        ...PAIR,
        [field(182, 2), tcp],
        [field(183, 2), tcp + 1],
        [field(180, 2), udp],
        [field(181, 2), udp + 1],
      ]);
      return [cell('sourceTransportPort'), cell('destinationTransportPort')];
    };
    expect(ports(1000, 0)).toEqual([1000, 1001]);
    expect(ports(0, 2000)[0]).toBe(2000);
  });

  it('QinQ: the customer tag is the VLAN, the provider tag is around it; one tag alone is the VLAN', () => {
    const tags = (...told: Told[]) => {
      const { cell } = ipfixRecord([...PAIR, ...told]);
      return [cell('vlanId'), cell('tunnel')];
    };
    expect(tags([field(243, 2), 100], [field(245, 2), 7])).toEqual([7, 'vlan 100']);
    expect(tags([field(243, 2), 100], [field(245, 2), 0])).toEqual([100, '']);
    expect(tags([field(243, 2), 100])).toEqual([100, '']);
    expect(tags([field(58, 2), 5], [field(243, 2), 100])).toEqual([5, '']);
  });

  it('MPLS labels, the topmost first; entries of zeros are none', () => {
    const { cell } = netflow9Record([...PAIR, [field(70, 3), 16_001 << 4], [field(71, 3), (299 << 4) | 1], [field(72, 3), 0]]);
    expect(cell('tunnel')).toBe('mpls 16001/mpls 299');
  });

  it('a DSCP alone is the upper six bits of the class of service', () => {
    expect(ipfixRecord([...PAIR, [field(195, 1), 46]]).cell('ipClassOfService')).toBe(184);
    expect(ipfixRecord([...PAIR, [field(5, 1), 2], [field(195, 1), 46]]).cell('ipClassOfService')).toBe(2);
    expect(ipfixRecord([...PAIR, [field(55, 1), 16]]).cell('ipClassOfService')).toBe(16);
  });

  it('octets of frames stand in only where none of IP are told', () => {
    expect(ipfixRecord([...PAIR, [field(352, 8), 1514]]).cell('octetDeltaCount')).toBe(1514);
    expect(ipfixRecord([...PAIR, [field(352, 8), 1514], [field(1, 8), 1500]]).cell('octetDeltaCount')).toBe(1500);
  });

  it('a duration makes the time that is not told', () => {
    const times = (...told: Told[]) => {
      const { cell } = ipfixRecord([...PAIR, ...told]);
      return [cell('flowStartMilliseconds'), cell('flowEndMilliseconds')].map((text) => Date.parse(String(text)));
    };
    const start = EXPORT_MS - 9000;
    expect(times([field(152, 8), start], [field(161, 4), 5000])).toEqual([start, start + 5000]);
    expect(times([field(153, 8), start], [field(162, 4), 5_000_000])).toEqual([start - 5000, start]);
    expect(times([field(161, 4), 5000])).toEqual([EXPORT_MS - 5000, EXPORT_MS]);
  });

  it('uptimes of an exporter that never told its start keep their distances: the latest is the export time (MikroTik, Barracuda)', () => {
    const { cell } = ipfixRecord([...PAIR, [field(22, 4), 91_000], [field(21, 4), 96_000]]);
    expect([cell('flowStartMilliseconds'), cell('flowEndMilliseconds')].map((text) => Date.parse(String(text)))).toEqual([
      EXPORT_MS - 5000,
      EXPORT_MS,
    ]);
    const wrapped = ipfixRecord([...PAIR, [field(22, 4), 2 ** 32 - 1000], [field(21, 4), 500]]);
    expect(Date.parse(String(wrapped.cell('flowStartMilliseconds')))).toBe(EXPORT_MS - 1500);
  });

  it('an element that comes twice is read where it has a value', () => {
    expect(ipfixRecord([...PAIR, [field(7, 0), []], [field(7, 2), 53]]).cell('sourceTransportPort')).toBe(53);
  });
});
