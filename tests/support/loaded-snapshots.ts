import { joined } from '../../detector/baseline/state.js';
import type { SnapshotStore } from '../../detector/engine/snapshot-store.js';

/** All snapshots that a store has of a partition, newest first, each in one piece. */
export async function loadedSnapshots(
  store: SnapshotStore,
  log: string,
  partition: number,
): Promise<{ offset: number; bytes: Uint8Array }[]> {
  const found: { offset: number; bytes: Uint8Array }[] = [];
  for await (const { offset, parts } of store.load(log, partition)) found.push({ offset, bytes: joined(parts) });
  return found;
}
