import { closeSync, openSync, rmSync, statSync } from 'node:fs';

/** Work that reads a small file and replaces it takes milliseconds: a lock that is older was left by a process that was killed. */
const ABANDONED_MS = 10_000;
const PAUSE_MS = 5;

/**
 * Runs `work` while no other process, or call, does so for the same path: for files that are read, changed and replaced. The lock is a file <path>.lock, there
 * while somebody works; its folder must exist. Waits without an end for others, and blocks meanwhile: for what a person does now and then.
 */
export function exclusively<T>(path: string, work: () => T): T {
  const lock = `${path}.lock`;
  while (!taken(lock)) {
    const { mtimeMs = Number.POSITIVE_INFINITY } = statSync(lock, { throwIfNoEntry: false }) ?? {};
    if (Date.now() - mtimeMs > ABANDONED_MS) rmSync(lock, { force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** False where somebody else has it. */
function taken(lock: string): boolean {
  try {
    closeSync(openSync(lock, 'wx'));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
