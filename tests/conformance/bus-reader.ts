import type { Assignment, Message, Reader, Topic } from '../../flow/bus/bus.js';

/** A reader that remembers everything, and waits can be built on it. */
export class RecordingReader implements Reader {
  readonly assignments: Assignment[] = [];
  readonly received: Message[] = [];
  readonly revocations: string[] = [];
  /** Answers `assigned`. */
  startAt: (at: Assignment) => number | undefined = () => undefined;
  /** Runs inside `messages`, after they are recorded. */
  work: (batch: readonly Message[]) => Promise<void> = async () => {};
  #waiting: { readonly test: () => boolean; readonly resolve: () => void }[] = [];
  #busy = new Set<string>();

  async assigned(at: Assignment): Promise<number | undefined> {
    this.assignments.push(at);
    this.#look();
    return this.startAt(at);
  }

  async messages(batch: readonly Message[]): Promise<void> {
    const { topic, partition } = batch[0]!;
    const key = `${topic}/${partition}`;
    if (this.#busy.has(key)) throw new Error(`two calls at once for ${key}`);
    if (batch.some((message) => message.topic !== topic || message.partition !== partition)) throw new Error('a batch of two partitions');
    this.#busy.add(key);
    try {
      this.received.push(...batch);
      this.#look();
      await this.work(batch);
    } finally {
      this.#busy.delete(key);
    }
  }

  async revoked(topic: Topic, partition: number): Promise<void> {
    this.revocations.push(`${topic}/${partition}`);
    this.#look();
  }

  #look(): void {
    this.#waiting = this.#waiting.filter(({ test, resolve }) => {
      if (!test()) return true;
      resolve();
      return false;
    });
  }

  /** Resolves when the test holds; it is tried after every event. */
  until(test: () => boolean, timeoutMs = 100_000): Promise<void> {
    if (test()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const seen = () => `${this.received.length} messages, ${this.assignments.length} assignments, ${this.revocations.length} revocations`;
      const timer = setTimeout(() => reject(new Error(`waited ${timeoutMs} ms in vain: ${seen()}`)), timeoutMs);
      this.#waiting.push({
        test,
        resolve: () => {
          clearTimeout(timer);
          resolve();
        },
      });
    });
  }

  /** The values as text, in the order of arrival. */
  texts(partition?: number): string[] {
    return this.received.filter((message) => partition === undefined || message.partition === partition).map(textOf);
  }
}

export function textOf(message: Message): string {
  return Buffer.from(message.value).toString();
}

export function outgoing(text: string, headers: Record<string, string> = {}): { value: Uint8Array; headers: Record<string, string> } {
  return { value: Buffer.from(text), headers };
}

export function numbered(from: number, to: number, prefix = 'm'): string[] {
  return Array.from({ length: to - from }, (_, index) => `${prefix}${from + index}`);
}
