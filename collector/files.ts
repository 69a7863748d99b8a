import type { Collector } from './collector.js';
import { createCaptureFile } from './inputs/capture-file.js';
import type { CaptureStatistics } from './inputs/capture-reader.js';
import { createMeter } from './metering/meter.js';
import { createOriginTable } from './origins.js';
import type { PacketBatch } from './packets/packet-batch.js';
import { UdpPayloads } from './packets/udp-payload.js';

export interface FileOptions {
  /** A capture, gzip or not, or '-' for standard input. */
  readonly path: string;
  /** Called after each batch with the time of its last packet: for progress, and to wait where a replay keeps the recorded pace. */
  readonly onBatch?: (lastPacketMs: number, packets: number) => void | Promise<void>;
}

/** Meters a capture of traffic into flow records of `sensor`. Resolves when all of it has been handed on. Throws InputError. */
export async function meterCapture(collector: Collector, options: FileOptions & { readonly sensor: string }): Promise<CaptureStatistics> {
  // A fixed seed: no result depends on it, and a replay then takes the same steps.
  const meter = createMeter({ sensor: options.sensor, hashSeed: 1 });
  const capture = collector.ledger.capture(options.sensor);
  const statistics = await createCaptureFile({ path: options.path }).start(async (batch: PacketBatch) => {
    await collector.packets(batch, meter, capture);
    if (options.onBatch !== undefined) await options.onBatch(meter.counters.lastPacketMs, batch.length);
  }, collector.faults);
  const dropped = statistics.droppedByInterface + statistics.droppedBySystem;
  if (dropped > 0) capture.dropped(dropped, meter.counters.lastPacketMs);
  await collector.endCapture(meter);
  return statistics;
}

/** Decodes the export datagrams found in a capture of export traffic, in their order. Resolves when all has been handed on. Throws InputError. */
export async function readExportCapture(
  collector: Collector,
  options: FileOptions & { readonly sensorOf: (exporter: Uint8Array, domain: number) => string },
): Promise<CaptureStatistics> {
  const origins = createOriginTable('file', options.sensorOf);
  const payloads = new UdpPayloads();
  return createCaptureFile({ path: options.path }).start(async (batch: PacketBatch) => {
    for (let index = 0; index < batch.length; index++) {
      const datagram = payloads.read(batch, index, collector.faults);
      if (datagram === undefined) continue;
      const origin = origins.of(datagram.payload, datagram.source, datagram.sourcePort, datagram.timeMs);
      const wait = collector.datagram(datagram.payload, origin);
      if (wait !== undefined) await wait;
      if (options.onBatch !== undefined) {
        const pause = options.onBatch(datagram.timeMs, 1);
        if (pause !== undefined) await pause;
      }
    }
  }, collector.faults);
}
