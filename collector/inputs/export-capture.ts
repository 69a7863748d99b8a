import type { Readable } from 'node:stream';
import type { Faults, FlowSource, Origin } from '../contracts.js';
import type { PacketBatch } from '../packets/packet-batch.js';
import { type UdpCounters, type UdpDatagram, UdpPayloads } from '../packets/udp-payload.js';
import { createCaptureFile } from './capture-file.js';
import type { CaptureStatistics } from './capture-reader.js';
import { Origins, type SensorOf } from './origins.js';
import { isExport } from './sniff-format.js';

export interface ExportCaptureOptions {
  /** A pcap or pcapng of export traffic, gzip or not, or '-' for standard input. */
  readonly path: string;
  readonly standardInput?: Readable;
  readonly sensorOf: SensorOf;
  /** Deliver what goes to these UDP ports, whatever it holds. Without them: what looks like an export datagram, on any port. */
  readonly ports?: readonly number[];
}

export interface ExportCapture extends FlowSource {
  /** Of the capture, after `start` has resolved. */
  readonly statistics: CaptureStatistics | undefined;
  readonly counters: Readonly<UdpCounters>;
  readonly delivered: number;
}

/**
 * The export datagrams inside a capture, fragmented ones reassembled, as if they arrived now: the exporter is the packet's source and
 * `receivedMs` the packet's time. A promise of `deliver` is waited for before the next datagram.
 */
export function createExportCapture(options: ExportCaptureOptions, faults: Faults): ExportCapture {
  const { ports } = options;
  const wanted = ports === undefined ? isExport : (_payload: Uint8Array, port: number) => ports.includes(port);
  const capture = createCaptureFile(options);
  const payloads = new UdpPayloads();
  const origins = new Origins(options.sensorOf, 'file');
  let latest: Origin | undefined;
  let stopped = false;
  let delivered = 0;
  let statistics: CaptureStatistics | undefined;

  const originOf = (datagram: UdpDatagram): Origin => {
    if (latest === undefined || latest.exporterPort !== datagram.sourcePort || !sameBytes(latest.exporter, datagram.source)) {
      const key = `${Buffer.from(datagram.source).toString('hex')} ${datagram.sourcePort}`;
      latest = origins.get(key) ?? origins.add(key, datagram.source, datagram.sourcePort);
    }
    latest.receivedMs = datagram.timeMs;
    return latest;
  };

  const deliverBatch = async (batch: PacketBatch, deliver: Parameters<FlowSource['start']>[0]): Promise<void> => {
    for (let i = 0; i < batch.length && !stopped; i++) {
      const datagram = payloads.read(batch, i, faults);
      if (datagram === undefined || !wanted(datagram.payload, datagram.destinationPort)) continue;
      delivered++;
      const done = deliver(datagram.payload, originOf(datagram));
      if (done !== undefined) await done;
    }
  };

  return {
    get statistics() {
      return statistics;
    },
    get delivered() {
      return delivered;
    },
    counters: payloads.counters,
    async start(deliver) {
      statistics = await capture.start((batch) => deliverBatch(batch, deliver), faults);
    },
    async stop() {
      stopped = true;
      await capture.stop();
    },
  };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < 16; i++) if (a[i] !== b[i]) return false;
  return true;
}
