import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { corpus } from '../inputs/corpora.js';
import { type MeteredRecord, meterFile } from './records.js';

/*
 * ipfixprobe's own expected biflows. Its timeouts, as the data shows: 30 s idle, 300 s active.
 */
const TIMEOUTS = { idleTimeoutMs: 30_000, activeTimeoutMs: 300_000 };
const functional = corpus('pcap', 'ipfixprobe', 'tests', 'functional');

interface Biflow {
  source: string;
  destination: string;
  sourcePort: number;
  destinationPort: number;
  protocol: number;
  vlanId: number;
  octets: number;
  packets: number;
  reverseOctets: number;
  reversePackets: number;
  startUs: number;
  endUs: number;
  sourceMac: number;
  destinationMac: number;
}

/** Reads a CSV of ipfixprobe: the header, `type NAME` cells, is its last line. */
function expectedBiflows(path: string): Biflow[] {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  const header = lines
    .find((line) => line.startsWith('ipaddr'))!
    .split(',')
    .map((cell) => cell.split(' ')[1]!);
  return lines
    .filter((line) => !line.startsWith('ipaddr'))
    .map((line) => {
      const cells = line.split(',');
      const cell = (name: string): string => cells[header.indexOf(name)] ?? '0';
      const us = (text: string): number => Date.parse(`${text.slice(0, 19)}Z`) * 1000 + Number(text.slice(20));
      const mac = (text: string): number => Number.parseInt(text.replaceAll(':', ''), 16);
      return {
        source: cell('SRC_IP'),
        destination: cell('DST_IP'),
        sourcePort: Number(cell('SRC_PORT')),
        destinationPort: Number(cell('DST_PORT')),
        protocol: Number(cell('PROTOCOL')),
        vlanId: Number(cell('VLAN_ID')),
        octets: Number(cell('BYTES')),
        packets: Number(cell('PACKETS')),
        reverseOctets: Number(cell('BYTES_REV')),
        reversePackets: Number(cell('PACKETS_REV')),
        startUs: us(cell('TIME_FIRST')),
        endUs: us(cell('TIME_LAST')),
        sourceMac: mac(cell('SRC_MAC')),
        destinationMac: mac(cell('DST_MAC')),
      };
    });
}

function toBiflow(record: MeteredRecord): Biflow {
  const { source, destination, sourcePort, destinationPort, protocol, vlanId, octets, packets, reverseOctets, reversePackets } = record;
  const { sourceMac, destinationMac } = record;
  return {
    ...{ source, destination, sourcePort, destinationPort, protocol, vlanId, octets, packets, reverseOctets, reversePackets },
    ...{ startUs: Math.round(record.startMs * 1000), endUs: Math.round(record.endMs * 1000), sourceMac, destinationMac },
  };
}

const key = (biflow: Biflow): string => JSON.stringify(biflow);
const isIcmp = ({ protocol }: Biflow): boolean => protocol === 1 || protocol === 58;

/** All packets between two addresses of one protocol as one biflow in the direction of `like`: how ipfixprobe keys ICMP. */
function merged(records: readonly Biflow[], like: Biflow): Biflow {
  const ours = records.filter(
    ({ source, destination, protocol, startUs, endUs }) =>
      protocol === like.protocol &&
      startUs >= like.startUs &&
      endUs <= like.endUs &&
      ((source === like.source && destination === like.destination) || (source === like.destination && destination === like.source)),
  );
  const sum = { ...like, octets: 0, packets: 0, reverseOctets: 0, reversePackets: 0 };
  for (const record of ours) {
    const same = record.source === like.source;
    sum.octets += same ? record.octets : record.reverseOctets;
    sum.packets += same ? record.packets : record.reversePackets;
    sum.reverseOctets += same ? record.reverseOctets : record.octets;
    sum.reversePackets += same ? record.reversePackets : record.packets;
  }
  sum.startUs = Math.min(...ours.map(({ startUs }) => startUs));
  sum.endUs = Math.max(...ours.map(({ endUs }) => endUs));
  return sum;
}

/** Outputs of plugins that leave flows as they are: each flow they look at is one biflow, with the same times and MAC addresses. */
const PLUGINS: readonly (readonly [output: string, capture: string, biflows: number])[] = [
  ['basicplus', 'http', 9],
  ['bstats', 'bstats', 5],
  ['dnssd', 'dnssd', 8],
  ['http', 'http', 9],
  ['idpcontent', 'idpcontent', 1],
  ['mqtt', 'mqtt', 5],
  ['netbios', 'netbios', 20],
  ['ovpn', 'ovpn', 2],
  ['passivedns', 'dns', 6],
  ['quic', 'quic_initial-sample', 1],
  ['smtp', 'smtp', 1],
  ['ssadetector', 'ovpn', 1],
  ['ssdp', 'ssdp', 19],
];

/** Outputs of plugins that end a flow with each question, answer or handshake: their rows add up to the conversation. */
const DIVIDING: readonly (readonly [plugin: string, conversations: number])[] = [
  ['dns', 8],
  ['ntp', 4],
  ['rtsp', 2],
  ['sip', 9],
  ['tls', 28],
  ['wg', 5],
];

/** Octets and packets both ways by conversation, whoever is told as its source. */
function conversations(biflows: readonly Biflow[]): Map<string, [number, number, number, number]> {
  const sums = new Map<string, [number, number, number, number]>();
  for (const { source, sourcePort, destination, destinationPort, protocol, octets, packets, reverseOctets, reversePackets } of biflows) {
    const [a, b] = [`${source} ${sourcePort}`, `${destination} ${destinationPort}`];
    const sum = sums.get(`${protocol} ${a < b ? `${a} ${b}` : `${b} ${a}`}`) ?? [0, 0, 0, 0];
    const [there, back] = a < b ? [0, 2] : [2, 0];
    sum[there]! += octets;
    sum[there + 1]! += packets;
    sum[back]! += reverseOctets;
    sum[back + 1]! += reversePackets;
    sums.set(`${protocol} ${a < b ? `${a} ${b}` : `${b} ${a}`}`, sum);
  }
  return sums;
}

describe.skipIf(functional === undefined)("ipfixprobe's expected biflows", () => {
  test('of mixed.pcap: all but two to the microsecond, addresses, octets, packets and MAC addresses both ways', async () => {
    const expected = expectedBiflows(`${functional}/outputs/basic`);
    const { records, counters } = await meterFile(`${functional}/inputs/mixed.pcap`, TIMEOUTS);
    const ours = records.map(toBiflow);
    expect(expected).toHaveLength(48);
    expect(counters).toMatchObject({ packets: 205, measured: 157, nonIp: 48, malformed: 0, truncated: 0 });
    const exact = new Set(ours.map(key));
    const deviating = expected.filter((biflow) => !exact.has(key(biflow)));
    // ipfixprobe puts all ICMP between two addresses into one flow; a flow here has one type and code, and replies go with their requests.
    expect(deviating.map(({ source, destination, protocol }) => [source, destination, protocol])).toEqual([
      ['10.5.5.26', '10.5.5.1', 1],
      ['fe80::6e62:6dff:fe2a:c74e', 'fe80::a2f3:c1ff:fe16:5aca', 58],
    ]);
    for (const biflow of deviating) expect(merged(ours, biflow)).toEqual(biflow);
    const expectedKeys = new Set(expected.map(key));
    expect(ours.filter((biflow) => !expectedKeys.has(key(biflow)) && !isIcmp(biflow))).toEqual([]);
    const total = (biflows: readonly Biflow[]): number =>
      biflows.reduce((sum, { octets, reverseOctets }) => sum + octets + reverseOctets, 0);
    expect(total(ours)).toBe(total(expected));
  });

  test('of vlan.pcap: one biflow per VLAN, exactly', async () => {
    const expected = expectedBiflows(`${functional}/outputs/vlan`).map(key).sort();
    const { records } = await meterFile(`${functional}/inputs/vlan.pcap`, TIMEOUTS);
    expect(expected).toHaveLength(3);
    expect(records.map(toBiflow).map(key).sort()).toEqual(expected);
  });

  test.each(PLUGINS)('of the plugin %s, on %s.pcap: %d biflows, exactly', async (output, capture, biflows) => {
    const expected = expectedBiflows(`${functional}/outputs/${output}`);
    const { records } = await meterFile(`${functional}/inputs/${capture}.pcap`, TIMEOUTS);
    expect(expected).toHaveLength(biflows);
    const ours = records.map((record) => ({ ...toBiflow(record), vlanId: 0 }));
    // Where a capture has nanoseconds, ipfixprobe cuts them off.
    const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1;
    const untimed = (biflow: Biflow): string => key({ ...biflow, startUs: 0, endUs: 0 });
    const isOurs = (biflow: Biflow): boolean =>
      ours.some((our) => untimed(our) === untimed(biflow) && near(our.startUs, biflow.startUs) && near(our.endUs, biflow.endUs));
    expect(expected.filter((biflow) => !isOurs(biflow))).toEqual([]);
  });

  test.each(DIVIDING)('of the plugin %s, which divides flows: %d conversations add up exactly', async (plugin, count) => {
    const theirs = conversations(expectedBiflows(`${functional}/outputs/${plugin}`));
    const { records } = await meterFile(`${functional}/inputs/${plugin}.pcap`, TIMEOUTS);
    const ours = conversations(records.map(toBiflow));
    expect(theirs.size).toBe(count);
    for (const [conversation, sum] of theirs) expect([conversation, ours.get(conversation)]).toEqual([conversation, sum]);
  });
});
