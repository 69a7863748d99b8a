import type { Topic } from './bus.js';
import type { LocalLog } from './local-log.js';

/** What a group asks of its members. */
export interface LocalMember {
  readonly topics: readonly Topic[];
  /** The log is the member's from now on. */
  acquire(log: LocalLog): Promise<void>;
  /** Resolves when the member reads the log no more. */
  release(log: LocalLog): Promise<void>;
}

/** The readers of one group, and who holds which partition. Changes run one after the other, as a Kafka rebalance does. */
export class LocalGroup {
  readonly name: string;
  #members: LocalMember[] = [];
  #logs: ReadonlyMap<Topic, readonly LocalLog[]>;
  #owners = new Map<LocalLog, LocalMember>();
  #changes: Promise<void> = Promise.resolve();

  constructor(name: string, logs: ReadonlyMap<Topic, readonly LocalLog[]>) {
    this.name = name;
    this.#logs = logs;
  }

  join(member: LocalMember): Promise<void> {
    this.#members.push(member);
    return this.#rebalance();
  }

  /** Resolves when the member holds nothing any more. */
  leave(member: LocalMember): Promise<void> {
    this.#members = this.#members.filter((other) => other !== member);
    return this.#rebalance();
  }

  #rebalance(): Promise<void> {
    this.#changes = this.#changes.then(() => this.#assign());
    return this.#changes;
  }

  /** First everything that moves is taken away, then it is given: no partition has two readers at any time. */
  async #assign(): Promise<void> {
    const wanted = new Map<LocalLog, LocalMember>();
    for (const [topic, logs] of this.#logs) {
      const readers = this.#members.filter((member) => member.topics.includes(topic));
      if (readers.length === 0) continue;
      for (const log of logs) wanted.set(log, readers[log.partition % readers.length]!);
    }
    for (const [log, owner] of [...this.#owners]) {
      if (wanted.get(log) === owner) continue;
      this.#owners.delete(log);
      await owner.release(log);
      if (!wanted.has(log)) log.leaveGroup(this.name);
    }
    for (const [log, owner] of wanted) {
      if (this.#owners.has(log)) continue;
      this.#owners.set(log, owner);
      await owner.acquire(log);
    }
  }
}
