import type { FlowBatch } from '../../flow/batch.js';
import type { Assignment, Bus, Message, Subscription } from '../../flow/bus/bus.js';
import { COVERAGE_COLUMNS } from '../../flow/coverage.js';
import { FrameEncoder } from '../../flow/frame.js';
import type { Log } from '../../flow/service/log.js';
import { partitionOf } from '../../flow/watch-list.js';
import { FINDING_COLUMNS } from '../findings/finding.js';
import { addFinding, createFindingBatch } from '../findings/finding-batch.js';
import { JUDGEMENT_COLUMNS } from '../findings/judgement.js';
import { addJudgement, createJudgementBatch, type JudgementBatch } from '../findings/judgement-batch.js';
import type { Engine } from './engine.js';
import { GatheredFrames, gatheredRows } from './gathered-frames.js';
import { holeRow } from './hole.js';
import type { DetectorMetrics } from './metrics.js';
import type { SnapshotStore } from './snapshot-store.js';

/** Making snapshots may take this share of the time at most: a large state is written more rarely, and more is repeated after a crash. */
const SNAPSHOT_TIME_SHARE = 0.1;

interface WorkerParts {
  readonly bus: Bus;
  readonly snapshots: SnapshotStore;
  readonly log: Log;
  readonly metrics?: Partial<DetectorMetrics>;
}

/** One partition's engine between bus and snapshots. Its steps never overlap: messages and the timer's checkpoints wait for each other. */
export class PartitionWorker {
  readonly engine: Engine;
  /** Frames taken in since the last snapshot. */
  frames = 0;
  private readonly parts: WorkerParts;
  private readonly at: Assignment;
  private readonly batch: FlowBatch;
  private readonly encoder = new FrameEncoder(FINDING_COLUMNS);
  private readonly judgementEncoder = new FrameEncoder(JUDGEMENT_COLUMNS);
  private readonly coverageEncoder = new FrameEncoder(COVERAGE_COLUMNS);
  /** Offset of the first message that has not been taken in. */
  private next: number;
  /** What the bus believes to be done: behind `next` where a crash fell between snapshot and commit, beyond it where the snapshot is gone. */
  private committed: number;
  private last: Promise<void> = Promise.resolve();
  private snapshotEndedAt = Number.NEGATIVE_INFINITY;
  private snapshotTookMs = 0;
  /** A step failed half-way: what the engine holds may be unpublished, so no snapshot may be made of it. */
  private failed = false;

  /** `batch` is scratch space that all workers of the process share: it is used without an await in between, and left when a step waits. */
  constructor(parts: WorkerParts, engine: Engine, at: Assignment, offset: number, batch: FlowBatch) {
    this.parts = parts;
    this.engine = engine;
    this.at = at;
    this.next = offset;
    this.committed = at.committed?.offset ?? 0;
    this.batch = batch;
  }

  /** Judges the frames and publishes what changed. */
  take(messages: readonly Message[]): Promise<void> {
    return this.inTurn(async () => {
      let records = 0;
      let taken = 0;
      const frames = new GatheredFrames(this.batch, gatheredRows(this.engine.units), (batch) => {
        this.engine.ingest(batch);
        records += batch.length;
      });
      for (const message of messages) {
        // At least once: what the engine holds already is not judged again.
        if (message.offset < this.next) continue;
        // The beginning of a log that was never read is no hole, whatever its retention has left of it.
        const missing = this.next === 0 ? 0 : message.offset - this.next;
        if (missing > 0) frames.end();
        const beforeMs = missing > 0 ? this.newestMs() : Number.NaN;
        const problem = frames.add(message);
        const behindMs = missing > 0 ? frames.oldestMs : Number.NaN;
        this.next = message.offset + 1;
        taken += 1;
        // Whoever waits leaves the batch to others.
        if (missing > 0 || problem !== undefined) frames.end();
        if (missing > 0) await this.tellHole(missing, beforeMs, behindMs);
        if (problem !== undefined) await this.quarantine(message, problem);
      }
      frames.end();
      this.frames += taken;
      this.parts.metrics?.frames?.(taken, records);
      await this.publish();
    });
  }

  /** False while the last snapshot is so recent that another would take more than its share of the time. `nowMs` is a monotonic clock. */
  snapshotIsDue(nowMs: number): boolean {
    return nowMs - this.snapshotEndedAt >= this.snapshotTookMs / SNAPSHOT_TIME_SHARE;
  }

  /** Publishes, writes the snapshot and commits, in this order, so that nothing is committed that could be lost. */
  checkpoint(subscription: Subscription | undefined): Promise<void> {
    return this.inTurn(async () => {
      if (this.failed) return;
      if (this.frames > 0) await this.save();
      if (this.committed === this.next) return;
      const { topic, partition } = this.at;
      await subscription?.commit(topic, partition, this.next);
      this.committed = this.next;
    });
  }

  private async save(): Promise<void> {
    const { bus, snapshots, metrics } = this.parts;
    const { log, partition } = this.at;
    await this.publishJudgements();
    await bus.flush(['findings', 'judgements', 'quarantine']);
    const from = performance.now();
    let bytes = 0;
    // Nothing is judged meanwhile: steps never overlap.
    await snapshots.save(log, partition, { offset: this.next, bytes: counted(this.engine.snapshotParts(), (length) => (bytes += length)) });
    this.snapshotEndedAt = performance.now();
    this.snapshotTookMs = this.snapshotEndedAt - from;
    metrics?.snapshot?.(bytes, this.frames);
    this.frames = 0;
  }

  /** Resolves when the running step has ended. */
  idle(): Promise<void> {
    return this.inTurn(async () => {});
  }

  /** End of the newest record judged, ms since the epoch, by the engine's own counts, which survive a restart; −Infinity before the first. */
  private newestMs(): number {
    return this.engine.judgements().reduce((newest, { lastMs }) => Math.max(newest, lastMs), Number.NEGATIVE_INFINITY);
  }

  /** Tells the ledger of messages that are missing: `newestMs`, the newest record before them, `oldestMs`, the oldest of the frame behind them; infinite where there is none. */
  private async tellHole(messages: number, newestMs: number, oldestMs: number): Promise<void> {
    const { bus, log } = this.parts;
    const { topic, partition } = this.at;
    const behindMs = Number.isFinite(oldestMs) ? oldestMs : newestMs;
    const beforeMs = Number.isFinite(newestMs) ? newestMs : oldestMs;
    log.warn({ topic, partition, messages }, 'messages were gone from the bus before they were read');
    if (!Number.isFinite(behindMs)) return;
    const row = holeRow({ partition, messages, beforeMs, behindMs });
    for (const frame of this.coverageEncoder.encode(row)) await bus.publish('coverage', partition % bus.partitions('coverage'), frame);
  }

  private async quarantine(message: Message, reason: string): Promise<void> {
    const { bus, log, metrics } = this.parts;
    const { topic, partition, offset } = message;
    log.warn({ topic, partition, offset, reason }, 'a frame cannot be read and goes to quarantine');
    metrics?.quarantined?.(1);
    const headers = { ...message.headers, reason, 'from-topic': topic, 'from-partition': String(partition), 'from-offset': String(offset) };
    await bus.publish('quarantine', partition % bus.partitions('quarantine'), { value: message.value, headers });
  }

  private async publish(): Promise<void> {
    const { bus, metrics } = this.parts;
    const changed = this.engine.takeChanged();
    if (changed.length === 0) return;
    const partitions = bus.partitions('findings');
    const batches = new Map<number, ReturnType<typeof createFindingBatch>>();
    for (const finding of changed) {
      const partition = partitionOf(this.engine.unitOf(finding), partitions);
      const batch = batches.get(partition) ?? createFindingBatch(64);
      batches.set(partition, batch);
      addFinding(batch, finding);
    }
    for (const [partition, batch] of batches) {
      for (const frame of this.encoder.encode(batch)) await bus.publish('findings', partition, frame);
    }
    metrics?.findings?.(changed.length);
  }

  /** Counts change with every record: they go out with the snapshot that holds them, and the row with most records is the current one. */
  private async publishJudgements(): Promise<void> {
    const { bus } = this.parts;
    const partitions = bus.partitions('judgements');
    const batches = new Map<number, JudgementBatch>();
    for (const judgement of this.engine.takeChangedJudgements()) {
      const partition = partitionOf(judgement.unit, partitions);
      const batch = batches.get(partition) ?? createJudgementBatch(64);
      batches.set(partition, batch);
      addJudgement(batch, judgement);
    }
    for (const [partition, batch] of batches) {
      for (const frame of this.judgementEncoder.encode(batch)) await bus.publish('judgements', partition, frame);
    }
  }

  private inTurn(step: () => Promise<void>): Promise<void> {
    const done = this.last.then(step);
    // A failed step is told to its caller; revocation and stop still come to an end.
    this.last = done.catch(() => {
      this.failed = true;
    });
    return done;
  }
}

function* counted(parts: Iterable<Uint8Array>, count: (length: number) => void): Generator<Uint8Array> {
  for (const part of parts) {
    count(part.length);
    yield part;
  }
}
