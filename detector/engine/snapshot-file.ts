import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../../flow/service/replace-file.js';
import type { SnapshotStore, StoredSnapshot } from './snapshot-store.js';

/*
 * One file per partition of a log, and the one before it beside it:
 *   snapshot-<16 hex digits of the log's name>-<partition>.bin       JSON line {log, partition, offset, bytes, sha256}, then the bytes
 *   snapshot-<…>-<partition>.previous.bin
 * Written to a temporary name, flushed to the disk, then renamed: a power cut leaves the old one or the new one, never half.
 */

interface Head {
  readonly log: string;
  readonly partition: number;
  readonly offset: number;
  readonly bytes: number;
  readonly sha256: string;
}

const LINE_FEED = 10;

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
      // Two parts instead of one joined buffer: a snapshot can be tens of megabytes.
      await replaceFile(path, [headLine(log, partition, snapshot), snapshot.bytes], { previous: previousOf(path) });
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

function headLine(log: string, partition: number, { offset, bytes }: StoredSnapshot): string {
  const head: Head = { log, partition, offset, bytes: bytes.length, sha256: digest(offset, bytes) };
  return `${JSON.stringify(head)}\n`;
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
  const end = file.indexOf(LINE_FEED);
  if (end < 0) return undefined;
  const head = headOf(file.subarray(0, end).toString());
  const bytes = new Uint8Array(file.buffer, file.byteOffset + end + 1, file.length - end - 1);
  if (head === undefined || head.log !== log || head.partition !== partition || head.sha256 !== digest(head.offset, bytes))
    return undefined;
  return { offset: head.offset, bytes };
}

function headOf(line: string): Head | undefined {
  try {
    return JSON.parse(line) as Head;
  } catch {
    return undefined;
  }
}

function digest(offset: number, bytes: Uint8Array): string {
  return createHash('sha256').update(`${offset}\n`).update(bytes).digest('hex');
}
