import { cpus, totalmem } from 'node:os';
import type { Faults, FlowDecoder, Origin } from '../../collector/contracts.js';
import { DECODERS } from '../../collector/decoders/decoders-table.js';
import { createMessageReport } from '../../collector/decoders/report.js';
import { parseAddress } from '../../flow/address.js';
import { FlowBatch } from '../../flow/batch.js';
import { BENCH_FORMATS, datagram, RECORDS_PER_DATAGRAM } from './export-datagrams.js';
import { MEMORY_MB, report } from './report.js';

/*
 * Decoding from memory on one core: records (sFlow: samples) per second of processor time.
 */
const DATAGRAMS = 400;
const WARM_UP_MS = 700;
const SLICES = 20;
const SLICE_MS = 100;
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
for (const format of BENCH_FORMATS) {
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
