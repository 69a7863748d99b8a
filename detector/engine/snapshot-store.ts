/** One partition's snapshot: everything before `offset` of this log is in it. */
export interface StoredSnapshot {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Where snapshots survive a restart. The snapshot, not the bus's commit, says where to go on. */
export interface SnapshotStore {
  /** The snapshots at hand for a partition of a log, newest first; those that cannot be read are left out. */
  load(log: string, partition: number): Promise<readonly StoredSnapshot[]>;
  /** Resolves when the snapshot is on disk. The one before it is kept. */
  save(log: string, partition: number, snapshot: StoredSnapshot): Promise<void>;
}
