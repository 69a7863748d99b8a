import { closeSync, fsyncSync, openSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** What was made, renamed or removed in the folder is on the disk when it resolves. Rejects with the file system's error. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The same at once. */
export function syncFolderSync(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Writes a file whose content is on the disk when it returns; with the flag `wx` it must be new. Its name is there after `syncFolderSync`. */
export function writeFileSynced(path: string, text: string, flag: 'w' | 'wx' = 'w'): void {
  const file = openSync(path, flag);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
