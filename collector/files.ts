import { formatAddress } from '../flow/address.js';
import type { Collector } from './collector.js';
import type { FlowSource } from './contracts.js';
import { createCaptureFile } from './inputs/capture-file.js';
import { createDatagramFile } from './inputs/datagram-file.js';
import { createExportCapture } from './inputs/export-capture.js';
import { InputError } from './inputs/input-error.js';
import { createLineFile } from './inputs/line-file.js';
import { sniffFormat } from './inputs/sniff-format.js';
import { LOG_FORMATS, type LogFormat, type LogFormatEntry } from './logs/formats-table.js';
import { createMeter } from './metering/meter.js';
import { createDomainOrigins, type SensorNamer } from './origins.js';
import type { PacketBatch } from './packets/packet-batch.js';

/** Formats of files that can be read: 'auto' looks at the file's beginning. From `zeek` on they are logs (logs/formats-table.ts). */
export const FILE_FORMATS = ['auto', 'pcap', 'export-pcap', 'netflow', 'zeek', 'eve', 'vpc', 'azure', 'gcp'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

export interface FileInput {
  /** A file, gzip or not, or '-' for standard input. */
  readonly path: string;
  readonly format: FileFormat;
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
  /** The file ended within a packet, or in bytes that contradict its format. */
  readonly cut: boolean;
}

/** Reads one file through the collector to its end; every row has been routed when it resolves. Throws InputError. */
export async function readFileInto(collector: Collector, input: FileInput): Promise<FileSummary> {
  const format = input.format === 'auto' ? await guessFormat(input.path) : input.format;
  switch (format) {
    case 'pcap':
      return meterCapture(collector, input);
    case 'export-pcap':
      return readExportCapture(collector, input);
    case 'netflow':
      return readDatagramFile(collector, input);
    default:
      return readLog(collector, input, format);
  }
}

/** Standard input can be read once only, so its format cannot be looked at first: it is taken for a capture of traffic, as tcpdump writes it. */
async function guessFormat(path: string): Promise<Exclude<FileFormat, 'auto'>> {
  if (path === '-') return 'pcap';
  const format = await sniffFormat({ path });
  // The capture reader says best what is wrong with a file that is none.
  return format === 'unknown' ? 'pcap' : format;
}

async function meterCapture(collector: Collector, input: FileInput): Promise<FileSummary> {
  const meter = createMeter({ sensor: input.sensor });
  const capture = collector.ledger.capture(input.sensor);
  const statistics = await createCaptureFile({ path: input.path }).start(async (batch: PacketBatch) => {
    await collector.packets(batch, meter, capture);
    await input.onProgress?.(meter.counters.lastPacketMs, batch.length);
  }, collector.faults);
  const dropped = statistics.droppedByInterface + statistics.droppedBySystem;
  if (dropped > 0) capture.dropped(dropped, meter.counters.lastPacketMs);
  await collector.endCapture(meter);
  return { format: 'pcap', packets: statistics.packets, datagrams: 0, lines: 0, cut: statistics.cut || statistics.malformed };
}

async function readExportCapture(collector: Collector, input: FileInput): Promise<FileSummary> {
  const capture = createExportCapture({ path: input.path, sensorOf: (exporter) => sensorOf(input, exporter, 0) }, collector.faults);
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

async function readDatagramFile(collector: Collector, input: FileInput): Promise<FileSummary> {
  const before = collector.counters.datagrams;
  await deliverTo(collector, createDatagramFile({ path: input.path, sensor: input.sensor }), { ...input, sensorOf: () => input.sensor });
  return { format: 'netflow', packets: 0, datagrams: collector.counters.datagrams - before, lines: 0, cut: false };
}

/** A log does not say whose it is: its rows are of the sensor `input.sensor`. */
async function readLog(collector: Collector, input: FileInput, format: LogFormat): Promise<FileSummary> {
  const { protocol, framing, createDecoder }: LogFormatEntry = LOG_FORMATS[format];
  const decoder = createDecoder(input.sensor, collector.names);
  const log = collector.ledger.log(input.sensor, protocol);
  let cut = false;
  const statistics = await createLineFile({ path: input.path, framing }).start(async (block) => {
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
