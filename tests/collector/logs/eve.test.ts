import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readLog } from './read-log.js';

const FLOW = {
  timestamp: '2026-12-03T10:00:05.000000+0100',
  flow_id: 586497171462735,
  event_type: 'flow',
  src_ip: '10.40.10.11',
  src_port: 50000,
  dest_ip: '203.0.113.7',
  dest_port: 443,
  proto: 'TCP',
  flow: {
    pkts_toserver: 23,
    pkts_toclient: 21,
    bytes_toserver: 4884,
    bytes_toclient: 7392,
    start: '2026-12-03T09:59:29.025256+0100',
    end: '2026-12-03T10:00:01.071281+0100',
    age: 32,
    state: 'closed',
    reason: 'timeout',
    alerted: false,
  },
  tcp: { tcp_flags: '1b', tcp_flags_ts: '1b', tcp_flags_tc: '1b', syn: true, state: 'closed' },
};
const NETFLOW = {
  ...FLOW,
  event_type: 'netflow',
  flow: undefined,
  tcp: { tcp_flags: '02' },
  netflow: { pkts: 1, bytes: 74, start: FLOW.flow.start, end: FLOW.flow.end, age: 0, min_ttl: 64, max_ttl: 64 },
};
const lineOf = (event: unknown): string => `${JSON.stringify(event)}\n`;
const one = (event: unknown) => {
  const read = readLog('eve', lineOf(event));
  expect(read.faults).toEqual({});
  return read.rows[0]!;
};

describe("Suricata's EVE log", () => {
  test('the protocol that Suricata found is told, by either of its readers; one that it did not find is not', () => {
    for (const proto of ['tls', 'dns'] as const) {
      expect(one({ ...FLOW, app_proto: proto }).application).toBe(proto);
      expect(one({ ...FLOW, app_proto: proto, vlan: [7] }).application).toBe(proto);
    }
    expect(one({ ...FLOW, app_proto: 'failed' }).application).toBeUndefined();
    expect(one({ ...NETFLOW, app_proto: 'ssh' }).application).toBe('ssh');
    const rows = readLog('eve', lineOf({ ...FLOW, app_proto: 'tls' }) + lineOf(FLOW)).rows;
    expect(rows.map(({ application }) => application)).toEqual(['tls', undefined]);
  });

  test('a flow event becomes a row of both directions', () => {
    expect(
      one({ ...FLOW, vlan: [120, 7], ether: { src_macs: ['02:00:00:00:00:0a'], dest_macs: ['02:00:00:00:00:0b', '02:00:00:00:00:0c'] } }),
    ).toEqual({
      startMs: Date.parse('2026-12-03T08:59:29.025Z'),
      endMs: Date.parse('2026-12-03T09:00:01.071Z'),
      source: '10.40.10.11',
      destination: '203.0.113.7',
      ports: [50000, 443],
      protocol: 6,
      flags: 0x1b,
      reverseFlags: 0x1b,
      octets: [4884, 7392],
      packets: [23, 21],
      biflow: 1,
      sampling: 1,
      icmp: 0,
      vlan: 7,
      tunnel: 'vlan 120',
      macs: [0x02000000000a, 0],
      endReason: 3,
      initiator: 'source',
      confidence: 100,
      completion: 'established',
      exportProtocol: 'suricata',
      sensor: 'tap',
      exportMs: Date.parse('2026-12-03T09:00:01.071Z'),
      line: 1,
      sequence: 1,
    });
  });

  test.each([
    [{ vlan: [100, 200, 7] }, 7, 'vlan 100/vlan 200'],
    [{ vlan: 5 }, 5, ''],
    [{ tunnel: { src_ip: '192.0.2.1', dest_ip: '198.51.100.2', proto: 'GRE', depth: 1 } }, 0, 'gre 192.0.2.1>198.51.100.2'],
    [
      { vlan: [4, 5], tunnel: { src_ip: '2001:DB8::1', dest_ip: '2001:db8::2', proto: 'UDP', dest_port: 4789 } },
      5,
      'vlan 4/vxlan 2001:db8::1>2001:db8::2',
    ],
    [{ tunnel: { src_ip: 'x', dest_ip: '198.51.100.2', proto: 'GRE' } }, 0, ''],
    [{ tunnel: 'gre' }, 0, ''],
  ])('headers around: %j', (layers, vlan, tunnel) => {
    expect(one({ ...FLOW, ...layers })).toMatchObject({ vlan, tunnel: tunnel || undefined });
  });

  test('a stream with gaps was not seen whole', () => {
    for (const gap of ['ts_gap', 'tc_gap'])
      expect(readLog('eve', lineOf({ ...FLOW, tcp: { ...FLOW.tcp, [gap]: true } })).faults).toEqual({ 'content-missed': 1 });
  });

  test('a netflow event becomes a row of one direction', () => {
    expect(one(NETFLOW)).toMatchObject({
      biflow: 0,
      octets: [74, 0],
      packets: [1, 0],
      flags: 2,
      completion: 'attempt',
      initiator: 'source',
      confidence: 100,
    });
  });

  test.each([
    [
      'a SYN without answer',
      { tcp_flags_ts: '02', tcp_flags_tc: '00' },
      { pkts_toclient: 0, bytes_toclient: 0, state: 'new' },
      'attempt',
      100,
    ],
    ['a SYN refused', { tcp_flags_ts: '02', tcp_flags_tc: '14' }, { state: 'closed' }, 'attempt', 100],
    ['a transfer', { tcp_flags_ts: '1b', tcp_flags_tc: '1b' }, { bytes_toclient: 10_000 }, 'transferred', 100],
    ['a session begun before the log', { tcp_flags_ts: '18', tcp_flags_tc: '18' }, {}, 'established', 50],
    ['a log without flags', {}, { state: 'established', pkts_toclient: 0, bytes_toclient: 0 }, 'established', 50],
  ])('%s is told from flags and state', (_, tcp, flow, completion, confidence) => {
    expect(one({ ...FLOW, tcp, flow: { ...FLOW.flow, ...flow } })).toMatchObject({ completion, confidence, initiator: 'source' });
  });

  test('ICMP has its type and code, and is ICMPv6 between IPv6 addresses', () => {
    const { src_port, dest_port, tcp, ...rest } = FLOW;
    expect(one({ ...rest, proto: 'ICMP', icmp_type: 8, icmp_code: 0 })).toMatchObject({ protocol: 1, ports: [0, 0], icmp: 0x0800 });
    const ipv6 = {
      ...rest,
      proto: 'IPv6-ICMP',
      icmp_type: 135,
      icmp_code: 0,
      src_ip: 'fe80:0000:0000:0000:0000:0000:0000:0001',
      dest_ip: 'ff02::1',
    };
    expect(one(ipv6)).toMatchObject({ protocol: 58, icmp: 135 * 256, source: 'fe80::1' });
    expect(one({ ...rest, proto: '132' }).protocol).toBe(132);
  });

  test('other events are passed over and told', () => {
    const log =
      lineOf({ ...FLOW, event_type: 'dns' }) + lineOf(FLOW) + lineOf({ timestamp: FLOW.timestamp, event_type: 'stats', stats: {} });
    expect(readLog('eve', log).told).toMatchObject({ records: 1, other: 2, malformed: 0 });
  });

  test('of a log that has every flow twice, as flow and as netflow, one kind is read', () => {
    expect(readLog('eve', lineOf(FLOW) + lineOf(NETFLOW) + lineOf(NETFLOW) + lineOf(FLOW)).told).toMatchObject({ records: 2, other: 2 });
    expect(readLog('eve', lineOf(NETFLOW) + lineOf(NETFLOW) + lineOf(FLOW)).told).toMatchObject({ records: 2, other: 1 });
  });

  test.each([
    ['no object', '[1]'],
    ['no event type', lineOf({ ...FLOW, event_type: 7 })],
    ['no counters', lineOf({ ...FLOW, flow: null })],
    ['an end before its start', lineOf({ ...FLOW, flow: { ...FLOW.flow, end: '2026-12-03T09:00:01.071281+0100' } })],
    ['a time that is none', lineOf({ ...FLOW, flow: { ...FLOW.flow, start: '2026-13-03T09:00:01.071281+0100' } })],
    ['no address', lineOf({ ...FLOW, src_ip: '' })],
    ['a port beyond 65535', lineOf({ ...FLOW, dest_port: 65_536 })],
    ['a broken number', lineOf({ ...FLOW, flow: { ...FLOW.flow, bytes_toserver: 1.5 } })],
    ['flags that are none', lineOf({ ...FLOW, tcp: { tcp_flags_ts: 'xy' } })],
    ['a line cut off', lineOf(FLOW).slice(0, 200)],
    ['depth without end', '['.repeat(100_000)],
  ])('%s makes no row, and is counted', (_, broken) => {
    const { told, faults } = readLog('eve', `${broken.trimEnd()}\n${lineOf(FLOW)}`);
    expect(told).toMatchObject({ records: 1, malformed: 1 });
    expect(faults).toEqual({ 'line-malformed': 1 });
  });

  test('a log cut at any octet gives the rows of its whole lines and no other', () => {
    const log = lineOf(FLOW) + lineOf({ ...FLOW, src_port: 50001 });
    const whole = readLog('eve', log).rows;
    for (let length = 0; length < log.length; length++) {
      const { rows } = readLog('eve', log.slice(0, length));
      expect(rows).toEqual(whole.slice(0, rows.length));
    }
  });

  test('any octets, any JSON and any mutation are survived, every line told once', () => {
    const log = new TextEncoder().encode(lineOf(FLOW) + lineOf(NETFLOW));
    const mutated = fc
      .array(fc.record({ at: fc.nat(log.length - 1), byte: fc.nat(255) }), { minLength: 1, maxLength: 4 })
      .map((changes) => {
        const bytes = log.slice();
        for (const { at, byte } of changes) bytes[at] = byte;
        return bytes;
      });
    const key = fc.constantFrom(
      'event_type',
      'src_ip',
      'dest_ip',
      'src_port',
      'dest_port',
      'proto',
      'flow',
      'tcp',
      'vlan',
      'ether',
      '__proto__',
    );
    const replaced = fc.tuple(key, fc.jsonValue()).map(([name, value]) => new TextEncoder().encode(lineOf({ ...FLOW, [name]: value })));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated, replaced), (bytes) => {
        const { batch, told } = readLog('eve', bytes);
        const lines = new TextDecoder('latin1')
          .decode(bytes)
          .split('\n')
          .filter((text) => text !== '' && text !== '\r').length;
        expect(told.records + told.malformed + told.other).toBe(lines);
        expect(batch.length).toBe(told.records);
      }),
      { numRuns: 1500 },
    );
  });
});
