import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createUdpInput, type UdpInput } from '../../../collector/inputs/udp.js';
import { createUdpDispatcher, type UdpDispatcher, type UdpDispatcherOptions } from '../../../collector/inputs/udp-dispatcher.js';
import { formatAddress, parsePrefix } from '../../../flow/address.js';
import { FaultCounts } from './fault-counts.js';

/* What cluster mode does over several processes, in one: the sockets are the same. */

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const STEER_AFTER = 4;

interface Member {
  input: UdpInput;
  /** First octets of what arrived, by exporter. */
  readonly got: Map<string, number[]>;
}

interface Cluster {
  readonly dispatcher: UdpDispatcher;
  readonly members: Member[];
  readonly port: number;
  readonly told: { refused: number; kernelDrops: number };
  /** Datagrams that came through the dispatcher. */
  readonly handedOn: () => number;
}

async function cluster(options: Partial<UdpDispatcherOptions> = {}): Promise<Cluster> {
  const told = { refused: 0, kernelDrops: 0 };
  const members: Member[] = [];
  const dispatcher = createUdpDispatcher(
    {
      listen: [{ address: '0.0.0.0', port: 0 }],
      members: 2,
      receiveBufferOctets: 65_536,
      steerAfter: STEER_AFTER,
      dropsIntervalMs: 20,
      ...options,
    },
    {
      log: quiet,
      now: Date.now,
      handOn: (member, datagrams) => {
        for (const { payload, address, port, receivedMs } of datagrams)
          members[member]!.input.inject(payload, { address, port }, receivedMs);
      },
      steer: (member, { address, port, listen }) => void members[member]!.input.steer(bound[listen]!, { address, port }),
      tell: ({ refused, kernelDrops }) => {
        told.refused += refused;
        told.kernelDrops += kernelDrops;
      },
      failed: (error) => expect.unreachable(String(error)),
    },
  );
  const bound = await dispatcher.bind();
  onTestFinished(() => dispatcher.stop());
  for (let index = 0; index < 2; index++) members.push(await member(dispatcher));
  return { dispatcher, members, port: bound[0]!.port, told, handedOn: () => dispatcher.counters.handedOn };
}

async function member(dispatcher: UdpDispatcher): Promise<Member> {
  const got = new Map<string, number[]>();
  const input = createUdpInput(
    { listen: [] },
    {
      log: quiet,
      faults: new FaultCounts(),
      sensorOf: (exporter) => formatAddress(exporter),
      now: Date.now,
      onKernelDrops: () => undefined,
      onLimited: () => undefined,
      onStray: (payload, { address, port }) => dispatcher.stray({ payload, address, port, listen: 0, receivedMs: Date.now() }),
    },
  );
  onTestFinished(() => input.stop());
  void input.start((payload, origin) => {
    const key = formatAddress(origin.exporter);
    const list = got.get(key) ?? [];
    list.push((payload[0]! << 8) | payload[1]!);
    got.set(key, list);
  });
  return { input, got };
}

/** An exporter on an address of its own: all of 127.0.0.0/8 is this machine on Linux. */
async function exporter(address: string): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, address);
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  return socket;
}

function send(socket: Socket, number: number, port: number): Promise<void> {
  return new Promise((resolve, reject) =>
    socket.send(Uint8Array.of(number >> 8, number & 0xff), port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error))),
  );
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const total = (members: readonly Member[]): number => members.reduce((sum, { got }) => sum + [...got.values()].flat().length, 0);

describe.skipIf(process.platform !== 'linux')('several processes on one port', () => {
  test('each exporter meets one of them, nothing is lost or doubled, and soon the kernel does the work', async () => {
    const { members, port, handedOn } = await cluster();
    const addresses = ['127.0.0.11', '127.0.0.12', '127.0.0.13', '127.0.0.14'];
    const exporters = await Promise.all(addresses.map(exporter));
    const EACH = 300;
    for (let number = 0; number < EACH; number++) {
      for (const socket of exporters) await send(socket, number, port);
      // Exporters do not send while nobody reads: what the kernel drops here would be counted, but is not what is tested.
      if (number % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await until(() => total(members) === EACH * exporters.length);
    expect(members.map(({ got }) => got.size)).toEqual([2, 2]);
    for (const { got } of members) {
      for (const numbers of got.values()) expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: EACH }, (_, i) => i));
    }
    expect(handedOn()).toBeLessThan((EACH * exporters.length) / 2);
    const before = handedOn();
    for (const socket of exporters) await send(socket, EACH, port);
    await until(() => total(members) === (EACH + 1) * exporters.length);
    expect(handedOn()).toBe(before);
  });

  test('a process that has gone leaves its exporters to the dispatcher, which gives them to the one that comes for it', async () => {
    const running = await cluster();
    const { dispatcher, members, port, handedOn } = running;
    const [one, other] = [await exporter('127.0.0.11'), await exporter('127.0.0.12')];
    const both = async (from: number, to: number): Promise<void> => {
      for (let number = from; number < to; number++) for (const socket of [one, other]) await send(socket, number, port);
    };
    await both(0, 50);
    await until(() => total(members) === 100);
    await members[0]!.input.stop();
    members[0] = await member(dispatcher);
    dispatcher.restarted(0);
    await both(50, 100);
    await until(() => total(members) === 150);
    expect([...members[0]!.got.values()][0]!.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => 50 + i));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const before = handedOn();
    await both(100, 110);
    await until(() => total(members) === 170);
    expect(handedOn()).toBe(before);
  });

  test('who is not allowed is counted and costs no socket', async () => {
    const { members, port, told, handedOn } = await cluster({ allow: [parsePrefix('127.0.0.11/32')] });
    const [friend, stranger] = [await exporter('127.0.0.11'), await exporter('127.0.0.12')];
    for (let number = 0; number < 20; number++) {
      await send(stranger, number, port);
      await send(friend, number, port);
    }
    await until(() => total(members) === 20 && told.refused === 20);
    expect(handedOn()).toBeLessThanOrEqual(20);
    expect(members.flatMap(({ got }) => [...got.keys()])).toEqual(['127.0.0.11']);
  });

  test('a port that another program has is told, also where that one would share it', async () => {
    const taken = createSocket({ type: 'udp4', reuseAddr: true });
    taken.bind(0, '127.0.0.1');
    await once(taken, 'listening');
    onTestFinished(() => void taken.close());
    await expect(cluster({ listen: [{ address: '127.0.0.1', port: taken.address().port }] })).rejects.toMatchObject({
      code: 'port-in-use',
    });
  });
});
