import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../flow/time.js';
import type { Notice } from './notice.js';

export interface OutboxLimits {
  /** Notices that wait for one target; beyond it the oldest goes to the dead letters. */
  readonly waiting: number;
  /** First pause after a failure; each further one is twice as long. */
  readonly firstPauseMs: number;
  /** Longest pause. */
  readonly longestPauseMs: number;
  /** A notice that could not be sent for so long goes to the dead letters. */
  readonly giveUpMs: number;
}

export const OUTBOX_LIMITS: OutboxLimits = {
  waiting: 1000,
  firstPauseMs: SECOND_MS,
  longestPauseMs: 5 * MINUTE_MS,
  giveUpMs: DAY_MS,
};

/** The receiver cannot be told now (try again), or will never take this notice (`permanent`). */
export class SendError extends Error {
  readonly permanent: boolean;
  constructor(message: string, permanent = false) {
    super(message);
    this.name = 'SendError';
    this.permanent = permanent;
  }
}

/** Sends one notice; resolves when the receiver has it, rejects with SendError. */
export type Send = (notice: Notice) => Promise<void>;

export interface Waiting {
  readonly notice: Notice;
  /** Clock time. */
  readonly sinceMs: number;
}

export interface OutboxCounters {
  sent: number;
  failed: number;
  dead: number;
}

export interface OutboxOptions {
  readonly send: Send;
  /** Keeps a notice that will not be sent, with the reason, before it leaves the queue. */
  readonly bury: (notice: Notice, reason: string) => Promise<void>;
  readonly limits?: Partial<OutboxLimits>;
}

/** What waits for one target, in order: at least once, retried with longer and longer pauses, bounded, nothing lost without a letter. Time is passed in. */
export class Outbox {
  readonly counters: OutboxCounters = { sent: 0, failed: 0, dead: 0 };
  /** Why the last attempt failed; '' when it did not. */
  problem = '';
  private readonly options: OutboxOptions;
  private readonly limits: OutboxLimits;
  private queue: Waiting[] = [];
  private failures = 0;
  private nextMs = Number.NEGATIVE_INFINITY;

  constructor(options: OutboxOptions) {
    this.options = options;
    this.limits = { ...OUTBOX_LIMITS, ...options.limits };
  }

  get waiting(): readonly Waiting[] {
    return this.queue;
  }

  /** Takes over what waited before a restart. */
  restore(waiting: readonly Waiting[]): void {
    this.queue = [...waiting];
  }

  async push(notice: Notice, nowMs: number): Promise<void> {
    if (this.queue.some((one) => one.notice.id === notice.id)) return;
    if (this.queue.length >= this.limits.waiting) await this.buryFirst(`more than ${this.limits.waiting} notices wait`);
    this.queue.push({ notice, sinceMs: nowMs });
  }

  /** Sends what can be sent now; true where something has left the queue. Never rejects. */
  async work(nowMs: number): Promise<boolean> {
    const before = this.queue.length;
    while (this.queue.length > 0 && nowMs >= this.nextMs) {
      const { notice, sinceMs } = this.queue[0]!;
      try {
        await this.options.send(notice);
        this.queue.shift();
        this.counters.sent += 1;
        this.failures = 0;
        this.problem = '';
      } catch (error) {
        this.counters.failed += 1;
        this.problem = error instanceof Error ? error.message : String(error);
        if (error instanceof SendError && error.permanent) await this.buryFirst(`the receiver refuses it: ${this.problem}`);
        else {
          if (nowMs - sinceMs >= this.limits.giveUpMs)
            await this.buryFirst(`not sent within ${this.limits.giveUpMs / MINUTE_MS} min: ${this.problem}`);
          this.nextMs = nowMs + Math.min(this.limits.longestPauseMs, this.limits.firstPauseMs * 2 ** Math.min(this.failures, 30));
          this.failures += 1;
        }
      }
    }
    return this.queue.length < before;
  }

  private async buryFirst(reason: string): Promise<void> {
    const { notice } = this.queue[0]!;
    // Where not even the letter can be written, memory stays bounded all the same.
    await this.options.bury(notice, reason).catch((error: unknown) => {
      this.problem = `a notice was dropped and could not be kept: ${String(error)}`;
    });
    this.queue.shift();
    this.counters.dead += 1;
  }
}
