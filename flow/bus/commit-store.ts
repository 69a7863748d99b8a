import type { Topic } from './bus.js';

/** What a group said is done in one partition of one log. */
export interface Commit {
  readonly offset: number;
  readonly metadata: string;
}

export interface CommitKey {
  readonly log: string;
  readonly group: string;
  readonly topic: Topic;
  readonly partition: number;
}

/** Where the in-process bus keeps commits across restarts (Kafka has its own place for them). */
export interface CommitStore {
  read(key: CommitKey): Promise<Commit | undefined>;
  /** Resolves when the commit would survive a power cut. */
  write(key: CommitKey, commit: Commit): Promise<void>;
}

/** One string per key, the same for equal keys only: the parts may hold any character. */
export function commitKeyText(key: CommitKey): string {
  return JSON.stringify([key.log, key.group, key.topic, key.partition]);
}

/** For topics without a stable identity: kept for this process, so that a group that subscribes again continues. */
export function createMemoryCommitStore(): CommitStore {
  const commits = new Map<string, Commit>();
  return {
    read: async (key) => commits.get(commitKeyText(key)),
    write: async (key, commit) => void commits.set(commitKeyText(key), commit),
  };
}
