import { ColumnBatch, FlowBatch } from '../../../flow/batch.js';
import type { Message, Topic } from '../../../flow/bus/bus.js';
import { createKafkaBus } from '../../../flow/bus/kafka.js';
import { COVERAGE_COLUMNS } from '../../../flow/coverage.js';
import { decodeFrame } from '../../../flow/frame.js';

/** Everything that a topic holds now, in the order of partitions and offsets. */
export async function readTopic(brokers: readonly string[], topicPrefix: string, topic: Topic): Promise<Message[]> {
  const bus = createKafkaBus({ brokers, topicPrefix });
  await bus.start();
  try {
    const ends = await bus.ends(topic);
    let left = ends.reduce((sum, { low, high }) => sum + high - low, 0);
    const messages: Message[] = [];
    if (left === 0) return [];
    await new Promise<void>((resolve, reject) => {
      const reader = {
        assigned: async () => 0,
        revoked: async () => undefined,
        messages: async (batch: readonly Message[]) => {
          messages.push(...batch);
          left -= batch.length;
          if (left <= 0) resolve();
        },
      };
      bus.subscribe({ group: `${topicPrefix}reading`, topics: [topic], reader }).then(({ ended }) => ended.then(resolve, reject), reject);
    });
    return messages.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
  } finally {
    await bus.stop();
  }
}

/** The numbers that v5-sender.ts gave the flows of a frame, with the asset each is filed under. */
export function flowsOf(
  frames: readonly { value: Uint8Array; headers: Readonly<Record<string, string>> }[],
): { asset: string; number: number }[] {
  const flows: { asset: string; number: number }[] = [];
  const batch = new FlowBatch();
  for (const frame of frames) {
    batch.clear();
    decodeFrame(frame, batch);
    const { asset, octetDeltaCount } = batch.columns;
    for (let row = 0; row < batch.length; row++)
      flows.push({ asset: asset.dictionary.name(asset.codes[row]!), number: octetDeltaCount[row]! });
  }
  return flows;
}

type LedgerSum =
  | 'messagesReceived'
  | 'messagesLost'
  | 'messagesOverrun'
  | 'recordsReceived'
  | 'recordsProduced'
  | 'recordsLost'
  | 'kernelDrops';

/** Sums over all rows of the ledger in these frames. */
export function ledgerOf(frames: readonly Message[]): Record<LedgerSum, number> {
  const batch = new ColumnBatch(COVERAGE_COLUMNS);
  for (const frame of frames) decodeFrame(frame, batch);
  const sum = (column: LedgerSum): number => batch.columns[column].subarray(0, batch.length).reduce((total, value) => total + value, 0);
  return {
    messagesReceived: sum('messagesReceived'),
    messagesLost: sum('messagesLost'),
    messagesOverrun: sum('messagesOverrun'),
    recordsReceived: sum('recordsReceived'),
    recordsProduced: sum('recordsProduced'),
    recordsLost: sum('recordsLost'),
    kernelDrops: sum('kernelDrops'),
  };
}
