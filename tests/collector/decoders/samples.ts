import { ethernet, ipv4, ipv6, SYN, tcp, udp, vlan } from '../packets/packet-builder.js';
import { field, ip4, recordBytes, set, VARIABLE } from './build-bytes.js';
import { netflow1, netflow7 } from './build-fixed-records.js';
import { ipfix, optionsTemplate, template } from './build-ipfix.js';
import { netflow5 } from './build-netflow5.js';
import { netflow9, optionsTemplate9, template9 } from './build-netflow9.js';
import * as sflow from './build-sflow5.js';

/*
 * Well-formed messages of every export format, templates first: what the conformance suite and the fuzzing programs begin with.
 */

export const V1 = [netflow1([{}, { protocol: 17, flags: 0 }]), netflow1([{}], {}, 52)];
export const V7 = [netflow7([{}, { protocol: 17, flags: 0 }]), netflow7([{ flags: 2 }], { sequence: 2 })];

const IP6 = [0x20, 0x01, 0x0d, 0xb8, ...new Array<number>(11).fill(0), 7];

export const V5 = [
  netflow5([{}, { protocol: 17, flags: 0 }, { protocol: 1, destinationPort: 2048 }]),
  netflow5([{ flags: 2 }], { sequence: 3, sampling: 0x4000 | 100, engineType: 1, engineId: 2 }),
];

const FIELDS9 = [
  field(8, 4),
  field(12, 4),
  field(7, 2),
  field(11, 2),
  field(4, 1),
  field(6, 1),
  field(1, 4),
  field(2, 4),
  field(22, 4),
  field(21, 4),
  field(48, 1),
];
const record9 = (octets: number) =>
  recordBytes(FIELDS9, [ip4('192.0.2.1'), ip4('198.51.100.2'), 49_152, 443, 6, 0x1b, octets, 3, 3_590_000, 3_595_000, 1]);
const SCOPE9 = [field(1, 4)];
const OPTIONS9 = [field(48, 1), field(49, 1), field(50, 4)];
export const DATA9 = set(256, [record9(100), record9(200)], 2);
export const V9 = [
  netflow9([template9(256, FIELDS9), optionsTemplate9(257, SCOPE9, OPTIONS9)], { count: 2, sequence: 1 }),
  netflow9([set(257, [recordBytes([...SCOPE9, ...OPTIONS9], [0, 1, 2, 512])], 2), DATA9], { count: 3, sequence: 2 }),
];

const FIELDS10 = [
  field(27, 16),
  field(28, 16),
  field(7, 2),
  field(11, 2),
  field(4, 1),
  field(1, 8),
  field(1, 8, 29_305),
  field(152, 8),
  field(153, 8),
];
const FIELDS10_VARIABLE = [field(8, 4), field(12, 4), field(1, 3), field(371, VARIABLE), field(7, 2), field(100, VARIABLE, 2011)];
export const record10 = (octets: number) =>
  recordBytes(FIELDS10, [IP6, IP6, 1024, 53, 17, octets, 80, 1_796_255_990_000, 1_796_255_991_000]);
const variable10 = (user: number, rest: number) =>
  recordBytes(FIELDS10_VARIABLE, [ip4('192.0.2.1'), ip4('198.51.100.2'), 777, new Uint8Array(user), 5353, new Uint8Array(rest)]);
const OPTIONS10 = [field(302, 8), field(305, 4), field(306, 4)];
export const V10 = [
  ipfix([template(300, FIELDS10), template(301, FIELDS10_VARIABLE), optionsTemplate(302, OPTIONS10)]),
  ipfix([
    set(302, [recordBytes(OPTIONS10, [1, 1, 99])]),
    set(300, [record10(1), record10(2)], 4),
    set(301, [variable10(0, 3), variable10(300, 0)], 3),
  ]),
];

const TCP4 = ethernet(0x8100, vlan(12, 0x0800, ipv4('192.0.2.10', '198.51.100.20', 6, tcp(49_152, 443, SYN))));
const UDP6 = ipv6('2001:db8::1', '2001:db8::2', 17, udp(5353, 53, new Uint8Array(5)));
const VXLAN = ethernet(0x0800, ipv4('192.0.2.1', '192.0.2.2', 17, udp(9, 4789, Uint8Array.from([8, 0, 0, 0, 0, 0, 42, 0, ...TCP4]))));
const ARP = ethernet(0x0806, new Uint8Array(28));
export const SFLOW = [
  sflow.sflow5([
    sflow.flowSample([sflow.rawHeader(TCP4), sflow.extendedSwitch(12), sflow.extendedGateway(64_496, 0, [[64_497, 64_498]])]),
    sflow.counterSample(),
    sflow.expandedFlowSample([sflow.rawHeader(UDP6, 12)], { sequence: 2 }),
    sflow.flowSample([sflow.rawHeader(ARP)], { sequence: 3 }),
  ]),
  sflow.sflow5(
    [
      sflow.flowSample([sflow.sampledEthernet(0x0800), sflow.sampledIp({ source: '192.0.2.10', destination: '198.51.100.20' })], {
        sequence: 4,
      }),
    ],
    { agent: '2001:db8::fe', sequence: 2 },
  ),
  sflow.sflow5(
    [
      sflow.flowSample([sflow.rawHeader(VXLAN), sflow.extendedNat('203.0.113.1', '203.0.113.2'), sflow.extendedNatPort(1024, 443)], {
        sequence: 5,
      }),
      sflow.discardedPacket([sflow.rawHeader(TCP4)], { reason: 258 }),
      sflow.flowSample([sflow.rawHeader(UDP6, 12), sflow.extendedVlanTunnel([100, 7]), sflow.extendedMpls([16])], { sequence: 6 }),
      sflow.counterSample(2, [sflow.interfaceCounters({ index: 7, inOctets: 1000, outOctets: 2000 })]),
    ],
    { sequence: 3 },
  ),
];
