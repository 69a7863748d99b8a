import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The process that has the engine open on `path`, or undefined. ClickHouse holds an flock on its `status` file; where the kernel lists locks
 * (Linux) that is asked. chdb itself says no more than "Failed to create connection" and writes the reason to standard error.
 */
export async function lockHolder(path: string): Promise<string | undefined> {
  try {
    const { ino } = await stat(join(path, 'status'));
    const locks = await readFile('/proc/locks', 'utf8');
    // 1: FLOCK  ADVISORY  WRITE 4711 fe:00:131099 0 EOF
    const line = locks.split('\n').find((text) => text.includes('FLOCK') && text.includes(`:${ino} `));
    return line === undefined ? undefined : (/WRITE\s+(-?\d+)/.exec(line)?.[1] ?? '?');
  } catch {
    return undefined; // no data directory yet, or not Linux: opening will tell
  }
}
