import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createExportDecoder } from '../../../collector/decoders/decoders-table.js';
import { formatAddress } from '../../../flow/address.js';
import type { FlowBatch } from '../../../flow/batch.js';
import { corporaFolder, type LogstashCase, readBytes, readJson } from './corpora.js';
import { type Decoded, decodeAll, total } from './decode-all.js';

const corpora = corporaFolder();
const logstash = join(corpora ?? '', 'flows/logstash-codec-netflow');
const SKIPPED = corpora === undefined ? ' (skipped: no corpora beside the repository, see CORDON_CORPORA)' : '';

/** Cases whose count differs from the one asserted, each with the reason why ours is right. */
const DEVIATIONS: Readonly<Record<string, string>> = {
  'Netflow-9-Cisco-WLC':
    'application statistics of wireless stations: no source, no destination, hence no flow; all 19 are counted undecodable',
};

/** Cases whose flow times are not the exporter's own, with the reason. */
const TIME_DEVIATIONS: Readonly<Record<string, string>> = {
  'Netflow-9-Fortigate-FortiOS-5-2-1':
    'flow times a week after the export time: noise, replaced by the export time and counted as time-implausible',
};

/** nfdump finds other counts here, each for a reason of its own. */
const NFDUMP_DEVIATIONS: Readonly<Record<string, string>> = {
  'logstash/Netflow-5-valid-01': 'a netcat dump: one payload whose header says 2 records, with 11 more datagrams glued behind it',
  'logstash/Netflow-9-Cisco-WLC': DEVIATIONS['Netflow-9-Cisco-WLC']!,
};

/** So does tshark, which counts options records too. */
const TSHARK_DEVIATIONS: Readonly<Record<string, string>> = {
  'logstash/Netflow-5-invalid-01': 'the header says 30 records and the bytes hold none of them; tshark believes the header',
  'logstash/Netflow-5-invalid-02': 'the same',
  'logstash/Netflow-9-H3C': 'variable length in NetFlow v9: tshark calls it malformed; Logstash and nfdump read 16 records too',
  'logstash/Netflow-9-invalid-01': 'tshark gives the packet up; nfdump reads the two records, too',
};

interface OracleCase {
  readonly nfdump_flows: number;
  readonly tshark_flows: number;
}

const LOGSTASH_CASES = corpora === undefined ? [] : readdirSync(join(logstash, 'expected')).map((file) => file.replace(/\.json$/, ''));

function decodeCase(name: string): { expected: LogstashCase; decoded: Decoded } {
  const expected = readJson<LogstashCase>(join(logstash, 'expected', `${name}.json`));
  const payloads = expected.input.map((file) => readBytes(join(logstash, 'spec/codecs', file)));
  return { expected, decoded: decodeAll(createExportDecoder(), payloads) };
}

/** Names that Logstash gives to fields, and how a row says the same. */
const FIELDS: Readonly<Record<string, (batch: FlowBatch, row: number) => unknown>> = {
  ipv4_src_addr: (batch, row) => formatAddress(batch.columns.sourceIPv6Address.bytes, row * 16),
  ipv4_dst_addr: (batch, row) => formatAddress(batch.columns.destinationIPv6Address.bytes, row * 16),
  ipv6_src_addr: (batch, row) => formatAddress(batch.columns.sourceIPv6Address.bytes, row * 16),
  ipv6_dst_addr: (batch, row) => formatAddress(batch.columns.destinationIPv6Address.bytes, row * 16),
  sourceIPv4Address: (batch, row) => formatAddress(batch.columns.sourceIPv6Address.bytes, row * 16),
  destinationIPv4Address: (batch, row) => formatAddress(batch.columns.destinationIPv6Address.bytes, row * 16),
  l4_src_port: (batch, row) => batch.columns.sourceTransportPort[row],
  l4_dst_port: (batch, row) => batch.columns.destinationTransportPort[row],
  sourceTransportPort: (batch, row) => batch.columns.sourceTransportPort[row],
  destinationTransportPort: (batch, row) => batch.columns.destinationTransportPort[row],
  protocol: (batch, row) => batch.columns.protocolIdentifier[row],
  protocolIdentifier: (batch, row) => batch.columns.protocolIdentifier[row],
  in_bytes: (batch, row) => batch.columns.octetDeltaCount[row],
  in_pkts: (batch, row) => batch.columns.packetDeltaCount[row],
  octetDeltaCount: (batch, row) => batch.columns.octetDeltaCount[row],
  packetDeltaCount: (batch, row) => batch.columns.packetDeltaCount[row],
  tcp_flags: (batch, row) => batch.columns.tcpControlBits[row],
  tcpControlBits: (batch, row) => batch.columns.tcpControlBits[row],
  input_snmp: (batch, row) => batch.columns.ingressInterface[row],
  output_snmp: (batch, row) => batch.columns.egressInterface[row],
  src_as: (batch, row) => batch.columns.bgpSourceAsNumber[row],
  dst_as: (batch, row) => batch.columns.bgpDestinationAsNumber[row],
  in_src_mac: (batch, row) => mac(batch.columns.sourceMacAddress[row]!),
  in_dst_mac: (batch, row) => mac(batch.columns.destinationMacAddress[row]!),
  first_switched: (batch, row) => batch.columns.flowStartMilliseconds[row],
  last_switched: (batch, row) => batch.columns.flowEndMilliseconds[row],
  flowStartMilliseconds: (batch, row) => batch.columns.flowStartMilliseconds[row],
  flowEndMilliseconds: (batch, row) => batch.columns.flowEndMilliseconds[row],
};
const TIMES = new Set(['first_switched', 'last_switched', 'flowStartMilliseconds', 'flowEndMilliseconds']);

function mac(value: number): string {
  return value.toString(16).padStart(12, '0').match(/../g)!.join(':');
}

/**
 * Logstash reckons seconds and milliseconds apart and forgets to borrow, so it is up to two seconds late (18:38:08.280 less 804 ms is
 * 18:38:07.476, not 18:38:08.476); and it does not know that uptime wraps. Exact times are tested with datagrams of our own.
 */
function sameTime(theirs: number, ours: number): boolean {
  const late = theirs - ours;
  return (late >= -1 && late < 2000) || (late >= 2 ** 32 - 1 && late < 2 ** 32 + 2000);
}

/** True when the row says what the event says, in every field both have. Times as Logstash prints them, in whole milliseconds. */
function agrees(batch: FlowBatch, row: number, event: Readonly<Record<string, unknown>>, withTimes: boolean): boolean {
  const isIcmp = event.protocol === 1 || event.protocol === 58 || event.protocolIdentifier === 1;
  return Object.entries(FIELDS).every(([name, read]) => {
    const wanted = event[name];
    if (wanted === undefined || (isIcmp && name.includes('ort'))) return true;
    if (TIMES.has(name)) return !withTimes || typeof wanted !== 'string' || sameTime(Date.parse(wanted), Number(read(batch, row)));
    return read(batch, row) === wanted;
  });
}

describe.skipIf(corpora === undefined)(`logstash-codec-netflow's datagrams${SKIPPED}`, () => {
  it('give the asserted number of records in at least nine of ten cases', () => {
    const asserted = LOGSTASH_CASES.map((name) => ({ name, ...decodeCase(name) })).filter(
      ({ expected }) => expected.decoded_count !== null,
    );
    const different = asserted.filter(({ expected, decoded }) => {
      return total(decoded.reports, 'recordsDecoded') + total(decoded.reports, 'optionsRecords') !== expected.decoded_count;
    });
    expect(asserted.length).toBeGreaterThan(40);
    expect(different.map(({ name }) => name)).toEqual(Object.keys(DEVIATIONS));
    expect(different.length / asserted.length).toBeLessThanOrEqual(0.1);
  });

  it('hold the flows that Logstash shows: addresses, ports, counters, flags, interfaces, AS, MAC addresses, times', () => {
    let compared = 0;
    for (const name of LOGSTASH_CASES) {
      const { expected, decoded } = decodeCase(name);
      for (const { netflow } of expected.events) {
        if (!('ipv4_src_addr' in netflow || 'sourceIPv4Address' in netflow || 'ipv6_src_addr' in netflow)) continue;
        const rows = Array.from({ length: decoded.batch.length }, (_, row) => row);
        expect(
          rows.some((row) => agrees(decoded.batch, row, netflow, !(name in TIME_DEVIATIONS))),
          `${name}: ${JSON.stringify(netflow)}`,
        ).toBe(true);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(35);
  });

  it('hold every value that its assertions name, at the record they name', () => {
    let compared = 0;
    for (const name of LOGSTASH_CASES) {
      const { expected, decoded } = decodeCase(name);
      if (total(decoded.reports, 'optionsRecords') > 0 || decoded.batch.length !== expected.decoded_count) continue;
      for (const assertion of expected.assertions) {
        const match = /^decode\[(\d+)\]\.get\("\[netflow\]\[(\w+)\]"\)\)\.to eq\("?([^"]+)"?\)$/.exec(assertion);
        const read = FIELDS[match?.[2] ?? ''];
        if (match === null || read === undefined || TIMES.has(match[2]!)) continue;
        const found = String(read(decoded.batch, Number(match[1])));
        expect(found, `${name}: ${assertion}`).toBe(match[3]);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(20);
  });

  it('never turn a header that lies into flows', () => {
    for (const name of ['Netflow-5-invalid-01', 'Netflow-5-invalid-02']) {
      const { decoded } = decodeCase(name);
      expect(decoded.rows, name).toBe(0);
      expect(Object.keys(decoded.faults.counts).length, name).toBeGreaterThan(0);
    }
  });
});

describe.skipIf(corpora === undefined)(`nfdump's and tshark's counts${SKIPPED}`, () => {
  let oracle: Readonly<Record<string, OracleCase>> = {};
  beforeAll(() => {
    oracle = readJson(join(corpora!, 'flows/oracle/oracle-counts.json'));
  });

  it('equal our flow records, options records apart', () => {
    const different: string[] = [];
    for (const name of LOGSTASH_CASES) {
      const counts = oracle[`logstash/${name}`];
      if (counts === undefined) continue;
      if (total(decodeCase(name).decoded.reports, 'recordsDecoded') !== counts.nfdump_flows) different.push(`logstash/${name}`);
    }
    expect(different).toEqual(Object.keys(NFDUMP_DEVIATIONS));
  });

  it('equal our records of all kinds', () => {
    const different = LOGSTASH_CASES.filter((name) => {
      const { reports } = decodeCase(name).decoded;
      const ours = total(reports, 'recordsDecoded') + total(reports, 'recordsUndecodable') + total(reports, 'optionsRecords');
      const counts = oracle[`logstash/${name}`];
      return counts !== undefined && counts.tshark_flows !== ours;
    });
    expect(different.map((name) => `logstash/${name}`)).toEqual(Object.keys(TSHARK_DEVIATIONS));
  });
});

describe.skipIf(corpora === undefined)(`libnetflow9's fuzzing seeds${SKIPPED}`, () => {
  it('neither crash, hang nor make rows that their bytes could not hold', () => {
    const folder = join(corpora!, 'flows/libnetflow9-fuzz/fuzz/corpus');
    const seeds = readdirSync(folder).map((file) => readBytes(join(folder, file)));
    expect(seeds.length).toBe(15);
    const decoder = createExportDecoder();
    for (const seed of [...seeds, ...seeds.map((bytes) => bytes.subarray(1)), ...seeds]) {
      for (const version of [5, 9, 10]) {
        const forced = Uint8Array.from([0, version, ...seed]);
        expect(decodeAll(decoder, [seed, forced]).rows).toBeLessThanOrEqual(seed.length * 2);
      }
    }
  });
});
