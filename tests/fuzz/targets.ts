import { SFLOW, V1, V5, V7, V9, V10 } from '../collector/decoders/samples.js';
import { HTTPS, header, jsonLine, line } from '../collector/logs/zeek-lines.js';
import { pcap, pcapng } from '../collector/packets/capture-builder.js';
import { ACK, ethernet, FIN, icmp, ipv4, ipv6, SYN, tcp, udp, vlan } from '../collector/packets/packet-builder.js';
import { TUNNEL_FRAMES } from '../collector/packets/tunnel-frames.js';
import { dnsTarget } from './dns-target.js';
import { exportTarget } from './export-target.js';
import { fileTarget } from './file-targets.js';
import { beginningOf, corpusFiles, datagramsOf, encoded } from './seeds.js';
import { streamTarget } from './stream-target.js';
import type { FuzzTarget } from './target.js';

const SCENARIO = 'fixtures/scenarios/port-scanners';

/** Datagrams of the corpora whose version word is `version`. */
const strangers = (version: number): Uint8Array[][] =>
  corpusFiles('flows', /\.dat$/, 200)
    .filter((bytes) => ((bytes[0]! << 8) | bytes[1]!) === version)
    .map((bytes) => [bytes]);

const PACKETS = [
  ethernet(0x0800, ipv4('192.0.2.10', '198.51.100.20', 6, tcp(49_152, 443, SYN))),
  ethernet(0x0800, ipv4('198.51.100.20', '192.0.2.10', 6, tcp(443, 49_152, SYN | ACK))),
  ethernet(0x8100, vlan(12, 0x0800, ipv4('192.0.2.10', '198.51.100.20', 6, tcp(49_152, 443, FIN | ACK, new Uint8Array(40))))),
  ethernet(0x86dd, ipv6('2001:db8::1', '2001:db8::2', 17, udp(5353, 53, new Uint8Array(20)))),
  ethernet(0x0800, ipv4('192.0.2.10', '198.51.100.20', 47, Uint8Array.from([0, 0, 8, 0, ...ipv4('10.0.0.1', '10.0.0.2', 1, icmp(8, 0))]))),
  ethernet(0x0800, ipv4('192.0.2.10', '198.51.100.20', 4, ipv4('10.0.0.1', '10.0.0.2', 17, udp(1, 2, new Uint8Array(4))))),
  ...TUNNEL_FRAMES.map(({ frame }) => frame),
].map((data, index) => ({ data, timeMs: 1_796_256_000_000 + index * 10 }));

const EVE = [
  '{"timestamp":"2026-12-03T01:00:00.000000+0000","flow_id":1,"event_type":"flow","src_ip":"192.0.2.10","src_port":49152,"dest_ip":"198.51.100.20","dest_port":443,"proto":"TCP","flow":{"pkts_toserver":3,"pkts_toclient":2,"bytes_toserver":300,"bytes_toclient":200,"start":"2026-12-03T00:59:00.000000+0000","end":"2026-12-03T00:59:30.000000+0000","state":"closed","reason":"timeout"},"tcp":{"tcp_flags":"1b","tcp_flags_ts":"1b","tcp_flags_tc":"1b"}}',
  '{"timestamp":"2026-12-03T01:00:00.000000+0000","event_type":"netflow","src_ip":"2001:db8::1","src_port":5353,"dest_ip":"2001:db8::2","dest_port":53,"proto":"UDP","netflow":{"pkts":1,"bytes":60,"start":"2026-12-03T00:59:00.000000+0000","end":"2026-12-03T00:59:00.000000+0000"}}',
  '{"timestamp":"2026-12-03T01:00:01.000000+0000","event_type":"dns","src_ip":"192.0.2.10","dest_ip":"192.0.2.53","proto":"UDP","dns":{"version":2,"type":"answer","rrname":"host.example","rrtype":"A","rcode":"NOERROR","answers":[{"rrname":"host.example","rrtype":"A","ttl":60,"rdata":"198.51.100.20"}]}}',
  '{"timestamp":"2026-12-03T01:00:02.000000+0000","event_type":"stats","stats":{"uptime":60,"capture":{"kernel_packets":1000,"kernel_drops":3}}}',
].join('\n');

const AZURE = JSON.stringify({
  records: [
    {
      time: '2026-12-03T10:00:00.2510000Z',
      flowLogVersion: 4,
      category: 'FlowLogFlowEvent',
      flowRecords: {
        flows: [
          {
            aclID: '0',
            flowGroups: [{ rule: 'R', flowTuples: ['1796284800251,10.40.10.11,203.0.113.7,23956,443,6,O,E,NX,3,767,2,1580'] }],
          },
        ],
      },
    },
    {
      time: '2026-12-03T10:00:00.0000000Z',
      category: 'NetworkSecurityGroupFlowEvent',
      properties: {
        Version: 2,
        flows: [{ rule: 'R', flows: [{ mac: '000D3AF87856', flowTuples: ['1796284800,10.40.10.11,203.0.113.7,44931,443,T,O,A,B,,,,'] }] }],
      },
    },
  ],
});

const GCP = JSON.stringify({
  timestamp: '2026-12-03T10:00:05Z',
  jsonPayload: {
    connection: { src_ip: '10.40.10.11', src_port: 50_000, dest_ip: '203.0.113.7', dest_port: 443, protocol: 6 },
    bytes_sent: '1234',
    packets_sent: '5',
    start_time: '2026-12-03T10:00:00.1Z',
    end_time: '2026-12-03T10:00:04.9Z',
    reporter: 'SRC',
  },
});

const DNS_LOG =
  '#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n' +
  '#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tquery\tqtype_name\trcode_name\tanswers\tTTLs\n' +
  '1796284800.1\tC1\t10.40.10.11\t5353\t10.40.1.53\t53\tudp\thost.example\tA\tNOERROR\talias.example,203.0.113.7\t60.0,30.0\n';

const VPC = [
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status',
  '2 123456789010 eni-1235b8ca 192.0.2.10 198.51.100.20 49152 443 6 20 4249 1796256000 1796256060 ACCEPT OK',
  '2 123456789010 eni-1235b8ca - - - - - - - 1796256000 1796256060 - NODATA',
  '2 123456789010 eni-1235b8ca - - - - - - - 1796256000 1796256060 - SKIPDATA',
].join('\n');

/** Every part that reads bytes of strangers, by name. Made when asked for: seeds are read then. */
export const TARGETS: Readonly<Record<string, () => FuzzTarget | Promise<FuzzTarget>>> = {
  netflow1: () => exportTarget('netflow1', [V1], 48),
  netflow5: async () => exportTarget('netflow5', [V5, ...(await datagramsOf(`${SCENARIO}/netflow5.pcap.gz`)), ...strangers(5)], 48),
  netflow7: () => exportTarget('netflow7', [V7], 52),
  netflow9: async () => exportTarget('netflow9', [V9, ...(await datagramsOf(`${SCENARIO}/netflow9.pcap.gz`)), ...strangers(9)], 1),
  ipfix: async () => exportTarget('ipfix', [V10, ...(await datagramsOf(`${SCENARIO}/ipfix.pcap.gz`)), ...strangers(10)], 1),
  sflow5: () => exportTarget('sflow5', [SFLOW], 40),
  pcap: () =>
    fileTarget(
      'pcap',
      'pcap',
      'bytes',
      [pcap(PACKETS), beginningOf(`${SCENARIO}/packets.pcap.gz`), ...corpusFiles('pcap', /\.(pcap|trace)$/)],
      8,
    ),
  pcapng: () => fileTarget('pcapng', 'pcap', 'bytes', [pcapng(PACKETS), pcapng(PACKETS, false), ...corpusFiles('pcap', /\.pcapng$/)], 8),
  'export-pcap': () =>
    fileTarget(
      'export-pcap',
      'export-pcap',
      'bytes',
      [beginningOf(`${SCENARIO}/netflow9.pcap.gz`), beginningOf(`${SCENARIO}/ipfix.pcap.gz`)],
      1,
    ),
  'zeek-tsv': () =>
    fileTarget(
      'zeek-tsv',
      'zeek',
      'text',
      [encoded(`${header()}\n${line(HTTPS)}\n${line({ ...HTTPS, proto: 'udp' })}\n`), ...corpusFiles('logs', /conn\.log$/)],
      10,
    ),
  'zeek-json': () => fileTarget('zeek-json', 'zeek', 'text', [encoded(`${jsonLine(HTTPS)}\n${jsonLine(HTTPS)}\n`)], 10),
  eve: () => fileTarget('eve', 'eve', 'text', [encoded(`${EVE}\n`)], 10),
  azure: () => fileTarget('azure', 'azure', 'text', [encoded(AZURE)], 20),
  gcp: () => fileTarget('gcp', 'gcp', 'text', [encoded(`${GCP}\n${GCP}\n`)], 20),
  'zeek-dns': () => fileTarget('zeek-dns', 'zeek', 'text', [encoded(DNS_LOG), ...corpusFiles('logs', /dns.*\.log$/)], 10),
  nfcapd: () =>
    fileTarget(
      'nfcapd',
      'nfcapd',
      'bytes',
      ['none', 'lzo', 'lz4', 'bzip2', 'zstd'].map((name) => beginningOf(`fixtures/nfcapd/${name}.nfcapd`, 65_535)),
      1 / 32,
    ),
  'ipfix-stream': () => streamTarget('ipfix-stream', [V10]),
  'dns-message': () => dnsTarget('dns-message'),
  vpc: () => fileTarget('vpc', 'vpc', 'text', [encoded(`${VPC}\n`)], 10),
};
