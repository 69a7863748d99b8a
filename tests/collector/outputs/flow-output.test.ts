import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFlowOutput } from '../../../collector/outputs/flow-output.js';
import { parseAddress, parsePrefix } from '../../../flow/address.js';
import { FlowBatch } from '../../../flow/batch.js';
import type { Message } from '../../../flow/bus/bus.js';
import { createLocalBus } from '../../../flow/bus/local.js';
import { decodeFrame } from '../../../flow/frame.js';
import { WatchList } from '../../../flow/watch-list.js';

const asset = (name: string, address: string) => ({
  name,
  fleet: 'scanners',
  unit: name,
  prefixes: [parsePrefix(address)],
  macAddresses: [],
});
const watchList = new WatchList([asset('scan-1', '10.0.0.1'), asset('scan-2', '10.0.0.2'), asset('scan-3', '10.0.0.3')]);
const ADDRESSES = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '192.0.2.1', '192.0.2.2'];

interface Pair {
  source: string;
  destination: string;
}

function batchOf(pairs: readonly Pair[], firstNumber: number): FlowBatch {
  const batch = new FlowBatch();
  pairs.forEach(({ source, destination }, index) => {
    const row = batch.add();
    batch.columns.sourceIPv6Address.bytes.set(parseAddress(source), row * 16);
    batch.columns.destinationIPv6Address.bytes.set(parseAddress(destination), row * 16);
    batch.columns.recordNumber[row] = firstNumber + index;
  });
  return batch;
}

/** Sends the batches through a bus of `partitions` and returns the rows per asset, in the order a reader sees them. */
async function route(batches: readonly Pair[][], partitions: number, rowsPerFrame: number) {
  const bus = createLocalBus({ partitions: { flows: partitions }, groups: { flows: ['test'] } });
  await bus.start();
  const output = createFlowOutput({ bus, watchList, rowsPerFrame });
  const seen = new Map<string, string[]>();
  let rows = 0;
  const subscription = await bus.subscribe({
    group: 'test',
    topics: ['flows'],
    reader: {
      assigned: async () => undefined,
      revoked: async () => undefined,
      async messages(messages: readonly Message[]) {
        const batch = new FlowBatch();
        for (const message of messages) {
          expect(Number(message.headers.rows)).toBeLessThanOrEqual(rowsPerFrame);
          decodeFrame(message, batch);
        }
        for (let row = 0; row < batch.length; row++) {
          const { asset: name, assetSide, mirror, recordNumber } = batch.columns;
          const key = name.dictionary.name(name.codes[row]!);
          seen.set(key, [...(seen.get(key) ?? []), `${recordNumber[row]}/${assetSide[row]}/${mirror[row]}`]);
          rows++;
        }
        const last = messages[messages.length - 1]!;
        await subscription.commit('flows', last.partition, last.offset + 1);
      },
    },
  });
  let produced = 0;
  let unwatched = 0;
  let number = 0;
  for (const pairs of batches) {
    const counts = await output.write(batchOf(pairs, number));
    produced += counts.produced;
    unwatched += counts.unwatched;
    number += pairs.length;
  }
  await output.flush();
  await bus.flush();
  await bus.stop();
  return { seen, rows, produced, unwatched, total: number };
}

const pair = fc.record({ source: fc.constantFrom(...ADDRESSES), destination: fc.constantFrom(...ADDRESSES) });

describe('flow output', () => {
  test('every record is produced or counted as unwatched, and an asset’s rows keep their order whatever the partitions and frames', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(pair, { maxLength: 30 }), { maxLength: 5 }),
        fc.integer({ min: 1, max: 20 }),
        async (batches, rowsPerFrame) => {
          const one = await route(batches, 1, 4096);
          const four = await route(batches, 4, rowsPerFrame);
          expect(one.produced + one.unwatched).toBe(one.total);
          expect(four).toEqual(one);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('a record between two assets is filed under both, the second time as a mirror', async () => {
    const { seen, produced } = await route([[{ source: '10.0.0.1', destination: '10.0.0.2' }]], 4, 10);
    expect(produced).toBe(1);
    expect(Object.fromEntries(seen)).toEqual({ 'scan-1': ['0/1/0'], 'scan-2': ['0/2/1'] });
  });
});
