import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { constants, existsSync } from 'node:fs';
import { access, readFile, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { Config } from '../../flow/service/config.js';
import { formatOctets } from '../render/text.js';
import { type Check, note, ok, wrong } from './check.js';

/** Least free space for the data folder, and the share of the disk below which it is time to think of it. */
const LEAST_FREE_OCTETS = 1 << 30;
const LOW_SHARE = 0.1;
const TOOL_TIMEOUT_MS = 2000;

const SECTION = 'machine';

export async function examineMachine(config: Config): Promise<Check[]> {
  return Promise.all([receiveBuffer(config.collector.receiveBufferBytes), disk(config.data), clock()]);
}

/** Asks the kernel for the buffer as the collector does, and reads back what it got. */
async function receiveBuffer(asked: number): Promise<Check> {
  const name = 'receive buffer';
  const socket = createSocket('udp4');
  try {
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    try {
      socket.setRecvBufferSize(asked);
    } catch {
      // Refused above the system's limit; what it is now is read below.
    }
    const granted = process.platform === 'linux' ? socket.getRecvBufferSize() / 2 : socket.getRecvBufferSize();
    const most = await readFile('/proc/sys/net/core/rmem_max', 'utf8').catch(() => '');
    const says = `${formatOctets(granted)} of ${formatOctets(asked)}${most === '' ? '' : ` (net.core.rmem_max ${most.trim()})`}`;
    if (granted >= asked) return ok(SECTION, name, says);
    return note(
      SECTION,
      name,
      says,
      `sysctl -w net.core.rmem_max=${asked}, and in /etc/sysctl.d for the next start; it is what absorbs bursts`,
    );
  } finally {
    socket.close();
  }
}

async function disk(data: string): Promise<Check> {
  const name = 'data folder';
  let place = data;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  try {
    await access(place, constants.W_OK);
    const { bavail, blocks, bsize } = await statfs(place);
    const free = bavail * bsize;
    const says = `${data}${place === data ? '' : ' (not there yet)'}: ${formatOctets(free)} free of ${formatOctets(blocks * bsize)}`;
    const remedy = 'make room, shorten retention, or name another folder with --data';
    if (free < LEAST_FREE_OCTETS) return wrong(SECTION, name, says, remedy);
    return free < blocks * bsize * LOW_SHARE ? note(SECTION, name, says, remedy) : ok(SECTION, name, says);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return wrong(SECTION, name, `${place} cannot be written (${code})`, 'change its permissions or name another folder with --data');
  }
}

/** Asks whoever keeps the time whether it is right: what the exporters' clocks are compared with. */
async function clock(): Promise<Check> {
  const name = 'clock';
  const now = new Date().toISOString();
  const remedy = 'run chrony or systemd-timesyncd: the ledger compares the exporters’ clocks with this one';
  const run = promisify(execFile);
  try {
    const { stdout } = await run('timedatectl', ['show', '--property=NTPSynchronized', '--value'], { timeout: TOOL_TIMEOUT_MS });
    if (stdout.trim() === 'yes') return ok(SECTION, name, `${now}, synchronised`);
    return note(SECTION, name, `${now}, not synchronised`, remedy);
  } catch {
    // No systemd here.
  }
  try {
    const { stdout } = await run('chronyc', ['-n', 'tracking'], { timeout: TOOL_TIMEOUT_MS });
    const offset = /System time\s*:\s*([\d.]+) seconds (slow|fast)/.exec(stdout);
    if (offset !== null) return ok(SECTION, name, `${now}, ${offset[1]} s ${offset[2]} by chrony`);
  } catch {
    // No chrony either: a container takes the time of its host.
  }
  return note(SECTION, name, `${now}; nobody here says whether it is right`, remedy);
}
