import { randomUUID } from 'node:crypto';
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncFolder, syncFolderSync, writeFileSynced } from './synced.js';

/*
 * A file is replaced as a whole: a new one beside it is written, synced and renamed over the old, then the folder is synced, so that a crash at any moment
 * leaves the old or the new content. Each call has a name of its own for the new file, <name>.new-<uuid>: processes of one data folder may replace the same
 * file at the same moment, and the last to rename wins.
 */

/** No file takes longer to write: what is older, a process that was killed has left. */
const ABANDONED_MS = 10 * 60_000;

export interface ReplaceOptions {
  /** Rights of the new file from its first octet on; 0o666 less the umask by default. */
  readonly mode?: number;
  /** Where the old file is kept; in a crash between two renames it is there alone. */
  readonly previous?: string;
}

/** Replaces a file; content in parts is written one by one, each before the next is asked for. Rejects with the file system's error, and then the old file is as it was; the folder must exist. */
export async function replaceFile(
  path: string,
  content: string | Uint8Array | Iterable<string | Uint8Array>,
  { mode, previous }: ReplaceOptions = {},
): Promise<void> {
  const beside = besideOf(path);
  try {
    const file = await open(beside, 'wx', mode);
    try {
      for (const part of partsOf(content)) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    if (previous !== undefined) await rename(path, previous).catch(unlessMissing);
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** The same at once, for small files that a person waits for. */
export function replaceFileSync(path: string, content: string): void {
  const beside = besideOf(path);
  try {
    writeFileSynced(beside, content, 'wx');
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
  syncFolderSync(dirname(path));
}

const looked = new Set<string>();

/** A name for the new file. The first call for a path removes what killed processes have left there. */
function besideOf(path: string): string {
  const prefix = `${basename(path)}.new-`;
  if (!looked.has(path)) {
    looked.add(path);
    for (const name of readdirSync(dirname(path)).filter((one) => one.startsWith(prefix))) {
      const left = join(dirname(path), name);
      const { mtimeMs = Number.POSITIVE_INFINITY } = statSync(left, { throwIfNoEntry: false }) ?? {};
      if (Date.now() - mtimeMs > ABANDONED_MS) rmSync(left, { force: true });
    }
  }
  return `${join(dirname(path), prefix)}${randomUUID()}`;
}

function partsOf(content: string | Uint8Array | Iterable<string | Uint8Array>): Iterable<string | Uint8Array> {
  return typeof content === 'string' || content instanceof Uint8Array ? [content] : content;
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
