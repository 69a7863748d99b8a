import type { Session } from 'chdb';
import { StoreError } from '../store-error.js';

/** How many callers may wait for a session before the next one is told 'busy'. */
export const maxWaiting = 256;

/**
 * A few sessions of one kind (writer, readers, guests). A chdb session runs one query at a time (a second one waits inside a thread of
 * libuv's pool), so work is handed out here, where waiting costs nothing.
 */
export class SessionLane {
  readonly #idle: Session[];
  readonly #all: readonly Session[];
  readonly #waiting: ((session: Session | undefined) => void)[] = [];
  #closed = false;
  #running = 0;
  #drained: (() => void) | undefined;

  constructor(sessions: readonly Session[]) {
    this.#all = sessions;
    this.#idle = [...sessions];
  }

  /** Runs `work` with a session of its own. Throws StoreError 'busy' when too many wait, 'not-started' after close. */
  async run<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.#take();
    this.#running++;
    try {
      return await work(session);
    } finally {
      this.#running--;
      const next = this.#waiting.shift();
      if (next !== undefined) next(session);
      else this.#idle.push(session);
      if (this.#running === 0) this.#drained?.();
    }
  }

  /** Refuses new work, waits for what runs, closes the sessions. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const waiter of this.#waiting.splice(0)) waiter(undefined);
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
    for (const session of this.#all) session.close();
  }

  async #take(): Promise<Session> {
    if (this.#closed) throw closed();
    const session = this.#idle.pop();
    if (session !== undefined) return session;
    if (this.#waiting.length >= maxWaiting) {
      throw new StoreError('busy', `${maxWaiting} queries wait already; try again later, or ask for less`);
    }
    const given = await new Promise<Session | undefined>((resolve) => this.#waiting.push(resolve));
    if (given === undefined) throw closed();
    return given;
  }
}

function closed(): StoreError {
  return new StoreError('not-started', 'the store is closed');
}
