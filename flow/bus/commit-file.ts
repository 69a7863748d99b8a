import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { replaceFile } from '../service/replace-file.js';
import { type Commit, type CommitStore, commitKeyText } from './commit-store.js';

/** Entries kept; the longest unwritten go first. One replay has topics × partitions × groups of them: room for hundreds of replays. */
export const maxCommitEntries = 4096;

interface CommitFile {
  readonly version: 1;
  /** Oldest first: key text, offset, metadata. */
  readonly commits: readonly (readonly [key: string, offset: number, metadata: string])[];
}

/**
 * Commits in one small JSON file. Every write makes a whole new file beside it, syncs it, renames it over the old one and syncs the
 * folder, so that a crash at any moment leaves the old or the new commits. Commits that arrive while one is being written share
 * the next write. One process at a time: the data folder's lock, not this file, sees to that.
 */
export async function openCommitFile(path: string): Promise<CommitStore> {
  const commits = await load(path);
  await mkdir(dirname(path), { recursive: true });
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  const save = (): Promise<void> => {
    // A write that has not begun yet will see our entry; one that runs may not.
    next ??= (running ?? Promise.resolve())
      .catch(() => {}) // its own waiters were told
      .then(() => {
        running = next;
        next = undefined;
        return replaceFile(path, serialise(commits));
      });
    return next;
  };

  return {
    read: async (key) => commits.get(commitKeyText(key)),
    write: (key, commit) => {
      const text = commitKeyText(key);
      commits.delete(text); // to the end: the order of the map is the order of age
      commits.set(text, commit);
      if (commits.size > maxCommitEntries) commits.delete(commits.keys().next().value!);
      return save();
    },
  };
}

function serialise(commits: ReadonlyMap<string, Commit>): string {
  const file: CommitFile = { version: 1, commits: [...commits].map(([key, { offset, metadata }]) => [key, offset, metadata]) };
  return `${JSON.stringify(file)}\n`;
}

async function load(path: string): Promise<Map<string, Commit>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
  try {
    const file = JSON.parse(text) as CommitFile;
    if (file.version !== 1 || !Array.isArray(file.commits)) throw new Error(`version ${file.version}`);
    return new Map(file.commits.map(([key, offset, metadata]) => [key, { offset, metadata }]));
  } catch (error) {
    throw new Error(`${path} holds the positions of the bus and cannot be read: remove it, and replays begin at their first record again`, {
      cause: error,
    });
  }
}
