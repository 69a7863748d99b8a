/** One partition's snapshot: everything before `offset` of this log is in it. */
export interface StoredSnapshot {
  readonly offset: number;
  /** Its bytes in parts, each good until the next is asked for, which are what was written. To be read before the next snapshot is asked for. */
  readonly parts: Iterable<Uint8Array>;
}

/** One to be stored: its bytes, or what makes them part by part while they are written. */
export interface SnapshotToStore {
  readonly offset: number;
  readonly bytes: Uint8Array | Iterable<Uint8Array>;
}

/** Where snapshots survive a restart. The snapshot, not the bus's commit, says where to go on. */
export interface SnapshotStore {
  /** The snapshots at hand for a partition of a log, newest first; those that cannot be read are left out. None is held as a whole. */
  load(log: string, partition: number): AsyncIterable<StoredSnapshot>;
  /** Resolves when the snapshot is on disk. The one before it is kept. Parts are taken once, in order, and each is written before the next is asked for. */
  save(log: string, partition: number, snapshot: SnapshotToStore): Promise<void>;
}
