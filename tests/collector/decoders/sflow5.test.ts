import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createExportDecoder } from '../../../collector/decoders/decoders-table.js';
import { formatAddress } from '../../../flow/address.js';
import type { FlowBatch } from '../../../flow/batch.js';
import type { FlowColumnName } from '../../../flow/columns.js';
import { ACK, ethernet, icmp, ipv4, ipv6, SYN, tcp, udp, vlan } from '../packets/packet-builder.js';
import { TUNNEL_FRAMES } from '../packets/tunnel-frames.js';
import * as build from './build-sflow5.js';
import { type Decoded, decodeAll, testOrigin } from './decode-all.js';

const SEEN_MS = 1_796_256_000_123;
const TCP_SYN = ipv4('192.0.2.10', '198.51.100.20', 6, tcp(49_152, 443, SYN));

function decode(samples: readonly Uint8Array[], header: build.SflowHeader = {}, receivedMs = SEEN_MS): Decoded {
  return decodeAll(createExportDecoder(), [build.sflow5(samples, header)], { ...testOrigin(), receivedMs });
}

/** One sample of these records; the row it makes. */
function one(...records: Uint8Array[]): FlowBatch {
  const { batch, faults } = decode([build.flowSample(records)]);
  expect(faults.counts).toEqual({});
  expect(batch.length).toBe(1);
  return batch;
}

function values(batch: FlowBatch, ...names: FlowColumnName[]): (number | undefined)[] {
  return names.map((name) => (batch.columns[name] as Float64Array)[0]);
}

function ends({ columns }: FlowBatch): string[] {
  return [formatAddress(columns.sourceIPv6Address.bytes), formatAddress(columns.destinationIPv6Address.bytes)];
}

describe('flow samples of sFlow v5', () => {
  it('one packet is one row: IP octets, the sampling rate, its arrival as start and end', () => {
    const batch = one(build.rawHeader(ethernet(0x0800, TCP_SYN)));
    expect(ends(batch)).toEqual(['192.0.2.10', '198.51.100.20']);
    expect(values(batch, 'sourceTransportPort', 'destinationTransportPort', 'protocolIdentifier', 'tcpControlBits')).toEqual([
      49_152, 443, 6, 2,
    ]);
    expect(values(batch, 'packetDeltaCount', 'octetDeltaCount', 'samplingInterval', 'biflow')).toEqual([1, 40, 1000, 0]);
    expect(values(batch, 'flowStartMilliseconds', 'flowEndMilliseconds', 'exportTimeMilliseconds')).toEqual([SEEN_MS, SEEN_MS, SEEN_MS]);
    expect(values(batch, 'sourceMacAddress', 'destinationMacAddress')).toEqual([0x02005e00530a, 0x02005e00530b]);
  });

  it('a bare SYN began an attempt; any other packet leaves both open', () => {
    expect(values(one(build.rawHeader(TCP_SYN, 11)), 'initiator', 'initiatorConfidence', 'completion')).toEqual([1, 100, 1]);
    const ack = ipv4('192.0.2.10', '198.51.100.20', 6, tcp(443, 49_152, SYN | ACK));
    expect(values(one(build.rawHeader(ack, 11)), 'initiator', 'initiatorConfidence', 'completion')).toEqual([0, 0, 0]);
  });

  it('octets are those of the IP header, however little of the packet was sampled; without a total length the frame tells, without what was stripped', () => {
    const cut = ipv4('192.0.2.10', '198.51.100.20', 17, udp(53, 53, new Uint8Array(4)), { totalLength: 1500 });
    expect(values(one(build.rawHeader(ethernet(0x0800, cut), 1, 1518)), 'octetDeltaCount')).toEqual([1500]);
    const offload = ipv4('192.0.2.10', '198.51.100.20', 17, udp(53, 53, new Uint8Array(4)), { totalLength: 0 });
    expect(values(one(build.rawHeader(ethernet(0x0800, offload), 1, 70_018)), 'octetDeltaCount')).toEqual([70_000]);
  });

  it.each([
    ['Ethernet', 1, ethernet(0x86dd, ipv6('2001:db8::1', '2001:db8::2', 17, udp(1, 2, new Uint8Array(0))))],
    ['PPP', 7, Uint8Array.from([0xff, 3, 0, 0x57, ...ipv6('2001:db8::1', '2001:db8::2', 17, udp(1, 2, new Uint8Array(0)))])],
    ['frame relay', 5, Uint8Array.from([0x18, 0x41, 3, 0x8e, ...ipv6('2001:db8::1', '2001:db8::2', 17, udp(1, 2, new Uint8Array(0)))])],
    ['MPLS', 13, Uint8Array.from([0, 2, 1, 64, ...ipv6('2001:db8::1', '2001:db8::2', 17, udp(1, 2, new Uint8Array(0)))])],
    ['IPv6', 12, ipv6('2001:db8::1', '2001:db8::2', 17, udp(1, 2, new Uint8Array(0)))],
    ['packet over SONET', 14, Uint8Array.from([0xff, 3, 0, 0x57, ...ipv6('2001:db8::1', '2001:db8::2', 17, udp(1, 2, new Uint8Array(0)))])],
  ])('header protocol %s', (_name, protocol, packet) => {
    const batch = one(build.rawHeader(packet, protocol));
    expect(ends(batch)).toEqual(['2001:db8::1', '2001:db8::2']);
    expect(values(batch, 'sourceTransportPort', 'destinationTransportPort', 'octetDeltaCount')).toEqual([1, 2, 48]);
  });

  it('what the agent parsed itself: IPv4, IPv6, with Ethernet addresses beside; ICMP type and code stand for the ports', () => {
    const four = one(
      build.sampledEthernet(0x0800),
      build.sampledIp({ source: '192.0.2.10', destination: '198.51.100.20', octets: 1400, flags: 2 }),
    );
    expect(ends(four)).toEqual(['192.0.2.10', '198.51.100.20']);
    expect(values(four, 'octetDeltaCount', 'destinationTransportPort', 'initiator', 'sourceMacAddress')).toEqual([
      1400, 443, 1, 0x02005e000001,
    ]);
    const six = one(
      build.sampledIp({ source: '2001:db8::1', destination: '2001:db8::2', protocol: 58, sourcePort: 128, destinationPort: 3 }),
    );
    expect(ends(six)).toEqual(['2001:db8::1', '2001:db8::2']);
    expect(values(six, 'icmpTypeCode', 'sourceTransportPort', 'destinationTransportPort')).toEqual([128 * 256 + 3, 0, 0]);
  });

  it('the packet itself comes before what the agent made of it, and what it made is taken where the packet cannot be read', () => {
    const parsed = build.sampledIp({ source: '203.0.113.1', destination: '203.0.113.2' });
    expect(ends(one(parsed, build.rawHeader(TCP_SYN, 11)))).toEqual(['192.0.2.10', '198.51.100.20']);
    expect(ends(one(parsed, build.rawHeader(new Uint8Array(24), 6)))).toEqual(['203.0.113.1', '203.0.113.2']);
  });

  it('VLAN from the tag, else from the extended switch record, where it is one', () => {
    const tagged = build.rawHeader(ethernet(0x8100, vlan(33, 0x0800, TCP_SYN)));
    const untagged = build.rawHeader(ethernet(0x0800, TCP_SYN));
    expect(values(one(tagged, build.extendedSwitch(12)), 'vlanId')).toEqual([33]);
    expect(values(one(untagged, build.extendedSwitch(12)), 'vlanId')).toEqual([12]);
    expect(values(one(untagged, build.extendedSwitch(0xffff_ffff)), 'vlanId')).toEqual([0]);
  });

  it.each([
    [
      'source and the last AS of the path',
      build.extendedGateway(64_496, 64_499, [[64_497], [64_498, 4_200_000_001]]),
      64_499,
      4_200_000_001,
    ],
    ["the gateway's own AS at both ends", build.extendedGateway(64_496, 0, []), 64_496, 64_496],
  ])('AS numbers: %s', (_name, gateway, source, destination) => {
    expect(values(one(build.rawHeader(TCP_SYN, 11), gateway), 'bgpSourceAsNumber', 'bgpDestinationAsNumber')).toEqual([
      source,
      destination,
    ]);
  });

  it.each([
    ['compact', build.flowSample, 0x3fff_ffff],
    ['expanded', build.expandedFlowSample, 0xffff_ffff],
  ])('%s samples: an interface is one; discarded, several, or the device itself are none', (_name, sample, internal) => {
    const interfaces = (header: build.SampleHeader) =>
      values(decode([sample([build.rawHeader(TCP_SYN, 11)], header)]).batch, 'ingressInterface', 'egressInterface', 'samplingInterval');
    expect(interfaces({ input: 70_000, output: 9, rate: 512 })).toEqual([70_000, 9, 512]);
    expect(interfaces({ input: internal, output: 256, outputFormat: 1 })).toEqual([0, 0, 1000]);
    expect(interfaces({ output: 4, outputFormat: 2 })).toEqual([7, 0, 1000]);
  });

  it('sequence, uptime and sub-agent come from the datagram; agents of any address type are read', () => {
    for (const header of [{}, { agent: '2001:db8::1' }, { agentType: 0 }]) {
      const { reports, rows } = decode([build.flowSample([build.rawHeader(TCP_SYN, 11)])], {
        ...header,
        subAgent: 3,
        sequence: 9,
        uptimeMs: 5000,
      });
      expect(rows).toBe(1);
      expect(reports[0]).toMatchObject({
        protocol: 'sflow5',
        observationDomainId: 3,
        sequenceNumber: 9,
        systemUptimeMs: 5000,
        recordsAnnounced: 1,
      });
    }
  });

  it("without a time of arrival the agent's uptime is all the time there is", () => {
    const { batch } = decode([build.flowSample([build.rawHeader(TCP_SYN, 11)])], { uptimeMs: 5000 }, Number.NaN);
    expect(values(batch, 'flowStartMilliseconds', 'exportTimeMilliseconds')).toEqual([5000, 5000]);
  });
});

describe('what sFlow agents tell beside the packet', () => {
  const packet = build.rawHeader(ethernet(0x0800, TCP_SYN));
  const tunnelOf = ({ columns }: FlowBatch, row = 0): string => columns.tunnel.dictionary.name(columns.tunnel.codes[row]!);

  it.each(TUNNEL_FRAMES)(
    'a sampled header with $name is read to its innermost packet: $tunnel',
    ({ frame, tunnel, vlanId = 0, six = false }) => {
      const batch = one(build.rawHeader(frame));
      expect(ends(batch)).toEqual(six ? ['fd00::1', 'fd00::2'] : ['10.1.0.1', '10.2.0.2']);
      expect([tunnelOf(batch), ...values(batch, 'vlanId')]).toEqual([tunnel, vlanId]);
    },
  );

  it('a tunnel cut before its inside is metered by its outer addresses', () => {
    const { frame } = TUNNEL_FRAMES.find(({ name }) => name.startsWith('VXLAN,'))!;
    const batch = one(build.rawHeader(frame.subarray(0, 60), 1, frame.length + 4));
    expect([ends(batch), tunnelOf(batch), ...values(batch, 'destinationTransportPort')]).toEqual([['192.0.2.1', '198.51.100.2'], '', 4789]);
  });

  it('address and port translation', () => {
    const batch = one(packet, build.extendedNat('203.0.113.1', '2001:db8::5'), build.extendedNatPort(1024, 443));
    expect(formatAddress(batch.columns.postNATSourceIPv6Address.bytes)).toBe('203.0.113.1');
    expect(formatAddress(batch.columns.postNATDestinationIPv6Address.bytes)).toBe('2001:db8::5');
    expect(values(batch, 'postNAPTSourceTransportPort', 'postNAPTDestinationTransportPort')).toEqual([1024, 443]);
  });

  it('tags that were stripped, labels and the tunnel the packet came in, of which the header shows nothing', () => {
    const stripped = one(packet, build.extendedVlanTunnel([100, 7]));
    expect([tunnelOf(stripped), ...values(stripped, 'vlanId')]).toEqual(['vlan 100', 7]);
    expect(tunnelOf(one(packet, build.extendedMpls([16_001, 17])))).toBe('mpls 16001/mpls 17');
    const outer = { source: '192.0.2.1', destination: '198.51.100.2', protocol: 17, destinationPort: 4789 };
    expect(tunnelOf(one(packet, build.tunnelRecord(1024, outer), build.opaque(1030, [0, 0, 0, 42])))).toBe(
      'vxlan 192.0.2.1>198.51.100.2 vni 42',
    );
    const left = { source: '2001:db8::1', destination: '2001:db8::2', protocol: 47 };
    const came = { source: '192.0.2.1', destination: '198.51.100.2', protocol: 4 };
    expect(tunnelOf(one(packet, build.tunnelRecord(1025, left)))).toBe('gre 2001:db8::1>2001:db8::2');
    expect(tunnelOf(one(packet, build.tunnelRecord(1024, came), build.tunnelRecord(1025, left)))).toBe('ipip 192.0.2.1>198.51.100.2');
  });

  it('a header that shows its own tags and labels is believed alone', () => {
    const tagged = build.rawHeader(ethernet(0x88a8, vlan(5, 0x8100, vlan(6, 0x0800, TCP_SYN))));
    const batch = one(tagged, build.extendedMpls([16_001]));
    expect([tunnelOf(batch), ...values(batch, 'vlanId')]).toEqual(['vlan 5', 6]);
  });

  it('nothing of one sample shows in the next', () => {
    const { batch } = decode([
      build.flowSample([packet, build.extendedNat('203.0.113.1', '203.0.113.2'), build.extendedVlanTunnel([100, 7])]),
      build.flowSample([packet]),
      build.flowSample([build.sampledIp({ source: '192.0.2.10', destination: '198.51.100.20' })]),
    ]);
    expect([0, 1, 2].map((row) => tunnelOf(batch, row))).toEqual(['vlan 100', '', '']);
    expect([1, 2].map((row) => formatAddress(batch.columns.postNATSourceIPv6Address.bytes, row * 16))).toEqual(['::', '::']);
  });

  it('records of every kind in every state of damage tell nothing or something, and never throw', () => {
    const formats = fc.constantFrom(1006, 1007, 1012, 1020, 1023, 1024, 1025, 1026, 1029, 1030, 1001, 1003, 2, 3, 4, 1);
    fc.assert(
      fc.property(fc.array(fc.tuple(formats, fc.uint8Array({ maxLength: 70 })), { maxLength: 5 }), (records) => {
        const { rows, reports } = decode([
          build.flowSample([packet, ...records.map(([format, content]) => build.opaque(format, content))]),
        ]);
        expect(rows).toBe(1);
        expect(reports[0]!.recordsAnnounced).toBe(1);
      }),
      { numRuns: 2000 },
    );
  });

  it('class of service of the packet, and of what the agent parsed', () => {
    const marked = TCP_SYN.slice();
    marked[1] = 0xb8;
    expect(values(one(build.rawHeader(marked, 11)), 'ipClassOfService')).toEqual([0xb8]);
    const parsed = build.sampledIp({ source: '192.0.2.10', destination: '198.51.100.20', classOfService: 0x28 });
    expect(values(one(parsed), 'ipClassOfService')).toEqual([0x28]);
  });
});

describe('what of sFlow makes no row is counted', () => {
  it('counters and frames without IP are no flows; samples of vendors may have been, and discarded packets that are not told', () => {
    const arp = build.rawHeader(ethernet(0x0806, new Uint8Array(28)));
    const { rows, reports, faults } = decode([
      build.counterSample(),
      build.opaque(4, new Uint8Array(20)),
      build.opaque(5, new Uint8Array(32)),
      build.flowSample([arp]),
      build.flowSample([build.sampledEthernet(0x88cc)]),
      build.opaque((1991 << 12) | 1, new Uint8Array(9)),
      build.flowSample([build.rawHeader(TCP_SYN, 11)]),
    ]);
    expect(rows).toBe(1);
    expect(reports[0]).toMatchObject({
      optionsRecords: 4,
      recordsUndecodable: 2,
      recordsDecoded: 1,
      recordsAnnounced: 3,
      malformed: false,
    });
    expect(faults.counts).toEqual({});
  });

  it('headers that cannot be read, each for its reason', () => {
    const { rows, reports, faults } = decode([
      build.flowSample([build.rawHeader(new Uint8Array(40), 6)]),
      build.flowSample([build.rawHeader(ethernet(0x0800, TCP_SYN).subarray(0, 30))]),
      build.flowSample([build.rawHeader(new Uint8Array(40), 11)]),
      build.flowSample([build.rawHeader(TCP_SYN, 11, 0xffff_ffff)]),
      build.flowSample([]),
    ]);
    expect(rows).toBe(0);
    expect(reports[0]).toMatchObject({ recordsUndecodable: 5, recordsAnnounced: 5 });
    expect(faults.counts).toEqual({ 'link-type': 1, 'packet-truncated': 1, 'packet-malformed': 2 });
  });

  it('a sampled header that runs past its record is not read beyond it', () => {
    const { rows, faults } = decode([build.flowSample([build.rawHeader(TCP_SYN, 11, 44, 4096)])]);
    expect(rows).toBe(0);
    expect(faults.counts).toEqual({ 'packet-malformed': 1 });
  });

  it('records behind the packet that do not fit cost their content, not the packet', () => {
    const packet = build.rawHeader(TCP_SYN, 11);
    for (const records of [
      [packet, build.opaque(1001, new Uint8Array(4))],
      [packet, build.opaque(1002, new Uint8Array(16), 9000)],
      [packet, build.extendedGateway(64_496, 0, [[64_497]], 1_000_000)],
      [packet, build.extendedGateway(64_496, 0, [[64_497]], 3)],
    ]) {
      const { rows, reports, faults, batch } = decode([build.flowSample(records)]);
      expect(rows).toBe(1);
      expect(reports[0]).toMatchObject({ malformed: true, recordsDecoded: 1 });
      expect(faults.counts).toEqual({ 'record-truncated': 1 });
      expect(values(batch, 'bgpSourceAsNumber', 'bgpDestinationAsNumber', 'vlanId')).toEqual([0, 0, 0]);
    }
  });

  it('counts that no datagram can hold drive no loop and no memory (gopacket, CVE-2026-54332)', () => {
    const sample = build.flowSample([build.rawHeader(TCP_SYN, 11)], { count: 0xffff_ffff });
    const { rows, reports, batch } = decode([sample], { count: 0xffff_ffff });
    expect(rows).toBe(1);
    expect(reports[0]).toMatchObject({ malformed: true, recordsAnnounced: -1 });
    expect(batch.capacity).toBe(64);
    expect(reports[0]!.samples.words.length).toBeLessThan(1000);
    const path = decode([build.flowSample([build.rawHeader(TCP_SYN, 11), build.extendedGateway(1, 2, [[]], 0xffff_ffff)])]);
    expect(path.rows).toBe(1);
  });

  it('opaque data of every length is followed by its padding, and the next sample is found', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 6 }), (vendors) => {
        const records = vendors.map((content) => build.opaque((9 << 12) | 7, content));
        const samples = vendors.map((content) => build.opaque((9 << 12) | 7, content));
        const { rows, faults } = decode([...samples, build.flowSample([...records, build.rawHeader(TCP_SYN, 11)])]);
        expect(rows).toBe(1);
        expect(faults.counts).toEqual({});
      }),
    );
  });

  it('a discarded packet is an attempt that carried nothing, and denied where a rule said so', () => {
    const { batch, reports, faults } = decode([
      build.discardedPacket([build.rawHeader(ethernet(0x0800, TCP_SYN))], { reason: 258, input: 3, output: 0 }),
      build.discardedPacket([build.rawHeader(ipv4('192.0.2.10', '198.51.100.20', 17, udp(5000, 514, new Uint8Array(9))), 11)], {
        reason: 259,
      }),
      build.flowSample([build.rawHeader(ethernet(0x0800, TCP_SYN))]),
    ]);
    const { packetDeltaCount, octetDeltaCount, completion, firewallEvent, samplingInterval, ingressInterface } = batch.columns;
    const rows = [0, 1, 2].map((row) => [
      packetDeltaCount[row],
      octetDeltaCount[row],
      completion[row],
      firewallEvent[row],
      samplingInterval[row],
      ingressInterface[row],
    ]);
    expect(rows).toEqual([
      [0, 0, 1, 3, 1, 3],
      [0, 0, 1, 0, 1, 7],
      [1, 40, 1, 0, 1000, 7],
    ]);
    expect(reports[0]).toMatchObject({ recordsDecoded: 3, recordsAnnounced: 3, optionsRecords: 0 });
    // They are numbered by themselves, not among the samples.
    expect(reports[0]!.samples.length).toBe(1);
    expect(faults.counts).toEqual({});
  });

  it('interface counters are told; those the agent does not know, and other counters, are not', () => {
    const { reports, rows, faults } = decode([
      build.counterSample(1, [
        build.opaque(2, new Uint8Array(52)),
        build.interfaceCounters({ index: 7, inOctets: 2 ** 40 + 5, outOctets: 9, discards: 2, errors: 3 }),
      ]),
      build.counterSample(2, [build.interfaceCounters({ index: 70_000, inOctets: 1, outOctets: 2, discards: 0xffff_ffff })], true),
      build.counterSample(3, [build.interfaceCounters({ index: 8, inOctets: -1, outOctets: 2 })]),
    ]);
    expect([rows, faults.counts]).toEqual([0, {}]);
    expect(reports[0]).toMatchObject({ optionsRecords: 3, malformed: false });
    const { length, numbers } = reports[0]!.interfaces;
    expect([...numbers.subarray(0, length * 4)]).toEqual([7, 2 ** 40 + 5, 9, 5, 70_000, 1, 2, 0]);
  });

  it('counter records that do not fit cost what is behind them', () => {
    for (const records of [[build.opaque(1, new Uint8Array(20))], [build.opaque(1, new Uint8Array(88), 9000)]]) {
      const { reports, faults } = decode([build.counterSample(1, records), build.flowSample([build.rawHeader(TCP_SYN, 11)])]);
      expect(reports[0]).toMatchObject({ malformed: true, optionsRecords: 1, recordsDecoded: 1 });
      expect([reports[0]!.interfaces.length, faults.counts]).toEqual([0, { 'record-truncated': 1 }]);
    }
  });

  it('every sample tells its source, whether its packet could be read or not', () => {
    const { reports } = decode([
      build.flowSample([], { source: 5, sequence: 8, rate: 100, pool: 900, drops: 1 }),
      build.expandedFlowSample([build.rawHeader(TCP_SYN, 11)], {
        sourceClass: 2,
        source: 70_000,
        sequence: 9,
        rate: 10,
        pool: 20,
        drops: 3,
      }),
    ]);
    const { length, words } = reports[0]!.samples;
    expect(length).toBe(2);
    expect([...words.subarray(0, 12)]).toEqual([0, 5, 8, 100, 900, 1, 2, 70_000, 9, 10, 20, 3]);
  });

  it('ICMP in a sampled header keeps type and code', () => {
    const echo = ipv4('192.0.2.10', '198.51.100.20', 1, icmp(8, 0));
    expect(values(one(build.rawHeader(echo, 11)), 'icmpTypeCode', 'destinationTransportPort')).toEqual([2048, 0]);
  });
});
