import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_ASSEMBLIES } from '../../../collector/packets/datagram-assembly.js';
import { PacketBatch } from '../../../collector/packets/packet-batch.js';
import { UdpPayloads } from '../../../collector/packets/udp-payload.js';
import { formatAddress } from '../../../flow/address.js';
import { FaultCounts } from '../inputs/collecting.js';
import { bytes, concat, ethernet, ipv4, ipv6, tcp, u16, u32, udp } from './packet-builder.js';

interface Found {
  payload: Uint8Array;
  from: string;
  to: string;
  timeMs: number;
  packetNumber: number;
}

function read(
  frames: readonly Uint8Array[],
  original?: number,
): { found: Found[]; faults: FaultCounts['counts']; counters: UdpPayloads['counters'] } {
  const all = concat(...frames);
  const batch = new PacketBatch();
  batch.clear(all, new DataView(all.buffer));
  let at = 0;
  frames.forEach((frame, index) => {
    batch.add(at, frame.length, original ?? frame.length, 1000 + index, 1, index + 1);
    at += frame.length;
  });
  const payloads = new UdpPayloads();
  const faults = new FaultCounts();
  const found: Found[] = [];
  for (let i = 0; i < batch.length; i++) {
    const datagram = payloads.read(batch, i, faults);
    if (datagram === undefined) continue;
    found.push({
      payload: datagram.payload.slice(),
      from: `${formatAddress(datagram.source)} ${datagram.sourcePort}`,
      to: `${formatAddress(datagram.destination)} ${datagram.destinationPort}`,
      timeMs: datagram.timeMs,
      packetNumber: datagram.packetNumber,
    });
  }
  return { found, faults: faults.counts, counters: payloads.counters };
}

/** A UDP datagram in IPv4 fragments of `size` octets. */
function fragments(payload: Uint8Array, size: number, identification = 77): Uint8Array[] {
  const datagram = udp(2000, 2055, payload);
  return Array.from({ length: Math.ceil(datagram.length / size) }, (_, index) => {
    const part = datagram.subarray(index * size, (index + 1) * size);
    const moreFragments = (index + 1) * size < datagram.length;
    return ethernet(0x0800, ipv4('192.0.2.1', '198.51.100.2', 17, part, { identification, fragmentOffset: index * size, moreFragments }));
  });
}

const pattern = (octets: number): Uint8Array => Uint8Array.from({ length: octets }, (_, index) => (index * 7) & 0xff);

describe('UDP payloads of a capture', () => {
  test('whole datagrams, IPv4 and IPv6, without the frame’s padding', () => {
    const { found, counters } = read([
      concat(ethernet(0x0800, ipv4('192.0.2.1', '198.51.100.2', 17, udp(2000, 2055, bytes(1, 2)))), new Uint8Array(20)),
      ethernet(0x86dd, ipv6('2001:db8::1', '2001:db8::2', 17, udp(2001, 4739, bytes(3)))),
      ethernet(0x0800, ipv4('192.0.2.1', '198.51.100.2', 6, tcp(1, 2, 2))),
    ]);
    expect(found).toEqual([
      { payload: bytes(1, 2), from: '192.0.2.1 2000', to: '198.51.100.2 2055', timeMs: 1000, packetNumber: 1 },
      { payload: bytes(3), from: '2001:db8::1 2001', to: '2001:db8::2 4739', timeMs: 1001, packetNumber: 2 },
    ]);
    expect(counters).toEqual({ packets: 3, datagrams: 2, other: 1, cut: 0 });
  });

  test('fragments are put together in any order', () => {
    const payload = pattern(3000);
    fc.assert(
      fc.property(fc.shuffledSubarray(fragments(payload, 808), { minLength: 4, maxLength: 4 }), (parts) => {
        const { found, faults } = read(parts);
        expect(found).toHaveLength(1);
        expect(found[0]).toMatchObject({ payload, from: '192.0.2.1 2000', to: '198.51.100.2 2055', packetNumber: 4 });
        expect(faults).toEqual({});
      }),
      { numRuns: 24 },
    );
  });

  test('IPv6 fragments are put together', () => {
    const datagram = udp(2000, 4739, pattern(100));
    const part = (offset: number, more: number, data: Uint8Array): Uint8Array =>
      ethernet(0x86dd, ipv6('2001:db8::1', '2001:db8::2', 44, concat(bytes(17, 0), u16(offset | more), u32(5), data)));
    const { found } = read([part(0, 1, datagram.subarray(0, 64)), part(64, 0, datagram.subarray(64))]);
    expect(found.map(({ payload }) => payload)).toEqual([pattern(100)]);
  });

  test('a missing fragment gives nothing; overlapping and misshapen ones void the datagram', () => {
    const parts = fragments(pattern(3000), 808);
    expect(read(parts.slice(1)).found).toEqual([]);
    expect(read([parts[0]!, parts[0]!, ...parts]).faults).toMatchObject({ 'packet-malformed': expect.any(Number) });
    const odd = ethernet(0x0800, ipv4('192.0.2.1', '198.51.100.2', 17, new Uint8Array(9), { identification: 1, moreFragments: true }));
    expect(read([odd])).toMatchObject({ found: [], faults: { 'packet-malformed': 1 } });
  });

  test('a last fragment before the end of an earlier one voids the datagram', () => {
    const piece = (offset: number, octets: number, moreFragments: boolean): Uint8Array =>
      ethernet(
        0x0800,
        ipv4('192.0.2.1', '198.51.100.2', 17, new Uint8Array(octets), { identification: 3, fragmentOffset: offset, moreFragments }),
      );
    expect(read([piece(0, 16, true), piece(800, 8, true), piece(16, 8, false)])).toMatchObject({
      found: [],
      faults: { 'packet-malformed': 1 },
    });
  });

  test('datagrams that never complete are bounded: the oldest is given up, counted', () => {
    const firsts = Array.from({ length: MAX_ASSEMBLIES + 5 }, (_, id) => fragments(pattern(900), 808, id)[0]!);
    expect(read(firsts).faults).toEqual({ 'fragment-limit': 5 });
  });

  test('payloads cut by the capture are counted, not delivered', () => {
    const frame = ethernet(0x0800, ipv4('192.0.2.1', '198.51.100.2', 17, udp(2000, 2055, pattern(500))));
    const { found, faults, counters } = read([frame.subarray(0, 128)], frame.length);
    expect([found, faults, counters.cut]).toEqual([[], { 'packet-truncated': 1 }, 1]);
  });

  test('a UDP length beyond the packet is malformed, one below it ends the payload', () => {
    const { found, faults } = read([
      ethernet(0x0800, ipv4('192.0.2.1', '198.51.100.2', 17, udp(1, 2, bytes(1, 2, 3, 4), 10))),
      ethernet(0x0800, ipv4('192.0.2.1', '198.51.100.2', 17, udp(1, 2, bytes(1), 200))),
      ethernet(0x0800, ipv4('192.0.2.1', '198.51.100.2', 17, udp(1, 2, bytes(1), 7))),
    ]);
    expect(found.map(({ payload }) => payload)).toEqual([bytes(1, 2)]);
    expect(faults).toEqual({ 'packet-malformed': 2 });
  });
});
