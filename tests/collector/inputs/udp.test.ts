import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Origin } from '../../../collector/contracts.js';
import { createUdpInput, type UdpAddress, type UdpInput, type UdpInputOptions } from '../../../collector/inputs/udp.js';
import { localAddress, type SocketDrops } from '../../../collector/inputs/udp-kernel-drops.js';
import { formatAddress, parsePrefix } from '../../../flow/address.js';
import { FaultCounts } from './collecting.js';

interface Listening {
  input: UdpInput;
  bound: readonly UdpAddress[];
  warnings: string[];
  faults: FaultCounts['counts'];
  drops: SocketDrops[];
  sensorsAsked: string[];
  limited: Record<string, number>;
  /** Sensors of the datagrams that were dropped because the queue was full. */
  overruns: string[];
  /** Wall clock of the input. */
  clock: { ms: number };
}

async function listen(options: Partial<UdpInputOptions> = {}): Promise<Listening> {
  const warnings: string[] = [];
  const faults = new FaultCounts();
  const drops: SocketDrops[] = [];
  const sensorsAsked: string[] = [];
  const limited: Record<string, number> = {};
  const overruns: string[] = [];
  const clock = { ms: 1_796_256_000_000 };
  const quiet = (): void => undefined;
  const input = createUdpInput(
    { listen: [{ address: '127.0.0.1', port: 0 }], ...options },
    {
      log: { debug: quiet, info: quiet, error: quiet, warn: (_fields, message) => void warnings.push(message) },
      faults,
      sensorOf: (exporter, port) => {
        sensorsAsked.push(`${formatAddress(exporter)} ${port}`);
        return `sensor-${formatAddress(exporter)}`;
      },
      now: () => clock.ms,
      onKernelDrops: (drop) => void drops.push(drop),
      onLimited: (sensor, datagrams) => {
        limited[sensor] = (limited[sensor] ?? 0) + datagrams;
      },
      onOverrun: (origin) => void overruns.push(origin.sensor),
    },
  );
  const bound = await input.bind();
  onTestFinished(() => input.stop());
  return { input, bound, warnings, faults: faults.counts, drops, sensorsAsked, limited, overruns, clock };
}

async function sender(type: 'udp4' | 'udp6' = 'udp4'): Promise<Socket> {
  const socket = createSocket(type);
  socket.bind(0, type === 'udp4' ? '127.0.0.1' : '::1');
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  return socket;
}

function send(socket: Socket, octets: Uint8Array, port: number, address = '127.0.0.1'): Promise<void> {
  return new Promise((resolve, reject) => socket.send(octets, port, address, (error) => (error === null ? resolve() : reject(error))));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const hasIPv6 = existsSync('/proc/net/if_inet6');

describe('UDP input', () => {
  test('datagrams on several ports arrive with exporter, sensor and time; sensors are looked up once per exporter', async () => {
    const { input, bound, sensorsAsked } = await listen({
      listen: [
        { address: '127.0.0.1', port: 0 },
        { address: '127.0.0.1', port: 0 },
      ],
    });
    expect(bound).toHaveLength(2);
    expect(bound[0]!.port).not.toBe(bound[1]!.port);
    const got: { octets: number[]; origin: Origin }[] = [];
    const running = input.start((payload, origin) => void got.push({ octets: [...payload], origin: { ...origin } }));
    const exporter = await sender();
    await send(exporter, Uint8Array.of(1, 2, 3), bound[0]!.port);
    await until(() => got.length === 1);
    await send(exporter, Uint8Array.of(4), bound[1]!.port);
    await until(() => got.length === 2);
    await input.stop();
    await running;
    const { port } = exporter.address();
    expect(got.map(({ octets }) => octets)).toEqual([[1, 2, 3], [4]]);
    expect(got[0]!.origin).toMatchObject({
      sensor: 'sensor-127.0.0.1',
      exporterPort: port,
      transport: 'udp',
      receivedMs: 1_796_256_000_000,
    });
    expect(formatAddress(got[0]!.origin.exporter)).toBe('127.0.0.1');
    expect(sensorsAsked).toEqual([`127.0.0.1 ${port}`]);
    expect(input.counters).toMatchObject({ datagrams: 2, octets: 4, delivered: 2, refused: 0 });
  });

  test.skipIf(!hasIPv6)('IPv6 and IPv4 may listen on the same port', async () => {
    const { bound: first } = await listen();
    const port = first[0]!.port;
    const { input, bound } = await listen({ listen: [{ address: '::1', port }] });
    expect(bound).toEqual([{ address: '::1', port }]);
    const got: string[] = [];
    const running = input.start((_payload, origin) => void got.push(formatAddress(origin.exporter)));
    await send(await sender('udp6'), Uint8Array.of(1), port, '::1');
    await until(() => got.length === 1);
    await input.stop();
    await running;
    expect(got).toEqual(['::1']);
  });

  test('senders that are not allowed are counted and go no further', async () => {
    const { input, bound, faults, sensorsAsked } = await listen({ allow: [parsePrefix('192.0.2.0/24')] });
    const running = input.start(() => expect.unreachable());
    const stranger = await sender();
    for (let i = 0; i < 3; i++) await send(stranger, Uint8Array.of(i), bound[0]!.port);
    await until(() => input.counters.refused === 3);
    await input.stop();
    await running;
    expect([faults, sensorsAsked, input.counters.datagrams]).toEqual([{ refused: 3 }, [], 0]);
  });

  test('an allowed prefix lets its senders in', async () => {
    const { input, bound } = await listen({ allow: [parsePrefix('127.0.0.0/8')] });
    let got = 0;
    const running = input.start(() => void got++);
    await send(await sender(), Uint8Array.of(1), bound[0]!.port);
    await until(() => got === 1);
    await input.stop();
    await running;
  });

  test('a sender over its limit is refused and counted by name, whatever ports it uses, until its second has passed', async () => {
    const { input, bound, faults, limited, clock } = await listen({ maxDatagramsPerSecond: 10, dropsIntervalMs: 20 });
    let got = 0;
    const running = input.start(() => void got++);
    const [one, other] = [await sender(), await sender()];
    for (let i = 0; i < 8; i++) {
      await send(one, Uint8Array.of(i), bound[0]!.port);
      await send(other, Uint8Array.of(i), bound[0]!.port);
    }
    await until(() => got + input.counters.limited === 16);
    expect([got, input.counters.datagrams, input.counters.limited]).toEqual([10, 10, 6]);
    await until(() => limited['sensor-127.0.0.1'] === 6);
    clock.ms += 500;
    for (let i = 0; i < 8; i++) await send(one, Uint8Array.of(i), bound[0]!.port);
    await until(() => got + input.counters.limited === 24);
    expect(got).toBe(15);
    await input.stop();
    await running;
    expect([faults, limited]).toEqual([{ refused: 9 }, { 'sensor-127.0.0.1': 9 }]);
  });

  test('a port in use is met by a sentence that says what to do', async () => {
    const { bound } = await listen();
    const { port } = bound[0]!;
    await expect(
      listen({
        listen: [
          { address: '127.0.0.1', port: 0 },
          { address: '127.0.0.1', port },
        ],
      }),
    ).rejects.toMatchObject({
      name: 'InputError',
      code: 'port-in-use',
      message: `UDP port ${port} on 127.0.0.1 is in use by another program; stop it ('ss -lunp' shows which) or give another port`,
    });
  });

  test('an address of another machine and an address that is none are refused', async () => {
    await expect(listen({ listen: [{ address: '192.0.2.1', port: 0 }] })).rejects.toMatchObject({ code: 'address-not-available' });
    await expect(listen({ listen: [{ address: 'localhost', port: 0 }] })).rejects.toThrow("'localhost' is not an IPv4 or IPv6 address");
  });

  test('a receive buffer that the kernel does not grant is warned of', async () => {
    const { warnings } = await listen({ receiveBufferOctets: 2 ** 30 });
    expect(warnings).toEqual([
      expect.stringMatching(/receive buffer of UDP port 0 on 127\.0\.0\.1 is \d+ octets instead of 1073741824; raise it with sysctl/),
    ]);
  });

  test('while the consumer makes it wait, datagrams are queued in order, and dropped and counted beyond the bound', async () => {
    const { input, bound, overruns } = await listen({ maxQueuedDatagrams: 4 });
    const got: number[] = [];
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const running = input.start((payload) => {
      got.push(payload[0]!);
      return gate;
    });
    const exporter = await sender();
    for (let i = 0; i < 8; i++) {
      await send(exporter, Uint8Array.of(i), bound[0]!.port);
      await until(() => input.counters.datagrams === i + 1);
    }
    expect(got).toEqual([0]);
    release();
    await until(() => got.length === 5);
    expect(got).toEqual([0, 1, 2, 3, 4]);
    expect(input.counters).toMatchObject({ datagrams: 8, delivered: 5, queueDrops: 3 });
    expect(overruns).toEqual(['sensor-127.0.0.1', 'sensor-127.0.0.1', 'sensor-127.0.0.1']);
    await input.stop();
    await running;
  });

  test('what arrives between bind and start is kept', async () => {
    const { input, bound } = await listen();
    await send(await sender(), Uint8Array.of(7), bound[0]!.port);
    await until(() => input.counters.datagrams === 1);
    const got: number[] = [];
    const running = input.start((payload) => void got.push(payload[0]!));
    await until(() => got.length === 1);
    await input.stop();
    await running;
    expect([got, input.counters.queueDrops]).toEqual([[7], 0]);
  });

  test('a stop fetches what the kernel has already taken', async () => {
    const { input, bound } = await listen();
    let got = 0;
    const running = input.start(() => void got++);
    const exporter = await sender();
    const SENT = 500;
    const sends = Array.from({ length: SENT }, (_, i) => send(exporter, Uint8Array.of(i & 0xff), bound[0]!.port));
    await Promise.all(sends);
    await input.stop();
    await running;
    expect(got).toBe(SENT);
  });

  test('an error of the consumer ends the input and reaches whoever started it', async () => {
    for (const fail of [
      () => Promise.reject(new Error('downstream')),
      () => {
        throw new Error('downstream');
      },
    ]) {
      const { input, bound } = await listen();
      const running = input.start(fail);
      const ended = expect(running).rejects.toThrow('downstream');
      await send(await sender(), Uint8Array.of(7), bound[0]!.port);
      await ended;
    }
  });

  test.skipIf(!existsSync('/proc/net/udp'))('datagrams that the kernel drops are told exactly, per socket', async () => {
    const { input, bound, drops } = await listen({ receiveBufferOctets: 4096, dropsIntervalMs: 20 });
    let got = 0;
    const running = input.start(() => void got++);
    const exporter = await sender();
    const SENT = 400;
    const payload = new Uint8Array(1000);
    // Sent without giving this process a chance to fetch them: what does not fit the buffer is dropped.
    const sends = Array.from({ length: SENT }, () => send(exporter, payload, bound[0]!.port));
    await Promise.all(sends);
    const dropped = (): number => drops.reduce((sum, drop) => sum + drop.dropped, 0);
    await until(() => got + dropped() === SENT);
    expect(dropped()).toBeGreaterThan(0);
    expect(drops[0]).toMatchObject({ address: '127.0.0.1', port: bound[0]!.port });
    await input.stop();
    await running;
    expect(input.counters.kernelDrops).toBe(SENT - got);
  });
});

test('/proc/net/udp addresses', () => {
  // As a little-endian machine prints them.
  expect(localAddress('0100007F:0807')).toEqual({ address: '127.0.0.1', port: 2055 });
  expect(localAddress('00000000000000000000000001000000:1283')).toEqual({ address: '::1', port: 4739 });
  expect(localAddress('B80D0120000000000000000001000000:1283')).toEqual({ address: '2001:db8::1', port: 4739 });
  expect(localAddress('local_address')).toBeUndefined();
});
