import { describe, expect, it } from 'vitest';
import { createExportDecoder } from '../../../collector/decoders/decoders-table.js';
import { createElementListener, type ElementRecord } from '../../../collector/decoders/element-records.js';
import type { ElementValue } from '../../../collector/decoders/element-values.js';
import { createExportCapture } from '../../../collector/inputs/export-capture.js';
import { createElementRegistry } from '../../../collector/templates/element-registry.js';
import { DEFAULT_TEMPLATE_LIMITS } from '../../../collector/templates/limits.js';
import { formatAddress } from '../../../flow/address.js';
import type { FlowBatch } from '../../../flow/batch.js';
import { FaultCounts } from '../inputs/fault-counts.js';
import { corporaFolder, readBytes } from './corpora.js';
import { type Decoded, decodeAll } from './decode-all.js';
import { type GoldenCase, type GoldenFields, goldenCases } from './flowbeat.js';

const corpora = corporaFolder();
const SKIPPED = corpora === undefined ? ' (skipped: no corpora beside the repository, see CORDON_CORPORA)' : '';
/** flowbeat could not read six of its own cases: there is nothing to compare with. */
const CASES = (corpora === undefined ? [] : goldenCases(corpora)).filter((one) => one.records !== undefined);

/** Names of fields of ours that flowbeat calls by another name. */
const NAMES: Readonly<Record<string, string>> = { waasoptimizationsegment: 'serviceswaassegment' };

/** Cases with another number of records, each with the reason. */
const COUNTS: Readonly<Record<string, string>> = {
  'Netflow-9-invalid-01': 'flowbeat gives the message up; nfdump reads the two records before the fault, as we do',
  'Netflow-9-nprobe-DPI-L7': 'flowbeat takes what is left of the set, less than a record, for one; Logstash, tshark and nfdump find one',
};

/** Fields whose value differs, each with the reason why ours is right. */
const DEVIATIONS: Readonly<Record<string, string>> = {
  'IPFIX-YAF-basic-with-applabel/silkAppLabel': 'DNS over UDP: 53, the label that two octets spell; flowbeat reads the first alone',
  'IPFIX-YAF-basic-with-applabel/subTemplateMultiList': 'flowbeat shows the octets, we show the records (next test)',
  'IPFIX-YAF-basic-with-applabel/reverseFlowDeltaMilliseconds': 'flowbeat has no type for it and shows its octets',
  'Netflow-9-Cisco-ASR-9000-series-template-260/samplerId': 'two octets wide (RFC 7011 §6.2 turned around); flowbeat reads the first alone',
};

interface Run {
  readonly decoded: Decoded;
  readonly records: readonly ElementRecord[];
}

async function run(one: GoldenCase): Promise<Run> {
  const records: ElementRecord[] = [];
  const { maxFieldsPerTemplate } = DEFAULT_TEMPLATE_LIMITS;
  const listener = createElementListener({
    registry: createElementRegistry(),
    maxFieldsPerTemplate,
    emit: (record) => records.push(record),
  });
  const decoded = decodeAll(createExportDecoder({ listener }), await payloadsOf(one.files));
  return { decoded, records };
}

async function payloadsOf(files: readonly string[]): Promise<Uint8Array[]> {
  const payloads: Uint8Array[] = [];
  for (const path of files) {
    if (path.endsWith('.pcap')) {
      await createExportCapture({ path, sensorOf: () => 'sensor' }, new FaultCounts()).start((payload) => {
        payloads.push(payload.slice());
      });
    } else payloads.push(readBytes(path));
  }
  return payloads;
}

function dataFields(records: readonly ElementRecord[]): Record<string, ElementValue>[] {
  return records.filter(({ record }) => record === 'data').map(({ fields }) => fields as Record<string, ElementValue>);
}

/** flowbeat's instants have the zone of its author, and NTP times of an overflow in its arithmetic: those are told apart by their year. */
const INSTANT = /^\d{4}-\d\d-\d\dT/;

function same(theirs: unknown, ours: ElementValue | undefined): boolean {
  if (theirs === ours) return true;
  if (typeof theirs === 'string' && INSTANT.test(theirs)) {
    return theirs.startsWith('1762-') || (typeof ours === 'string' && Date.parse(theirs) === Date.parse(ours));
  }
  // Repeated elements: flowbeat keeps the last, and we all of them.
  if (Array.isArray(ours)) return same(theirs, ours.at(-1));
  if (typeof theirs !== 'string' || typeof ours !== 'string') return false;
  // Strings without the zeros that fill them up; octets in base64 there, in hexadecimal here.
  return theirs.replace(/\0+$/, '') === ours || Buffer.from(theirs, 'base64').toString('hex') === ours;
}

describe.skipIf(corpora === undefined)(`flowbeat's records${SKIPPED}`, () => {
  it('agree with all elements of ours, field by field', async () => {
    let compared = 0;
    const different = new Set<string>();
    const counts = new Set<string>();
    for (const one of CASES) {
      const ours = dataFields((await run(one)).records);
      if (ours.length !== one.records!.length) counts.add(one.name);
      one.records!.slice(0, ours.length).forEach((golden, index) => {
        const byName = new Map(Object.entries(ours[index]!).map(([name, value]) => [name.toLowerCase(), value]));
        for (const [name, value] of Object.entries(golden)) {
          if (name === 'template_id' || name === 'observation_domain_id') continue;
          // NetScaler's elements that nobody has named go by their number here; flowbeat calls them unknown.
          const number = /^netscalerUnknown(\d+)$/.exec(name);
          const plain = name.replaceAll(' ', '').toLowerCase();
          const found = number === null ? byName.get(NAMES[plain] ?? plain) : byName.get(`5951:${number[1]}`);
          const agrees = number === null ? same(value, found) : Number.parseInt(String(found), 16) === value;
          if (!agrees) different.add(`${one.name}/${name}`);
          compared++;
        }
      });
    }
    expect([...counts].sort()).toEqual(Object.keys(COUNTS).sort());
    expect([...different].sort()).toEqual(Object.keys(DEVIATIONS).sort());
    expect(compared).toBeGreaterThan(6000);
  });

  it('show lists as the records they hold, and options with their scope', async () => {
    const { records } = await run(CASES.find(({ name }) => name === 'IPFIX-YAF-basic-with-applabel')!);
    expect(dataFields(records)[0]!.subTemplateMultiList).toEqual({
      semantic: 'allOf',
      entries: [{ templateId: 49_156, records: [{ sourceMacAddress: '00:0c:29:70:86:09', destinationMacAddress: '00:0c:29:8d:af:c3' }] }],
    });
    expect(records.find(({ record }) => record === 'options')).toMatchObject({
      scope: { exportedFlowRecordTotalCount: 31 },
      fields: { ignoredPacketTotalCount: 58, flowTablePeakCount: 58 },
    });
  });

  it('agree with the columns of our rows', async () => {
    let compared = 0;
    for (const one of CASES) {
      const { decoded } = await run(one);
      if (one.name in COUNTS || decoded.rows === 0) continue;
      expect(decoded.rows, one.name).toBe(one.records!.length);
      one.records!.forEach((golden, row) => {
        for (const [name, read] of Object.entries(COLUMNS)) {
          const theirs = golden[name];
          if (theirs === undefined || `${one.name}/${name}` in COLUMN_DEVIATIONS || isIcmpPort(golden, name)) continue;
          const ours = read(decoded.batch, row);
          const agrees = typeof theirs === 'string' && INSTANT.test(theirs) ? Date.parse(theirs) === ours : theirs === ours;
          expect(agrees ? theirs : ours, `${one.name}, row ${row}: ${name}`).toBe(theirs);
          compared++;
        }
      });
    }
    expect(compared).toBeGreaterThan(3500);
  });
});

/** Where a row says something else than the element of this name alone, with the reason. */
const COLUMN_DEVIATIONS: Readonly<Record<string, string>> = {
  'IPFIX-Procera/sourceIPv4Address': 'both families in one template: the row has the one that is set',
  'IPFIX-Procera/destinationIPv4Address': 'the same',
  'IPFIX-Procera/sourceIPv6Address': 'the same',
  'IPFIX-Procera/destinationIPv6Address': 'the same',
};

/** The ports of ICMP hold its type and code, or its identifier: the row has them in icmpTypeCode, and no ports. */
function isIcmpPort(golden: GoldenFields, name: string): boolean {
  return (golden.protocolIdentifier === 1 || golden.protocolIdentifier === 58) && name.includes('TransportPort');
}

type Reader = (batch: FlowBatch, row: number) => unknown;
const number =
  (column: keyof FlowBatch['columns']): Reader =>
  ({ columns }, row) =>
    (columns[column] as Float64Array)[row];
const address =
  (column: 'sourceIPv6Address' | 'destinationIPv6Address' | 'postNATSourceIPv6Address' | 'postNATDestinationIPv6Address'): Reader =>
  ({ columns }, row) =>
    formatAddress(columns[column].bytes, row * 16);
const mac =
  (column: 'sourceMacAddress' | 'destinationMacAddress'): Reader =>
  ({ columns }, row) =>
    columns[column]
      [row]!.toString(16)
      .padStart(12, '0')
      .replace(/..(?=.)/g, '$&:');

const COLUMNS: Readonly<Record<string, Reader>> = {
  sourceIPv4Address: address('sourceIPv6Address'),
  destinationIPv4Address: address('destinationIPv6Address'),
  sourceIPv6Address: address('sourceIPv6Address'),
  destinationIPv6Address: address('destinationIPv6Address'),
  sourceTransportPort: number('sourceTransportPort'),
  destinationTransportPort: number('destinationTransportPort'),
  protocolIdentifier: number('protocolIdentifier'),
  tcpControlBits: number('tcpControlBits'),
  octetDeltaCount: number('octetDeltaCount'),
  packetDeltaCount: number('packetDeltaCount'),
  initiatorOctets: number('octetDeltaCount'),
  initiatorPackets: number('packetDeltaCount'),
  reverseOctetTotalCount: number('reverseOctetDeltaCount'),
  reversePacketTotalCount: number('reversePacketDeltaCount'),
  responderPackets: number('reversePacketDeltaCount'),
  flowStartMilliseconds: number('flowStartMilliseconds'),
  flowEndMilliseconds: number('flowEndMilliseconds'),
  flowStartSeconds: number('flowStartMilliseconds'),
  flowEndSeconds: number('flowEndMilliseconds'),
  ingressInterface: number('ingressInterface'),
  egressInterface: number('egressInterface'),
  bgpSourceAsNumber: number('bgpSourceAsNumber'),
  bgpDestinationAsNumber: number('bgpDestinationAsNumber'),
  flowEndReason: number('flowEndReason'),
  firewallEvent: number('firewallEvent'),
  ipClassOfService: number('ipClassOfService'),
  vlanId: number('vlanId'),
  samplingInterval: number('samplingInterval'),
  sourceMacAddress: mac('sourceMacAddress'),
  destinationMacAddress: mac('destinationMacAddress'),
  postNATSourceIPv4Address: address('postNATSourceIPv6Address'),
  postNATDestinationIPv4Address: address('postNATDestinationIPv6Address'),
  postNAPTSourceTransportPort: number('postNAPTSourceTransportPort'),
  postNAPTDestinationTransportPort: number('postNAPTDestinationTransportPort'),
};
