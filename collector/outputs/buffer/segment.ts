import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { findMark, RECORD_PREFIX, type RecordHead, readHead, readPrefix, readRecord } from './record.js';

const SUFFIX = '.frames';
/** A look at a head reads this much at once: prefix and head of a frame of ours. */
const PEEK_OCTETS = 4096;

/**
 * One file of records, named by the sequence of its first. Written to its end by one process, read from its beginning, deleted when the bus has
 * everything in it.
 */
export interface Segment {
  readonly path: string;
  readonly firstSequence: number;
  /** Open while it is written or read. */
  handle: FileHandle | undefined;
  /** Octets of whole records (a file of an earlier process: all of it). */
  size: number;
  /** Octets that are known to be on the disk itself. */
  syncedTo: number;
  /** Records that were read and not released. */
  held: number;
}

/** The segments of a folder in the order of their records, not opened. */
export function listSegments(folder: string): Segment[] {
  return readdirSync(folder)
    .filter((name) => /^\d{16}\.frames$/.test(name))
    .sort()
    .map((name) => {
      const path = join(folder, name);
      const { size } = statSync(path);
      return { path, firstSequence: Number.parseInt(name, 10), handle: undefined, size, syncedTo: size, held: 0 };
    });
}

export async function createSegment(folder: string, firstSequence: number): Promise<Segment> {
  const path = join(folder, `${String(firstSequence).padStart(16, '0')}${SUFFIX}`);
  // 'x': never a second time, whoever else may be at work here.
  return { path, firstSequence, handle: await open(path, 'wx+'), size: 0, syncedTo: 0, held: 0 };
}

/** What stands at an offset of a segment: a record, or octets that are none, up to where records go on (`cut`: to the end of the file). */
export type Found =
  | { readonly kind: 'record'; readonly head: RecordHead; readonly value: Buffer; readonly end: number }
  | { readonly kind: 'damage'; readonly cut: boolean; readonly end: number };

/** Reads what stands at `at`, which must lie before the segment's size. Always goes forward. */
export async function readAt(segment: Segment, at: number): Promise<Found> {
  segment.handle ??= await open(segment.path, 'r');
  const lengths = readPrefix(await readOctets(segment, at, RECORD_PREFIX));
  const end = lengths === undefined ? segment.size + 1 : at + lengths.octets;
  if (lengths !== undefined && end <= segment.size) {
    const record = readRecord(await readOctets(segment, at, lengths.octets), lengths);
    if (record !== undefined) return { kind: 'record', ...record, end };
    if (end === segment.size) return { kind: 'damage', cut: true, end };
    if (readPrefix(await readOctets(segment, end, RECORD_PREFIX)) !== undefined) return { kind: 'damage', cut: false, end };
  }
  const next = findRecord(await readOctets(segment, at, segment.size - at));
  return next < 0 ? { kind: 'damage', cut: true, end: segment.size } : { kind: 'damage', cut: false, end: at + next };
}

/** Where the next record begins whose checksum is right; the first octet does not count. −1: nowhere. */
function findRecord(octets: Buffer): number {
  for (let next = findMark(octets, 1); next >= 0; next = findMark(octets, next + 1)) {
    const lengths = readPrefix(octets, next);
    if (lengths !== undefined && readRecord(octets.subarray(next), lengths) !== undefined) return next;
  }
  return -1;
}

async function readOctets(segment: Segment, at: number, length: number): Promise<Buffer> {
  const octets = Buffer.allocUnsafe(Math.min(length, segment.size - at));
  let filled = 0;
  while (filled < octets.length) {
    const { bytesRead } = await segment.handle!.read(octets, filled, octets.length - filled, at + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return octets.subarray(0, filled);
}

/** Calls `each` with the heads of a segment's records, without reading what they hold: checksums are looked at when a record is needed. */
export function scanHeads(segment: Segment, each: (head: RecordHead, octets: number) => void): void {
  const file = openSync(segment.path, 'r');
  try {
    for (let at = 0; at < segment.size; ) {
      let bytes = peek(file, at, PEEK_OCTETS);
      const lengths = readPrefix(bytes);
      if (lengths !== undefined && RECORD_PREFIX + lengths.head > bytes.length) bytes = peek(file, at, RECORD_PREFIX + lengths.head);
      const head = lengths && readHead(bytes.subarray(RECORD_PREFIX, RECORD_PREFIX + lengths.head));
      if (lengths !== undefined && head !== undefined && at + lengths.octets <= segment.size) {
        each(head, lengths.octets);
        at += lengths.octets;
      } else {
        const next = findRecord(peek(file, at, segment.size - at));
        if (next < 0) return;
        at += next;
      }
    }
  } finally {
    closeSync(file);
  }
}

function peek(file: number, at: number, length: number): Buffer {
  const octets = Buffer.allocUnsafe(length);
  return octets.subarray(0, readSync(file, octets, 0, length, at));
}
