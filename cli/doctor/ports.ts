import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv6 } from 'node:net';
import type { Config } from '../../flow/service/config.js';
import { parseListen } from '../wiring/check-config.js';
import type { ProcessStatus } from '../wiring/process-status.js';
import { type Check, note, ok, wrong } from './check.js';
import { portHolder } from './port-holder.js';

const SECTION = 'ports';

interface Port {
  readonly protocol: 'udp' | 'tcp';
  readonly use: string;
  readonly address: string;
  readonly port: number;
}

/** Each configured port: free, ours, or somebody else's. */
export async function examinePorts(config: Config, processes: readonly ProcessStatus[]): Promise<Check[]> {
  const pids = new Set(processes.map(({ pid }) => pid));
  return Promise.all(configuredPorts(config).map((port) => examinePort(port, pids)));
}

function configuredPorts({ collector, console: viewer, metrics, kafka }: Config): Port[] {
  const listening = (protocol: 'udp' | 'tcp', use: string, addresses: readonly string[]): Port[] =>
    addresses.map((text) => ({ protocol, use, ...parseListen(text) }));
  return [
    ...listening('udp', 'exporters', collector.listen),
    ...listening('tcp', 'IPFIX over TCP', collector.tcp),
    ...listening('tcp', 'IPFIX over TLS', collector.tls.listen),
    // With Kafka the console is another process's, if anybody's.
    ...(kafka.brokers.length > 0 ? [] : [{ protocol: 'tcp' as const, use: 'console', address: viewer.host, port: viewer.port }]),
    { protocol: 'tcp' as const, use: 'metrics', address: metrics.host, port: metrics.port },
  ].filter(({ port }) => port !== 0);
}

async function examinePort({ protocol, use, address, port }: Port, ours: ReadonlySet<number>): Promise<Check> {
  const name = `${protocol} ${address.includes(':') ? `[${address}]` : address}:${port}`;
  const code = await (protocol === 'udp' ? tryUdp(address, port) : tryTcp(address, port));
  if (code === undefined) return ok(SECTION, name, `${use}: free`);
  if (code === 'EADDRINUSE') {
    const holder = await portHolder(protocol, port);
    if (holder !== undefined && ours.has(holder.pid)) return ok(SECTION, name, `${use}: Cordon listens (process ${holder.pid})`);
    const who = holder === undefined ? 'a program that this user may not see' : `${holder.program}, process ${holder.pid}`;
    const remedy = `stop it (ss -lnp | grep :${port}), or configure another port`;
    // A Cordon that does not say so itself: an older one, or one that is starting.
    return ours.size > 0 && holder === undefined
      ? note(SECTION, name, `${use}: held by ${who}`, remedy)
      : wrong(SECTION, name, `${use}: held by ${who}`, remedy);
  }
  const remedy =
    code === 'EACCES' ? 'give a port above 1023, or the capability CAP_NET_BIND_SERVICE' : "see 'ip address', and correct the address";
  return wrong(SECTION, name, `${use}: cannot be opened (${code})`, remedy);
}

async function tryUdp(address: string, port: number): Promise<string | undefined> {
  const socket = createSocket(isIPv6(address) ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' });
  try {
    socket.bind({ address, port, exclusive: true });
    await once(socket, 'listening');
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown error';
  } finally {
    socket.close();
  }
}

async function tryTcp(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown error';
  } finally {
    server.close();
  }
}
