import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import type { OutgoingMessage, Topic } from '../../../flow/bus/bus.js';
import { createSignal } from '../../../flow/bus/signal.js';
import type { Log } from '../../../flow/service/log.js';
import { syncFolder } from '../../../flow/service/synced.js';
import { BufferError } from './buffer-error.js';
import type { BufferLimits } from './limits.js';
import { encodeRecordStart, type RecordHead } from './record.js';
import { createSegment, listSegments, readAt, type Segment, scanHeads } from './segment.js';

/** Header by which a frame is known on the bus: `<process>/<sequence>`, written once in the world. */
export const IDENTITY_HEADER = 'buffer';
const WRITE_RETRY_MS = 1000;
const COMPLAIN_EVERY_MS = 10_000;

/** A frame on its way. */
export interface Entry {
  readonly sequence: number;
  readonly topic: Topic;
  readonly partition: number;
  readonly message: OutgoingMessage;
  readonly writtenMs: number;
  readonly octets: number;
  /** Where it is on disk; undefined when the disk refused it. */
  readonly segment: Segment | undefined;
  readonly end: number;
}

/** What was not as it was written; all grow only. */
export interface DiskLogCounters {
  /** Records at the end of a file that a crash had cut. */
  cutRecords: number;
  /** Records, or stretches of them, whose checksum was wrong. */
  damagedRecords: number;
  damagedOctets: number;
  /** Writes that the disk refused. */
  writeFailures: number;
  /** Frames that had to wait for room. */
  fullWaits: number;
}

export interface DiskLogOptions {
  readonly folder: string;
  readonly limits: BufferLimits;
  /** Records that need not be read again, of those that an earlier process left. */
  readonly isDone: (head: RecordHead) => boolean;
  /** Sequences begin above it. */
  readonly lastSequence: number;
  readonly log: Log;
  /** Wall clock in ms. */
  readonly now: () => number;
}

/**
 * A queue of frames in segment files: appended at the end, read in order, deleted when they were released.
 *
 *    segments[0]          …            segments[n] (active)
 *   │ held │ read position ──► on disk alone │ in memory too │ next to be written
 *
 * What is in memory are the records after the read position, as long as none was written that had no room there.
 */
export class DiskLog {
  readonly counters: DiskLogCounters = { cutRecords: 0, damagedRecords: 0, damagedOctets: 0, writeFailures: 0, fullWaits: 0 };
  /** Raised after every append and every release. */
  readonly changed = createSignal();
  /** Frames and octets not yet released. */
  frames = 0;
  octets = 0;
  private readonly options: DiskLogOptions;
  private readonly session = randomUUID();
  private readonly segments: Segment[];
  private active: Segment | undefined;
  private readonly oldSegments: ReadonlySet<Segment>;
  private sequence: number;
  private recent: Entry[] = [];
  private recentOctets = 0;
  /** No segment: before the first record there is. */
  private read: { segment: Segment | undefined; offset: number } = { segment: undefined, offset: 0 };
  /** Records lie behind the read position that are not in memory. */
  private behind: boolean;
  /** The first frame that was there when the folder was opened; told until one was handed out. */
  private firstWrittenMs: number | undefined;
  private handedOut = false;
  /** Handed out by `next` and not released. */
  private handedFrames = 0;
  private handedOctets = 0;
  private turn: Promise<void> = Promise.resolve();
  private complainedMs = Number.NEGATIVE_INFINITY;
  private stopped = false;

  /** Looks at what an earlier process left. Throws BufferError 'buffer-unusable'. */
  constructor(options: DiskLogOptions) {
    this.options = options;
    this.sequence = options.lastSequence;
    try {
      this.segments = listSegments(options.folder);
      for (const segment of this.segments) {
        // Its name is taken, also when a crash has cut it to nothing.
        this.sequence = Math.max(this.sequence, segment.firstSequence);
        scanHeads(segment, (head, octets) => {
          this.sequence = Math.max(this.sequence, head.sequence);
          if (options.isDone(head)) return;
          this.firstWrittenMs ??= head.writtenMs;
          this.frames++;
          this.octets += octets;
        });
      }
    } catch (error) {
      throw unusable(options.folder, error);
    }
    this.oldSegments = new Set(this.segments);
    this.behind = this.segments.length > 0;
  }

  /** When the frame was written that `next` would give; undefined where that is not known, or there is none. */
  get oldestUnreadMs(): number | undefined {
    return this.recent[0]?.writtenMs ?? (this.handedOut ? undefined : this.firstWrittenMs);
  }

  /** Octets of all files. */
  get diskOctets(): number {
    return this.segments.reduce((sum, { size }) => sum + size, 0);
  }

  /** Resolves when the frame would survive the end of this process. Frames keep the order of the calls; waits while there is no room. */
  append(topic: Topic, partition: number, message: OutgoingMessage): Promise<void> {
    const mine = this.turn.then(() => this.write(topic, partition, message));
    this.turn = mine.catch(() => undefined);
    return mine;
  }

  /** The next frame in order; undefined when there is none yet. One call at a time. */
  async next(): Promise<Entry | undefined> {
    const entry = this.recent.shift();
    if (entry === undefined) return this.behind ? this.readNext() : undefined;
    this.recentOctets -= entry.octets;
    if (entry.segment !== undefined) this.read = { segment: entry.segment, offset: entry.end };
    return this.hand(entry);
  }

  /** The frame is where it was to go. */
  async release(entry: Pick<Entry, 'octets' | 'segment'>): Promise<void> {
    this.frames--;
    this.octets -= entry.octets;
    this.handedFrames--;
    this.handedOctets -= entry.octets;
    if (entry.segment !== undefined) entry.segment.held--;
    await this.dropRead();
    this.changed.raise();
  }

  /** Writes through to the disk what the system may still have in memory. */
  async sync(): Promise<void> {
    for (const segment of this.segments.filter(({ syncedTo, size }) => syncedTo < size)) {
      const { size, syncedTo } = segment;
      const handle = segment.handle ?? (await open(segment.path, 'r+'));
      try {
        await handle.datasync();
      } finally {
        if (handle !== segment.handle) await handle.close();
      }
      segment.syncedTo = size;
      if (syncedTo === 0) await syncFolder(this.options.folder);
    }
  }

  /** Refuses frames from now on; those on disk stay for the next process. */
  async close(): Promise<void> {
    this.stopped = true;
    this.changed.raise();
    await this.turn;
    await this.sync().catch((error: unknown) => this.complain('the disk buffer cannot be written through to its disk', error));
    for (const segment of this.segments) await closeHandle(segment);
    const { active } = this;
    if (active?.size === 0) await rm(active.path, { force: true });
  }

  private async write(topic: Topic, partition: number, { value, headers }: OutgoingMessage): Promise<void> {
    const sequence = ++this.sequence;
    const writtenMs = this.options.now();
    const message = { value, headers: { ...headers, [IDENTITY_HEADER]: `${this.session}/${sequence}` } };
    const start = encodeRecordStart({ sequence, topic, partition, writtenMs, headers: message.headers }, value);
    const octets = start.length + value.length;
    const entry = { sequence, topic, partition, message, writtenMs, octets };
    for (let waited = false; ; waited = true) {
      if (this.stopped) throw new BufferError('stopped', 'the disk buffer was closed while a frame waited for room');
      if (this.diskOctets + octets > this.options.limits.maxOctets && (await this.isFull(octets))) {
        if (!waited) this.counters.fullWaits++;
        await this.changed.next();
        continue;
      }
      try {
        return await this.writeRecord(entry, start);
      } catch (error) {
        this.counters.writeFailures++;
        this.complain('the disk refuses the buffer; frames go to the bus by memory alone, and wait for it there', error);
        await this.giveUpActive();
        if (!this.behind && this.recentOctets + octets <= this.options.limits.memoryOctets)
          return this.enqueue({ ...entry, segment: undefined, end: 0 });
        await Promise.race([this.changed.next(), new Promise((resolve) => setTimeout(resolve, WRITE_RETRY_MS))]);
      }
    }
  }

  private async writeRecord(entry: Omit<Entry, 'segment' | 'end'>, start: Uint8Array): Promise<void> {
    const { folder, limits } = this.options;
    if (this.active !== undefined && this.active.size >= Math.min(limits.segmentOctets, limits.maxOctets / 8)) await this.roll(this.active);
    if (this.active === undefined) {
      this.active = await createSegment(folder, entry.sequence);
      this.segments.push(this.active);
    }
    const segment = this.active;
    const { bytesWritten } = await segment.handle!.writev([start, entry.message.value], segment.size);
    if (bytesWritten < entry.octets) throw new Error(`the disk took ${bytesWritten} of ${entry.octets} octets`);
    segment.size += entry.octets;
    this.enqueue({ ...entry, segment, end: segment.size });
  }

  /** At once with the growth of the segment: who reads sees a record on disk or in memory, never in both. */
  private enqueue(entry: Entry): void {
    this.frames++;
    this.octets += entry.octets;
    if (!this.behind && this.recentOctets + entry.octets <= this.options.limits.memoryOctets) {
      this.recent.push(entry);
      this.recentOctets += entry.octets;
    } else {
      this.behind = true;
    }
    this.changed.raise();
  }

  /** No room, also after giving back an active segment whose records are all released. An empty buffer takes any frame. */
  private async isFull(octets: number): Promise<boolean> {
    const { active, read } = this;
    if (active !== undefined && active.held === 0 && read.segment === active && read.offset === active.size) {
      this.active = undefined;
      await this.dropRead();
    }
    const { diskOctets } = this;
    return diskOctets > 0 && diskOctets + octets > this.options.limits.maxOctets;
  }

  /** Ends the active segment. */
  private async roll(segment: Segment): Promise<void> {
    // While the disk alone has records, no more than a segment of them should be the system's memory.
    if (this.behind) await this.sync();
    this.active = undefined;
    if (this.read.segment !== segment) await closeHandle(segment);
  }

  /** After a failed write: its half must not stand between records, so another segment is begun. */
  private async giveUpActive(): Promise<void> {
    const { active } = this;
    if (active === undefined) return;
    this.active = undefined;
    await active.handle?.truncate(active.size).catch(() => undefined);
    if (active.size > 0) return;
    this.segments.splice(this.segments.indexOf(active), 1);
    const before = this.segments.at(-1);
    if (this.read.segment === active) this.read = { segment: before, offset: before?.size ?? 0 };
    await closeHandle(active);
    await rm(active.path, { force: true }).catch(() => undefined);
  }

  /** Reads on from the read position, over the ends of segments, over what is done and what is damaged. */
  private async readNext(): Promise<Entry | undefined> {
    for (;;) {
      const segment = this.read.segment ?? this.segments[0];
      if (segment === undefined) break;
      this.read.segment = segment;
      const { offset } = this.read;
      if (offset >= segment.size) {
        const following = this.segments[this.segments.indexOf(segment) + 1];
        if (following === undefined) break;
        this.read = { segment: following, offset: 0 };
        if (segment !== this.active) await closeHandle(segment);
        await this.dropRead();
        continue;
      }
      const found = await readAt(segment, offset);
      this.read.offset = found.end;
      if (found.kind === 'damage') {
        this.countDamage(segment, offset, found);
        continue;
      }
      const { head, value, end } = found;
      if (this.oldSegments.has(segment) && this.options.isDone(head)) continue;
      const { sequence, topic, partition, writtenMs, headers } = head;
      return this.hand({ sequence, topic, partition, writtenMs, message: { value, headers }, octets: end - offset, segment, end });
    }
    this.behind = false;
    // What was damaged was counted as a frame when the folder was opened.
    this.frames = this.handedFrames;
    this.octets = this.handedOctets;
    return undefined;
  }

  private hand(entry: Entry): Entry {
    this.handedOut = true;
    this.handedFrames++;
    this.handedOctets += entry.octets;
    if (entry.segment !== undefined) entry.segment.held++;
    return entry;
  }

  private countDamage({ path }: Segment, at: number, { cut, end }: { cut: boolean; end: number }): void {
    if (cut) this.counters.cutRecords++;
    else this.counters.damagedRecords++;
    this.counters.damagedOctets += end - at;
    const what = cut ? 'the last frame of a buffer file was cut by a crash and is lost' : 'a frame of the buffer is damaged and is lost';
    this.options.log.warn({ path, at, octets: end - at }, what);
  }

  /** Deletes the segments that were read to their end and hold nothing back. */
  private async dropRead(): Promise<void> {
    for (let segment = this.segments[0]; segment !== undefined; segment = this.segments[0]) {
      const { read } = this;
      const isRead = read.segment !== undefined && (read.segment !== segment || read.offset >= segment.size);
      if (!isRead || segment === this.active || segment.held > 0) return;
      this.segments.shift();
      if (read.segment === segment) this.read = { segment: undefined, offset: 0 };
      await closeHandle(segment);
      await rm(segment.path, { force: true });
      this.changed.raise();
    }
  }

  private complain(message: string, error: unknown): void {
    const nowMs = this.options.now();
    if (nowMs - this.complainedMs < COMPLAIN_EVERY_MS) return;
    this.complainedMs = nowMs;
    this.options.log.error({ folder: this.options.folder, error: String(error) }, message);
  }
}

/** Makes the folder. Throws BufferError 'buffer-unusable'. */
export function makeBufferFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw unusable(folder, error);
  }
}

function unusable(folder: string, error: unknown): BufferError {
  const { code } = error as NodeJS.ErrnoException;
  return new BufferError(
    'buffer-unusable',
    `the disk buffer ${folder} cannot be used (${code}); set collector.buffer.path to a folder of ours`,
    {
      cause: error,
    },
  );
}

async function closeHandle(segment: Segment): Promise<void> {
  const { handle } = segment;
  segment.handle = undefined;
  await handle?.close();
}
