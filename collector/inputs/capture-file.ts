import type { Readable } from 'node:stream';
import type { Faults } from '../contracts.js';
import { PacketBatch } from '../packets/packet-batch.js';
import { type ByteSource, type DecompressionLimits, openByteSource } from './byte-source.js';
import { type CaptureReader, type CaptureStatistics, createCaptureStatistics, MAX_BLOCK_OCTETS } from './capture-reader.js';
import { describeBytes, InputError } from './input-error.js';
import { createPcapReader, isPcapMagic } from './pcap-reader.js';
import { createPcapngReader, SECTION_HEADER } from './pcapng-reader.js';

/** Octets to read at a time. */
export const CHUNK_OCTETS = 1_048_576;

export interface CaptureFileOptions {
  /** A pcap or pcapng file, gzip or not, or '-' for standard input. */
  readonly path: string;
  /** Read instead of the process's standard input when `path` is '-'. */
  readonly standardInput?: Readable;
  readonly limits?: DecompressionLimits;
  /** Octets to read at a time; results do not depend on it. */
  readonly chunkOctets?: number;
}

export interface CaptureFile {
  /**
   * Reads to the end and hands over packets batch by batch; a batch is valid until `deliver` has returned or its promise has resolved,
   * and nothing more is read before. Resolves with what the capture held. A capture that is cut or damaged ends early, counted.
   * Throws InputError when the file cannot be read or is no capture.
   */
  start(deliver: (batch: PacketBatch) => void | Promise<void>, faults: Faults): Promise<CaptureStatistics>;
  /** Ends reading after the current batch; `start` then resolves. */
  stop(): Promise<void>;
}

/** A streaming reader of one capture: memory is one chunk and one block, whatever the file's size. Inert until `start`. */
export function createCaptureFile(options: CaptureFileOptions): CaptureFile {
  let stopped = false;
  let running: Promise<unknown> = Promise.resolve();
  return {
    start(deliver, faults) {
      const reading = openByteSource(options).then(async (source) => {
        try {
          return await readCapture(source, options.chunkOctets ?? CHUNK_OCTETS, deliver, faults, () => stopped);
        } finally {
          await source.close();
        }
      });
      running = reading.catch(() => undefined);
      return reading;
    },
    async stop() {
      stopped = true;
      await running;
    },
  };
}

async function readCapture(
  source: ByteSource,
  chunkOctets: number,
  deliver: (batch: PacketBatch) => void | Promise<void>,
  faults: Faults,
  stopped: () => boolean,
): Promise<CaptureStatistics> {
  const statistics = createCaptureStatistics();
  // What is left of a chunk is never more than one block, so that a block and a chunk always fit.
  const bytes = new Uint8Array(MAX_BLOCK_OCTETS + Math.max(chunkOctets, 4));
  const view = new DataView(bytes.buffer);
  const batch = new PacketBatch();
  let reader: CaptureReader | undefined;
  let held = 0;
  let skip = 0;
  while (!stopped()) {
    const count = await source.read(bytes, held, Math.min(Math.max(chunkOctets, 4), bytes.length - held));
    if (count === 0) break;
    statistics.octets += count;
    held += count;
    if (reader === undefined) {
      if (held < 4) continue;
      reader = chooseReader(view, statistics);
      if (reader === undefined) break;
    }
    // A block that was stepped over may lie in chunks to come.
    let at = Math.min(skip, held);
    skip -= at;
    while (skip === 0) {
      batch.clear(bytes, view);
      const next = reader.read(batch, view, at, held, faults);
      if (batch.length > 0) {
        const done = deliver(batch);
        if (done !== undefined) await done;
      }
      if (next < 0) {
        statistics.malformed = true;
        return statistics;
      }
      at = Math.min(next, held);
      skip = next - at;
      if (!batch.full || stopped()) break;
    }
    bytes.copyWithin(0, at, held);
    held -= at;
  }
  if (reader === undefined) throw notACapture(source, bytes.subarray(0, held));
  if (!stopped() && (held > 0 || skip > 0 || source.damaged)) {
    statistics.cut = true;
    faults.add('message-truncated');
  }
  return statistics;
}

function chooseReader(view: DataView, statistics: CaptureStatistics): CaptureReader | undefined {
  const magic = view.getUint32(0);
  if (magic === SECTION_HEADER) {
    statistics.format = 'pcapng';
    return createPcapngReader(statistics);
  }
  if (!isPcapMagic(magic)) return undefined;
  statistics.format = 'pcap';
  return createPcapReader(statistics);
}

function notACapture(source: ByteSource, head: Uint8Array): InputError {
  const inside = source.compressed ? ' (decompressed)' : '';
  return new InputError(
    'not-a-capture',
    `${source.name}${inside} is no capture: ${describeBytes(head)}, a pcap begins with d4 c3 b2 a1, a pcapng with 0a 0d 0d 0a; ` +
      'name a file written by tcpdump or Wireshark, or give its format with --format',
  );
}
