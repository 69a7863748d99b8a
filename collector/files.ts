import type { Readable } from 'node:stream';
import { formatAddress } from '../flow/address.js';
import type { Collector } from './collector.js';
import type { FlowSource, LineDecoder } from './contracts.js';
import type { ByteSourceOptions } from './inputs/byte-source.js';
import { createCaptureFile } from './inputs/capture-file.js';
import { createDatagramFile } from './inputs/datagram-file.js';
import { createExportCapture } from './inputs/export-capture.js';
import { InputError } from './inputs/input-error.js';
import { createLineFile } from './inputs/line-file.js';
import { isDnsLogFile, SNIFF_OCTETS, type SniffedFormat, sniffFormat, sniffStream } from './inputs/sniff-format.js';
import { readHead } from './inputs/stream-head.js';
import { LOG_FORMATS, type LogFormat, type LogFormatEntry } from './logs/formats-table.js';
import { createMeter } from './metering/meter.js';
import { createNfcapdDecoder } from './nfcapd/decoder.js';
import { createNfcapdFile } from './nfcapd/file.js';
import { createDomainOrigins, type SensorNamer } from './origins.js';
import type { PacketBatch } from './packets/packet-batch.js';

/** Formats of files that can be read: 'auto' looks at the file's beginning. `nfcapd` are nfdump's files; from `zeek` on they are logs (logs/formats-table.ts). */
export const FILE_FORMATS = ['auto', 'pcap', 'export-pcap', 'netflow', 'nfcapd', 'zeek', 'eve', 'vpc', 'azure', 'gcp'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

export interface FileInput {
  /** A file, gzip or not, or '-' for standard input. */
  readonly path: string;
  readonly format: FileFormat;
  /** Read instead of the process's standard input when `path` is '-'. */
  readonly standardInput?: Readable;
  /** Sensor that a capture of traffic, a log or a file of bare datagrams stands for: those do not say who recorded them. */
  readonly sensor: string;
  /** Names sensors of exporters. Without it every exporter is `sensor`, or its own address where that is empty. */
  readonly sensorOf?: SensorNamer;
  /** Called as reading goes on with the latest recorded time and how many packets, datagrams or lines came: for progress, and to keep a recorded pace. */
  readonly onProgress?: (recordedMs: number, packets: number) => void | Promise<void>;
}

export interface FileSummary {
  readonly format: Exclude<FileFormat, 'auto'>;
  readonly packets: number;
  readonly datagrams: number;
  /** Lines of a log. */
  readonly lines: number;
  /** DNS answers that the file told: names for flows of whatever file. */
  readonly answers: number;
  /** The file ended within a packet, or in bytes that contradict its format. */
  readonly cut: boolean;
}

/** Reads one file through the collector to its end; every row has been routed when it resolves. Throws InputError. */
export async function readFileInto(collector: Collector, given: FileInput): Promise<FileSummary> {
  const { format, input } = await recognised(given);
  const before = collector.names.counters.answers;
  const summary = await readAs(format, collector, input);
  return { ...summary, answers: collector.names.counters.answers - before };
}

/**
 * The inputs in the order they are best read in: Zeek's dns.log first, so that what clients were told is known when their flows are routed. Otherwise as
 * they are given.
 */
export async function inReadingOrder<I extends { readonly path: string; readonly format: FileFormat }>(inputs: readonly I[]): Promise<I[]> {
  if (inputs.length < 2) return [...inputs];
  const first: I[] = [];
  const others: I[] = [];
  for (const input of inputs) {
    const isCandidate = input.path !== '-' && (input.format === 'auto' || input.format === 'zeek');
    // Who cannot be read says so when its turn comes.
    const isFirst = isCandidate && (await isDnsLogFile({ path: input.path }).catch(() => false));
    (isFirst ? first : others).push(input);
  }
  return [...first, ...others];
}

type Read = Omit<FileSummary, 'answers'>;

async function readAs(format: FileSummary['format'], collector: Collector, input: FileInput): Promise<Read> {
  switch (format) {
    case 'pcap':
      return meterCapture(collector, input);
    case 'export-pcap':
      return readExportCapture(collector, input);
    case 'netflow':
      return readDatagramFile(collector, input);
    case 'nfcapd':
      return readNfcapd(collector, input);
    default:
      return readLog(collector, input, format);
  }
}

/** What the input holds. Standard input can be read once only: what was looked at is handed on with the rest. */
async function recognised(input: FileInput): Promise<{ format: FileSummary['format']; input: FileInput }> {
  if (input.format !== 'auto') return { format: input.format, input };
  if (input.path !== '-') return { format: known(await sniffFormat({ path: input.path })), input };
  const { head, whole } = await readHead(input.standardInput ?? process.stdin, SNIFF_OCTETS);
  return { format: known(await sniffStream(head)), input: { ...input, standardInput: whole } };
}

/** The capture reader says best what is wrong with a file that is none. */
function known(format: SniffedFormat): FileSummary['format'] {
  return format === 'unknown' ? 'pcap' : format;
}

/** Where an input's octets come from. */
function sourceOf({ path, standardInput }: FileInput): ByteSourceOptions {
  return { path, ...(standardInput === undefined ? {} : { standardInput }) };
}

async function meterCapture(collector: Collector, input: FileInput): Promise<Read> {
  const meter = createMeter({ sensor: input.sensor, names: collector.names });
  const capture = collector.ledger.capture(input.sensor);
  const statistics = await createCaptureFile(sourceOf(input)).start(async (batch: PacketBatch) => {
    await collector.packets(batch, meter, capture);
    await input.onProgress?.(meter.counters.lastPacketMs, batch.length);
  }, collector.faults);
  const dropped = statistics.droppedByInterface + statistics.droppedBySystem;
  if (dropped > 0) capture.dropped(dropped, meter.counters.lastPacketMs);
  await collector.endCapture(meter);
  return { format: 'pcap', packets: statistics.packets, datagrams: 0, lines: 0, cut: statistics.cut || statistics.malformed };
}

async function readExportCapture(collector: Collector, input: FileInput): Promise<Read> {
  const capture = createExportCapture({ ...sourceOf(input), sensorOf: (exporter) => sensorOf(input, exporter, 0) }, collector.faults);
  await deliverTo(collector, capture, input);
  const { statistics } = capture;
  if (capture.delivered === 0) {
    throw new InputError(
      'not-export-datagrams',
      `${input.path} is a capture without NetFlow, IPFIX or sFlow datagrams; to meter the traffic in it give --format pcap`,
    );
  }
  const cut = statistics !== undefined && (statistics.cut || statistics.malformed);
  return { format: 'export-pcap', packets: statistics?.packets ?? 0, datagrams: capture.delivered, lines: 0, cut };
}

async function readDatagramFile(collector: Collector, input: FileInput): Promise<Read> {
  const before = collector.counters.datagrams;
  await deliverTo(collector, createDatagramFile({ ...sourceOf(input), sensor: input.sensor }), { ...input, sensorOf: () => input.sensor });
  return { format: 'netflow', packets: 0, datagrams: collector.counters.datagrams - before, lines: 0, cut: false };
}

/** A file of nfdump's is read as a log is: block by block, each record told. Its rows are of the sensor `input.sensor`, whoever exported them. */
async function readNfcapd(collector: Collector, input: FileInput): Promise<Read> {
  const file = createNfcapdFile(sourceOf(input));
  const log = collector.ledger.log(input.sensor, 'nfcapd');
  let decoder: LineDecoder | undefined;
  const { cut } = await file.start(async (blocks) => {
    decoder ??= createNfcapdDecoder(input.sensor, file.littleEndian);
    await collector.lines(blocks, decoder, log);
    await input.onProgress?.(log.lastMs, blocks.length);
  }, collector.faults);
  decoder?.end?.(log, collector.faults);
  await collector.flushDecoded();
  return { format: 'nfcapd', packets: 0, datagrams: 0, lines: log.lines, cut };
}

/** A log does not say whose it is: its rows are of the sensor `input.sensor`. */
async function readLog(collector: Collector, input: FileInput, format: LogFormat): Promise<Read> {
  const { protocol, framing, createDecoder }: LogFormatEntry = LOG_FORMATS[format];
  const decoder = createDecoder(input.sensor, collector.names);
  const log = collector.ledger.log(input.sensor, protocol);
  let cut = false;
  const statistics = await createLineFile({ ...sourceOf(input), framing }).start(async (block) => {
    await collector.lines(block, decoder, log);
    cut = block.unterminated && log.endsMalformed;
    await input.onProgress?.(log.lastMs, block.length);
  }, collector.faults);
  decoder.end?.(log, collector.faults);
  await collector.flushDecoded();
  if (framing === 'document') cut = log.endsMalformed;
  const lines = framing === 'document' ? log.lines : statistics.lines;
  return { format, packets: 0, datagrams: 0, lines, cut: cut || statistics.cut };
}

async function deliverTo(collector: Collector, source: FlowSource, input: FileInput): Promise<void> {
  const originOf = createDomainOrigins((exporter, domain) => sensorOf(input, exporter, domain));
  await source.start(async (payload, sender) => {
    await collector.datagram(payload, originOf(payload, sender));
    await input.onProgress?.(sender.receivedMs, 1);
  });
  await collector.flushDecoded();
}

function sensorOf(input: FileInput, exporter: Uint8Array, domain: number): string {
  if (input.sensorOf !== undefined) return input.sensorOf(exporter, domain);
  return input.sensor === '' ? formatAddress(exporter) : input.sensor;
}
