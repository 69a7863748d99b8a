import type { Readable } from 'node:stream';
import type { Faults, LineBlock } from '../contracts.js';
import { type DecompressionLimits, openByteSource } from './byte-source.js';
import { LineSplitter } from './line-splitter.js';

/** Octets to read at a time. */
const CHUNK_OCTETS = 1_048_576;

export interface LineFileOptions {
  /** A log file, gzip or not, or '-' for standard input. */
  readonly path: string;
  /** Read instead of the process's standard input when `path` is '-'. */
  readonly standardInput?: Readable;
  readonly limits?: DecompressionLimits;
  /** Octets to read at a time; results do not depend on it. */
  readonly chunkOctets?: number;
}

/** What a log file held. */
export interface LineFileStatistics {
  readonly lines: number;
  readonly octets: number;
  /** The compressed stream broke off, or reading was ended within a line. */
  readonly cut: boolean;
}

export interface LineFile {
  /**
   * Reads to the end and hands over lines block by block; a block is valid until `deliver` has returned or its promise has resolved, and nothing more is
   * read before. Throws InputError when the file cannot be read.
   */
  start(deliver: (lines: LineBlock) => void | Promise<void>, faults: Faults): Promise<LineFileStatistics>;
  /** Ends reading after the current block; `start` then resolves. */
  stop(): Promise<void>;
}

/** A streaming reader of one log: memory is one chunk and one line, whatever the file's size. Inert until `start`. */
export function createLineFile(options: LineFileOptions): LineFile {
  let stopped = false;
  let running: Promise<unknown> = Promise.resolve();

  const read = async (deliver: (lines: LineBlock) => void | Promise<void>, faults: Faults): Promise<LineFileStatistics> => {
    const source = await openByteSource(options);
    const chunkOctets = Math.max(1, Math.min(options.chunkOctets ?? CHUNK_OCTETS, CHUNK_OCTETS));
    const splitter = new LineSplitter(chunkOctets);
    let octets = 0;
    try {
      for (let ended = false; !ended && !stopped; ) {
        const count = await source.read(splitter.bytes, splitter.held, chunkOctets);
        octets += count;
        ended = count === 0;
        splitter.received(count);
        while (!stopped && splitter.next(ended)) {
          if (splitter.tooLong > 0) faults.add('line-too-long', splitter.tooLong);
          const done = deliver(splitter);
          if (done !== undefined) await done;
        }
      }
      if (source.damaged) faults.add('message-truncated');
      return { lines: splitter.lines, octets, cut: source.damaged };
    } finally {
      await source.close();
    }
  };

  return {
    start(deliver, faults) {
      const reading = read(deliver, faults);
      running = reading.catch(() => undefined);
      return reading;
    },
    async stop() {
      stopped = true;
      await running;
    },
  };
}
