import { describe, expect, it } from 'vitest';
import { field, ip4 } from './build-bytes.js';
import { ipfixRecord, netflow9Record, type OneRecord, type Told } from './one-record.js';

const IP6 = [0x20, 0x01, 0x0d, 0xb8, 0, 0x64, ...new Array<number>(9).fill(0), 9];
const ENDS: Told[] = [
  [field(8, 4), ip4('192.0.2.1')],
  [field(12, 4), ip4('198.51.100.2')],
  [field(7, 2), 49_152],
  [field(11, 2), 443],
  [field(4, 1), 6],
];

const translated = ({ cell }: OneRecord) => [
  cell('postNATSourceIPv6Address'),
  cell('postNAPTSourceTransportPort'),
  cell('postNATDestinationIPv6Address'),
  cell('postNAPTDestinationTransportPort'),
];

describe('translations', () => {
  it('IPv4 to IPv4 (225 to 228), as NEL, FortiGate and MikroTik send them', () => {
    const record = ipfixRecord([
      ...ENDS,
      [field(225, 4), ip4('203.0.113.9')],
      [field(227, 2), 1024],
      [field(226, 4), ip4('198.51.100.2')],
      [field(228, 2), 443],
    ]);
    expect(translated(record)).toEqual(['203.0.113.9', 1024, '198.51.100.2', 443]);
  });

  it('IPv6 to IPv4 (NAT64): the translation has another family than the flow', () => {
    const record = ipfixRecord([
      [field(27, 16), IP6],
      [field(28, 16), IP6],
      [field(225, 4), ip4('203.0.113.9')],
      [field(226, 4), ip4('198.51.100.2')],
    ]);
    expect(translated(record)).toEqual(['203.0.113.9', 0, '198.51.100.2', 0]);
    expect(record.cell('sourceIPv6Address')).toBe('2001:db8:64::9');
  });

  it('both families of a translation in one template: the one that is set', () => {
    const both = (four: string, six: number[]) =>
      ipfixRecord([...ENDS, [field(225, 4), ip4(four)], [field(281, 16), six]]).cell('postNATSourceIPv6Address');
    expect(both('203.0.113.9', new Array<number>(16).fill(0))).toBe('203.0.113.9');
    expect(both('0.0.0.0', IP6)).toBe('2001:db8:64::9');
    expect(both('0.0.0.0', new Array<number>(16).fill(0))).toBe('::');
  });

  it("ASA 8's own elements (40001 to 40005)", () => {
    const record = netflow9Record([
      ...ENDS,
      [field(40_001, 4), ip4('203.0.113.9')],
      [field(40_002, 4), ip4('198.51.100.2')],
      [field(40_003, 2), 1024],
      [field(40_004, 2), 443],
      [field(40_005, 1), 1],
    ]);
    expect(translated(record)).toEqual(['203.0.113.9', 1024, '198.51.100.2', 443]);
    expect(record.cell('firewallEvent')).toBe(1);
  });
});

describe('events', () => {
  it('a NAT event (RFC 8158) is a row with no octets of its own: nothing is counted twice', () => {
    const { rows, cell } = ipfixRecord([...ENDS, [field(323, 8), 1_796_255_990_000], [field(230, 1), 4], [field(234, 4), 7]]);
    expect(rows).toBe(1);
    expect([cell('natEvent'), cell('octetDeltaCount'), cell('packetDeltaCount'), cell('biflow'), cell('vrfName')]).toEqual([
      4,
      0,
      0,
      0,
      'vrf 7',
    ]);
    expect(cell('flowStartMilliseconds')).toBe(cell('flowEndMilliseconds'));
  });

  it('what a firewall denied is an attempt of the source, whatever it counts', () => {
    const { cell } = netflow9Record([...ENDS, [field(233, 1), 3], [field(33_002, 2), 1001]]);
    expect([cell('firewallEvent'), cell('initiator'), cell('initiatorConfidence'), cell('completion')]).toEqual([
      3,
      'source',
      100,
      'attempt',
    ]);
  });

  it('what it created says no more than that, and a teardown has both directions', () => {
    const created = netflow9Record([...ENDS, [field(233, 1), 1], [field(33_002, 2), 0]]);
    expect([created.cell('completion'), created.cell('biflow')]).toEqual(['unknown', 0]);
    const deleted = netflow9Record([...ENDS, [field(233, 1), 2], [field(85, 4), 160], [field(231, 4), 100], [field(232, 4), 60]]);
    expect([deleted.cell('octetDeltaCount'), deleted.cell('reverseOctetDeltaCount'), deleted.cell('biflow')]).toEqual([100, 60, 1]);
  });

  it("a firewall's ICMP is told by its own elements, not by the ports, which hold an identifier (ASA)", () => {
    const echo = (type: number) =>
      netflow9Record([...ENDS.slice(0, 4), [field(4, 1), 1], [field(176, 1), type], [field(177, 1), 0]]).cell('icmpTypeCode');
    expect([echo(8), echo(0)]).toEqual([2048, 0]);
  });

  it('responder octets without initiator octets are no second direction (Huawei)', () => {
    const { cell } = netflow9Record([...ENDS, [field(1, 4), 200], [field(2, 4), 4], [field(232, 4), 0]]);
    expect([cell('biflow'), cell('octetDeltaCount'), cell('completion')]).toEqual([0, 200, 'unknown']);
  });
});
