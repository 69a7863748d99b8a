import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BUS_SENSOR } from '../../../detector/coverage/bus-holes.js';
import { createEngine } from '../../../detector/engine/engine.js';
import { HOLE_REACH_MS } from '../../../detector/engine/hole.js';
import { PartitionWorker } from '../../../detector/engine/partition-worker.js';
import { ColumnBatch, FlowBatch } from '../../../flow/batch.js';
import type { Bus, Message, OutgoingMessage, Topic } from '../../../flow/bus/bus.js';
import { createLocalBus } from '../../../flow/bus/local.js';
import { FLOW_COLUMNS } from '../../../flow/columns.js';
import { COVERAGE_COLUMNS } from '../../../flow/coverage.js';
import { decodeFrame, FrameEncoder } from '../../../flow/frame.js';
import { batchOf, claimsOf } from '../support/rows.js';
import { asUniflows, exchanges, inOrder, TRAFFIC_CLAIMS } from '../support/traffic.js';

const claims = claimsOf(TRAFFIC_CLAIMS);
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Frames of five records each, in order of time. */
function frames(): { readonly frame: OutgoingMessage; readonly firstMs: number; readonly lastMs: number }[] {
  const list = fc.sample(exchanges, { numRuns: 20, seed: 7 }).flat().slice(0, 40);
  const rows = inOrder(list.flatMap((exchange, index) => asUniflows(exchange, index % 2 === 0)));
  const encoder = new FrameEncoder(FLOW_COLUMNS);
  return Array.from({ length: 6 }, (_, n) => {
    const batch = batchOf(claims, rows.slice(n * 5, n * 5 + 5));
    const starts = batch.columns.flowStartMilliseconds.subarray(0, 5);
    const ends = batch.columns.flowEndMilliseconds.subarray(0, 5);
    return { frame: encoder.encode(batch)[0]!, firstMs: Math.min(...starts), lastMs: Math.max(...ends) };
  });
}

/** Judges the frames at these offsets, from `next` on, and returns what it published on `coverage`. */
async function holesOf(offsets: readonly number[], next = 0): Promise<ColumnBatch<typeof COVERAGE_COLUMNS>> {
  const published = new ColumnBatch(COVERAGE_COLUMNS);
  const local = createLocalBus({ logs: { flows: 'input' }, groups: {} });
  await local.start();
  const bus: Bus = {
    ...local,
    partitions: (topic: Topic) => local.partitions(topic),
    publish: async (topic, _partition, message) => {
      if (topic === 'coverage') decodeFrame(message, published);
      return 0;
    },
  };
  const at = { topic: 'flows', partition: 3, log: 'input', committed: undefined } as const;
  const snapshots = { async *load() {}, save: async () => {} };
  const worker = new PartitionWorker({ bus, snapshots, log: quiet }, createEngine({ claims }), at, next, new FlowBatch());
  const all = frames();
  const messages: Message[] = offsets.map((offset, n) => ({ ...all[n]!.frame, topic: 'flows', partition: 3, log: 'input', offset }));
  await worker.take(messages);
  await local.stop();
  return published;
}

it('messages that are gone from the bus before they were read are told to the ledger, with the time that they may have held records of', async () => {
  const holes = await holesOf([0, 1, 5, 6]);
  const all = frames();
  const { columns: c } = holes;
  expect(holes.length).toBe(1);
  expect(c.sensor.dictionary.name(c.sensor.codes[0]!)).toBe(BUS_SENSOR);
  expect([c.messagesLost[0], c.observationDomainId[0]]).toEqual([3, 3]);
  const before = Math.max(all[0]!.lastMs, all[1]!.lastMs);
  expect(c.firstMessageMilliseconds[0]).toBe(Math.min(before, all[2]!.firstMs) - HOLE_REACH_MS);
  expect(c.lastMessageMilliseconds[0]).toBe(Math.max(before, all[2]!.firstMs));
});

it('a log in order has no holes, nor is the beginning of a log that was never read one; what is gone before the place to go on from is', async () => {
  expect((await holesOf([0, 1, 2])).length).toBe(0);
  expect((await holesOf([70, 71])).length).toBe(0);
  expect((await holesOf([70, 71], 60)).columns.messagesLost[0]).toBe(10);
});
