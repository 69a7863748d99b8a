import type { Readable } from 'node:stream';
import type { FlowSource, Origin } from '../contracts.js';
import { type ByteSource, type DecompressionLimits, openByteSource } from './byte-source.js';
import { claimedFormat, datagramLength, MAX_DATAGRAM_OCTETS } from './export-datagram.js';
import { describeBytes, InputError } from './input-error.js';

const CHUNK_OCTETS = 1_048_576;

export interface DatagramFileOptions {
  /** A file of export datagrams one after the other, as `nc -lu` writes them; gzip or not; '-' for standard input. */
  readonly path: string;
  readonly standardInput?: Readable;
  readonly limits?: DecompressionLimits;
  /** Name of the sensor: the file does not tell who sent it. */
  readonly sensor: string;
}

/**
 * Export datagrams from a file without frames; see export-datagram.ts for how they are told apart. Throws InputError when the file cannot be
 * read or does not begin with the version of an export format.
 */
export function createDatagramFile(options: DatagramFileOptions): FlowSource {
  let stopped = false;
  const origin: Origin = {
    sensor: options.sensor,
    exporter: new Uint8Array(16),
    exporterPort: 0,
    transport: 'file',
    receivedMs: Number.NaN,
  };
  return {
    async start(deliver) {
      const source = await openByteSource(options);
      try {
        await readDatagrams(source, origin, deliver, () => stopped);
      } finally {
        await source.close();
      }
    },
    async stop() {
      stopped = true;
    },
  };
}

async function readDatagrams(
  source: ByteSource,
  origin: Origin,
  deliver: Parameters<FlowSource['start']>[0],
  stopped: () => boolean,
): Promise<void> {
  const bytes = new Uint8Array(CHUNK_OCTETS + MAX_DATAGRAM_OCTETS);
  let held = 0;
  let first = true;
  for (let ended = false; !stopped() && !ended; ) {
    const count = await source.read(bytes, held, bytes.length - held);
    ended = count === 0;
    held += count;
    // Whether another datagram follows can only be told with a whole one in sight.
    let at = 0;
    while (!stopped() && (ended ? at < held : at + MAX_DATAGRAM_OCTETS <= held)) {
      const rest = bytes.subarray(at, held);
      if (first && claimedFormat(rest) === undefined) throw notDatagrams(source, rest);
      first = false;
      const length = datagramLength(rest);
      const done = deliver(rest.subarray(0, length), origin);
      if (done !== undefined) await done;
      at += length;
    }
    bytes.copyWithin(0, at, held);
    held -= at;
  }
  if (first && !stopped()) throw notDatagrams(source, bytes.subarray(0, held));
}

function notDatagrams(source: ByteSource, head: Uint8Array): InputError {
  return new InputError(
    'not-export-datagrams',
    `${source.name} holds no NetFlow v5, v9 or IPFIX, no v1, v7 or sFlow datagrams: ${describeBytes(head)}, they begin with 00 01, 00 05, 00 07, 00 09, 00 0a ` +
      'or 00 00 00 05; give its format with --format',
  );
}
