import type { Readable } from 'node:stream';
import type { Faults, LineBlock } from '../contracts.js';
import { type ByteSource, type DecompressionLimits, openByteSource } from '../inputs/byte-source.js';
import { describeBytes, InputError } from '../inputs/input-error.js';
import { unpack } from './compression/unpack.js';
import {
  BLOCK_HEADER_OCTETS,
  BLOCK_OF_RECORDS,
  BLOCK_UNCOMPRESSED,
  COMPRESSION,
  FILE_HEADER_OCTETS,
  LAYOUT_2,
  MAGIC,
  MAX_BLOCK_OCTETS,
} from './layout.js';

/** The least that a record takes: how many a block can hold that cannot be unpacked. */
const LEAST_RECORD_OCTETS = 28;

export interface NfcapdFileOptions {
  /** A file of nfcapd, sfcapd or nfdump -w, gzip around it or not; '-' for standard input. */
  readonly path: string;
  readonly standardInput?: Readable;
  readonly limits?: DecompressionLimits;
}

export interface NfcapdStatistics {
  readonly blocks: number;
  /** The file ended within a block, or before the blocks that its header names. */
  readonly cut: boolean;
}

export interface NfcapdFile {
  /** Byte order of the file; known once the first block is handed over. */
  readonly littleEndian: boolean;
  /** Reads to the end. Each block is one line of the LineBlock; one that cannot be unpacked is told by `tooLong`, with the records it says to hold. */
  start(deliver: (blocks: LineBlock) => void | Promise<void>, faults: Faults): Promise<NfcapdStatistics>;
}

/** A streaming reader of nfdump's files, layout 2: memory is one block, packed and unpacked. Throws InputError when the file is none, or of another layout. */
export function createNfcapdFile(options: NfcapdFileOptions): NfcapdFile {
  let littleEndian = true;
  return {
    get littleEndian() {
      return littleEndian;
    },
    async start(deliver, faults) {
      const source = await openByteSource(options);
      try {
        const header = new Uint8Array(FILE_HEADER_OCTETS);
        const held = await fill(source, header, FILE_HEADER_OCTETS);
        littleEndian = header[0] === (MAGIC & 0xff);
        checkHeader(source, header.subarray(0, held), littleEndian);
        return await readBlocks(source, header, littleEndian, deliver, faults);
      } finally {
        await source.close();
      }
    },
  };
}

async function readBlocks(
  source: ByteSource,
  fileHeader: Uint8Array,
  littleEndian: boolean,
  deliver: (blocks: LineBlock) => void | Promise<void>,
  faults: Faults,
): Promise<NfcapdStatistics> {
  const file = new DataView(fileHeader.buffer);
  const compression = file.getUint8(16);
  const expected = file.getUint32(36, littleEndian) + file.getUint16(18, littleEndian);
  const header = new Uint8Array(BLOCK_HEADER_OCTETS);
  const view = new DataView(header.buffer);
  let packed: Uint8Array = new Uint8Array(0);
  let unpacked: Uint8Array = new Uint8Array(0);
  let blocks = 0;
  for (;;) {
    const held = await fill(source, header, BLOCK_HEADER_OCTETS);
    if (held === 0) break;
    const octets = view.getUint32(4, littleEndian);
    const isWhole = held === BLOCK_HEADER_OCTETS && octets <= MAX_BLOCK_OCTETS;
    if (isWhole && packed.length < octets) packed = new Uint8Array(Math.min(MAX_BLOCK_OCTETS, 2 * octets));
    if (!isWhole || (await fill(source, packed, octets)) < octets) {
      faults.add('message-truncated');
      return { blocks, cut: true };
    }
    blocks++;
    if (view.getUint16(8, littleEndian) !== BLOCK_OF_RECORDS) continue;
    const isPacked = compression !== COMPRESSION.none && (view.getUint16(10, littleEndian) & BLOCK_UNCOMPRESSED) === 0;
    if (isPacked && unpacked.length === 0) unpacked = new Uint8Array(MAX_BLOCK_OCTETS);
    const length = isPacked ? unpack(compression, packed.subarray(0, octets), unpacked) : octets;
    const claimed = Math.min(view.getUint32(0, littleEndian), Math.floor(MAX_BLOCK_OCTETS / LEAST_RECORD_OCTETS));
    const done = deliver(blockOf(isPacked ? unpacked : packed, length, blocks, claimed));
    if (done !== undefined) await done;
  }
  // A file that nfcapd still writes names no blocks yet.
  const cut = source.damaged || blocks < expected;
  if (cut) faults.add('message-truncated');
  return { blocks, cut };
}

function blockOf(bytes: Uint8Array, length: number, number: number, claimed: number): LineBlock {
  return {
    bytes,
    starts: Uint32Array.of(0),
    ends: Uint32Array.of(Math.max(0, length)),
    numbers: Uint32Array.of(number),
    length: length < 0 ? 0 : 1,
    tooLong: length < 0 ? Math.max(1, claimed) : 0,
    unterminated: false,
  };
}

/** Reads until `length` octets are there, or the source ends; answers how many are. */
async function fill(source: ByteSource, into: Uint8Array, length: number): Promise<number> {
  let held = 0;
  while (held < length) {
    const count = await source.read(into, held, length - held);
    if (count === 0) break;
    held += count;
  }
  return held;
}

/** Whether a file begins as nfdump's do, in either byte order, whatever its layout. */
function isNfcapd(head: Uint8Array): boolean {
  if (head.length < 4) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  return [true, false].some((le) => view.getUint16(0, le) === MAGIC && view.getUint16(2, le) >= 1 && view.getUint16(2, le) <= 9);
}

function checkHeader(source: ByteSource, header: Uint8Array, littleEndian: boolean): void {
  if (!isNfcapd(header)) {
    throw new InputError(
      'not-nfcapd',
      `${source.name} is no file of nfdump: ${describeBytes(header)}, they begin with 0c a5; give its format with --format`,
    );
  }
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const layout = view.getUint16(2, littleEndian);
  if (layout !== LAYOUT_2) {
    const by = layout < LAYOUT_2 ? 'nfdump 1.6 or older' : 'a newer nfdump';
    throw new InputError(
      'not-nfcapd',
      `${source.name} has layout ${layout} of nfdump's files, written by ${by}; layout 2 is read: convert it with an nfdump 1.7, nfdump -r OLD -w NEW`,
    );
  }
  if (header.length < FILE_HEADER_OCTETS)
    throw new InputError('not-nfcapd', `${source.name} ends within its header; copy it again from where it came`);
  if (view.getUint8(17) !== 0) {
    throw new InputError(
      'not-nfcapd',
      `${source.name} is encrypted, which cannot be read; write it without encryption, nfdump -r OLD -w NEW`,
    );
  }
}
