import { readdir, readFile, readlink } from 'node:fs/promises';

/*
 * /proc/net/{udp,udp6,tcp,tcp6}: local address and port in hexadecimal in the second column, the state in the fourth (0A: listening), the socket's inode in
 * the tenth. Whose the inode is, the links in /proc/PID/fd say, as far as this user may read them.
 */
const LOCAL = 1;
const STATE = 3;
const INODE = 9;
const LISTENING = '0A';

export interface PortHolder {
  readonly pid: number;
  readonly program: string;
}

/** The process that listens on a port of this machine; undefined where that cannot be told (another user's, not Linux). */
export async function portHolder(protocol: 'udp' | 'tcp', port: number): Promise<PortHolder | undefined> {
  const inodes = new Set<string>();
  for (const table of [protocol, `${protocol}6`]) {
    const text = await readFile(`/proc/net/${table}`, 'latin1').catch(() => '');
    for (const line of text.split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      const local = Number.parseInt(fields[LOCAL]?.split(':')[1] ?? '', 16);
      if (local === port && (protocol === 'udp' || fields[STATE] === LISTENING)) inodes.add(`socket:[${fields[INODE]}]`);
    }
  }
  if (inodes.size === 0) return undefined;
  for (const pid of (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))) {
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      if (!inodes.has(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''))) continue;
      return { pid: Number(pid), program: (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '?')).trim() };
    }
  }
  return undefined;
}
