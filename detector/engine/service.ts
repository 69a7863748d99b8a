import { FlowBatch } from '../../flow/batch.js';
import type { Assignment, Bus, Message, Reader, Subscription, Topic } from '../../flow/bus/bus.js';
import type { Log } from '../../flow/service/log.js';
import type { Engine } from './engine.js';
import { GATHERED_BYTES } from './gathered-frames.js';
import type { DetectorMetrics } from './metrics.js';
import { PartitionWorker } from './partition-worker.js';
import type { SnapshotStore } from './snapshot-store.js';

/** Frames between two snapshots of a partition: about a million records, a few seconds of work to repeat after a crash. */
export const SNAPSHOT_EVERY_FRAMES = 256;
/** Longest that work stands without a snapshot when little arrives. */
export const SNAPSHOT_EVERY_MS = 5000;

export interface DetectorServiceOptions {
  readonly bus: Bus;
  readonly group: string;
  /** A new engine, for one partition. */
  readonly engineFactory: () => Engine;
  readonly snapshots: SnapshotStore;
  readonly log: Log;
  readonly metrics?: Partial<DetectorMetrics>;
  readonly snapshotEveryFrames?: number;
  readonly snapshotEveryMs?: number;
}

export interface DetectorService {
  start(): Promise<void>;
  /** Writes last snapshots, then leaves the group. Safe to call twice. */
  stop(): Promise<void>;
  /** Snapshots and commits everything taken in so far, on every partition. */
  checkpoint(): Promise<void>;
  lag(): Promise<number>;
  /** The engines at work, by partition: for their counters. */
  engines(): ReadonlyMap<number, Engine>;
  /** Resolves when stopped; rejects with the error that ended it. */
  readonly ended: Promise<void>;
}

/**
 * Reads `flows`, judges, publishes what changed on `findings`. A partition's state and offset live in its snapshot: after a crash the snapshot is
 * loaded and the frames behind it are judged again, to equal findings with equal revisions.
 */
export function createDetectorService(options: DetectorServiceOptions): DetectorService {
  const { bus, log, snapshots } = options;
  const everyFrames = options.snapshotEveryFrames ?? SNAPSHOT_EVERY_FRAMES;
  const everyMs = options.snapshotEveryMs ?? SNAPSHOT_EVERY_MS;
  const workers = new Map<number, PartitionWorker>();
  const batch = new FlowBatch();
  let subscription: Subscription | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopping: Promise<void> | undefined;
  let fail: (error: unknown) => void = () => {};
  let finish: () => void = () => {};
  const ended = new Promise<void>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  // Whoever starts the service decides whether to wait for its end; an unread rejection must not end the process.
  ended.catch(() => {});

  const assigned = async (at: Assignment): Promise<number> => {
    const engine = options.engineFactory();
    const offset = await restore(engine, at);
    workers.set(at.partition, new PartitionWorker(options, engine, at, offset, batch));
    return offset;
  };

  const restore = async (engine: Engine, { log: name, partition }: Assignment): Promise<number> => {
    for await (const { offset, parts } of snapshots.load(name, partition)) {
      const refused = engine.restore(parts);
      if (refused === undefined) {
        log.info({ partition, offset }, 'detector state restored');
        return offset;
      }
      log.warn({ partition, offset, reason: refused }, 'a snapshot cannot be used');
    }
    log.info({ partition, offset: 0 }, 'no detector state: judging from the beginning of the log');
    return 0;
  };

  const reader: Reader = {
    assigned,
    async messages(messages: readonly Message[]): Promise<void> {
      const worker = workers.get(messages[0]!.partition);
      if (worker === undefined) return;
      await worker.take(messages);
      if (worker.frames >= everyFrames && worker.snapshotIsDue(performance.now())) await worker.checkpoint(subscription);
    },
    async revoked(_topic: Topic, partition: number): Promise<void> {
      const worker = workers.get(partition);
      workers.delete(partition);
      await worker?.idle();
    },
  };

  const checkpoint = async (): Promise<void> => {
    await Promise.all([...workers.values()].map((worker) => worker.checkpoint(subscription)));
  };

  const stop = async (): Promise<void> => {
    clearInterval(timer);
    try {
      await checkpoint();
    } finally {
      await subscription?.close();
      finish();
    }
  };

  return {
    async start() {
      subscription = await bus.subscribe({ group: options.group, topics: ['flows'], reader, batchBytes: GATHERED_BYTES });
      subscription.ended.catch(fail);
      timer = setInterval(() => {
        for (const worker of workers.values()) {
          if (!worker.snapshotIsDue(performance.now())) continue;
          worker.checkpoint(subscription).catch((error: unknown) => {
            log.error({ error: String(error) }, 'the snapshot failed');
            fail(error);
          });
        }
      }, everyMs);
      timer.unref();
    },
    stop() {
      stopping ??= stop();
      return stopping;
    },
    checkpoint,
    lag: async () => (await subscription?.lag()) ?? 0,
    engines: () => new Map([...workers].map(([partition, worker]) => [partition, worker.engine])),
    ended,
  };
}
