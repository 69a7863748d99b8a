import { cpus, totalmem } from 'node:os';
import type { Faults, LineDecoder, LogEvents } from '../../collector/contracts.js';
import { createLogSplitter, type LogFraming } from '../../collector/inputs/line-file.js';
import { LOG_FORMATS } from '../../collector/logs/formats-table.js';
import { NO_NAMES } from '../../collector/names/name-sink.js';
import { FlowBatch } from '../../flow/batch.js';
import { LOGS } from './log-lines.js';
import { MEMORY_MB, median, report } from './report.js';

/**
 * Reading logs on one core, from octets in memory to rows: found lines, read fields, written columns, as `collector.lines` has them done. Records per second of
 * CPU. The first argument names logs to do, separated by commas.
 */
const RECORDS = 40_000;
const CHUNK_OCTETS = 1_048_576;
const WARM_UP_RUNS = 3;
const RUNS = 9;

/** Reads the log once; answers its records. */
function readOnce(log: Buffer, framing: LogFraming, decoder: LineDecoder, batch: FlowBatch): number {
  let records = 0;
  const wrong = (): never => {
    throw new Error('a fault in lines made without any');
  };
  const events: LogEvents = {
    record: () => {
      records++;
    },
    malformed: wrong,
    other: () => undefined,
    quiet: wrong,
    missing: wrong,
    packetsMissed: wrong,
  };
  const faults: Faults = { add: wrong };
  const splitter = createLogSplitter(framing, log.subarray(0, CHUNK_OCTETS), CHUNK_OCTETS);
  for (let at = CHUNK_OCTETS, ended = false; ; at += CHUNK_OCTETS) {
    while (splitter.next(ended)) {
      batch.clear();
      decoder.decode(splitter, batch, events, faults);
    }
    if (ended) return records;
    const chunk = log.subarray(at, at + CHUNK_OCTETS);
    splitter.bytes.set(chunk, splitter.held);
    splitter.received(chunk.length);
    ended = chunk.length === 0;
  }
}

const [cpu] = cpus();
process.stdout.write(
  `logs: ${cpu?.model ?? 'unknown CPU'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}\n`,
);
const wanted = process.argv[2]?.split(',');
for (const [name, { format, target, make }] of Object.entries(LOGS)) {
  if (wanted !== undefined && !wanted.includes(name)) continue;
  const log = make(RECORDS);
  const { framing, createDecoder } = LOG_FORMATS[format];
  const batch = new FlowBatch(16_384);
  const rates = Array.from({ length: WARM_UP_RUNS + RUNS }, () => {
    const decoder = createDecoder('bench', NO_NAMES);
    const before = process.cpuUsage();
    const records = readOnce(log, framing, decoder, batch);
    const used = process.cpuUsage(before);
    if (records !== RECORDS) throw new Error(`${name}: ${records} records of ${RECORDS}`);
    return records / ((used.user + used.system) / 1e6);
  }).slice(WARM_UP_RUNS);
  const perSecond = median(rates);
  const megabytes = (perSecond * log.length) / RECORDS / 1e6;
  process.stdout.write(
    `  ${name.padEnd(14)} ${(perSecond / 1e3).toFixed(0).padStart(5)} k records/s of CPU (best ${(Math.max(...rates) / 1e3).toFixed(0)})  ${(1e9 / perSecond).toFixed(0).padStart(5)} ns/record  ${megabytes.toFixed(0).padStart(4)} MB/s\n`,
  );
  report({
    name: `logs ${name}`,
    value: perSecond,
    unit: 'records/s and core',
    ...(target === undefined ? {} : { target }),
    peakBelowMB: MEMORY_MB.without,
  });
}
process.stdout.write(`  peak RSS ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB\n`);
