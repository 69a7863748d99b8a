import type { SnapshotStore } from '../../detector/engine/snapshot-store.js';

/**
 * In process, live traffic is a new log with every start, yet what the detector has learned must outlive it. Snapshots are kept under one name; a log that is
 * not the one they were made in begins at its first message with the state as it was.
 */
export function createLiveSnapshots(snapshots: SnapshotStore): SnapshotStore {
  const name = 'live';
  let current: string | undefined;
  return {
    async load(log, partition) {
      current = log;
      const found = await snapshots.load(name, partition);
      return found.map(({ bytes }) => ({ offset: 0, bytes }));
    },
    async save(log, partition, snapshot) {
      if (current !== undefined && log !== current) throw new Error(`a snapshot of ${log} after the log became ${current}`);
      await snapshots.save(name, partition, snapshot);
    },
  };
}
