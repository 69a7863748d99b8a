import { describe, expect, it } from 'vitest';
import { ethernet, ipv4, ipv6, SYN, tcp, udp, vlan } from '../packets/packet-builder.js';
import { field, ip4, VARIABLE } from './build-bytes.js';
import { ipfixRecord, netflow9Record, type OneRecord, type Told } from './one-record.js';

const PACKET = ipv4('192.0.2.10', '198.51.100.20', 6, tcp(49_152, 443, SYN));
const FRAME = ethernet(0x8100, vlan(12, 0x0800, PACKET));
const INTERFACES: Told[] = [
  [field(10, 4), 7],
  [field(14, 4), 8],
];

const ends = ({ cell }: OneRecord) => [
  cell('sourceIPv6Address'),
  cell('sourceTransportPort'),
  cell('destinationIPv6Address'),
  cell('destinationTransportPort'),
  cell('protocolIdentifier'),
];
const EXPECTED = ['192.0.2.10', 49_152, '198.51.100.20', 443, 6];

describe('beginnings of packets inside records', () => {
  it('are read from the frame on (dataLinkFrameSection, Juniper and Cisco IOS XR): one packet, its IP octets, its VLAN', () => {
    const record = ipfixRecord([...INTERFACES, [field(312, 2), 1518], [field(315, VARIABLE), FRAME]]);
    expect(ends(record)).toEqual(EXPECTED);
    const { cell } = record;
    expect([cell('packetDeltaCount'), cell('octetDeltaCount'), cell('vlanId'), cell('tcpControlBits')]).toEqual([1, PACKET.length, 12, 2]);
    expect([cell('ingressInterface'), cell('egressInterface'), cell('initiator'), cell('completion')]).toEqual([7, 8, 'source', 'attempt']);
    expect([cell('sourceMacAddress'), cell('destinationMacAddress')]).toEqual(['02:00:5e:00:53:0a', '02:00:5e:00:53:0b']);
  });

  it('are read from the IP header on, and from behind MPLS labels', () => {
    expect(ends(ipfixRecord([[field(313, VARIABLE), PACKET]]))).toEqual(EXPECTED);
    expect(ends(ipfixRecord([[field(317, VARIABLE), PACKET]]))).toEqual(EXPECTED);
    const six = ipfixRecord([[field(313, VARIABLE), ipv6('2001:db8::1', '2001:db8::2', 17, udp(5353, 53, new Uint8Array(5)))]]);
    expect(ends(six)).toEqual(['2001:db8::1', 5353, '2001:db8::2', 53, 17]);
  });

  it('are read from a field of fixed length, which zeros fill up (NetFlow v9 type 104)', () => {
    const field104 = new Uint8Array(128);
    field104.set(FRAME);
    expect(ends(netflow9Record([...INTERFACES, [field(104, 128), field104]]))).toEqual(EXPECTED);
    expect(
      ends(
        ipfixRecord([
          [field(410, 2), FRAME.length],
          [field(315, 128), field104],
        ]),
      ),
    ).toEqual(EXPECTED);
  });

  it('show the flow inside of a tunnel, and the tunnel beside it, behind labels that the record told', () => {
    const gre = ipv4('203.0.113.1', '203.0.113.2', 47, Uint8Array.from([0, 0, 8, 0, ...PACKET]));
    const record = ipfixRecord([
      [field(70, 3), 16_001 << 4],
      [field(313, VARIABLE), gre],
    ]);
    expect(ends(record)).toEqual(EXPECTED);
    expect(record.cell('tunnel')).toBe('mpls 16001/gre 203.0.113.1>203.0.113.2');
  });

  it('are not looked at where the record tells addresses itself', () => {
    const record = ipfixRecord([
      [field(8, 4), ip4('192.0.2.1')],
      [field(12, 4), ip4('198.51.100.2')],
      [field(315, VARIABLE), FRAME],
    ]);
    expect(ends(record)).toEqual(['192.0.2.1', 0, '198.51.100.2', 0, 0]);
    expect(record.cell('packetDeltaCount')).toBe(0);
  });

  it('that are no IP packet make no row and are no loss; those that cannot be read are counted', () => {
    const arp = ipfixRecord([[field(315, VARIABLE), ethernet(0x0806, new Uint8Array(28))]]);
    expect([arp.rows, arp.report.optionsRecords, arp.report.recordsUndecodable]).toEqual([0, 1, 0]);
    const cut = ipfixRecord([[field(315, VARIABLE), FRAME.subarray(0, 20)]]);
    expect([cut.rows, cut.report.recordsUndecodable, cut.faults]).toEqual([0, 1, { 'packet-truncated': 1 }]);
    const wireless = ipfixRecord([
      [field(408, 2), 2],
      [field(315, VARIABLE), FRAME],
    ]);
    expect([wireless.rows, wireless.faults]).toEqual([0, { 'link-type': 1 }]);
    const later = ipfixRecord([
      [field(409, 2), 14],
      [field(315, VARIABLE), FRAME],
    ]);
    expect([later.rows, later.faults]).toEqual([0, { 'packet-truncated': 1 }]);
  });
});
