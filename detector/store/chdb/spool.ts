import { mkdir, open, readdir, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Files that carry bytes into the engine: `INSERT … FROM INFILE`. Inline data is unsafe in chdb (it ends at the first empty line, and what follows
 * runs as SQL). The folder lies in the data directory: measured, it is as fast as /dev/shm, because a file that lives for a
 * fraction of a second never leaves the page cache, and containers often have 64 MB of /dev/shm only.
 */
export class Spool {
  readonly #folder: string;
  #next = 0;

  constructor(dataDirectory: string) {
    this.#folder = join(dataDirectory, 'spool');
  }

  /** Makes the folder and removes what a crash left there. */
  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    for (const name of await readdir(this.#folder)) await rm(join(this.#folder, name), { force: true });
  }

  /** Writes the payloads one after another and hands the file's path to `use`; the file is gone afterwards. */
  async with<T>(payloads: readonly Uint8Array[], use: (path: string) => Promise<T>): Promise<T> {
    const path = join(this.#folder, `${this.#next++}.data`);
    try {
      const file = await open(path, 'w', 0o600);
      try {
        const total = payloads.reduce((sum, payload) => sum + payload.byteLength, 0);
        const { bytesWritten } = await file.writev(payloads as Uint8Array[]);
        if (bytesWritten !== total) throw new Error(`${path}: ${bytesWritten} of ${total} bytes written; the disk is full`);
      } finally {
        await file.close();
      }
      return await use(path);
    } finally {
      await unlink(path).catch(() => {}); // not there when it could not be made
    }
  }
}

/** A single-quoted SQL string. For paths and names of our own making; values from outside are bound, never quoted. */
export function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
