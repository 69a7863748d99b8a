import { FlowBatch } from '../../flow/batch.js';
import { AssetSide, FLOW_COLUMNS } from '../../flow/columns.js';
import { FrameEncoder } from '../../flow/frame.js';
import { partitionOf, type WatchedAsset, WatchHistory, WatchList } from '../../flow/watch-list.js';
import type { FrameSink } from './frame-sink.js';
import { PublishWindow } from './publish-window.js';

/** Rows gathered for a partition before they become a frame: about 850 KB of the 900 KB that a frame may hold. */
export const ROWS_PER_FRAME = 3328;

/** Partition that rows of no watched asset go to, where the configuration keeps them at all. */
const UNWATCHED_UNIT = '';

export interface FlowOutputOptions {
  /** Must know its partitions when the first rows come; should it learn better later, rows are filed anew from then on. */
  readonly bus: FrameSink;
  /** Asked with every batch where it may change: a changed history is a new object, and rows are filed by it from then on. */
  readonly watchList: WatchList | (() => WatchHistory);
  /** Records that concern no watched asset are counted and dropped (data minimisation) unless this says otherwise. */
  readonly keepUnwatched?: boolean;
  readonly rowsPerFrame?: number;
}

/** What became of the rows of one call. */
export interface RouteCounts {
  /** Records handed on, each counted once (mirrors are not counted). */
  produced: number;
  unwatched: number;
}

export interface FlowOutput {
  /**
   * Files every row under its asset, copies it into the pending frames, and publishes the frames that are full. Waits while the bus is full: a few
   * frames may be on their way when it resolves, and an error of theirs rejects a later call.
   * `unwatched`, at least as long as the batch, gets 1 for each row that was not kept, else 0.
   */
  write(batch: FlowBatch, unwatched?: Uint8Array): Promise<RouteCounts>;
  /** Publishes what is pending, full or not; resolves when the bus has taken every frame. */
  flush(): Promise<void>;
}

/** An output that knows how far the records that it has filed go. */
export interface RoutingOutput extends FlowOutput {
  /** Start of the newest record so far, ms since the epoch; −Infinity before the first. */
  newestStartMs(): number;
}

/**
 * Routes rows to partitions. A row goes to the partition of the unit of its source's asset, else of its destination's; where both ends are
 * assets, a second row (mirror = 1) filed under the destination follows it. Frames fill by rows alone, never by the clock, so that a replay
 * makes the same frames again; who reads live traffic calls `flush` by a timer.
 */
export function createFlowOutput(options: FlowOutputOptions): RoutingOutput {
  const { bus } = options;
  const watched = currentOf(options.watchList);
  const rowsPerFrame = options.rowsPerFrame ?? ROWS_PER_FRAME;
  let pending: PendingFrame[] = [];
  let history = watched();
  let partitionOfAsset = new Uint32Array(0);
  let unwatchedPartition = 0;
  let newestStartMs = Number.NEGATIVE_INFINITY;
  const encoder = new FrameEncoder(FLOW_COLUMNS);
  const underWay = new PublishWindow();

  const publish = async (partition: number): Promise<void> => {
    const { batch } = pending[partition]!;
    if (batch.length === 0) return;
    const frames = encoder.encode(batch, describe(batch));
    pending[partition]!.clear();
    for (const frame of frames) await underWay.add(bus.publish('flows', partition, frame));
  };

  const publishAll = async (): Promise<void> => {
    for (let partition = 0; partition < pending.length; partition++) await publish(partition);
  };

  /** Files assets by the partitions there are, and by what is watched now. */
  const layOut = async (partitions: number, now: WatchHistory): Promise<void> => {
    await publishAll();
    history = now;
    pending = Array.from({ length: partitions }, () => new PendingFrame(now.assets));
    partitionOfAsset = Uint32Array.from(now.assets, (asset) => partitionOf(asset.unit, partitions));
    unwatchedPartition = partitionOf(UNWATCHED_UNIT, partitions);
  };

  return {
    async write(batch, unwatched) {
      const partitions = bus.partitions('flows');
      const now = watched();
      if (partitions !== pending.length || now !== history) await layOut(partitions, now);
      const counts: RouteCounts = { produced: 0, unwatched: 0 };
      for (const frame of pending) frame.begin(batch.length);
      unwatched?.fill(0, 0, batch.length);
      const { sourceIPv6Address, destinationIPv6Address, sourceMacAddress, destinationMacAddress } = batch.columns;
      const starts = batch.columns.flowStartMilliseconds;
      let time = history.at(Number.POSITIVE_INFINITY);
      for (let row = 0; row < batch.length; row++) {
        const start = starts[row]!;
        if (start > newestStartMs) newestStartMs = start;
        if (start < time.fromMs || start >= time.untilMs) time = history.at(start);
        let source = time.assetOf(sourceIPv6Address.bytes, row * 16);
        if (source < 0) source = time.assetOfMac(sourceMacAddress[row]!);
        let destination = time.assetOf(destinationIPv6Address.bytes, row * 16);
        if (destination < 0) destination = time.assetOfMac(destinationMacAddress[row]!);
        if (source >= 0) {
          counts.produced++;
          pending[partitionOfAsset[source]!]!.select(row, source, AssetSide.source, 0);
          if (destination >= 0 && destination !== source)
            pending[partitionOfAsset[destination]!]!.select(row, destination, AssetSide.destination, 1);
        } else if (destination >= 0) {
          counts.produced++;
          pending[partitionOfAsset[destination]!]!.select(row, destination, AssetSide.destination, 0);
        } else if (options.keepUnwatched === true) {
          counts.produced++;
          pending[unwatchedPartition]!.select(row, -1, AssetSide.none, 0);
        } else {
          counts.unwatched++;
          if (unwatched !== undefined) unwatched[row] = 1;
        }
      }
      for (let partition = 0; partition < partitions; partition++) {
        const frame = pending[partition]!;
        for (let from = 0; from < frame.selected; ) {
          from += frame.take(batch, from, rowsPerFrame);
          if (frame.batch.length >= rowsPerFrame) await publish(partition);
        }
      }
      return counts;
    },
    async flush() {
      await publishAll();
      await underWay.empty();
    },
    newestStartMs: () => newestStartMs,
  };
}

/** Rows on their way into one partition's next frame: first a selection of the incoming batch, then the copied rows. */
class PendingFrame {
  readonly batch = new FlowBatch(ROWS_PER_FRAME);
  selected = 0;
  private rows = new Uint32Array(ROWS_PER_FRAME);
  private assets = new Int32Array(ROWS_PER_FRAME);
  private sides = new Uint8Array(ROWS_PER_FRAME);
  private mirrors = new Uint8Array(ROWS_PER_FRAME);
  private readonly watched: readonly WatchedAsset[];
  /** Codes of the assets' names in this frame's dictionaries, by index + 1 (0: no asset); −1 not there yet. */
  private readonly assetCodes: Int32Array;
  private readonly fleetCodes: Int32Array;

  constructor(watched: readonly WatchedAsset[]) {
    this.watched = watched;
    this.assetCodes = new Int32Array(watched.length + 1).fill(-1);
    this.fleetCodes = new Int32Array(watched.length + 1);
  }

  clear(): void {
    this.batch.clear();
    this.assetCodes.fill(-1);
  }

  /** Makes room for the worst case: every row, and every row mirrored. */
  begin(rows: number): void {
    this.selected = 0;
    if (this.rows.length >= rows * 2) return;
    this.rows = new Uint32Array(rows * 2);
    this.assets = new Int32Array(rows * 2);
    this.sides = new Uint8Array(rows * 2);
    this.mirrors = new Uint8Array(rows * 2);
  }

  select(row: number, asset: number, side: number, mirror: number): void {
    const at = this.selected++;
    this.rows[at] = row;
    this.assets[at] = asset;
    this.sides[at] = side;
    this.mirrors[at] = mirror;
  }

  /** Copies selected rows from `from` on until the frame is full; returns how many. */
  take(source: FlowBatch, from: number, rowsPerFrame: number): number {
    const count = Math.min(this.selected - from, rowsPerFrame - this.batch.length);
    const at = this.batch.length;
    this.batch.appendFrom(source, from === 0 ? this.rows : this.rows.subarray(from), count);
    const { asset, fleet, assetSide, mirror } = this.batch.columns;
    for (let i = 0; i < count; i++) {
      const index = this.assets[from + i]!;
      if (this.assetCodes[index + 1]! < 0) this.name(index);
      asset.codes[at + i] = this.assetCodes[index + 1]!;
      fleet.codes[at + i] = this.fleetCodes[index + 1]!;
      assetSide[at + i] = this.sides[from + i]!;
      mirror[at + i] = this.mirrors[from + i]!;
    }
    return count;
  }

  private name(index: number): void {
    const { asset, fleet } = this.batch.columns;
    const watched = this.watched[index];
    this.assetCodes[index + 1] = asset.dictionary.intern(watched?.name ?? '');
    this.fleetCodes[index + 1] = fleet.dictionary.intern(watched?.fleet ?? '');
  }
}

function currentOf(watched: FlowOutputOptions['watchList']): () => WatchHistory {
  if (!(watched instanceof WatchList)) return watched;
  const history = new WatchHistory([{ fromMs: Number.NEGATIVE_INFINITY, list: watched }]);
  return () => history;
}

function describe(batch: FlowBatch): { sensors: string[]; firstTimeMs: number; lastTimeMs: number } {
  let firstTimeMs = Number.POSITIVE_INFINITY;
  let lastTimeMs = 0;
  const { flowStartMilliseconds, flowEndMilliseconds, sensor } = batch.columns;
  for (let row = 0; row < batch.length; row++) {
    if (flowStartMilliseconds[row]! < firstTimeMs) firstTimeMs = flowStartMilliseconds[row]!;
    if (flowEndMilliseconds[row]! > lastTimeMs) lastTimeMs = flowEndMilliseconds[row]!;
  }
  return { sensors: sensor.dictionary.names.filter((name) => name !== ''), firstTimeMs, lastTimeMs };
}
