import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SnapshotStore } from '../../detector/engine/snapshot-store.js';
import { replaceFile } from '../../flow/service/replace-file.js';

/** Name of snapshots that belong to a log of which nothing is left after a stop. */
const LIVE = 'live';
/** File with the name of the log that the last snapshot was made in. */
const LAST_FILE = 'live-log';

/**
 * What the detector has learned from live traffic must outlive its log, which is new with every start, or, where there is a journal (`lasting`), with
 * the journal's folder. A log without snapshots of its own begins at its first message with the state that the last one had.
 */
export function createLiveSnapshots(snapshots: SnapshotStore, folder: string, lasting: boolean): SnapshotStore {
  const path = join(folder, LAST_FILE);
  const last = async (): Promise<string> => {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return LIVE;
      throw error;
    }
  };
  let named: string | undefined;
  return {
    async *load(log, partition) {
      let found = false;
      if (lasting) {
        for await (const own of snapshots.load(log, partition)) {
          found = true;
          yield own;
        }
      }
      if (found) return;
      for await (const { parts } of snapshots.load(await last(), partition)) yield { offset: 0, parts };
    },
    async save(log, partition, snapshot) {
      const name = lasting ? log : LIVE;
      await snapshots.save(name, partition, snapshot);
      if (named === name) return;
      await replaceFile(path, name);
      named = name;
    },
  };
}
