import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMeter } from '../../../collector/metering/meter.js';
import { FlowBatch } from '../../../flow/batch.js';
import { temporaryFolder } from '../inputs/collecting.js';
import type { TestPacket } from '../packets/capture-builder.js';
import {
  ACK,
  bytes,
  concat,
  ethernet,
  FIN,
  icmp,
  ipv4,
  ipv6,
  MAC_A,
  MAC_B,
  RST,
  SYN,
  tcp,
  u16,
  udp,
  vlan,
} from '../packets/packet-builder.js';
import { writeTrafficCapture } from '../packets/traffic-capture.js';
import { type MeteredRecord, meterFile, meterPackets } from './records.js';

const A = '10.40.10.11';
const B = '203.0.113.7';
const T0 = 1_796_256_000_000;

/** A packet `seconds` after the start, from A to B, or from B to A when `back`. */
function at(seconds: number, protocol: number, segment: Uint8Array, back = false): TestPacket {
  const [from, to, fromMac, toMac] = back ? [B, A, MAC_B, MAC_A] : [A, B, MAC_A, MAC_B];
  return { timeMs: T0 + seconds * 1000, data: ethernet(0x0800, ipv4(from, to, protocol, segment), fromMac, toMac) };
}
const to = (seconds: number, flags: number, octets = 0): TestPacket => at(seconds, 6, tcp(40_000, 443, flags, new Uint8Array(octets)));
const fro = (seconds: number, flags: number, octets = 0): TestPacket =>
  at(seconds, 6, tcp(443, 40_000, flags, new Uint8Array(octets)), true);
const HANDSHAKE = [to(0, SYN), fro(0.01, SYN | ACK), to(0.02, ACK)];

function only(records: readonly MeteredRecord[]): MeteredRecord {
  expect(records).toHaveLength(1);
  return records[0]!;
}

describe('biflows', () => {
  test('both directions of a TCP session are one record from the initiator’s side', () => {
    const { records } = meterPackets([
      ...HANDSHAKE,
      to(0.5, ACK, 100),
      fro(0.6, ACK, 1400),
      to(1, FIN | ACK),
      fro(1.1, FIN | ACK),
      to(1.2, ACK),
    ]);
    expect(only(records)).toEqual({
      source: A,
      destination: B,
      sourcePort: 40_000,
      destinationPort: 443,
      protocol: 6,
      icmpTypeCode: 0,
      octets: 40 * 5 + 100,
      packets: 5,
      reverseOctets: 40 * 3 + 1400,
      reversePackets: 3,
      startMs: T0,
      endMs: T0 + 1200,
      flags: SYN | ACK | FIN,
      reverseFlags: SYN | ACK | FIN,
      vlanId: 0,
      tunnel: '',
      classOfService: 0,
      sourceMac: 0x02005e00530a,
      destinationMac: 0x02005e00530b,
      reason: 3,
      confidence: 100,
      completion: 'established',
      emittedMs: T0 + 1200,
      firstPacket: 1,
      recordNumber: 0,
    });
  });

  test('without a SYN the first packet’s sender is the source, half sure', () => {
    expect(only(meterPackets([fro(0, ACK, 10), to(1, ACK, 10)]).records)).toMatchObject({
      source: B,
      confidence: 50,
      completion: 'established',
    });
  });

  test('who sends SYN with ACK answers, also when the SYN comes later or never', () => {
    const answered = only(meterPackets([fro(0, SYN | ACK), to(0.1, ACK)]).records);
    expect(answered).toMatchObject({
      source: A,
      sourcePort: 40_000,
      sourceMac: 0x02005e00530a,
      reversePackets: 1,
      confidence: 50,
      completion: 'established',
    });
    const reordered = only(meterPackets([fro(0.01, SYN | ACK), to(0, SYN), to(0.02, ACK)]).records);
    expect(reordered).toMatchObject({ source: A, confidence: 100, startMs: T0, packets: 2, reversePackets: 1 });
  });

  test('addresses, ports, protocol and VLAN tell flows apart; the VLAN is kept', () => {
    const segment = udp(1000, 53, bytes(1));
    const packet = ipv4(A, B, 17, segment);
    const { records } = meterPackets([
      { timeMs: T0, data: ethernet(0x0800, packet) },
      { timeMs: T0, data: ethernet(0x8100, vlan(7, 0x0800, packet)) },
      { timeMs: T0, data: ethernet(0x8100, vlan(8, 0x0800, packet)) },
      { timeMs: T0, data: ethernet(0x0800, ipv4(A, B, 136, segment)) },
      { timeMs: T0, data: ethernet(0x0800, ipv4(A, '203.0.113.8', 17, segment)) },
      { timeMs: T0, data: ethernet(0x0800, ipv4(A, B, 17, udp(1001, 53, bytes(1)))) },
    ]);
    expect(records.map(({ vlanId }) => vlanId)).toEqual([0, 7, 8, 0, 0, 0]);
  });

  test('IPv6 both ways; addresses that differ in their high words only are different', () => {
    const packet = (from: string, dest: string, ports: readonly [number, number]): TestPacket => ({
      timeMs: T0,
      data: ethernet(0x86dd, ipv6(from, dest, 17, udp(ports[0], ports[1], bytes(1)))),
    });
    const { records } = meterPackets([
      packet('fd00:70:11::21', '2001:db8::1', [1000, 53]),
      packet('2001:db8::1', 'fd00:70:11::21', [53, 1000]),
      packet('fd00:70:12::21', '2001:db8::1', [1000, 53]),
      packet('2001:db8::1', 'fd00:70:12::21', [53, 1000]),
    ]);
    expect(records.map(({ source, packets, reversePackets }) => [source, packets, reversePackets])).toEqual([
      ['fd00:70:11::21', 1, 1],
      ['fd00:70:12::21', 1, 1],
    ]);
  });

  test('an IPv6 and an IPv4 flow never share a record, whatever their low words', () => {
    const { records } = meterPackets([
      at(0, 17, udp(1000, 53, bytes(1))),
      { timeMs: T0, data: ethernet(0x86dd, ipv6('::ffff:10.40.10.11', '::ffff:203.0.113.7', 17, udp(1000, 53, bytes(1)))) },
    ]);
    expect(records).toHaveLength(2);
  });

  test('an ICMP reply belongs to its request; replies without one, errors and the other side’s requests are flows of their own', () => {
    const { records } = meterPackets([
      at(0, 1, icmp(8, 0)),
      at(0.1, 1, icmp(0, 0), true),
      at(0.2, 1, icmp(8, 0), true),
      at(0.3, 1, icmp(3, 1), true),
      at(0.4, 1, icmp(14, 0), true),
    ]);
    expect(
      records.map(({ source, icmpTypeCode, packets, reversePackets, completion }) => [
        source,
        icmpTypeCode,
        packets,
        reversePackets,
        completion,
      ]),
    ).toEqual([
      [A, 8 * 256, 1, 1, 'established'],
      [B, 8 * 256, 1, 0, 'attempt'],
      [B, 3 * 256 + 1, 1, 0, 'attempt'],
      [B, 14 * 256, 1, 0, 'attempt'],
    ]);
  });

  test('later fragments count for the flow of the first; strangers are counted and have no ports', () => {
    const datagram = udp(2000, 514, new Uint8Array(2000));
    const part = (offset: number, more: boolean, identification: number): TestPacket => ({
      timeMs: T0,
      data: ethernet(
        0x0800,
        ipv4(A, B, 17, datagram.subarray(offset, more ? offset + 1480 : undefined), {
          fragmentOffset: offset,
          moreFragments: more,
          identification,
        }),
      ),
    });
    const { records, counters } = meterPackets([part(0, true, 1), part(1480, false, 1), part(1480, false, 2)]);
    expect(records.map(({ destinationPort, octets, packets }) => [destinationPort, octets, packets])).toEqual([
      [514, 2008 + 40, 2],
      [0, 528 + 20, 1],
    ]);
    expect(counters).toMatchObject({ fragments: 3, fragmentsUnattributed: 1 });
  });
});

describe('how far an exchange came', () => {
  const completion = (...packets: TestPacket[]): string => only(meterPackets(packets).records).completion;

  test.each([
    ['SYNs without an answer', 'attempt', [to(0, SYN), to(1, SYN), to(3, SYN)]],
    ['a SYN answered by RST', 'attempt', [to(0, SYN), fro(0.1, RST | ACK)]],
    ['a handshake', 'established', HANDSHAKE],
    ['a handshake of which one side was captured', 'established', [to(0, SYN), to(0.1, ACK)]],
    ['ten kilobytes one way', 'transferred', [...HANDSHAKE, ...Array.from({ length: 7 }, (_, i) => to(1 + i / 10, ACK, 1400))]],
    ['just under ten kilobytes both ways', 'established', [...HANDSHAKE, fro(1, ACK, 9800), to(1, ACK, 9800)]],
    ['ten kilobytes back', 'transferred', [...HANDSHAKE, fro(1, ACK, 9920)]],
    ['an ACK into a session that nobody answers', 'unknown', [to(0, ACK)]],
    ['an ACK answered by RST', 'attempt', [to(0, ACK), fro(0.1, RST)]],
    ['a stray RST', 'attempt', [to(0, RST)]],
    ['one side of a transfer', 'transferred', [to(0, ACK, 9000), to(1, ACK, 9000)]],
    ['UDP without an answer', 'attempt', [at(0, 17, udp(1, 53, bytes(1)))]],
    ['UDP answered', 'established', [at(0, 17, udp(1, 53, bytes(1))), at(0.1, 17, udp(53, 1, bytes(1)), true)]],
    [
      'much UDP without an answer has left all the same',
      'transferred',
      Array.from({ length: 8 }, (_, i) => at(i, 17, udp(1, 53, new Uint8Array(1300)))),
    ],
  ] as const)('%s: %s', (_name, expected, packets) => {
    expect(completion(...packets)).toBe(expected);
  });
});

describe('when records end', () => {
  test('idle: after the timeout, at the time of the packet that showed it', () => {
    const { records } = meterPackets([
      at(0, 17, udp(1, 53, bytes(1))),
      at(30, 17, udp(53, 1, bytes(1)), true),
      at(95.5, 17, udp(2, 53, bytes(1))),
    ]);
    expect(
      records.map(({ reason, emittedMs, endMs, packets, reversePackets }) => [reason, emittedMs - T0, endMs - T0, packets, reversePackets]),
    ).toEqual([
      [1, 95_500, 30_000, 1, 1],
      [4, 95_500, 95_500, 1, 0],
    ]);
  });

  test('idle is judged to the millisecond on a packet of the same flow', () => {
    const pair = (gap: number): MeteredRecord[] =>
      meterPackets([at(0.9, 17, udp(1, 53, bytes(1))), at(0.9 + gap, 17, udp(1, 53, bytes(1)))]).records;
    expect(pair(59.999)).toHaveLength(1);
    expect(pair(60.001)).toHaveLength(2);
  });

  test('active: a long session is cut, and what follows keeps direction, confidence and handshake', () => {
    const long = Array.from({ length: 12 }, (_, i) => fro(15 * (i + 1), ACK, 100));
    const { records } = meterPackets([...HANDSHAKE, ...long]);
    expect(
      records.map(({ source, confidence, completion, reason, startMs, endMs, firstPacket }) => [
        source,
        confidence,
        completion,
        reason,
        startMs - T0,
        endMs - T0,
        firstPacket,
      ]),
    ).toEqual([
      [A, 100, 'established', 2, 0, 45_000, 1],
      [A, 100, 'established', 2, 60_000, 105_000, 7],
      [A, 100, 'established', 2, 120_000, 165_000, 11],
      [A, 100, 'established', 4, 180_000, 180_000, 15],
    ]);
    expect(records[1]).toMatchObject({ packets: 0, reversePackets: 4, flags: 0, reverseFlags: ACK });
  });

  test('a session that pauses for longer than the idle timeout keeps direction, confidence and handshake, for an hour', () => {
    const resumed = (pause: number): MeteredRecord =>
      meterPackets([...HANDSHAKE, fro(pause, ACK, 500), to(pause + 1, ACK)]).records.at(-1)!;
    expect(resumed(600)).toMatchObject({
      source: A,
      destinationPort: 443,
      confidence: 100,
      completion: 'established',
      packets: 1,
      reversePackets: 1,
    });
    expect(resumed(4000)).toMatchObject({ source: B, sourcePort: 443, confidence: 50 });
  });

  test('a closed session is not remembered, nor is one that a new SYN replaces', () => {
    const closed = meterPackets([...HANDSHAKE, fro(1, RST), fro(100, ACK, 10)]).records.at(-1)!;
    expect(closed).toMatchObject({ source: B, confidence: 50 });
    const again = meterPackets([...HANDSHAKE, to(100, SYN), fro(100.1, RST | ACK)]).records.at(-1)!;
    expect(again).toMatchObject({ source: A, completion: 'attempt', confidence: 100 });
  });

  test('end: a closed session lingers for its last segments, then a new SYN begins another', () => {
    const close = [to(1, FIN | ACK), fro(1.1, FIN | ACK), to(1.2, ACK)];
    const again = [to(2, SYN), fro(2.1, SYN | ACK), to(2.2, RST)];
    const { records } = meterPackets([...HANDSHAKE, ...close, ...again, at(20, 17, udp(1, 53, bytes(1)))]);
    expect(records.map(({ reason, packets, reversePackets, emittedMs }) => [reason, packets, reversePackets, emittedMs - T0])).toEqual([
      [3, 4, 2, 2000],
      [3, 2, 1, 20_000],
      [4, 1, 0, 20_000],
    ]);
  });

  test('every refused try is a record of its own', () => {
    const { records } = meterPackets([0, 1, 2].flatMap((second) => [to(second, SYN), fro(second + 0.1, RST | ACK)]));
    expect(records.map(({ completion, packets, reversePackets }) => [completion, packets, reversePackets])).toEqual(
      new Array(3).fill(['attempt', 1, 1]),
    );
  });

  test('over the limit the flow that was silent longest is ended, and counted', () => {
    const question = (second: number, port: number): TestPacket => at(second, 17, udp(port, 53, bytes(1)));
    const { records, counters, faults } = meterPackets([question(0, 1), question(2, 2), question(4, 1), question(6, 3), question(8, 4)], {
      maxFlows: 2,
    });
    expect(records.map(({ sourcePort, reason, packets }) => [sourcePort, reason, packets])).toEqual([
      [2, 5, 1],
      [1, 5, 2],
      [3, 4, 1],
      [4, 4, 1],
    ]);
    expect(counters.evicted).toBe(2);
    expect(faults).toEqual({ 'flow-table-limit': 2 });
  });

  test('flush in steps ends everything once', () => {
    const meter = createMeter({ sensor: 'test' });
    const rows = new FlowBatch();
    expect(meter.flush(rows)).toBe(true);
    expect(rows.length).toBe(0);
  });
});

describe('clocks', () => {
  test('packets out of order within a minute stretch their record and end nothing', () => {
    expect(only(meterPackets([to(10, SYN), fro(9.5, ACK), to(9, ACK)]).records)).toMatchObject({ startMs: T0 + 9000, endMs: T0 + 10_000 });
  });

  test('a clock set back ends all flows and goes on from there', () => {
    const { records, counters, faults } = meterPackets([to(7200, SYN), to(0, SYN), to(1, SYN)]);
    expect(records.map(({ startMs, reason }) => [startMs - T0, reason])).toEqual([
      [7_200_000, 4],
      [0, 4],
    ]);
    expect([counters.clockResets, faults]).toEqual([1, { 'time-implausible': 1 }]);
  });

  test('a gap of years ends everything in one turn; packets without a time take the one before', () => {
    const { records } = meterPackets([to(0, SYN), { ...to(0, SYN), timeMs: Number.NaN }, at(3e8, 17, udp(1, 2, bytes()))]);
    expect(records.map(({ packets, startMs, endMs }) => [packets, startMs - T0, endMs - T0])).toEqual([
      [2, 0, 0],
      [1, 3e11, 3e11],
    ]);
  });

  test('times that cannot be are counted and not believed', () => {
    const { records, faults } = meterPackets([
      { ...to(0, SYN), timeMs: 1e18 },
      { ...to(0, SYN), timeMs: -5 },
      { ...to(0, SYN), timeMs: Number.NaN },
    ]);
    expect(only(records)).toMatchObject({ packets: 3, startMs: 0, endMs: 0, emittedMs: 0 });
    expect(faults).toEqual({ 'time-implausible': 2 });
  });
});

describe('what is always true', () => {
  const flags = fc.constantFrom(SYN, SYN | ACK, ACK, FIN | ACK, RST, RST | ACK, 0);
  const step = fc.record({
    gap: fc.oneof(fc.nat(3000), fc.nat(90_000)),
    port: fc.nat(3),
    back: fc.boolean(),
    flags,
    octets: fc.nat(1400),
    kind: fc.constantFrom(6, 6, 6, 17, 1),
    v6: fc.boolean(),
  });

  function traffic(
    steps: readonly { gap: number; port: number; back: boolean; flags: number; octets: number; kind: number; v6: boolean }[],
  ): TestPacket[] {
    let timeMs = T0;
    return steps.map(({ gap, port, back, flags: bits, octets, kind, v6 }) => {
      timeMs += gap;
      const [from, dest] = back ? [443, 5000 + port] : [5000 + port, 443];
      const data = new Uint8Array(octets);
      const segment = kind === 6 ? tcp(from, dest, bits, data) : kind === 17 ? udp(from, dest, data) : icmp(bits & 1 ? 8 : 0, 0, data);
      if (v6)
        return {
          timeMs,
          data: ethernet(0x86dd, back ? ipv6('2001:db8::2', 'fd00::1', kind, segment) : ipv6('fd00::1', '2001:db8::2', kind, segment)),
        };
      return { timeMs, data: ethernet(0x0800, back ? ipv4(B, A, kind, segment) : ipv4(A, B, kind, segment)) };
    });
  }

  test('octets and packets of the records are those of the packets, and times lie within', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 8 }), (steps, maxFlows) => {
        const packets = traffic(steps);
        const { records, counters } = meterPackets(packets, { maxFlows });
        const sum = (of: (record: MeteredRecord) => number): number => records.reduce((total, record) => total + of(record), 0);
        expect(sum(({ packets: count, reversePackets }) => count + reversePackets)).toBe(packets.length);
        expect(sum(({ octets, reverseOctets }) => octets + reverseOctets)).toBe(
          packets.reduce((total, { data }) => total + data.length - 14, 0),
        );
        expect(counters).toMatchObject({ packets: packets.length, measured: packets.length, records: records.length });
        records.forEach((record, index) => {
          expect(record.recordNumber).toBe(index);
          expect(record.startMs).toBeLessThanOrEqual(record.endMs);
          expect(record.endMs).toBeLessThanOrEqual(record.emittedMs);
          expect(record.endMs - record.startMs).toBeLessThan(60_000);
        });
        expect(new Set(records.map(({ firstPacket }) => firstPacket)).size).toBe(records.length);
      }),
      { numRuns: 200 },
    );
  });

  test('the same records in the same order, whatever the batches and the hash seed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), fc.nat(), (steps, perBatch, hashSeed) => {
        const packets = traffic(steps);
        const options = { maxFlows: 5 };
        expect(meterPackets(packets, { ...options, hashSeed }, perBatch)).toEqual(meterPackets(packets, { ...options, hashSeed: 1 }));
      }),
      { numRuns: 200 },
    );
  });

  test('arbitrary octets in arbitrary link types are counted one way or the other', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 90 }), { maxLength: 30 }),
        fc.constantFrom(0, 1, 101, 113, 276, 9999),
        (frames, linkType) => {
          const { counters } = meterPackets(frames.map((data, index) => ({ timeMs: T0 + index, data, linkType })));
          const { packets, measured, nonIp, truncated, malformed, unknownLinkType } = counters;
          expect(packets).toBe(frames.length);
          expect(measured + nonIp + truncated + malformed + unknownLinkType).toBe(packets);
        },
      ),
    );
  });

  test('a capture read in chunks of any size gives the same records', async () => {
    const path = join(temporaryFolder(), 'traffic.pcap');
    writeTrafficCapture(path, 20_000);
    const whole = await meterFile(path);
    expect(whole.counters).toMatchObject({ packets: 20_000, measured: 20_000 });
    for (const chunk of [997, 65_536]) expect(await meterFile(path, { hashSeed: chunk }, chunk)).toEqual(whole);
  });

  test('the table grows and shrinks through its index without losing a flow', () => {
    const packets = Array.from({ length: 9000 }, (_, i) => at(i / 50, 17, concat(u16(i), u16(53), u16(9), u16(0), bytes(1))));
    const { records } = meterPackets(packets, { idleTimeoutMs: 20_000, maxFlows: 5000 });
    expect(new Set(records.map(({ sourcePort }) => sourcePort)).size).toBe(9000);
    expect(records).toHaveLength(9000);
  });
});

test('options that make no sense are refused', () => {
  expect(() => createMeter({ sensor: 'x', idleTimeoutMs: 0 })).toThrow('idleTimeoutMs is 0');
  expect(() => createMeter({ sensor: 'x', maxFlows: 2_000_000 })).toThrow('maxFlows is 2000000');
});
