import { crc32 } from 'node:zlib';
import { TOPICS, type Topic } from '../../../flow/bus/bus.js';

/**
 * One record of a segment file: a message on its way to the bus. Integers are little-endian.
 *
 *    0        4             8              12        16
 *   ┌────────┬─────────────┬──────────────┬─────────┬──────────────┬───────────────┐
 *   │ 'CRec' │ head length │ value length │ CRC-32  │ head (JSON)  │ value (frame) │
 *   └────────┴─────────────┴──────────────┴─────────┴──────────────┴───────────────┘
 *
 * The checksum covers octets 4 to 12, the head and the value. The mark lets a reader find the next record after damage.
 */
export const RECORD_PREFIX = 16;
const MARK = 0x63655243;
/** Bounds that a length must keep to be believed: the largest message of a bus is 1 MB, headers included. */
const MAX_HEAD = 1 << 20;
const MAX_VALUE = 16 << 20;

/** What a record says beside the frame itself. */
export interface RecordHead {
  /** Grows by one with every record of a folder, over restarts too. */
  readonly sequence: number;
  readonly topic: Topic;
  readonly partition: number;
  readonly writtenMs: number;
  readonly headers: Readonly<Record<string, string>>;
}

export interface RecordLengths {
  readonly head: number;
  readonly value: number;
  readonly checksum: number;
  /** Octets of the whole record. */
  readonly octets: number;
}

/** The octets before the value; the value itself follows them in the file and is not copied. */
export function encodeRecordStart(head: RecordHead, value: Uint8Array): Buffer {
  const text = Buffer.from(JSON.stringify(head));
  const start = Buffer.allocUnsafe(RECORD_PREFIX + text.length);
  start.writeUInt32LE(MARK, 0);
  start.writeUInt32LE(text.length, 4);
  start.writeUInt32LE(value.length, 8);
  start.set(text, RECORD_PREFIX);
  start.writeUInt32LE(crc32(value, crc32(text, crc32(start.subarray(4, 12)))), 12);
  return start;
}

/** The lengths that a prefix tells; undefined where there is no record, or none that could be one. */
export function readPrefix(bytes: Buffer, at = 0): RecordLengths | undefined {
  if (at + RECORD_PREFIX > bytes.length || bytes.readUInt32LE(at) !== MARK) return undefined;
  const head = bytes.readUInt32LE(at + 4);
  const value = bytes.readUInt32LE(at + 8);
  if (head > MAX_HEAD || value > MAX_VALUE) return undefined;
  return { head, value, checksum: bytes.readUInt32LE(at + 12), octets: RECORD_PREFIX + head + value };
}

/** Reads a whole record whose prefix was believed. Undefined when its octets are not the ones that were written. */
export function readRecord(bytes: Buffer, lengths: RecordLengths): { head: RecordHead; value: Buffer } | undefined {
  if (bytes.length < lengths.octets) return undefined;
  const valueAt = RECORD_PREFIX + lengths.head;
  const value = bytes.subarray(valueAt, lengths.octets);
  if (crc32(value, crc32(bytes.subarray(RECORD_PREFIX, valueAt), crc32(bytes.subarray(4, 12)))) !== lengths.checksum) return undefined;
  const head = readHead(bytes.subarray(RECORD_PREFIX, valueAt));
  return head === undefined ? undefined : { head, value };
}

/** The head alone, unchecked: for the look at a folder's contents when it is opened. */
export function readHead(text: Buffer): RecordHead | undefined {
  try {
    const head = JSON.parse(text.toString()) as RecordHead;
    return Number.isSafeInteger(head.sequence) && TOPICS.includes(head.topic) ? head : undefined;
  } catch {
    return undefined;
  }
}

/** Where the mark of a record stands next, from `from` on; −1 where there is none. */
export function findMark(bytes: Buffer, from: number): number {
  return bytes.indexOf(MARK_BYTES, from);
}

const MARK_BYTES = Buffer.from('CRec');
