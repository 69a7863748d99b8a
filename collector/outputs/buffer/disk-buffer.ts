import { randomUUID } from 'node:crypto';
import { type Bus, BusError, type OutgoingMessage, type Topic } from '../../../flow/bus/bus.js';
import { sleep } from '../../../flow/bus/timing.js';
import type { Log } from '../../../flow/service/log.js';
import type { FrameSink } from '../frame-sink.js';
import { Acknowledgements } from './acknowledgements.js';
import { DiskLog, type DiskLogCounters, type Entry, IDENTITY_HEADER, makeBufferFolder } from './disk-log.js';
import { lockFolder } from './folder-lock.js';
import { findFrames, type LogRange } from './found-frames.js';
import { type BufferLimits, DEFAULT_BUFFER_LIMITS } from './limits.js';

/** The topics a collector writes. */
const BUFFERED_TOPICS = ['flows', 'coverage'] as const satisfies readonly Topic[];

export interface DiskBufferOptions {
  /** Folder of the buffer's files; made when missing. One process at a time. */
  readonly folder: string;
  /**
   * A bus that was not started, new with every call. It should give a message up soon rather than send it again after an uncertain failure: we look into
   * its log and know (Kafka: `deliveryTimeoutMs: 0`).
   */
  readonly connect: () => Bus;
  /** Partitions of `flows` as long as no broker was ever asked. */
  readonly partitions: number;
  /** Prefix of the group names under which the log of the bus is read after a crash. */
  readonly group: string;
  readonly limits?: Partial<BufferLimits>;
  readonly log: Log;
  /** Wall clock in ms. */
  readonly now: () => number;
}

/** What is in the buffer, and what became of it. */
export interface BufferStatus extends Readonly<DiskLogCounters> {
  readonly folder: string;
  /** True while a bus is connected. */
  readonly connected: boolean;
  /** True while the bus does not take frames as they come. */
  readonly buffering: boolean;
  /** Frames that the bus has not acknowledged, and their octets on disk. */
  readonly frames: number;
  readonly octets: number;
  /** Octets of all files, those that wait to be deleted too. */
  readonly diskOctets: number;
  readonly maxOctets: number;
  /** Age of the oldest frame that the bus has not acknowledged, in ms; 0 when it has all. */
  readonly oldestMs: number;
  /** Frames acknowledged by the bus since the start. */
  readonly acknowledged: number;
  /** Frames that were sent in doubt by an earlier connection or process, and were found on the bus. */
  readonly foundOnBus: number;
}

export interface DiskBuffer extends FrameSink {
  /**
   * Opens the folder, goes on with what an earlier process left, and begins to reach for the bus; waits for it only where it was never reached, and not
   * long. Throws BufferError when the folder is another process's or cannot be used.
   */
  start(): Promise<void>;
  /** Waits a little for the bus to take the rest; what is left is sent after the next start. Safe to call twice. */
  stop(): Promise<void>;
  status(): BufferStatus;
}

/**
 * A disk buffer before a bus. Every frame is written to disk before it is sent (the file system's cache counts: it survives the process), and
 * forgotten when the bus has acknowledged it.
 *
 *   publish ──► DiskLog ──► window: handed to the bus, not yet acknowledged ──► Acknowledgements
 *
 * Each frame once: the bus tells the offset of what it acknowledges. After a connection or a process has ended with frames under way, the log of
 * the bus is read from the last acknowledged offset on, and what is found there is not sent again.
 */
export function createDiskBuffer(options: DiskBufferOptions): DiskBuffer {
  return new BufferBeforeBus(options);
}

interface InWindow {
  readonly entry: Entry;
  /** Handed to the bus that is connected. */
  sent: boolean;
  /** Where the bus has it. */
  offset: number | undefined;
}

class BufferBeforeBus implements DiskBuffer {
  private readonly options: DiskBufferOptions;
  private readonly limits: BufferLimits;
  private log: DiskLog | undefined;
  private acks: Acknowledgements | undefined;
  private unlock: (() => Promise<void>) | undefined;
  private window: InWindow[] = [];
  private windowOctets = 0;
  /** Sent before this connection, by us or by an earlier process, and perhaps on the bus: identity → offset. */
  private found = new Map<string, number>();
  /** Frames were under way when the last connection ended, or an earlier process. */
  private inDoubt = false;
  private connected = false;
  private bufferingSinceMs: number | undefined;
  private acknowledged = 0;
  private foundOnBus = 0;
  private running: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopping: Promise<void> | undefined;
  private closed = false;
  /** Wakes who waits for the bus, when we are to stop. */
  private wake: () => void = () => undefined;
  private oldestWrittenMs: number | undefined;
  private complaint = '';

  constructor(options: DiskBufferOptions) {
    this.options = options;
    this.limits = { ...DEFAULT_BUFFER_LIMITS, ...options.limits };
  }

  async start(): Promise<void> {
    const { folder, log, now } = this.options;
    makeBufferFolder(folder);
    this.unlock = await lockFolder(folder);
    const acks = new Acknowledgements(folder);
    const isDone = frozen(acks);
    this.log = new DiskLog({ folder, limits: this.limits, isDone, lastSequence: acks.lastSequence, log, now });
    this.acks = acks;
    this.inDoubt = this.log.frames > 0;
    if (this.inDoubt)
      log.info({ folder, frames: this.log.frames, octets: this.log.octets }, 'the disk buffer has frames of an earlier run');
    let contact: () => void = () => undefined;
    const contacted = new Promise<void>((resolve) => {
      contact = resolve;
    });
    this.running = this.run(contact);
    this.timer = setInterval(() => void this.look(), this.limits.lookEveryMs);
    if (acks.partitions('flows') === undefined) await Promise.race([contacted, sleep(this.limits.firstContactMs)]);
  }

  partitions(topic: Topic): number {
    return this.acks?.partitions(topic) ?? (topic === 'flows' ? this.options.partitions : 1);
  }

  async publish(topic: Topic, partition: number, message: OutgoingMessage): Promise<void> {
    if (this.log === undefined) throw new BusError('stopped', 'the disk buffer was not started');
    await this.log.append(topic, partition, message);
  }

  status(): BufferStatus {
    const { log, window } = this;
    const frames = log?.frames ?? 0;
    // Between two reads from the disk nobody knows; then it is as it was.
    this.oldestWrittenMs = frames === 0 ? undefined : (window[0]?.entry.writtenMs ?? log?.oldestUnreadMs ?? this.oldestWrittenMs);
    const { oldestWrittenMs } = this;
    return {
      ...(log?.counters ?? { cutRecords: 0, damagedRecords: 0, damagedOctets: 0, writeFailures: 0, fullWaits: 0 }),
      folder: this.options.folder,
      connected: this.connected,
      buffering: this.bufferingSinceMs !== undefined,
      frames,
      octets: log?.octets ?? 0,
      diskOctets: log?.diskOctets ?? 0,
      maxOctets: this.limits.maxOctets,
      oldestMs: oldestWrittenMs === undefined ? 0 : Math.max(0, this.options.now() - oldestWrittenMs),
      acknowledged: this.acknowledged,
      foundOnBus: this.foundOnBus,
    };
  }

  stop(): Promise<void> {
    this.stopping ??= this.close();
    return this.stopping;
  }

  private async close(): Promise<void> {
    const deadline = this.options.now() + this.limits.stopMs;
    // What a bus that is behind has not taken is on disk, and nobody need wait for it.
    const goesOn = (): boolean => this.connected && this.bufferingSinceMs === undefined && this.options.now() < deadline;
    while (goesOn() && this.log !== undefined && this.log.frames > 0) {
      await Promise.race([this.log.changed.next(), sleep(this.limits.lookEveryMs)]);
    }
    this.closed = true;
    this.wake();
    this.log?.changed.raise();
    clearInterval(this.timer);
    await this.running;
    await this.log?.close();
    await this.acks?.close();
    await this.unlock?.();
    const { frames, octets } = this.status();
    if (frames > 0) this.options.log.warn({ frames, octets }, 'frames stay in the disk buffer; the next start sends them');
  }

  /** One connection after the other, until `stop`. */
  private async run(contact: () => void): Promise<void> {
    while (!this.closed) {
      const bus = this.options.connect();
      try {
        await this.unlessClosed(bus.start());
        if (!this.closed) await this.compare(bus);
        contact();
        this.connected = true;
        this.complaint = '';
        await this.send(bus);
      } catch (error) {
        this.complain(error);
      }
      this.connected = false;
      await bus.stop().catch((error: unknown) => this.complain(error));
      this.inDoubt ||= this.window.some(({ sent }) => sent);
      for (const one of this.window) one.sent = false;
      contact();
      if (!this.closed) await this.unlessClosed(sleep(this.limits.retryMs));
    }
  }

  /** Resolves with the work, or as soon as we are to stop. */
  private unlessClosed(work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.wake = resolve;
      work.then(resolve, reject);
    });
  }

  /** Learns how many partitions there are and, where frames are in doubt, which of them the bus has. */
  private async compare(bus: Bus): Promise<void> {
    const acks = this.acks!;
    this.learnPartitions(bus);
    // Meanwhile the broker may still work on what it had received from a connection that is gone.
    if (this.inDoubt) await sleep(this.limits.settleMs);
    const ranges: LogRange[] = [];
    for (const topic of BUFFERED_TOPICS) {
      for (const [partition, { low, high }] of (await bus.ends(topic)).entries()) {
        const known = acks.of(topic, partition);
        if (known === undefined) acks.note({ topic, partition, sequence: 0, offset: high - 1 });
        // A log that is shorter than what we know of it was made anew.
        const from = known === undefined || known.offset >= high ? low : Math.max(low, known.offset + 1);
        ranges.push({ topic, partition, from: known === undefined ? high : from, before: high });
      }
    }
    await acks.flush().catch((error: unknown) => this.complain(error));
    if (!this.inDoubt) return;
    this.found = await findFrames(bus, ranges, `${this.options.group}-buffer-${randomUUID()}`);
    this.inDoubt = false;
  }

  private learnPartitions(bus: Bus): void {
    const acks = this.acks!;
    const counts = Object.fromEntries(BUFFERED_TOPICS.map((topic) => [topic, bus.partitions(topic)]));
    const before = this.partitions('flows');
    if (counts.flows !== before)
      this.options.log.warn(
        { assumed: before, found: counts.flows },
        'the topic of flows has another number of partitions than was assumed: an asset may move to another partition',
      );
    if (BUFFERED_TOPICS.some((topic) => acks.partitions(topic) !== counts[topic])) acks.notePartitions(counts);
  }

  /** Sends what is in the window and what comes, until `stop`; rejects when the bus fails. */
  private async send(bus: Bus): Promise<void> {
    const log = this.log!;
    let failure: { readonly error: unknown } | undefined;
    const sendOne = async (one: InWindow): Promise<void> => {
      const { topic, partition, message } = one.entry;
      const identity = message.headers[IDENTITY_HEADER]!;
      const onBus = this.found.get(identity);
      if (onBus !== undefined) this.foundOnBus++;
      one.sent = true;
      const offset = onBus ?? (await bus.publish(topic, partition % bus.partitions(topic), message));
      // After a failure only the log of the bus tells what has arrived.
      if (failure === undefined) await this.settle(one, partition < bus.partitions(topic) ? offset : -1);
    };
    const begin = (one: InWindow): void => {
      sendOne(one).catch((error: unknown) => {
        failure ??= { error };
        log.changed.raise();
      });
    };
    for (const one of [...this.window]) begin(one);
    while (failure === undefined && !this.closed) {
      const changed = log.changed.next();
      const isFull = this.windowOctets >= this.limits.windowOctets || this.window.length >= this.limits.windowFrames;
      const entry = isFull ? undefined : await log.next();
      if (entry === undefined) {
        await changed;
        continue;
      }
      const one = { entry, sent: false, offset: undefined };
      this.window.push(one);
      this.windowOctets += entry.octets;
      begin(one);
    }
    if (failure !== undefined) throw failure.error;
  }

  /** The bus has the frame at that offset. What is noted of a partition is noted in order: nothing before it may be missing. */
  private async settle(settled: InWindow, offset: number): Promise<void> {
    settled.offset = offset;
    const { topic, partition } = settled.entry;
    const ready: InWindow[] = [];
    for (const one of this.window) {
      if (one.entry.partition !== partition || one.entry.topic !== topic) continue;
      if (one.offset === undefined) break;
      ready.push(one);
      this.acks!.note({ topic, partition, sequence: one.entry.sequence, offset: one.offset });
    }
    this.window = this.window.filter((one) => !ready.includes(one));
    this.acks!.flush().catch((error: unknown) => this.complain(error));
    for (const { entry } of ready) {
      this.acknowledged++;
      this.windowOctets -= entry.octets;
      await this.log!.release(entry);
    }
  }

  /** Now and then: whether the bus keeps up, and what a power cut must not take. */
  private async look(): Promise<void> {
    const log = this.log!;
    const { oldestMs, frames, octets } = this.status();
    const isAway = frames > 0 && oldestMs > this.limits.awayAfterMs;
    try {
      if (isAway) await log.sync();
    } catch (error) {
      this.complain(error);
    }
    if (isAway && this.bufferingSinceMs === undefined) {
      this.bufferingSinceMs = this.options.now();
      this.options.log.warn(
        { frames, octets, folder: this.options.folder },
        'the bus does not take frames as they come; the disk buffer keeps them',
      );
    } else if (!isAway && this.bufferingSinceMs !== undefined) {
      const seconds = Math.round((this.options.now() - this.bufferingSinceMs) / 1000);
      this.bufferingSinceMs = undefined;
      this.options.log.info({ seconds, acknowledged: this.acknowledged }, 'the disk buffer has drained');
    }
  }

  /** The same complaint once, until a connection stands again. */
  private complain(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    if (this.closed || text === this.complaint) return;
    this.complaint = text;
    this.options.log.warn({ error: text }, 'the bus is away');
  }
}

/** What was acknowledged when the folder was opened: later acknowledgements are of later reads. */
function frozen(acks: Acknowledgements): (head: { topic: Topic; partition: number; sequence: number }) => boolean {
  const done = new Map(acks.all().map(({ topic, partition, sequence }) => [`${topic}/${partition}`, sequence]));
  return ({ topic, partition, sequence }) => sequence <= (done.get(`${topic}/${partition}`) ?? 0);
}
