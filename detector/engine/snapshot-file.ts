import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
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

/** Snapshots as files in `folder`, which is made when it is missing. */
export function createFileSnapshotStore(folder: string): SnapshotStore {
  return {
    async load(log, partition) {
      const path = pathOf(folder, log, partition);
      const found = await Promise.all([read(path, log, partition), read(previousOf(path), log, partition)]);
      return found.filter((snapshot) => snapshot !== undefined);
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

/** Undefined for a file that is missing, cut short, altered or of another log: the caller then tries the one before. */
async function read(path: string, log: string, partition: number): Promise<StoredSnapshot | undefined> {
  let file: Buffer;
  try {
    file = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const begin = file.indexOf(LINE_FEED) + 1;
  const end = file.length - DIGEST_BYTES;
  if (begin === 0 || begin > end) return undefined;
  const sum = createHash('sha256').update(file.subarray(0, end)).digest();
  if (!sum.equals(file.subarray(end))) return undefined;
  const head = JSON.parse(file.toString('utf8', 0, begin)) as Head;
  if (head.log !== log || head.partition !== partition) return undefined;
  return { offset: head.offset, bytes: new Uint8Array(file.buffer, file.byteOffset + begin, end - begin) };
}
