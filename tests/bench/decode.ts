import { cpus, totalmem } from 'node:os';
import type { Faults, FlowDecoder, Origin } from '../../collector/contracts.js';
import { DECODERS, type ExportFormat } from '../../collector/decoders/decoders-table.js';
import { createMessageReport } from '../../collector/decoders/report.js';
import { parseAddress } from '../../flow/address.js';
import { FlowBatch } from '../../flow/batch.js';
import { field, recordBytes, set } from '../collector/decoders/build-bytes.js';
import { ipfix, template } from '../collector/decoders/build-ipfix.js';
import { type Netflow5Record, netflow5 } from '../collector/decoders/build-netflow5.js';
import { netflow9, template9 } from '../collector/decoders/build-netflow9.js';
import { MEMORY_MB, report } from './report.js';

/**
 * Decoding from memory on one core: records per second of NetFlow v5, v9 and IPFIX. Every datagram differs; a template comes each 100.
 * v9 and IPFIX records have the 18 fields and 45 octets of softflowd's and ipt_netflow's usual template.
 */
const RECORDS_PER_DATAGRAM = { netflow5: 30, netflow9: 28, ipfix: 28 } as const satisfies Partial<Record<ExportFormat, number>>;
type BenchFormat = keyof typeof RECORDS_PER_DATAGRAM;
const FORMATS = Object.keys(RECORDS_PER_DATAGRAM) as BenchFormat[];
const DATAGRAMS = 400;
const TEMPLATE_EVERY = 100;
const WARM_UP_MS = 700;
const SLICES = 20;
const SLICE_MS = 100;
const TEMPLATE_ID = 260;
/** Element and octets: 18 fields, 45 octets. */
const FIELDS = [
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

function templateRecord(index: number): Uint8Array {
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

function datagram(format: BenchFormat, number: number): Uint8Array {
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
  const data = set(TEMPLATE_ID, indexes.map(templateRecord));
  if (format === 'netflow9') return netflow9(withTemplate ? [template9(TEMPLATE_ID, FIELDS), data] : [data], { count, sequence: number });
  return ipfix(withTemplate ? [template(TEMPLATE_ID, FIELDS), data] : [data], { sequence: number * count });
}

/** Decodes until `ms` have passed. Returns the records and the seconds of CPU they took, so that busy neighbours do not count. */
function run(decoder: FlowDecoder, datagrams: readonly Uint8Array[], origin: Origin, ms: number): { records: number; seconds: number } {
  const batch = new FlowBatch(16_384);
  const message = createMessageReport();
  let wrong = 0;
  const faults: Faults = {
    add: (_code, count = 1) => {
      wrong += count;
    },
  };
  const before = process.cpuUsage();
  const end = process.hrtime.bigint() + BigInt(ms) * 1_000_000n;
  let records = 0;
  while (process.hrtime.bigint() < end) {
    batch.clear();
    for (const payload of datagrams) records += decoder.decode(payload, origin, batch, message, faults);
  }
  if (wrong > 0) throw new Error(`${wrong} faults in datagrams made without any`);
  const used = process.cpuUsage(before);
  return { records, seconds: (used.user + used.system) / 1e6 };
}

const [cpu] = cpus();
process.stdout.write(
  `decode: ${cpu?.model ?? 'unknown CPU'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}\n`,
);
const origin: Origin = {
  sensor: 'bench',
  exporter: parseAddress('192.0.2.1'),
  exporterPort: 2055,
  transport: 'udp',
  receivedMs: Number.NaN,
};
for (const format of FORMATS) {
  const datagrams = Array.from({ length: DATAGRAMS }, (_, number) => datagram(format, number));
  const decoder = DECODERS[format]({});
  run(decoder, datagrams, origin, WARM_UP_MS);
  const rates = Array.from({ length: SLICES }, () => {
    const { records, seconds } = run(decoder, datagrams, origin, SLICE_MS);
    return records / seconds;
  }).sort((a, b) => a - b);
  const perSecond = rates[SLICES >> 1]!;
  const best = rates[SLICES - 1]!;
  process.stdout.write(
    `  ${format.padEnd(9)} ${(perSecond / 1e6).toFixed(2).padStart(6)} M records/s of CPU (best ${(best / 1e6).toFixed(2)})  ${(1e9 / perSecond).toFixed(0).padStart(4)} ns/record  ${RECORDS_PER_DATAGRAM[format]} records a datagram\n`,
  );
  const target = format === 'netflow5' ? {} : { target: 5_000_000 };
  report({ name: `decode ${format}`, value: perSecond, unit: 'records/s and core', ...target, peakBelowMB: MEMORY_MB.without });
}
process.stdout.write(`  peak RSS ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB\n`);
