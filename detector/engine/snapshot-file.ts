import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../../flow/service/replace-file.js';
import type { SnapshotStore, StoredSnapshot } from './snapshot-store.js';

/*
 * One file per partition of a log, and the one before it beside it:
 *   snapshot-<16 hex digits of the log's name>-<partition>.bin       JSON line {log, partition, offset}, the bytes, 32 octets of SHA-256 over both
 *   snapshot-<…>-<partition>.previous.bin
 * Written to a temporary name, flushed to the disk, then renamed: a power cut leaves the old one or the new one, never half.
 */

interface Head {
  readonly log: string;
  readonly partition: number;
  readonly offset: number;
}

const LINE_FEED = 10;
const DIGEST_BYTES = 32;
/** Read at a time: longer than the line at the beginning. */
const PART_BYTES = 1 << 20;

/** Snapshots as files in `folder`, which is made when it is missing. */
export function createFileSnapshotStore(folder: string): SnapshotStore {
  return {
    async *load(log, partition) {
      const path = pathOf(folder, log, partition);
      for (const candidate of [path, previousOf(path)]) yield* read(candidate, log, partition);
    },

    async save(log, partition, snapshot) {
      await mkdir(folder, { recursive: true });
      const path = pathOf(folder, log, partition);
      await replaceFile(path, contentOf({ log, partition, offset: snapshot.offset }, snapshot.bytes), { previous: previousOf(path) });
    },
  };
}

function pathOf(folder: string, log: string, partition: number): string {
  const name = createHash('sha256').update(log).digest('hex').slice(0, 16);
  return join(folder, `snapshot-${name}-${partition}.bin`);
}

function previousOf(path: string): string {
  return path.replace(/\.bin$/, '.previous.bin');
}

function* contentOf(head: Head, bytes: Uint8Array | Iterable<Uint8Array>): Generator<Uint8Array> {
  const line = new TextEncoder().encode(`${JSON.stringify(head)}\n`);
  const hash = createHash('sha256');
  for (const parts of [[line], bytes instanceof Uint8Array ? [bytes] : bytes]) {
    for (const part of parts) {
      hash.update(part);
      yield part;
    }
  }
  yield hash.digest();
}

/** The snapshot of a file, none where it is missing, cut short, altered or of another log: the caller then tries the one before. */
async function* read(path: string, log: string, partition: number): AsyncGenerator<StoredSnapshot> {
  const file = await openFile(path);
  if (file === undefined) return;
  try {
    const intact = await readHead(file);
    if (intact === undefined || intact.head.log !== log || intact.head.partition !== partition) return;
    yield { offset: intact.head.offset, parts: partsOf(file, intact.begin, intact.end) };
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The head of a file whose checksum matches, and where the snapshot begins and ends in it. */
async function readHead(file: FileHandle): Promise<{ head: Head; begin: number; end: number } | undefined> {
  const { size } = await file.stat();
  const end = size - DIGEST_BYTES;
  const hash = createHash('sha256');
  const part = Buffer.alloc(PART_BYTES);
  let line = '';
  for (let at = 0; at < end; ) {
    const { bytesRead } = await file.read(part, 0, Math.min(part.length, end - at), at);
    if (bytesRead === 0) return undefined;
    const read = part.subarray(0, bytesRead);
    hash.update(read);
    if (at === 0) line = read.toString('utf8', 0, read.indexOf(LINE_FEED) + 1);
    at += bytesRead;
  }
  const { bytesRead } = await file.read(part, 0, DIGEST_BYTES, Math.max(0, end));
  if (line === '' || !hash.digest().equals(part.subarray(0, bytesRead))) return undefined;
  return { head: JSON.parse(line) as Head, begin: Buffer.byteLength(line), end };
}

/** Bytes `begin` to `end` of the file. Read while the caller waits, who does nothing else until the state is restored. */
function* partsOf(file: FileHandle, begin: number, end: number): Generator<Uint8Array> {
  const part = new Uint8Array(PART_BYTES);
  for (let at = begin; at < end; ) {
    const length = readSync(file.fd, part, 0, Math.min(part.length, end - at), at);
    if (length === 0) return;
    yield part.subarray(0, length);
    at += length;
  }
}
