import { field, recordBytes, set } from '../collector/decoders/build-bytes.js';
import { ipfix, template } from '../collector/decoders/build-ipfix.js';
import { type Netflow5Record, netflow5 } from '../collector/decoders/build-netflow5.js';
import { netflow9, template9 } from '../collector/decoders/build-netflow9.js';
import { flowSample, rawHeader, sflow5 } from '../collector/decoders/build-sflow5.js';
import { ethernet, ipv4, tcp } from '../collector/packets/packet-builder.js';

/*
 * Datagrams of routers and switches for measuring, by arithmetic alone: every one differs, a template comes each 100. v9 and IPFIX records have the 18
 * fields and 45 octets of softflowd's and ipt_netflow's usual template; sFlow samples carry the first 128 octets of a TCP segment.
 */

/** Records (sFlow: flow samples) in a datagram of 1500 octets. */
export const RECORDS_PER_DATAGRAM = { netflow5: 30, netflow9: 28, ipfix: 28, sflow5: 7 } as const;
export type BenchFormat = keyof typeof RECORDS_PER_DATAGRAM;
export const BENCH_FORMATS = Object.keys(RECORDS_PER_DATAGRAM) as BenchFormat[];
const TEMPLATE_EVERY = 100;
export const TEMPLATE_ID = 260;
/** Element and octets: 18 fields, 45 octets. */
export const FIELDS = [
  [8, 4],
  [12, 4],
  [7, 2],
  [11, 2],
  [4, 1],
  [6, 1],
  [5, 1],
  [10, 2],
  [14, 2],
  [1, 4],
  [2, 4],
  [22, 4],
  [21, 4],
  [16, 2],
  [17, 2],
  [9, 1],
  [13, 1],
  [15, 4],
].map(([id = 0, length = 0]) => field(id, length));

function octet(seed: number): number {
  return (seed * 2_654_435_761) >>> 24;
}

/** One data record of FIELDS. */
export function templateRecord(index: number): Uint8Array {
  const a = octet(index);
  return recordBytes(FIELDS, [
    [10, 10, a, index & 0xff],
    [198, 51, 100, octet(index + 7)],
    49_152 + (index % 16_000),
    443,
    6,
    0x1b,
    0,
    1,
    2,
    1000 + index,
    3 + (index % 9),
    3_590_000 + index,
    3_595_000 + index,
    64_496,
    64_497,
    24,
    24,
    [192, 0, 2, 1],
  ]);
}

export function datagram(format: BenchFormat, number: number): Uint8Array {
  const count = RECORDS_PER_DATAGRAM[format];
  const indexes = Array.from({ length: count }, (_, i) => number * count + i);
  const withTemplate = number % TEMPLATE_EVERY === 0;
  if (format === 'netflow5') {
    const records: Netflow5Record[] = indexes.map((i) => ({
      source: `10.10.${octet(i)}.${i & 0xff}`,
      octets: 1000 + i,
      sourcePort: 49_152 + (i % 16_000),
    }));
    return netflow5(records, { sequence: number * count });
  }
  if (format === 'sflow5') return sflow5(indexes.map(sample), { sequence: number + 1 });
  const data = set(TEMPLATE_ID, indexes.map(templateRecord));
  if (format === 'netflow9') return netflow9(withTemplate ? [template9(TEMPLATE_ID, FIELDS), data] : [data], { count, sequence: number });
  return ipfix(withTemplate ? [template(TEMPLATE_ID, FIELDS), data] : [data], { sequence: number * count });
}

function sample(index: number): Uint8Array {
  const packet = ipv4(
    `10.10.${octet(index)}.${index & 0xff}`,
    `198.51.100.${octet(index + 7)}`,
    6,
    tcp(49_152 + (index % 16_000), 443, 0x10, new Uint8Array(74)),
  );
  return flowSample([rawHeader(ethernet(0x0800, packet))], { sequence: index + 1 });
}
