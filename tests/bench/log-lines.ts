/*
 * Lines of logs in a seeded shape: enterprise traffic, four in five lines TCP, the rest UDP and ICMP, one in ten IPv6. The same lines each time.
 */

/** Numbers below `bound`, from a multiplicative generator (MINSTD): the same for the same seed. */
function createNumbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % bound;
  };
}

/** 2026-12-03T08:00:00Z. */
const BEGIN_SECONDS = 1_796_284_800;
const HISTORIES = ['ShADadFf', 'ShADadfFr', 'ShADdaFf', 'S', 'ShR', 'Dd', 'D'];

interface Connection {
  readonly uid: string;
  readonly seconds: number;
  readonly microseconds: number;
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly proto: 'tcp' | 'udp' | 'icmp';
  readonly service: string | undefined;
  readonly durationUs: number;
  readonly octets: readonly [number, number];
  readonly packets: readonly [number, number];
  readonly history: string;
}

function connections(count: number): Connection[] {
  const below = createNumbers(4711);
  return Array.from({ length: count }, (_, index) => {
    const kind = below(10);
    const proto = kind < 8 ? 'tcp' : kind < 9 ? 'udp' : 'icmp';
    const six = below(10) === 0;
    const packets = [1 + below(40), below(60)] as const;
    return {
      uid: `C${below(1e9).toString(36)}${below(1e9).toString(36)}`,
      seconds: BEGIN_SECONDS + Math.floor(index / 200),
      microseconds: below(1_000_000),
      source: six ? `2001:db8:40:10::${(below(200) + 1).toString(16)}` : `10.40.${10 + below(4)}.${1 + below(250)}`,
      destination: six ? `2001:db8:7::${(below(99) + 1).toString(16)}` : `203.0.113.${1 + below(250)}`,
      sourcePort: proto === 'icmp' ? 8 : 1024 + below(60_000),
      destinationPort: proto === 'icmp' ? 0 : [443, 80, 53, 8080, 22, 123][below(6)]!,
      proto,
      service: [undefined, 'ssl', 'http', 'dns'][below(4)],
      durationUs: below(60_000_000),
      octets: [packets[0] * (52 + below(900)), packets[1] * (52 + below(1400))],
      packets,
      history: HISTORIES[below(HISTORIES.length)]!,
    };
  });
}

const ZEEK_FIELDS =
  'ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state local_orig local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents'.split(
    ' ',
  );

const decimals = (us: number): string => `${Math.floor(us / 1e6)}.${String(us % 1e6).padStart(6, '0')}`;
const state = (c: Connection): string => (c.history === 'S' ? 'S0' : c.history === 'ShR' ? 'RSTO' : 'SF');

function zeekTsv(c: Connection): string {
  return [
    `${c.seconds}.${String(c.microseconds).padStart(6, '0')}`,
    c.uid,
    c.source,
    c.sourcePort,
    c.destination,
    c.destinationPort,
    c.proto,
    c.service ?? '-',
    decimals(c.durationUs),
    c.octets[0] - 40 * c.packets[0],
    Math.max(0, c.octets[1] - 40 * c.packets[1]),
    state(c),
    'T',
    'F',
    0,
    c.history,
    c.packets[0],
    c.octets[0],
    c.packets[1],
    c.octets[1],
    '-',
  ].join('\t');
}

function zeekJson(c: Connection): string {
  return JSON.stringify({
    ts: c.seconds + c.microseconds / 1e6,
    uid: c.uid,
    'id.orig_h': c.source,
    'id.orig_p': c.sourcePort,
    'id.resp_h': c.destination,
    'id.resp_p': c.destinationPort,
    proto: c.proto,
    ...(c.service === undefined ? {} : { service: c.service }),
    duration: c.durationUs / 1e6,
    orig_bytes: c.octets[0] - 40 * c.packets[0],
    resp_bytes: Math.max(0, c.octets[1] - 40 * c.packets[1]),
    conn_state: state(c),
    local_orig: true,
    local_resp: false,
    missed_bytes: 0,
    history: c.history,
    orig_pkts: c.packets[0],
    orig_ip_bytes: c.octets[0],
    resp_pkts: c.packets[1],
    resp_ip_bytes: c.octets[1],
  });
}

/** As Suricata 7 writes them: '2026-12-03T08:00:00.000123+0000'. */
const suricataTime = (seconds: number, microseconds: number): string =>
  `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(microseconds).padStart(6, '0')}+0000`;

function eveFlow(c: Connection): string {
  const end = c.microseconds + c.durationUs;
  const start = suricataTime(c.seconds, c.microseconds);
  return JSON.stringify({
    timestamp: suricataTime(c.seconds + 60, c.microseconds),
    flow_id: 586_497_171_462_735 + c.microseconds,
    in_iface: 'eth1',
    event_type: 'flow',
    src_ip: c.source,
    ...(c.proto === 'icmp' ? {} : { src_port: c.sourcePort }),
    dest_ip: c.destination,
    ...(c.proto === 'icmp' ? {} : { dest_port: c.destinationPort }),
    proto: c.proto.toUpperCase(),
    ...(c.proto === 'icmp' ? { icmp_type: 8, icmp_code: 0 } : {}),
    app_proto: c.service === 'ssl' ? 'tls' : (c.service ?? 'failed'),
    flow: {
      pkts_toserver: c.packets[0],
      pkts_toclient: c.packets[1],
      bytes_toserver: c.octets[0],
      bytes_toclient: c.octets[1],
      start,
      end: suricataTime(c.seconds + Math.floor(end / 1e6), end % 1e6),
      age: Math.floor(c.durationUs / 1e6),
      state: 'closed',
      reason: 'timeout',
      alerted: false,
    },
    ...(c.proto === 'tcp'
      ? { tcp: { tcp_flags: '1b', tcp_flags_ts: '1b', tcp_flags_tc: '1b', syn: true, fin: true, psh: true, ack: true, state: 'closed' } }
      : {}),
  });
}

function vpc(c: Connection): string {
  const protocol = c.proto === 'tcp' ? 6 : c.proto === 'udp' ? 17 : 1;
  return `2 123456789010 eni-1235b8ca123456789 ${c.source} ${c.destination} ${c.sourcePort} ${c.destinationPort} ${protocol} ${c.packets[0]} ${c.octets[0]} ${c.seconds} ${c.seconds + 60} ACCEPT OK`;
}

function azure(c: Connection): string {
  const protocol = c.proto === 'tcp' ? 6 : c.proto === 'udp' ? 17 : 1;
  return `"${c.seconds}${String(c.microseconds).slice(0, 3).padStart(3, '0')},${c.source},${c.destination},${c.sourcePort},${c.destinationPort},${protocol},O,E,NX,${c.packets[0]},${c.octets[0]},${c.packets[1]},${c.octets[1]}"`;
}

function gcp(c: Connection): string {
  const protocol = c.proto === 'tcp' ? 6 : c.proto === 'udp' ? 17 : 1;
  const time = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${c.microseconds}Z`;
  return JSON.stringify({
    insertId: c.uid,
    jsonPayload: {
      bytes_sent: String(c.octets[0]),
      connection: {
        dest_ip: c.destination,
        dest_port: c.destinationPort,
        protocol,
        src_ip: c.source,
        src_port: c.sourcePort,
      },
      dest_vpc: { project_id: 'plant', subnetwork_name: 'a', vpc_name: 'plant' },
      end_time: time(c.seconds + 5),
      packets_sent: String(c.packets[0]),
      reporter: 'SRC',
      start_time: time(c.seconds),
    },
    logName: 'projects/plant/logs/compute.googleapis.com%2Fvpc_flows',
    receiveTimestamp: time(c.seconds + 12),
    resource: { labels: { location: 'europe-west6-a', subnetwork_name: 'a' }, type: 'gce_subnetwork' },
    timestamp: time(c.seconds + 12),
  });
}

const lines =
  (each: (connection: Connection) => string, head = '') =>
  (count: number): Buffer =>
    Buffer.from(`${head}${connections(count).map(each).join('\n')}\n`);

/** Logs by what the table calls them: the format that reads each, and its octets with `count` records. */
export const LOGS = {
  'conn.log TSV': {
    format: 'zeek',
    target: 1_000_000,
    make: lines(zeekTsv, `#separator \\x09\n#unset_field\t-\n#path\tconn\n#fields\t${ZEEK_FIELDS.join('\t')}\n`),
  },
  'conn.log JSON': { format: 'zeek', target: 250_000, make: lines(zeekJson) },
  'EVE flow': { format: 'eve', target: 250_000, make: lines(eveFlow) },
  'AWS VPC': { format: 'vpc', target: undefined, make: lines(vpc) },
  'Azure VNet': {
    format: 'azure',
    target: undefined,
    make: (count: number) =>
      Buffer.from(
        `{"records":[{"macAddress":"000D3AF8B0AA","flowRecords":{"flows":[{"flowGroups":[{"rule":"r","flowTuples":[${connections(count).map(azure).join(',')}]}]}]}}]}`,
      ),
  },
  'GCP VPC': { format: 'gcp', target: undefined, make: lines(gcp) },
} as const;
