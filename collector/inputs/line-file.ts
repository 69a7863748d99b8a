import type { Readable } from 'node:stream';
import type { Faults, LineBlock } from '../contracts.js';
import { type DecompressionLimits, openByteSource } from './byte-source.js';
import { JsonSplitter } from './json-splitter.js';
import { LineSplitter } from './line-splitter.js';
import { PassThroughBlock } from './pass-through-block.js';

/** Octets to read at a time. */
const CHUNK_OCTETS = 1_048_576;

/**
 * What a record is: `lines`, a line, unless the file is a JSON array or an object over several lines; `objects`, a line, or where the file begins as JSON an
 * object wherever it ends; `document`, nothing that can be told without the format: octets are handed over as they come.
 */
export type LogFraming = 'lines' | 'objects' | 'document';

export interface LineFileOptions {
  /** A log file, gzip or not, or '-' for standard input. */
  readonly path: string;
  /** Read instead of the process's standard input when `path` is '-'. */
  readonly standardInput?: Readable;
  readonly limits?: DecompressionLimits;
  /** 'lines' unless given. */
  readonly framing?: LogFraming;
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
    let octets = 0;
    try {
      const head = new Uint8Array(chunkOctets);
      const headOctets = await source.read(head, 0, chunkOctets);
      const splitter = createLogSplitter(options.framing ?? 'lines', head.subarray(0, headOctets), chunkOctets);
      for (let count = headOctets; !stopped; splitter.received(count)) {
        octets += count;
        while (!stopped && splitter.next(count === 0)) {
          if (splitter.tooLong > 0) faults.add('line-too-long', splitter.tooLong);
          const done = deliver(splitter);
          if (done !== undefined) await done;
        }
        if (count === 0) break;
        count = await source.read(splitter.bytes, splitter.held, chunkOctets);
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

export type LogSplitter = LineSplitter | JsonSplitter | PassThroughBlock;

/** What cuts a log into records that begins with `head`, which it is given. Exported for the tests of the formats. */
export function createLogSplitter(framing: LogFraming, head: Uint8Array, chunkOctets: number): LogSplitter {
  const splitter = splitterFor(framing, head, chunkOctets);
  splitter.bytes.set(head);
  splitter.received(head.length);
  return splitter;
}

function splitterFor(framing: LogFraming, head: Uint8Array, chunkOctets: number): LogSplitter {
  if (framing === 'document') return new PassThroughBlock(chunkOctets);
  return isJson(head, framing) ? new JsonSplitter(chunkOctets) : new LineSplitter(chunkOctets);
}

const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;
const LINE_ENDS: readonly (number | undefined)[] = [0x0a, 0x0d];

/** Whether a log that begins with `head` is JSON that cannot be read line by line. */
function isJson(head: Uint8Array, framing: LogFraming): boolean {
  const first = head.findIndex((byte) => byte > 0x20);
  if (head[first] === OPEN_ARRAY) return framing === 'objects' || head.subarray(first + 1).find((byte) => byte > 0x20) === OPEN_OBJECT;
  return head[first] === OPEN_OBJECT && (framing === 'objects' || LINE_ENDS.includes(head[first + 1]));
}
