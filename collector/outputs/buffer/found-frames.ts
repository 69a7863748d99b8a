import type { Bus, Message, Topic } from '../../../flow/bus/bus.js';
import { IDENTITY_HEADER } from './disk-log.js';

/** Part of one partition's log: offsets from `from` up to `before`, which exist unless retention took them. */
export interface LogRange {
  readonly topic: Topic;
  readonly partition: number;
  readonly from: number;
  readonly before: number;
}

/**
 * Reads the ranges of the bus, and tells the frames in them that came from a disk buffer: identity → offset. `group` must be nobody else's; nothing is
 * committed for it. Rejects when the bus fails meanwhile.
 */
export async function findFrames(bus: Bus, ranges: readonly LogRange[], group: string): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const wanted = new Map(ranges.filter(({ from, before }) => from < before).map((range) => [`${range.topic}/${range.partition}`, range]));
  if (wanted.size === 0) return found;
  let done: () => void = () => undefined;
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  const look = (message: Message): void => {
    const key = `${message.topic}/${message.partition}`;
    const range = wanted.get(key);
    if (range === undefined) return;
    const identity = message.headers[IDENTITY_HEADER];
    if (identity !== undefined && message.offset < range.before) found.set(identity, message.offset);
    if (message.offset >= range.before - 1) wanted.delete(key);
    if (wanted.size === 0) done();
  };
  const starts = new Map(ranges.map(({ topic, partition, from }) => [`${topic}/${partition}`, from]));
  const subscription = await bus.subscribe({
    group,
    topics: [...new Set(ranges.map(({ topic }) => topic))],
    reader: {
      assigned: async ({ topic, partition }) => starts.get(`${topic}/${partition}`),
      revoked: async () => undefined,
      async messages(messages) {
        for (const message of messages) look(message);
      },
    },
  });
  try {
    await Promise.race([all, subscription.ended.then(() => Promise.reject(new Error('reading the bus ended too early')))]);
  } finally {
    await subscription.close();
  }
  return found;
}
