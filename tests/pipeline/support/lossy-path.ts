import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/*
 * Exporters, a router that loses datagrams, and a collector, each in a network namespace of its own:
 *
 *   exporter 1   192.0.2.1 ── 192.0.2.2 ┐
 *   exporter 2   192.0.2.5 ── 192.0.2.6 ├ router ── 203.0.113.2 ─── 203.0.113.1 collector
 *   …                                   ┘    └ netfilter drops some of what it forwards
 *                                     └─ `sent`                └─ `arriving`     tcpdump
 *
 * Needs root, iproute2, iptables, tcpdump and softflowd. Namespaces carry this process's number, so that runs do not meet.
 */
const COLLECTOR = '203.0.113.1';
const PROGRAMS = ['ip', 'iptables', 'tcpdump', 'softflowd'] as const;

/** How a reason begins that `apt-get install` can mend: where CI asks for everything, that is a failure. */
export const NOT_INSTALLED = 'not installed';

/** Why the lossy path cannot be made here; undefined where it can. */
export function whyNoLossyPath(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'namespaces need root on Linux';
  const missing = PROGRAMS.filter((name) => !['/usr/sbin', '/usr/bin', '/sbin', '/bin'].some((folder) => existsSync(join(folder, name))));
  if (missing.length > 0) return `${NOT_INSTALLED}: ${missing.join(', ')}`;
  const probe = `cordon-probe-${process.pid}`;
  const rule = ['iptables', '-A', 'FORWARD', '-m', 'statistic', '--mode', 'random', '--probability', '0.5', '-j', 'DROP'];
  const made = spawnSync('ip', ['netns', 'add', probe]).status === 0;
  const works = made && spawnSync('ip', ['netns', 'exec', probe, ...rule]).status === 0;
  if (made) spawnSync('ip', ['netns', 'del', probe]);
  return works ? undefined : 'this kernel grants no network namespaces, or no random loss in them';
}

/** One datagram as it passed a point of the path. */
export interface Datagram {
  readonly source: string;
  readonly payload: Buffer;
}

export interface LossyPath {
  readonly collector: string;
  /** Addresses of the exporters, as many as were asked for. */
  readonly exporters: readonly string[];
  /** Begins an argument list that runs a program where the collector is. */
  readonly atCollector: readonly string[];
  /**
   * Runs softflowd at one exporter over a capture, to its end; answers what it says of itself: packets sent and records in them. `-a` makes the capture's
   * own time the export time, so that a recorded day passes in a second.
   */
  softflowd(exporter: string, capture: string, version: number, port: number): Promise<{ packets: number; records: number }>;
  /** Sends one datagram from an exporter's address and a given port. */
  send(exporter: string, payload: Buffer, port: number): void;
  /** Loses this share of what is forwarded, but the first datagram of each exporter: it carries the templates. */
  lose(share: number): void;
  loseNothing(): void;
  /** Resolves when nothing waits in the collector's sockets. */
  fetched(): Promise<void>;
  /** Captures until `stop`, which answers what the exporters sent and what of it left the router, in order. */
  watch(port: number): Promise<{ stop(): Promise<{ sent: Datagram[]; arriving: Datagram[] }> }>;
  remove(): void;
}

export function createLossyPath(exporterCount: number, folder: string): LossyPath {
  const prefix = `cordon-${process.pid}`;
  const [router, collector] = [`${prefix}-router`, `${prefix}-collector`];
  const exporters = Array.from({ length: exporterCount }, (_, i) => `192.0.2.${1 + 4 * i}`);
  const nameOf = (exporter: string): string => `${prefix}-exporter${exporters.indexOf(exporter) + 1}`;
  const names = [router, collector, ...exporters.map(nameOf)];
  const run = (program: string, ...args: string[]): string =>
    execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const inside = (name: string, ...args: string[]): string => run('ip', 'netns', 'exec', name, ...args);

  const remove = (): void => {
    for (const name of names) spawnSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
  };
  /** A link from `name` to the router, with a /30 of its own. */
  const link = (name: string, address: string, routerLink: string): void => {
    const far = address.replace(/\d+$/, (last) => String(Number(last) + 1));
    run('ip', 'netns', 'add', name);
    run('ip', '-n', name, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', routerLink, 'netns', router);
    run('ip', '-n', name, 'addr', 'add', `${address}/30`, 'dev', 'eth0');
    run('ip', '-n', router, 'addr', 'add', `${far}/30`, 'dev', routerLink);
    for (const [at, device] of [
      [name, 'lo'],
      [name, 'eth0'],
      [router, routerLink],
    ] as const) {
      run('ip', '-n', at, 'link', 'set', device, 'up');
    }
    run('ip', '-n', name, 'route', 'add', 'default', 'via', far);
  };
  const send = (exporter: string, payload: Buffer, port: number): void => {
    const program = `const s=require('dgram').createSocket('udp4');s.send(Buffer.from(process.argv[1],'hex'),${port},'${COLLECTOR}',()=>s.close())`;
    inside(nameOf(exporter), process.execPath, '-e', program, payload.toString('hex'));
  };

  remove();
  try {
    run('ip', 'netns', 'add', router);
    inside(router, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
    link(collector, COLLECTOR, 'collector');
    for (const [i, exporter] of exporters.entries()) link(nameOf(exporter), exporter, `exporter${i + 1}`);
    // Neighbours ask for each other before, so that no datagram that counts waits for them: to the port of `discard`.
    for (const exporter of exporters) send(exporter, Buffer.of(0), 9);
  } catch (error) {
    remove();
    throw error;
  }

  return {
    collector: COLLECTOR,
    exporters,
    atCollector: ['ip', 'netns', 'exec', collector],

    async softflowd(exporter, capture, version, port) {
      const link = join(folder, `${nameOf(exporter)}.pcap`);
      rmSync(link, { force: true });
      symlinkSync(capture, link);
      // As the scenarios were recorded (fixtures/generator/record/export.sh): a datagram about every minute, no control socket.
      const timeouts = ['maxlife', 'tcp', 'tcp.rst', 'tcp.fin', 'udp', 'icmp', 'general'].flatMap((name) => ['-t', `${name}=60`]);
      const options = ['-r', link, '-n', `${COLLECTOR}:${port}`, '-v', String(version), '-a', '-m', '4', ...timeouts];
      const child = spawn('ip', ['netns', 'exec', nameOf(exporter), 'softflowd', '-d', '-c', 'none', '-p', `${link}.pid`, ...options], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await once(child, 'close');
      const told = /Flows exported: \d+ \((\d+) records\) in (\d+) packets \(0 failures\)/.exec(said);
      if (told === null) throw new Error(`softflowd did not export all it had:\n${said}`);
      return { records: Number(told[1]), packets: Number(told[2]) };
    },

    send,

    lose(share) {
      const forward = (...rule: string[]): string => inside(router, 'iptables', '-A', 'FORWARD', '-p', 'udp', ...rule);
      for (const exporter of exporters) forward('-s', exporter, '-m', 'limit', '--limit', '1/day', '--limit-burst', '1', '-j', 'ACCEPT');
      forward('-m', 'statistic', '--mode', 'random', '--probability', String(share), '-j', 'DROP');
    },

    loseNothing: () => void inside(router, 'iptables', '-F', 'FORWARD'),

    async fetched() {
      // /proc/net/udp: the fifth field is `to be sent:to be read`, in octets.
      const waits = (): boolean => {
        const lines = inside(collector, 'cat', '/proc/net/udp').trim().split('\n').slice(1);
        return lines.some((line) => !line.trim().split(/\s+/)[4]!.endsWith(':00000000'));
      };
      do await new Promise((resolve) => setTimeout(resolve, 500));
      while (waits());
    },

    async watch(port) {
      const points = ['sent', 'arriving'] as const;
      const filter = `udp dst port ${port}`;
      const dumps = points.map((point) => {
        // In the first, what exporters' links bring in; in the second what goes out to the collector.
        const at = point === 'sent' ? ['-i', 'any', '-Q', 'in'] : ['-i', 'collector', '-Q', 'out'];
        const file = join(folder, `${point}.pcap`);
        const args = [
          'netns',
          'exec',
          router,
          'tcpdump',
          ...at,
          '-n',
          '-U',
          '--immediate-mode',
          '-B',
          '65536',
          '-s',
          '2048',
          '-w',
          file,
          filter,
        ];
        return { file, child: spawn('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] }) };
      });
      await Promise.all(dumps.map(({ child }) => once(child.stderr, 'data')));
      return {
        async stop() {
          const [sent, arriving] = await Promise.all(
            dumps.map(async ({ file, child }) => {
              let said = '';
              child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
              child.kill('SIGINT');
              await once(child, 'close');
              if (!/^0 packets dropped by kernel$/m.test(said)) throw new Error(`tcpdump itself has missed packets:\n${said}`);
              return readDatagrams(readFileSync(file));
            }),
          );
          return { sent: sent!, arriving: arriving! };
        },
      };
    },

    remove,
  };
}

const LINK_ETHERNET = 1;
const LINK_SLL = 113;
const LINK_SLL2 = 276;

/**
 * UDP over IPv4 in a classic pcap as tcpdump writes it on this machine; shares no code with the collector.
 *
 *   file 24 octets, the last four the link type · packet: u32 seconds · u32 microseconds · u32 octets · u32 on the wire · frame
 */
function readDatagrams(file: Buffer): Datagram[] {
  const linkType = file.readUInt32LE(20);
  const header = { [LINK_ETHERNET]: 14, [LINK_SLL]: 16, [LINK_SLL2]: 20 }[linkType];
  if (header === undefined) throw new Error(`tcpdump wrote link type ${linkType}`);
  const found: Datagram[] = [];
  for (let at = 24; at < file.length; ) {
    const octets = file.readUInt32LE(at + 8);
    const ip = at + 16 + header;
    const udp = ip + (file[ip]! & 0x0f) * 4;
    const source = [...file.subarray(ip + 12, ip + 16)].join('.');
    found.push({ source, payload: file.subarray(udp + 8, udp + file.readUInt16BE(udp + 4)) });
    at += 16 + octets;
  }
  return found;
}
