import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PacketHeaders, PacketStatus } from '../../../collector/packets/packet.js';
import { parsePacket } from '../../../collector/packets/parse-packet.js';
import type { TestPacket } from '../packets/capture-builder.js';
import { ACK, bytes, concat, ethernet, icmp, ipv4, ipv6, SYN, tcp, u16, u32, udp, vlan } from '../packets/packet-builder.js';
import { FROM, FROM6, fragmentedVxlan, nested, TEREDO_RELAYED, TO, TO6, TUNNEL_FRAMES } from '../packets/tunnel-frames.js';
import { meterPackets } from './records.js';

const T0 = 1_796_256_000_000;
const at = (seconds: number, data: Uint8Array): TestPacket => ({ timeMs: T0 + seconds * 1000, data });
const vxlan = (vni: number, packet: Uint8Array, back = false): Uint8Array =>
  ethernet(
    0x0800,
    ipv4(back ? TO : FROM, back ? FROM : TO, 17, udp(50_000, 4789, concat(u32(0x0800_0000), u32(vni * 256), ethernet(0x0800, packet)))),
  );
const A = '10.1.0.1';
const B = '10.2.0.2';
const syn = ipv4(A, B, 6, tcp(40_000, 443, SYN));
const synAck = ipv4(B, A, 6, tcp(443, 40_000, SYN | ACK));
const gtpu = (teid: number, packet: Uint8Array, back = false): Uint8Array =>
  ethernet(
    0x0800,
    ipv4(back ? TO : FROM, back ? FROM : TO, 17, udp(2152, 2152, concat(u16(0x30ff), u16(packet.length), u32(teid), packet))),
  );
const mpls = (label: number, packet: Uint8Array): Uint8Array => ethernet(0x8847, concat(u32(label * 4096 + 0x140), packet));

describe('tunnels', () => {
  test.each(TUNNEL_FRAMES)('$name is metered by its innermost flow: $tunnel', ({ frame, tunnel, vlanId = 0, six = false }) => {
    const { records, faults, counters } = meterPackets([at(0, frame)]);
    expect(faults).toEqual({});
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject(
      six
        ? { source: 'fd00::1', destination: 'fd00::2', sourcePort: 5000, destinationPort: 5001, protocol: 17, octets: 50 }
        : { source: A, destination: B, sourcePort: 40_000, destinationPort: 443, protocol: 6, octets: 43, flags: SYN },
    );
    expect(records[0]).toMatchObject({ packets: 1, tunnel, vlanId });
    expect(counters).toMatchObject({ measured: 1, tunnelled: tunnel === '' ? 0 : 1 });
  });

  test('Teredo between client and relay goes by any port: the address tells', () => {
    expect(meterPackets([at(0, TEREDO_RELAYED)]).records[0]).toMatchObject({
      source: '2001:0:4137:9e50::2',
      sourcePort: 5000,
      tunnel: `teredo ${FROM}>${TO}`,
    });
  });

  test('both directions are one flow; the tunnel is told in the direction of the flow', () => {
    const { records } = meterPackets([at(0, vxlan(42, synAck, true)), at(0.1, vxlan(42, syn)), at(0.2, vxlan(42, synAck, true))]);
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({ source: A, packets: 1, reversePackets: 2, tunnel: `vxlan ${FROM}>${TO} vni 42` });
  });

  test('the same addresses and ports in two tunnels, or outside of them, are different flows', () => {
    const { records } = meterPackets([
      at(0, vxlan(42, syn)),
      at(0, vxlan(43, syn)),
      at(0, ethernet(0x0800, syn)),
      at(0, ethernet(0x8100, vlan(100, 0x0800, ipv4(FROM, TO, 4, syn)))),
      at(0.1, vxlan(43, synAck, true)),
      at(0.1, ethernet(0x0800, synAck)),
    ]);
    expect(records.map(({ tunnel, reversePackets }) => [tunnel, reversePackets])).toEqual([
      [`vxlan ${FROM}>${TO} vni 42`, 0],
      [`vxlan ${FROM}>${TO} vni 43`, 1],
      ['', 1],
      [`vlan 100/ipip ${FROM}>${TO}`, 0],
    ]);
  });

  test('what differs by direction tells no flows apart: TEIDs, labels and where they are popped, mirror sessions', () => {
    const gtp = meterPackets([at(0, gtpu(9, syn)), at(0.1, gtpu(10, synAck, true))]).records;
    expect(gtp.map(({ tunnel, reversePackets }) => [tunnel, reversePackets])).toEqual([[`gtpu ${FROM}>${TO} teid 9`, 1]]);
    const labels = meterPackets([at(0, mpls(16, syn)), at(0.1, mpls(17, synAck)), at(0.2, ethernet(0x0800, synAck))]).records;
    expect(labels.map(({ tunnel, reversePackets }) => [tunnel, reversePackets])).toEqual([['mpls 16', 2]]);
    const erspan = (packet: Uint8Array): Uint8Array =>
      ethernet(0x0800, ipv4(FROM, TO, 47, concat(u16(0x1000), u16(0x88be), u32(1), u16(0x1001), u16(7), u32(0), ethernet(0x0800, packet))));
    const mirrored = meterPackets([at(0, erspan(synAck)), at(0.1, erspan(syn))]).records;
    expect(mirrored.map(({ source, tunnel, packets, reversePackets }) => [source, tunnel, packets, reversePackets])).toEqual([
      [A, `erspan ${FROM}>${TO} id 7`, 1, 1],
    ]);
  });

  test('an ICMP answer in a tunnel goes with its request', () => {
    const { records } = meterPackets([
      at(0, vxlan(42, ipv4(A, B, 1, icmp(8, 0)))),
      at(0.1, vxlan(43, ipv4(B, A, 1, icmp(0, 0)), true)),
      at(0.1, vxlan(42, ipv4(B, A, 1, icmp(0, 0)), true)),
    ]);
    expect(records.map(({ source, reversePackets }) => [source, reversePackets])).toEqual([
      [A, 1],
      [B, 0],
    ]);
  });

  test('a session that pauses in its tunnel keeps its direction there, and gives none to its double in another', () => {
    const data = (vni: number): Uint8Array => vxlan(vni, ipv4(B, A, 6, tcp(443, 40_000, ACK, bytes(1))), true);
    const { records } = meterPackets([at(0, vxlan(42, syn)), at(0.1, vxlan(42, synAck, true)), at(100, data(43)), at(101, data(42))]);
    expect(records.map(({ source, tunnel, confidence }) => [source, tunnel.slice(-2), confidence])).toEqual([
      [A, '42', 100],
      [B, '43', 50],
      [A, '42', 100],
    ]);
  });

  test.each([
    [
      'ARP inside',
      ethernet(0x0800, ipv4(FROM, TO, 17, udp(1, 4789, concat(u32(0x0800_0000), u32(0), ethernet(0x0806, new Uint8Array(28)))))),
    ],
    ['no VXLAN behind its port', ethernet(0x0800, ipv4(FROM, TO, 17, udp(1, 4789, new Uint8Array(60).fill(0x77))))],
    ['an inner packet longer than the outer', vxlan(1, ipv4(A, B, 6, tcp(1, 2, SYN), { totalLength: 1400 }))],
    ['an inner packet of no IP version', ethernet(0x0800, ipv4(FROM, TO, 4, new Uint8Array(40)))],
    ['GTP that is no user data', ethernet(0x0800, ipv4(FROM, TO, 17, udp(2152, 2152, concat(u16(0x30fe), u16(0), u32(9), u32(0)))))],
    [
      'compressed PPTP',
      ethernet(0x0800, ipv4(FROM, TO, 47, concat(u16(0x3001), u16(0x880b), u32(0), u32(1), u16(0x00fd), new Uint8Array(40)))),
    ],
    ['a GRE keepalive', ethernet(0x0800, ipv4(FROM, TO, 47, concat(u16(0), u16(0))))],
  ])('%s: metered by the outer flow', (_name, frame) => {
    const { records, counters } = meterPackets([at(0, frame)]);
    expect(records.map(({ source, destination, tunnel, packets }) => [source, destination, tunnel, packets])).toEqual([[FROM, TO, '', 1]]);
    expect(counters.measured).toBe(1);
  });

  test('a tunnel cut by the capture is metered by what can be read: never dropped once an IP header was whole', () => {
    const headers = new PacketHeaders();
    for (const { name, frame } of TUNNEL_FRAMES) {
      for (let length = 0; length <= frame.length; length++) {
        const cut = concat(frame.subarray(0, length), new Uint8Array(200).fill(0xee));
        const status = parsePacket(new DataView(cut.buffer), 0, length, frame.length, 1, headers);
        expect(status, `${name} cut at ${length}`).toBeLessThanOrEqual(PacketStatus.malformed);
        if (length >= 100) expect(status, `${name} cut at ${length}`).toBeLessThanOrEqual(PacketStatus.portsMissing);
        if (status <= PacketStatus.portsMissing)
          expect(headers.networkOffset + (headers.version === 4 ? 20 : 40)).toBeLessThanOrEqual(length);
      }
    }
  });

  test('nesting is bounded: what lies deeper is metered as what carries it', () => {
    expect(meterPackets([at(0, nested(8))]).records[0]).toMatchObject({ source: A, protocol: 6 });
    const deep = meterPackets([at(0, nested(9))]).records[0]!;
    expect(deep).toMatchObject({ source: FROM, destination: '198.51.100.1', protocol: 4 });
    expect(deep.tunnel.split('/')).toHaveLength(8);
    const tags = (count: number): Uint8Array => {
      let frame = vlan(1, 0x0800, syn);
      for (let i = 0; i < count; i++) frame = vlan(1, 0x8100, frame);
      return ethernet(0x8100, frame);
    };
    expect(meterPackets([at(0, tags(100))]).counters).toMatchObject({ malformed: 1, measured: 0 });
  });

  test('a fragmented carrier: its first fragment stands for the whole, by the length the inner header tells', () => {
    const [first, last] = fragmentedVxlan(7);
    const whole = meterPackets([at(0, first), at(0, last)]);
    expect(whole.records).toHaveLength(1);
    expect(whole.records[0]).toMatchObject({ source: A, destinationPort: 443, packets: 1, octets: 1440 });
    expect(whole.counters).toMatchObject({ fragments: 2, fragmentsUnattributed: 0, measured: 2 });
    // Without its first fragment nobody can tell what it carried.
    expect(meterPackets([at(0, last)]).records[0]).toMatchObject({ source: FROM, protocol: 17, destinationPort: 0, tunnel: '' });
  });

  test('class of service is of the first packet’s IP header', () => {
    const marked = ipv6(FROM6, TO6, 17, udp(1, 2, bytes(1)));
    marked.set([0x6b, 0x80]);
    expect(meterPackets([at(0, ethernet(0x86dd, marked))]).records[0]).toMatchObject({ classOfService: 0xb8 });
    const marked4 = syn.slice();
    marked4[1] = 0x2e;
    expect(meterPackets([at(0, vxlan(1, marked4))]).records[0]).toMatchObject({ classOfService: 0x2e });
  });

  test('tunnels without end: those out of use are forgotten, those in use keep their names', () => {
    const packets: TestPacket[] = [at(0, gtpu(1, syn))];
    for (let i = 0; i < 20_000; i++)
      packets.push(at(100 + i / 100, gtpu(i + 2, ipv4(A, `10.3.${i >> 8}.${i & 255}`, 17, udp(1, 2, bytes(1))))));
    const { records } = meterPackets(packets, { idleTimeoutMs: 1000 });
    expect(records).toHaveLength(20_001);
    expect(new Set(records.map(({ tunnel }) => tunnel)).size).toBe(20_001);
    const named = records.every(({ tunnel, destination }) => {
      const [, , c, d] = destination.split('.').map(Number);
      return destination === B || tunnel.endsWith(` teid ${c! * 256 + d! + 2}`);
    });
    expect(named).toBe(true);
  });

  test('more tunnels at a time than there is room for are named as such', () => {
    const packets = Array.from({ length: 17_000 }, (_, i) => at(i / 1e6, vxlan(i, syn)));
    const tunnels = new Set(meterPackets(packets).records.map(({ tunnel }) => tunnel));
    expect(tunnels.size).toBeGreaterThan(16_000);
    expect(tunnels.has('(too many tunnels)')).toBe(true);
    expect(tunnels.has('')).toBe(false);
  });

  test('damaged tunnels never throw, and are read within the packet alone', () => {
    const headers = new PacketHeaders();
    const frames = fc.constantFrom(...TUNNEL_FRAMES.map(({ frame }) => frame));
    const damage = fc.array(fc.tuple(fc.nat(150), fc.nat(255)), { maxLength: 6 });
    const parse = (data: Uint8Array, filling: number, original: number): unknown[] => {
      const chunk = concat(data, new Uint8Array(80).fill(filling));
      const status = parsePacket(new DataView(chunk.buffer), 0, data.length, original, 1, headers);
      const { octets, source3, destination3, sourcePort, destinationPort, protocol, tcpFlags, vlanId, tunnelLength } = headers;
      if (status > PacketStatus.portsMissing) return [status];
      expect(octets).toBeGreaterThanOrEqual(20);
      const words = [...headers.tunnelWords.subarray(0, tunnelLength)];
      return [status, octets, source3, destination3, sourcePort, destinationPort, protocol, tcpFlags, vlanId, ...words];
    };
    fc.assert(
      fc.property(frames, damage, fc.nat(160), (frame, changes, length) => {
        const data = frame.slice(0, length);
        for (const [where, value] of changes) if (where < data.length) data[where] = value;
        expect(parse(data, 0xee, frame.length)).toEqual(parse(data, 0x11, frame.length));
      }),
      { numRuns: 5000 },
    );
  });
});
