import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDiskBuffer, type DiskBuffer } from '../../../../collector/outputs/buffer/disk-buffer.js';
import type { BufferLimits } from '../../../../collector/outputs/buffer/limits.js';
import { type Bus, BusError, type OutgoingMessage, type Topic } from '../../../../flow/bus/bus.js';
import { createLocalBus } from '../../../../flow/bus/local.js';

/*
 * Whatever the bus does (away, slow, taking frames without saying so) and whenever the process ends: every frame that the buffer took is on the bus
 * once, in order.
 */

const quick: Partial<BufferLimits> = {
  awayAfterMs: 40,
  lookEveryMs: 10,
  retryMs: 10,
  firstContactMs: 100,
  settleMs: 20,
  stopMs: 500,
  windowFrames: 8,
  memoryOctets: 3000,
  segmentOctets: 2000,
};

/** A broker whose connections can be made to fail in every way that matters. */
class Broker {
  readonly messages = new Map<string, string[]>();
  /** Nobody can connect, and nothing that is sent arrives. */
  away = false;
  /** What is sent arrives, and nobody is told. */
  mute = false;
  connections = 0;
  private readonly bus = createLocalBus({
    partitions: { flows: 2 },
    groups: { flows: ['kept'], coverage: ['kept'] },
    maxMessages: 1e6,
    maxBytes: 1e9,
  });

  connect(): Bus {
    const { bus } = this;
    const stopped = new AbortController();
    const failed = (): BusError => new BusError('broker-unreachable', 'no broker');
    const never = (): Promise<never> => new Promise((_resolve, reject) => stopped.signal.addEventListener('abort', () => reject(failed())));
    return {
      ...bus,
      start: async () => {
        if (this.away) throw failed();
        this.connections++;
      },
      publish: async (topic: Topic, partition: number, message: OutgoingMessage) => {
        if (this.away) stopped.abort();
        if (stopped.signal.aborted) throw failed();
        const offset = await bus.publish(topic, partition, message);
        const key = `${topic}/${partition}`;
        this.messages.set(key, [...(this.messages.get(key) ?? []), Buffer.from(message.value).toString()]);
        if (this.mute) {
          setTimeout(() => stopped.abort(), 15);
          return never();
        }
        return offset;
      },
      stop: async () => stopped.abort(),
    };
  }
}

let folder: string;
let broker: Broker;
let warnings: string[];
const open: DiskBuffer[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-buffer-'));
  broker = new Broker();
  warnings = [];
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((buffer) => buffer.stop()));
  rmSync(folder, { recursive: true, force: true });
});

/** A process's buffer: it knows the broker of the moment at which it starts, and no later one. */
async function start(path = folder, limits: Partial<BufferLimits> = {}): Promise<DiskBuffer> {
  const reached = broker;
  const say = (_fields: object, message: string): void => void warnings.push(message);
  const buffer = createDiskBuffer({
    folder: path,
    connect: () => reached.connect(),
    partitions: 2,
    group: 'test',
    limits: { ...quick, ...limits },
    log: { debug: say, info: say, warn: say, error: say },
    now: Date.now,
  });
  open.push(buffer);
  await buffer.start();
  return buffer;
}

/** The files as they are, but the lock. Some are renamed or deleted meanwhile by a process that does not know that it has ended: then once more. */
function copyFiles(from: string, to: string): void {
  const names = readdirSync(from).filter((name) => name !== 'lock');
  try {
    for (const name of names) copyFileSync(join(from, name), join(to, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    for (const name of readdirSync(to)) rmSync(join(to, name));
    copyFiles(from, to);
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const numbered = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, index) => `frame ${from + index}`);
async function publish(buffer: DiskBuffer, from: number, to: number): Promise<void> {
  await Promise.all(numbered(from, to).map((text) => buffer.publish('flows', 0, { value: Buffer.from(text), headers: { rows: '1' } })));
}
const drained = (buffer: DiskBuffer): Promise<void> => until(() => buffer.status().frames === 0);
const arrived = (): string[] | undefined => broker.messages.get('flows/0');

describe('with the bus there', () => {
  test('frames pass in order, the files go, and stopping leaves nothing', async () => {
    const buffer = await start();
    await publish(buffer, 0, 100);
    await buffer.publish('coverage', 0, { value: Buffer.from('minute'), headers: {} });
    await drained(buffer);
    expect(arrived()).toEqual(numbered(0, 100));
    expect(broker.messages.get('coverage/0')).toEqual(['minute']);
    // A machine that stood still for awayAfterMs has made it buffer for a moment.
    await until(() => !buffer.status().buffering);
    expect(buffer.status()).toMatchObject({ connected: true, buffering: false, frames: 0, octets: 0, oldestMs: 0, acknowledged: 101 });
    await buffer.stop();
    expect(readdirSync(folder).filter((name) => name.endsWith('.frames')).length).toBeLessThanOrEqual(1);
    await expect(publish(buffer, 0, 1)).rejects.toMatchObject({ code: 'stopped' });
  });

  test('a folder belongs to one process at a time', async () => {
    const buffer = await start();
    await expect(start()).rejects.toMatchObject({ code: 'buffer-in-use', message: expect.stringContaining('collector.buffer.path') });
    await buffer.stop();
    await start();
  });
});

describe('with the bus away', () => {
  test('frames wait on disk and go in order when it comes back; both moments are told', async () => {
    const buffer = await start();
    await publish(buffer, 0, 10);
    await drained(buffer);
    broker.away = true;
    await publish(buffer, 10, 200);
    await until(() => buffer.status().buffering);
    expect(buffer.status()).toMatchObject({ connected: false, frames: 190 });
    expect(buffer.status().oldestMs).toBeGreaterThan(0);
    broker.away = false;
    await drained(buffer);
    expect(arrived()).toEqual(numbered(0, 200));
    await until(() => !buffer.status().buffering);
    expect(warnings.join('\n')).toMatch(/the disk buffer keeps them[\s\S]*the disk buffer has drained/);
  });

  test('a start without it is a start: frames of this run and the one before go when it comes', async () => {
    broker.away = true;
    const first = await start();
    await publish(first, 0, 50);
    await first.stop();
    const second = await start();
    expect(second.status()).toMatchObject({ connected: false, frames: 50 });
    await publish(second, 50, 80);
    broker.away = false;
    await drained(second);
    expect(arrived()).toEqual(numbered(0, 80));
  });

  test('the number of partitions is the configured one until the bus was asked, and then the one it said', async () => {
    broker.away = true;
    const first = createDiskBuffer({
      folder,
      connect: () => broker.connect(),
      partitions: 5,
      group: 'test',
      limits: quick,
      log: { debug: () => undefined, info: () => undefined, error: () => undefined, warn: (_f, message) => void warnings.push(message) },
      now: Date.now,
    });
    open.push(first);
    await first.start();
    expect([first.partitions('flows'), first.partitions('coverage')]).toEqual([5, 1]);
    await first.publish('flows', 4, { value: Buffer.from('assumed'), headers: {} });
    broker.away = false;
    await drained(first);
    expect(first.partitions('flows')).toBe(2);
    expect(arrived()).toEqual(['assumed']);
    expect(warnings.join()).toContain('another number of partitions');
    await first.stop();
    broker.away = true;
    expect((await start()).partitions('flows')).toBe(2);
  });

  test('a full buffer makes publishing wait, and loses nothing', async () => {
    broker.away = true;
    const buffer = await start(folder, { maxOctets: 5000, segmentOctets: 1000 });
    let taken = 0;
    const publishing = Promise.all(
      numbered(0, 100).map((text) => buffer.publish('flows', 0, { value: Buffer.from(text), headers: {} }).then(() => taken++)),
    );
    await until(() => buffer.status().fullWaits > 0);
    expect(taken).toBeLessThan(100);
    expect(buffer.status().diskOctets).toBeLessThanOrEqual(5000);
    broker.away = false;
    await publishing;
    await drained(buffer);
    expect(arrived()).toEqual(numbered(0, 100));
  });
});

describe('frames in doubt', () => {
  test('what the bus took without saying so is found in its log, and not sent again', async () => {
    const buffer = await start();
    await publish(buffer, 0, 5);
    await drained(buffer);
    broker.mute = true;
    await publish(buffer, 5, 30);
    await until(() => broker.connections > 1);
    broker.mute = false;
    await publish(buffer, 30, 40);
    await drained(buffer);
    expect(arrived()).toEqual(numbered(0, 40));
    expect(buffer.status().foundOnBus).toBeGreaterThan(0);
  });

  test('property: a process that ends at any moment, the bus in any mood; every frame once and in order', async () => {
    const step = fc.record({
      frames: fc.integer({ min: 0, max: 40 }),
      away: fc.boolean(),
      mute: fc.boolean(),
      pauseMs: fc.integer({ min: 0, max: 40 }),
      crash: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        broker = new Broker();
        let within = mkdtempSync(join(folder, 'run-'));
        let buffer = await start(within);
        let sent = 0;
        for (const { frames, away, mute, pauseMs, crash } of steps) {
          broker.away = away;
          broker.mute = mute;
          await publish(buffer, sent, sent + frames);
          sent += frames;
          await new Promise((resolve) => setTimeout(resolve, pauseMs));
          if (!crash) continue;
          // What another process would find: the files of this moment. The old process can send no more.
          const next = mkdtempSync(join(folder, 'run-'));
          const old = broker;
          const copied = new Broker();
          Object.assign(copied, { bus: Reflect.get(old, 'bus'), messages: old.messages, connections: old.connections, away, mute });
          old.away = true;
          copyFiles(within, next);
          broker = copied;
          const ended = buffer;
          await ended.stop();
          within = next;
          buffer = await start(within);
        }
        broker.away = false;
        broker.mute = false;
        await drained(buffer);
        expect(arrived() ?? []).toEqual(numbered(0, sent));
        await buffer.stop();
      }),
      { numRuns: 40 },
    );
  });
});
