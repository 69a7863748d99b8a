import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip, type Gunzip } from 'node:zlib';
import { printable } from '../../flow/address.js';
import { errorCode, fileError, InputError } from './input-error.js';

/**
 * How much a compressed file may expand. Deflate reaches 1032:1 at most; captures of real traffic reach 3:1 to 20:1, generated traffic
 * with constant payload some 200:1, hence the ratio is only judged once the output is past what is cheap to read anyway.
 */
export const DECOMPRESSION_LIMITS = {
  /** Octets that one compressed file may unfold to. */
  maxOctets: 256 * 2 ** 30,
  /** Times its compressed length that a file may unfold to, once `ratioFromOctets` came of it. */
  maxRatio: 500,
  /** From here on the ratio counts: a log of zeros may be short. */
  ratioFromOctets: 256 * 2 ** 20,
} as const;
export interface DecompressionLimits {
  readonly maxOctets: number;
  readonly maxRatio: number;
  readonly ratioFromOctets: number;
}

/** Bytes of a file or of standard input, decompressed if they are gzip. */
export interface ByteSource {
  /** What to call it in messages. */
  readonly name: string;
  /** True when the bytes were gzip. */
  readonly compressed: boolean;
  /** True after the end when the compressed stream broke off or was damaged: what came before was delivered. */
  readonly damaged: boolean;
  /** Fills `into` from `offset` with up to `length` octets; answers how many, 0 at the end. */
  read(into: Uint8Array, offset: number, length: number): Promise<number>;
  close(): Promise<void>;
}

export interface ByteSourceOptions {
  /** A file, or '-' for standard input. */
  readonly path: string;
  /** Read instead of the process's standard input when `path` is '-'. */
  readonly standardInput?: Readable;
  readonly limits?: DecompressionLimits;
}

/** Opens a file or standard input. Throws InputError ('missing-file', 'not-a-file', 'unreadable-file'). */
export async function openByteSource(options: ByteSourceOptions): Promise<ByteSource> {
  const limits = options.limits ?? DECOMPRESSION_LIMITS;
  if (options.path === '-') return openStream(options.standardInput ?? process.stdin, 'standard input', limits);
  const name = `'${printable(basename(options.path))}'`;
  const file = await open(options.path, 'r').catch((error: unknown) => {
    throw fileError(options.path, name, error);
  });
  const read = fileReader(file, options.path, name);
  try {
    const head = new Uint8Array(2);
    let held = await read(head, 0, 2);
    if (held === 1) held += await read(head, 1, 1);
    const before = head.subarray(0, held);
    if (held === 2 && isGzip(head)) return gunzip(prepend(before, fileChunks(read)), name, limits, () => file.close());
    return { name, compressed: false, damaged: false, read: withHead(before, read), close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

type Read = ByteSource['read'];

function fileReader(file: FileHandle, path: string, name: string): Read {
  return async (into, offset, length) => {
    try {
      return (await file.read(into, offset, length, null)).bytesRead;
    } catch (error) {
      throw fileError(path, name, error);
    }
  };
}

/** What was read to recognise the file stands before the rest: it may be a pipe, which cannot be read twice. */
function withHead(head: Uint8Array, read: Read): Read {
  let rest = head;
  return async (into, offset, length) => {
    if (rest.length === 0) return read(into, offset, length);
    const count = Math.min(rest.length, length);
    into.set(rest.subarray(0, count), offset);
    rest = rest.subarray(count);
    return count;
  };
}

async function* fileChunks(read: Read): AsyncGenerator<Uint8Array, void> {
  for (;;) {
    const chunk = new Uint8Array(256 * 1024);
    const count = await read(chunk, 0, chunk.length);
    if (count === 0) return;
    yield chunk.subarray(0, count);
  }
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

async function openStream(stream: Readable, name: string, limits: DecompressionLimits): Promise<ByteSource> {
  const chunks = chunksOf(stream);
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < 2) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = head.length === 0 ? next.value : Uint8Array.from([...head, ...next.value]);
  }
  const all = prepend(head, chunks);
  if (head.length >= 2 && isGzip(head)) return gunzip(all, name, limits, async () => void stream.destroy());
  const reader = chunkReader(all);
  return { name, compressed: false, damaged: false, read: reader, close: async () => void stream.destroy() };
}

async function* chunksOf(stream: AsyncIterable<unknown>): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of stream) if (chunk instanceof Uint8Array && chunk.length > 0) yield chunk;
}

async function* prepend(head: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  if (head.length > 0) yield head;
  yield* rest;
}

/** Copies chunks of any size into the places asked for. */
function chunkReader(chunks: AsyncIterable<Uint8Array>): Read {
  const iterator = chunks[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);
  return async (into, offset, length) => {
    if (rest.length === 0) {
      const next = await iterator.next();
      if (next.done === true) return 0;
      rest = next.value;
    }
    const count = Math.min(length, rest.length);
    into.set(rest.subarray(0, count), offset);
    rest = rest.subarray(count);
    return count;
  };
}

function gunzip(input: AsyncIterable<Uint8Array>, name: string, limits: DecompressionLimits, close: () => Promise<void>): ByteSource {
  const unpacker = createGunzip({ chunkSize: 256 * 1024 });
  // The reader meets errors through its iterator; one that comes after it has closed has nobody left to tell.
  unpacker.on('error', () => undefined);
  const state = { damaged: false, packed: 0, unpacked: 0, failure: undefined as unknown };
  // Fed by hand rather than through pipe(), so that the compressed octets are counted and an error of the file reaches the reader.
  const feeding = (async () => {
    try {
      for await (const chunk of input) {
        state.packed += chunk.length;
        if (unpacker.destroyed) return;
        if (!unpacker.write(chunk)) await drained(unpacker);
      }
      unpacker.end();
    } catch (error) {
      state.failure = error;
      unpacker.destroy();
    }
  })();
  const read = chunkReader(chunksOf(unpacker));
  return {
    name,
    compressed: true,
    get damaged() {
      return state.damaged;
    },
    async read(into, offset, length) {
      if (state.damaged) return 0;
      const count = await read(into, offset, length).catch((error: unknown) => {
        if (state.failure !== undefined) throw state.failure;
        // Z_BUF_ERROR: it breaks off; Z_DATA_ERROR: it is damaged. Either way what was unpacked before is good.
        if (!errorCode(error).startsWith('Z_')) throw error;
        state.damaged = true;
        return 0;
      });
      state.unpacked += count;
      refuseBomb(name, state.packed, state.unpacked, limits);
      return count;
    },
    async close() {
      unpacker.destroy();
      await close();
      await feeding;
    },
  };
}

/** Waits until `stream` takes more, or is closed and never will. */
function drained(stream: Gunzip): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
    if (stream.closed) done();
  });
}

function refuseBomb(name: string, packed: number, unpacked: number, limits: DecompressionLimits): void {
  const tooLarge = unpacked > limits.maxOctets;
  if (!tooLarge && (unpacked < limits.ratioFromOctets || unpacked <= packed * limits.maxRatio)) return;
  const found = tooLarge ? `more than ${limits.maxOctets} octets` : `more than ${limits.maxRatio} times its size`;
  throw new InputError('decompression-limit', `${name} expands to ${found}; decompress it yourself and name the result if you trust it`);
}
