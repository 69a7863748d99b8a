import { once } from 'node:events';
import { rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { exclusively } from '../../../flow/service/exclusively.js';
import { BufferError } from './buffer-error.js';

export const LOCK_NAME = 'lock';
/** The kernel's limit for the path of a local socket (unix(7): 108 octets with the final zero), with room for others' smaller ones. */
const MAX_SOCKET_PATH = 100;
/** Between taking its name and listening a process does not answer, for microseconds: a lock is dead when it does not answer this much later either. */
const ASK_AGAIN_MS = 50;

/**
 * One process per folder. The lock is a local socket that somebody listens on: the kernel closes it with the process, however that ends, so a lock
 * that nobody answers is a dead one, which the first that finds it removes. (Node has no flock.) Returns what releases it. Throws BufferError 'buffer-in-use'.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, LOCK_NAME);
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH)
    throw new BufferError('buffer-unusable', `the path ${path} is too long for a lock; set collector.buffer.path to a shorter one`);
  for (let attempt = 0; ; attempt++) {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    try {
      server.listen(path);
      await once(server, 'listening');
      return () => release(server);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EADDRINUSE')
        throw new BufferError(
          'buffer-unusable',
          `the disk buffer ${folder} cannot be locked (${code}); set collector.buffer.path to a folder of ours`,
          {
            cause: error,
          },
        );
      const found = identityOf(path);
      if (attempt > 0 || (await isAnswered(path)))
        throw new BufferError(
          'buffer-in-use',
          `another process uses the disk buffer ${folder}; stop it, or give this one another collector.buffer.path`,
        );
      exclusively(path, () => {
        // Otherwise somebody else has removed it, and may have a lock of its own there by now.
        if (identityOf(path) === found) rmSync(path, { force: true });
      });
    }
  }
}

/** Tells a file from one that took its place, under the same inode too. */
function identityOf(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.ino} ${stat.ctimeNs}`;
}

async function isAnswered(path: string): Promise<boolean> {
  if (await connects(path)) return true;
  await pause(ASK_AGAIN_MS);
  return connects(path);
}

async function connects(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function release(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}
