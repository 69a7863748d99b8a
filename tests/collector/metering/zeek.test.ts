import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { corpus } from '../inputs/corpora.js';
import { type MeteredRecord, meterFile } from './records.js';

/*
 * Zeek's own connection logs of its test traces, beside our records of the same traces.
 */
const root = corpus('pcap', 'zeek');

interface Trace {
  trace: string;
  conn_log: string;
}

interface Connection {
  endpoints: string;
  packets: number;
  octets: number;
  reversePackets: number;
  reverseOctets: number;
}

const NEEDED = ['proto', 'id.orig_h', 'id.orig_p', 'id.resp_h', 'id.resp_p', 'orig_pkts', 'orig_ip_bytes', 'resp_pkts', 'resp_ip_bytes'];

/** The rows of a conn.log, but for what was inside tunnels; none where the test had Zeek log other fields. */
function connections(path: string): Connection[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  const fields =
    lines
      .find((line) => line.startsWith('#fields'))
      ?.split('\t')
      .slice(1) ?? [];
  if (!NEEDED.every((name) => fields.includes(name))) return [];
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const cells = line.split('\t');
      return (name: string): string => cells[fields.indexOf(name)] ?? '-';
    })
    .filter((cell) => ['-', '(empty)'].includes(cell('tunnel_parents')) && cell('id.orig_h') !== '-')
    .map((cell) => ({
      endpoints: `${cell('proto')} ${cell('id.orig_h')} ${cell('id.orig_p')} > ${cell('id.resp_h')} ${cell('id.resp_p')}`,
      packets: Number(cell('orig_pkts')),
      octets: Number(cell('orig_ip_bytes')),
      reversePackets: Number(cell('resp_pkts')),
      reverseOctets: Number(cell('resp_ip_bytes')),
    }));
}

const PROTOCOLS: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmp' };
function toConnection(record: MeteredRecord): Connection {
  const { source, destination, protocol, icmpTypeCode, packets, octets, reversePackets, reverseOctets } = record;
  const icmp = protocol === 1 || protocol === 58;
  const [from, to] = icmp ? [icmpTypeCode >> 8, icmpTypeCode & 0xff] : [record.sourcePort, record.destinationPort];
  return {
    endpoints: `${PROTOCOLS[protocol] ?? protocol} ${source} ${from} > ${destination} ${to}`,
    packets,
    octets,
    reversePackets,
    reverseOctets,
  };
}

/** Where a trace's records and Zeek's differ, and why. */
const DEVIATIONS: Readonly<Record<string, string>> = {
  'pbb.pcap': 'provider backbone bridging (802.1ah) is not looked into: counted as not IP',
  'wlanmon.pcap': 'radiotap 802.11 is not read: counted as a fault, link-type',
  'gtp1_gn_normal_incl_fragmentation.pcap': 'Zeek counts reassembled datagrams, we count the fragments on the wire',
  'gtp2_different_udp_port.pcap': 'Zeek counts reassembled datagrams, we count the fragments on the wire',
  'vxlan-encapsulated-igmp-v2.pcap': 'Zeek logs the outer connections of this trace with no packets',
  'Teredo.pcap': 'sessions begun before the capture: Zeek orients by well-known port, we by the first packet, with confidence 50',
  'misordered-ntp.pcap': 'Zeek orients by the NTP mode inside the datagrams',
  'ssh.client-side-half-duplex.pcap': 'Zeek splits sessions of which it sees one side by its own inactivity timer',
};

describe.skipIf(root === undefined)("Zeek's connection logs", () => {
  test('are met row by row, octets and packets both ways, but for the deviations listed', async () => {
    const traces = JSON.parse(readFileSync(join(root!, 'MANIFEST.json'), 'utf8')) as Trace[];
    const deviating = new Set<string>();
    let rows = 0;
    for (const { trace, conn_log } of traces) {
      const theirs = connections(join(root!, conn_log));
      if (theirs.length === 0) continue;
      const { records } = await meterFile(join(root!, trace), { idleTimeoutMs: 3_600_000, activeTimeoutMs: 86_400_000 });
      const ours = new Set(records.map((record) => JSON.stringify(toConnection(record))));
      if (theirs.every((connection) => ours.has(JSON.stringify(connection)))) rows += theirs.length;
      else deviating.add(basename(trace));
    }
    expect([...deviating].sort()).toEqual(Object.keys(DEVIATIONS).sort());
    expect(rows).toBe(52);
  });
});
