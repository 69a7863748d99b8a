import { describeLogReader } from '../../conformance/log-reader.js';
import { HTTPS, header, jsonLine, line } from './zeek-lines.js';

/** Three connections that differ in everything that a reader could mix up. */
const CONNECTIONS = [
  HTTPS,
  { ...HTTPS, 'id.orig_h': '2001:db8::11', 'id.resp_h': '2001:db8:1::5', 'id.resp_p': '8443', ts: '1796284801.500000', orig_pkts: '3' },
  {
    ...HTTPS,
    'id.orig_p': '50002',
    proto: 'udp',
    'id.resp_p': '53',
    service: 'dns',
    conn_state: 'SF',
    history: 'Dd',
    duration: '0.020000',
  },
];
const TIME = 1796284800;
const eve = (number: number): string =>
  `${JSON.stringify({
    timestamp: `2026-12-03T10:00:0${number}.000000+0000`,
    flow_id: 17_000 + number,
    event_type: 'flow',
    src_ip: `10.40.10.1${number}`,
    src_port: 50_000 + number,
    dest_ip: '203.0.113.7',
    dest_port: 443,
    proto: 'TCP',
    app_proto: 'tls',
    flow: {
      pkts_toserver: 11 + number,
      pkts_toclient: 12,
      bytes_toserver: 1060,
      bytes_toclient: 7488,
      start: `2026-12-03T10:00:0${number}.000000+0000`,
      end: `2026-12-03T10:00:0${number + 1}.000000+0000`,
      state: 'closed',
      reason: 'timeout',
    },
    tcp: { tcp_flags: '1b', tcp_flags_ts: '1b', tcp_flags_tc: '1b', state: 'closed' },
  })}\n`;
const vpc = (number: number): string =>
  `2 123456789010 eni-1 10.40.10.1${number} 203.0.113.7 ${49_761 + number} 443 6 ${20 + number} 4249 ${TIME + number} ${TIME + 60 + number} ACCEPT OK\n`;
const azure = (number: number): string =>
  `{"records":[{"time":"2026-12-03T10:00:00Z","flowLogVersion":4,"macAddress":"112233445566","flowRecords":{"flows":[{"aclID":"0","flowGroups":[{"rule":"r","flowTuples":["${TIME + number}251,10.40.10.1${number},203.0.113.7,23956,443,6,O,E,NX,3,767,2,1580"]}]}]}}]}`;
const gcp = (number: number): string =>
  `{"insertId":"a${number}","jsonPayload":{"bytes_sent":"9${number}","connection":{"dest_ip":"203.0.113.7","dest_port":53,"protocol":17,"src_ip":"10.40.10.1${number}","src_port":5353},"end_time":"2026-12-03T10:00:05Z","packets_sent":"1","reporter":"SRC","start_time":"2026-12-03T10:00:0${number}Z"},"logName":"projects/p/logs/compute.googleapis.com%2Fvpc_flows"}\n`;

// A row needs two addresses at least, whatever names the fields have.
const LEAST = '::1 ::1'.length;

for (const subject of [
  { name: 'Zeek, TSV', format: 'zeek', log: header() + CONNECTIONS.map((one) => line(one)).join(''), byLine: true },
  { name: 'Zeek, JSON', format: 'zeek', log: CONNECTIONS.map((one) => jsonLine(one)).join(''), byLine: true },
  { name: 'Suricata EVE', format: 'eve', log: eve(1) + eve(2) + eve(3), byLine: true },
  { name: 'AWS VPC, lines', format: 'vpc', log: vpc(1) + vpc(2) + vpc(3), byLine: true },
  { name: 'Azure, a document', format: 'azure', log: azure(1), byLine: false, rows: 1 },
  { name: 'GCP, lines', format: 'gcp', log: gcp(1) + gcp(2) + gcp(3), byLine: true },
] as const) {
  describeLogReader({ rows: 3, octetsPerRow: LEAST, ...subject });
}
