import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bus, OutgoingMessage, Topic } from '../../../flow/bus/bus.js';
import type { CommitStore } from '../../../flow/bus/commit-store.js';
import type { Log } from '../../../flow/service/log.js';
import { replaceFile } from '../../../flow/service/replace-file.js';
import type { FrameSink } from '../frame-sink.js';
import type { BufferStatus } from './disk-buffer.js';
import { DiskLog, type Entry, makeBufferFolder } from './disk-log.js';
import { lockFolder } from './folder-lock.js';
import { type BufferLimits, DEFAULT_BUFFER_LIMITS } from './limits.js';
import type { RecordHead } from './record.js';

const NAME_FILE = 'log';
/** Header with the frame's offset in the log of its topic. */
const OFFSET_HEADER = 'offset';

export interface JournalOptions {
  /** Folder of the journal's files; made when missing. One process at a time. */
  readonly folder: string;
  /** Who must have committed a frame before it is forgotten, by topic. The topics have one partition each. */
  readonly groups: Partial<Readonly<Record<Topic, readonly string[]>>>;
  /** Where commits survive a restart. */
  readonly commits: CommitStore;
  readonly limits?: Partial<BufferLimits>;
  readonly log: Log;
  /** Wall clock in ms. */
  readonly now: () => number;
}

/**
 * Makes the in-process bus durable for live telemetry. Frames are written to disk first and then published; they are forgotten when every group has
 * committed them, and published again under the same offsets of the same log after a restart.
 */
export interface Journal extends FrameSink {
  /** Name of the log, the same as long as the folder is. */
  readonly logName: string;
  /** The offset that each topic's log begins with in this process: for the bus. */
  readonly origins: Readonly<Partial<Record<Topic, number>>>;
  /** For the bus, in place of the commits given: they go through here. */
  readonly commits: CommitStore;
  /** Publishes what an earlier process left, then what comes. The bus must have been started. */
  feed(bus: Bus): void;
  /** Resolves when the bus was given everything that `publish` has taken. */
  handedOver(): Promise<void>;
  /** Call it when the bus has stopped. */
  close(): Promise<void>;
  status(): BufferStatus;
}

interface TopicState {
  readonly groups: Map<string, number>;
  /** Offset of the next frame that is written. */
  next: number;
  /** Offset of the next frame that the bus gets. */
  fed: number;
  /** On the bus and not yet committed by all. */
  held: { readonly offset: number; readonly octets: number; readonly segment: Entry['segment']; readonly writtenMs: number }[];
}

/** Opens the folder. Throws BufferError when it is another process's or cannot be used. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { folder, commits, log, now } = options;
  const limits = { ...DEFAULT_BUFFER_LIMITS, ...options.limits };
  makeBufferFolder(folder);
  const unlock = await lockFolder(folder);
  const logName = await nameOf(folder);
  const topics = new Map<Topic, TopicState>();
  const topicNames = Object.keys(options.groups) as Topic[];
  for (const topic of topicNames) {
    const groups = new Map<string, number>();
    for (const group of options.groups[topic] ?? [])
      groups.set(group, (await commits.read({ log: logName, group, topic, partition: 0 }))?.offset ?? 0);
    topics.set(topic, { groups, next: Math.max(0, ...groups.values()), fed: Number.POSITIVE_INFINITY, held: [] });
  }
  const doneBefore = ({ groups }: TopicState): number => Math.min(...groups.values());
  const offsetOf = ({ headers }: { readonly headers: RecordHead['headers'] }): number => Number(headers[OFFSET_HEADER]);
  const doneAtStart = new Map([...topics].map(([topic, state]) => [topic, doneBefore(state)]));
  let opening = true;
  // Called for every record that is there when the folder is opened: so the offsets are learned, too.
  const isDone = (head: RecordHead): boolean => {
    const state = topics.get(head.topic);
    const offset = offsetOf(head);
    // Not ours: nobody could say where in the log it belongs.
    if (state === undefined || !Number.isSafeInteger(offset)) return true;
    const done = offset < doneAtStart.get(head.topic)!;
    if (opening) {
      state.next = Math.max(state.next, offset + 1);
      if (!done) state.fed = Math.min(state.fed, offset);
    }
    return done;
  };
  const disk = new DiskLog({ folder, limits, isDone, lastSequence: 0, log, now });
  opening = false;
  if (disk.frames > 0)
    log.info({ folder, frames: disk.frames, octets: disk.octets }, 'frames of an earlier run are judged and stored first');
  for (const state of topics.values()) {
    // A commit lost with its file is no reason to ask for frames that were forgotten long ago.
    const committed = doneBefore(state);
    state.fed = Math.min(state.next, committed > 0 ? committed : state.fed);
  }
  const origins = Object.fromEntries([...topics].map(([topic, { fed }]) => [topic, fed]));
  let feeding: Promise<void> = Promise.resolve();
  let giving = false;
  let closed = false;
  let acknowledged = 0;

  /** Forgets what all groups of the topic have committed. */
  const forget = async (state: TopicState): Promise<void> => {
    const before = doneBefore(state);
    const count = state.held.findIndex(({ offset }) => offset >= before);
    for (const frame of state.held.splice(0, count < 0 ? state.held.length : count)) {
      acknowledged++;
      await disk.release(frame);
    }
  };

  const give = async (bus: Bus, entry: Entry): Promise<void> => {
    const { topic, message, octets, segment, writtenMs } = entry;
    const state = topics.get(topic)!;
    const offset = offsetOf(message);
    // Offsets have no gaps in process: in the place of a frame that the disk has lost stands one that cannot be read, and is counted as such.
    for (; state.fed < offset; state.fed++) await bus.publish(topic, 0, { value: new Uint8Array(), headers: {} });
    state.fed++;
    // First: a reader may commit it before we hear that it was published.
    state.held.push({ offset, octets, segment, writtenMs });
    await bus.publish(topic, 0, message);
  };

  const pump = async (bus: Bus): Promise<void> => {
    while (!closed) {
      const changed = disk.changed.next();
      const entry = await disk.next();
      if (entry === undefined) {
        await changed;
        continue;
      }
      giving = true;
      await give(bus, entry);
      giving = false;
      disk.changed.raise();
    }
  };

  return {
    logName,
    origins,
    commits: {
      read: (key) => commits.read(key),
      async write(key, commit) {
        await commits.write(key, commit);
        const state = key.log === logName ? topics.get(key.topic) : undefined;
        if (state?.groups.has(key.group) !== true) return;
        state.groups.set(key.group, commit.offset);
        await forget(state);
      },
    },
    partitions: () => 1,
    publish(topic: Topic, _partition: number, { value, headers }: OutgoingMessage) {
      const offset = topics.get(topic)!.next++;
      return disk.append(topic, 0, { value, headers: { ...headers, [OFFSET_HEADER]: String(offset) } });
    },
    feed(bus) {
      feeding = pump(bus).catch((error: unknown) => {
        if (!closed) log.debug({ error: String(error) }, 'the bus takes no more frames; the next start goes on with them');
      });
    },
    async handedOver() {
      const held = (): number => [...topics.values()].reduce((sum, state) => sum + state.held.length, 0);
      while (giving || disk.frames > held()) await disk.changed.next();
    },
    async close() {
      closed = true;
      disk.changed.raise();
      await feeding;
      await disk.close();
      await unlock();
    },
    status() {
      const oldest = Math.min(...[...topics.values()].map(({ held }) => held[0]?.writtenMs ?? Number.POSITIVE_INFINITY));
      return {
        ...disk.counters,
        folder,
        connected: true,
        buffering: false,
        frames: disk.frames,
        octets: disk.octets,
        diskOctets: disk.diskOctets,
        maxOctets: limits.maxOctets,
        oldestMs: Number.isFinite(oldest) ? Math.max(0, now() - oldest) : 0,
        acknowledged,
        foundOnBus: 0,
      };
    },
  };
}

/** The name given to the log when its folder was new. */
async function nameOf(folder: string): Promise<string> {
  const path = join(folder, NAME_FILE);
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const name = `journal-${randomUUID()}`;
  await replaceFile(path, `${name}\n`);
  return name;
}
