/**
 * Frames of 900 KB through the real Kafka, and through the bus in process: megabytes and messages per second, published until
 * acknowledged, then read until delivered.
 *
 *   node <compiled>/tests/bench/bus.js [frames] [partitions]      KAFKA_BROKERS names a broker, else one is started
 */
import { randomUUID } from 'node:crypto';
import { cpus, totalmem } from 'node:os';
import type { Bus, Message, OutgoingMessage } from '../../flow/bus/bus.js';
import { createKafkaBus } from '../../flow/bus/kafka.js';
import { createLocalBus } from '../../flow/bus/local.js';
import { startBroker } from '../kafka/broker.js';
import { report } from './report.js';

const frames = Number(process.argv[2] ?? 400);
const partitionCounts = process.argv[3] === undefined ? [1, 4] : [Number(process.argv[3])];
const frameBytes = 900_000;
const recordsPerFrame = 4_500; // 25 columns, 200 bytes a row
/** Published at once, as a collector does that waits for the oldest of its frames. */
const concurrency = 32;

/** Shaped like a frame: columns of small numbers, repeated addresses, some noise. Compresses about as flow records do. */
function frame(seed: number): OutgoingMessage {
  const value = new Uint8Array(frameBytes);
  let state = seed + 1;
  for (let i = 0; i < frameBytes; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const column = (i / 36_000) | 0;
    value[i] = column % 5 === 0 ? state >>> 24 : column % 5 === 1 ? (i & 3 ? 0 : state >>> 30) : (i >>> 4) & 0x0f;
  }
  return { value, headers: { 'frame-version': '1', rows: String(recordsPerFrame) } };
}

const outgoing = Array.from({ length: 16 }, (_, index) => frame(index));

function print(what: string, messages: number, seconds: number): void {
  const perSecond = messages / seconds;
  const cells = [
    what.padEnd(44),
    `${((perSecond * frameBytes) / 1e6).toFixed(0).padStart(6)} MB/s`,
    `${perSecond.toFixed(0).padStart(6)} messages/s`,
    `${((perSecond * recordsPerFrame) / 1000).toFixed(0).padStart(7)} k records/s`,
    `${(process.memoryUsage().rss / 1e6).toFixed(0).padStart(5)} MB resident`,
  ];
  process.stdout.write(`${cells.join('  ')}\n`);
  report({ name: what.replace(/, [\d.]+ cores$/, ''), value: perSecond * recordsPerFrame, unit: 'records/s in frames' });
}

async function publishAll(bus: Bus): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < frames) {
      const index = next++;
      await bus.publish('flows', index % bus.partitions('flows'), outgoing[index % outgoing.length]!);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
}

async function readAll(bus: Bus): Promise<void> {
  let seen = 0;
  let done: () => void = () => {};
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  const subscription = await bus.subscribe({
    group: `bench-${randomUUID()}`,
    topics: ['flows'],
    reader: {
      assigned: async () => undefined,
      messages: async (batch: readonly Message[]) => {
        seen += batch.length;
        if (seen >= frames) done();
      },
      revoked: async () => {},
    },
  });
  await all;
  await subscription.close();
}

async function time(what: string, messages: number, work: () => Promise<void>): Promise<void> {
  const cpu = process.cpuUsage();
  const begin = performance.now();
  await work();
  const seconds = (performance.now() - begin) / 1000;
  const used = process.cpuUsage(cpu);
  print(`${what}, ${((used.user + used.system) / 1e6 / seconds).toFixed(2)} cores`, messages, seconds);
}

process.stdout.write(`${cpus()[0]?.model ?? '?'} × ${cpus().length}, ${(totalmem() / 2 ** 30).toFixed(0)} GB, Node ${process.version}\n`);
process.stdout.write(`${frames} frames of ${frameBytes} bytes\n`);

const local = createLocalBus();
await local.start();
await time('in process, publish and read', frames, async () => {
  const reading = readAll(local);
  await publishAll(local);
  await reading;
});
await local.stop();

const own = process.env.KAFKA_BROKERS === undefined ? await startBroker({ forSpeed: true }) : undefined;
const brokers = own?.brokers ?? process.env.KAFKA_BROKERS!.split(',');
try {
  for (const compression of ['none', 'gzip'] as const) {
    for (const partitions of partitionCounts) {
      const bus = createKafkaBus({ brokers, topicPrefix: `bench-${randomUUID()}.`, partitions: { flows: partitions }, compression });
      await bus.start();
      const what = `Kafka, ${compression}, ${partitions} partition${partitions === 1 ? '' : 's'}`;
      await time(`${what}, publish`, frames, () => publishAll(bus));
      await time(`${what}, read`, frames, () => readAll(bus));
      await bus.stop();
    }
  }
} finally {
  await own?.stop();
}
