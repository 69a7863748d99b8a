import { bytes, concat, ethernet, ipv4, ipv6, SYN, tcp, u16, u32, udp, vlan } from './packet-builder.js';

/** The outer ends, and the packets that travel in every tunnel below. */
export const FROM = '192.0.2.1';
export const TO = '198.51.100.2';
export const FROM6 = '2001:db8::1';
export const TO6 = '2001:db8:1::2';
export const INNER4 = ipv4('10.1.0.1', '10.2.0.2', 6, tcp(40_000, 443, SYN, bytes(1, 2, 3)));
export const INNER6 = ipv6('fd00::1', 'fd00::2', 17, udp(5000, 5001, bytes(9, 9)));
const FRAME4 = ethernet(0x0800, INNER4, [2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);

const over4 = (protocol: number, payload: Uint8Array): Uint8Array => ethernet(0x0800, ipv4(FROM, TO, protocol, payload));
const over6 = (protocol: number, payload: Uint8Array): Uint8Array => ethernet(0x86dd, ipv6(FROM6, TO6, protocol, payload));
const overUdp = (port: number, payload: Uint8Array, source = 50_000): Uint8Array => over4(17, udp(source, port, payload));
const label = (value: number, bottom: boolean): number[] => u32(value * 4096 + (bottom ? 0x140 : 0x40));
const pppoe = (payload: Uint8Array): Uint8Array => concat(bytes(0x11, 0), u16(17), u16(payload.length + 2), u16(0x21), payload);

export interface TunnelFrame {
  readonly name: string;
  readonly frame: Uint8Array;
  readonly tunnel: string;
  readonly vlanId?: number;
  /** Inside is INNER6, not INNER4. */
  readonly six?: boolean;
}

/** A frame of every tunnel that is read. */
export const TUNNEL_FRAMES: readonly TunnelFrame[] = [
  { name: 'QinQ', frame: ethernet(0x88a8, vlan(100, 0x8100, vlan(7, 0x0800, INNER4))), tunnel: 'vlan 100', vlanId: 7 },
  {
    name: 'three tags',
    frame: ethernet(0x9100, vlan(1, 0x9100, vlan(2, 0x8100, vlan(3, 0x0800, INNER4)))),
    tunnel: 'vlan 1/vlan 2',
    vlanId: 3,
  },
  { name: 'a priority tag is no VLAN', frame: ethernet(0x8100, vlan(0xe000, 0x8100, vlan(3, 0x0800, INNER4))), tunnel: '', vlanId: 3 },
  {
    name: 'MPLS over a VLAN',
    frame: ethernet(0x8100, vlan(5, 0x8847, concat(label(16_001, false), label(17, true), INNER4))),
    tunnel: 'mpls 16001/mpls 17',
    vlanId: 5,
  },
  {
    name: 'a pseudowire with control word, its frame tagged',
    frame: ethernet(0x8100, vlan(5, 0x8847, concat(label(99, true), u32(0), ethernet(0x8100, vlan(6, 0x0800, INNER4))))),
    tunnel: 'vlan 5/mpls 99',
    vlanId: 6,
  },
  { name: 'a pseudowire without one', frame: ethernet(0x8847, concat(label(99, true), FRAME4)), tunnel: 'mpls 99' },
  {
    name: 'PPPoE over QinQ',
    frame: ethernet(0x88a8, vlan(100, 0x8100, vlan(7, 0x8864, pppoe(INNER4)))),
    tunnel: 'vlan 100/vlan 7/pppoe 17',
  },
  { name: 'provider backbone', frame: ethernet(0x88a8, vlan(4, 0x88e7, concat(u32(0x00012345), FRAME4))), tunnel: 'vlan 4/pbb 74565' },
  {
    name: 'IP in IP over a VLAN',
    frame: ethernet(0x8100, vlan(9, 0x0800, ipv4(FROM, TO, 4, INNER4))),
    tunnel: `vlan 9/ipip ${FROM}>${TO}`,
  },
  { name: '6in4', frame: over4(41, INNER6), tunnel: `6in4 ${FROM}>${TO}`, six: true },
  { name: '4in6', frame: over6(4, INNER4), tunnel: `4in6 ${FROM6}>${TO6}` },
  { name: 'IPv6 in IPv6', frame: over6(41, INNER6), tunnel: `ipip ${FROM6}>${TO6}`, six: true },
  { name: 'GRE', frame: over4(47, concat(u16(0), u16(0x0800), INNER4)), tunnel: `gre ${FROM}>${TO}` },
  {
    name: 'GRE with checksum, key and sequence number',
    frame: over4(47, concat(u16(0xb000), u16(0x86dd), u32(0), u32(0xffff_fff0), u32(1), INNER6)),
    tunnel: `gre ${FROM}>${TO} key 4294967280`,
    six: true,
  },
  { name: 'GRE bridging', frame: over6(47, concat(u16(0), u16(0x6558), FRAME4)), tunnel: `gre ${FROM6}>${TO6}` },
  { name: 'MPLS in GRE', frame: over4(47, concat(u16(0), u16(0x8847), label(3000, true), INNER4)), tunnel: `gre ${FROM}>${TO}/mpls 3000` },
  {
    name: 'PPTP',
    frame: over4(47, concat(u16(0x3081), u16(0x880b), u16(47), u16(12), u32(1), u32(1), bytes(0xff, 3, 0x21), INNER4)),
    tunnel: `pptp ${FROM}>${TO} call 12`,
  },
  { name: 'GRE over UDP', frame: overUdp(4754, concat(u16(0), u16(0x0800), INNER4)), tunnel: `gre ${FROM}>${TO}` },
  { name: 'WCCP 2', frame: over4(47, concat(u16(0), u16(0x883e), u32(0), INNER4)), tunnel: `gre ${FROM}>${TO}` },
  { name: 'ERSPAN I', frame: over4(47, concat(u16(0), u16(0x88be), FRAME4)), tunnel: `erspan ${FROM}>${TO}` },
  {
    name: 'ERSPAN II',
    frame: over4(47, concat(u16(0x1000), u16(0x88be), u32(1), u16(0x1064), u16(0xf807), u32(0), FRAME4)),
    tunnel: `erspan ${FROM}>${TO} id 7`,
  },
  {
    name: 'ERSPAN III with its subheader',
    frame: over4(47, concat(u16(0x1000), u16(0x22eb), u32(1), u16(0x2064), u16(7), u32(0), u16(0), u16(1), u32(0), u32(0), FRAME4)),
    tunnel: `erspan ${FROM}>${TO} id 7`,
  },
  { name: 'EtherIP', frame: over4(97, concat(u16(0x3000), FRAME4)), tunnel: `etherip ${FROM}>${TO}` },
  { name: 'MPLS in IP', frame: over4(137, concat(label(5, true), INNER4)), tunnel: `mplsip ${FROM}>${TO}/mpls 5` },
  { name: 'MPLS over UDP', frame: overUdp(6635, concat(label(5, true), INNER4)), tunnel: `mplsip ${FROM}>${TO}/mpls 5` },
  { name: 'Ethernet in SRv6', frame: over6(143, FRAME4), tunnel: `srv6 ${FROM6}>${TO6}` },
  {
    name: 'VXLAN, its frame tagged',
    frame: overUdp(4789, concat(u32(0x0800_0000), u32(42 * 256), ethernet(0x8100, vlan(8, 0x0800, INNER4)))),
    tunnel: `vxlan ${FROM}>${TO} vni 42`,
    vlanId: 8,
  },
  {
    name: 'VXLAN with a group policy, by Linux’s port',
    frame: overUdp(8472, concat(u32(0x8800_0005), u32(42 * 256), FRAME4)),
    tunnel: `vxlan ${FROM}>${TO} vni 42`,
  },
  {
    name: 'VXLAN-GPE with NSH',
    frame: overUdp(4790, concat(u32(0x0c00_0004), u32(42 * 256), u32(0x0002_0202), u32(1), INNER6)),
    tunnel: `vxlan ${FROM}>${TO} vni 42`,
    six: true,
  },
  {
    name: 'Geneve with an option',
    frame: overUdp(6081, concat(u32(0x0200_6558), u32(42 * 256), u32(0), u32(0), FRAME4)),
    tunnel: `geneve ${FROM}>${TO} vni 42`,
  },
  {
    name: 'GTP-U with an extension header',
    frame: overUdp(2152, concat(u16(0x34ff), u16(8 + INNER4.length), u32(0xffff_0009), u16(1), bytes(0, 0x85), bytes(1, 0, 0, 0), INNER4)),
    tunnel: `gtpu ${FROM}>${TO} teid 4294901769`,
  },
  {
    name: 'Teredo with authentication and origin',
    frame: overUdp(3544, concat(u16(1), u16(0), new Uint8Array(9), u16(0), new Uint8Array(6), INNER6)),
    tunnel: `teredo ${FROM}>${TO}`,
    six: true,
  },
  {
    name: 'L2TP with everything optional',
    frame: overUdp(1701, concat(u16(0x4a02), u16(0), u16(3), u16(77), u32(0), u16(2), u16(0), bytes(0xff, 3), u16(0x21), INNER4)),
    tunnel: `l2tp ${FROM}>${TO} session 77`,
  },
  { name: 'LISP', frame: overUdp(4341, concat(u32(0x0800_0000), u32(42 * 256), INNER4)), tunnel: `lisp ${FROM}>${TO} iid 42` },
  { name: 'TZSP', frame: overUdp(37_008, concat(bytes(1, 0, 0, 1), bytes(0, 10, 1, 0xc4, 1), FRAME4)), tunnel: `tzsp ${FROM}>${TO}` },
  {
    name: 'three deep',
    frame: overUdp(
      4789,
      concat(
        u32(0x0800_0000),
        u32(42 * 256),
        ethernet(0x8100, vlan(8, 0x86dd, ipv6(FROM6, TO6, 47, concat(u16(0), u16(0x0800), ipv4('10.9.0.1', '10.9.0.2', 4, INNER4))))),
      ),
    ),
    tunnel: `vxlan ${FROM}>${TO} vni 42/vlan 8/gre ${FROM6}>${TO6}/ipip 10.9.0.1>10.9.0.2`,
  },
];

/** A Teredo packet between client and relay: any ports, told by its address alone. */
export const TEREDO_RELAYED = overUdp(3797, ipv6('2001:0:4137:9e50::2', 'fd00::2', 17, udp(5000, 5001, bytes(9, 9))), 32_900);

/** `count` IP headers, one in the other. */
export function nested(count: number): Uint8Array {
  let packet = INNER4;
  for (let i = 0; i < count; i++) packet = ipv4(FROM, `198.51.100.${i + 1}`, 4, packet);
  return ethernet(0x0800, packet);
}

/** The first and the last fragment of a VXLAN datagram, cut 600 octets into it. */
export function fragmentedVxlan(identification: number): [Uint8Array, Uint8Array] {
  const inner = ipv4('10.1.0.1', '10.2.0.2', 6, tcp(40_000, 443, SYN, new Uint8Array(1400)));
  const datagram = udp(50_000, 4789, concat(u32(0x0800_0000), u32(42 * 256), ethernet(0x0800, inner)));
  const part = (from: number, to: number): Uint8Array =>
    ethernet(0x0800, ipv4(FROM, TO, 17, datagram.subarray(from, to), { identification, fragmentOffset: from, moreFragments: from === 0 }));
  return [part(0, 600), part(600, datagram.length)];
}
