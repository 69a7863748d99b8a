import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Ports that others are told before anybody listens on them. They lie below those that the kernel gives to whoever asks for any (32768 and above on Linux): between
 * here and the moment of use, none of the many sockets of other tests can get one. Each of vitest's workers has a stretch of its own.
 */
const FIRST = 11_000;
const PER_WORKER = 1000;
const WORKERS = 20;

const stretch = FIRST + (Number(process.env.VITEST_POOL_ID ?? 0) % WORKERS) * PER_WORKER;
// Not always the same ones: what the file before used may not be gone yet.
let next = process.pid % PER_WORKER;

/** Ports of loopback that nobody uses, over TCP or UDP, each given once. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = stretch + next;
    next = (next + 1) % PER_WORKER;
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const [tcp, udp] = [createServer(), createSocket('udp4')];
  try {
    tcp.listen(port, '127.0.0.1');
    await once(tcp, 'listening');
    udp.bind(port, '127.0.0.1');
    await once(udp, 'listening');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  } finally {
    udp.close();
    if (tcp.listening) await new Promise((resolve) => tcp.close(resolve));
  }
}
