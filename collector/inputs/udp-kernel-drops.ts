import { readdir, readFile, readlink } from 'node:fs/promises';
import { endianness } from 'node:os';
import { formatAddress, parseAddress } from '../../flow/address.js';

/*
 * /proc/net/udp and udp6, one line a socket; addresses are 32-bit words in the machine's own order, hexadecimal:
 *   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
 *   7: 0100007F:0807 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 31337 2 0000000000000000 0
 * The last column is exact per socket (reference: assurance.md §2.2), and readable without privileges.
 */
const TABLES = ['/proc/net/udp', '/proc/net/udp6'] as const;
const LOCAL = 1;
const INODE = 9;
const DROPS = 12;

export interface SocketDrops {
  /** Address and port the socket is bound to, as text. */
  readonly address: string;
  readonly port: number;
  /** Datagrams dropped since the last reading. */
  readonly dropped: number;
}

/** How many datagrams the kernel dropped at this process's own UDP sockets, because nobody fetched them in time. */
export interface KernelDrops {
  /** What was dropped since the last call, per socket that dropped anything; undefined where the system does not tell. */
  read(): Promise<readonly SocketDrops[] | undefined>;
  /** Watches a socket that was opened since, bound to this address. */
  watch(address: string, port: number): void;
}

/** Watches the sockets bound to `sockets` in this process. Linux; elsewhere `read` answers undefined. */
export function createKernelDrops(sockets: readonly { readonly address: string; readonly port: number }[]): KernelDrops {
  const wanted = new Set(sockets.map(({ address, port }) => socketKey(formatAddress(parseAddress(address)), port)));
  const seen = new Map<string, number>();
  let inodes: ReadonlySet<string> | undefined;
  const readOnce = async (): Promise<readonly SocketDrops[] | undefined> => {
    inodes ??= await ownSockets();
    const lines = await socketLines();
    if (lines === undefined || inodes === undefined) return undefined;
    const found: SocketDrops[] = [];
    for (const line of lines) {
      const fields = line.trim().split(/\s+/);
      const inode = fields[INODE];
      if (inode === undefined || !inodes.has(inode)) continue;
      const local = localAddress(fields[LOCAL]!);
      if (local === undefined || !wanted.has(socketKey(local.address, local.port))) continue;
      const drops = Number(fields[DROPS]);
      if (!Number.isInteger(drops)) continue;
      // The counter is 32 bits wide and may wrap.
      const dropped = (drops - (seen.get(inode) ?? 0)) >>> 0;
      seen.set(inode, drops);
      if (dropped > 0) found.push({ ...local, dropped });
    }
    return found;
  };
  // One reading after the other: a counter read earlier but compared later would look like a wrap.
  let latest: Promise<unknown> = Promise.resolve();
  return {
    read() {
      const reading = latest.then(readOnce);
      latest = reading;
      return reading;
    },
    watch(address, port) {
      wanted.add(socketKey(formatAddress(parseAddress(address)), port));
      inodes = undefined;
    },
  };
}

function socketKey(address: string, port: number): string {
  return `${address} ${port}`;
}

async function socketLines(): Promise<string[] | undefined> {
  const texts = await Promise.all(TABLES.map((path) => readFile(path, 'latin1').catch(() => undefined)));
  if (texts[0] === undefined) return undefined;
  return texts.flatMap((text) => (text ?? '').split('\n').slice(1));
}

/** Inodes of the sockets that this process has open. */
async function ownSockets(): Promise<ReadonlySet<string> | undefined> {
  const names = await readdir('/proc/self/fd').catch(() => undefined);
  if (names === undefined) return undefined;
  const links = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')));
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}

/** `0100007F:0807` or the same with 32 digits, as address text and port. */
export function localAddress(text: string): { address: string; port: number } | undefined {
  const match = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(text);
  if (match === null) return undefined;
  const octets = Buffer.from(match[1]!, 'hex');
  if (endianness() === 'LE') octets.swap32();
  const bytes = new Uint8Array(16);
  if (octets.length === 4) bytes.set([0xff, 0xff], 10);
  bytes.set(octets, 16 - octets.length);
  return { address: formatAddress(bytes), port: Number.parseInt(match[2]!, 16) };
}
