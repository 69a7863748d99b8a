import type { Log } from './log.js';

/** A part of a process: inert when made, explicit about start and stop. */
export interface Part {
  readonly name: string;
  start?(): Promise<void>;
  stop?(): Promise<void>;
}

/** Longest that one part may take to stop before the next is asked: a hanging part must not keep the rest from closing their files. */
export const STOP_TIMEOUT_MS = 15_000;

/**
 * Starts parts in order and stops them in reverse: what reads starts before what writes, and stops after it has been drained.
 * When a start fails, what had started is stopped again and the error goes on.
 */
export class Lifecycle {
  private readonly started: Part[] = [];
  private readonly log: Log;
  private stopping: Promise<void> | undefined;

  constructor(log: Log) {
    this.log = log;
  }

  async start(part: Part): Promise<void> {
    try {
      await part.start?.();
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.started.push(part);
  }

  /** Stops everything once; later calls wait for the first. */
  stop(): Promise<void> {
    this.stopping ??= this.stopAll();
    return this.stopping;
  }

  private async stopAll(): Promise<void> {
    for (const part of this.started.splice(0).reverse()) {
      try {
        await withTimeout(
          part.stop?.() ?? Promise.resolve(),
          STOP_TIMEOUT_MS,
          `${part.name} did not stop within ${STOP_TIMEOUT_MS / 1000} s`,
        );
      } catch (error) {
        this.log.error({ part: part.name, error: String(error) }, 'a part did not stop cleanly');
      }
    }
  }
}

/** What still keeps a process alive this long after everything was stopped is a defect, and not worth waiting for. */
const LINGER_MS = 5000;

export interface Lingering {
  readonly log: Log;
  /** Default 5 s. */
  readonly afterMs?: number;
  readonly exit?: (code: number) => void;
}

/**
 * Ends the process when it does not end by itself after its lifecycle has stopped, and tells what it waited for. For processes that run until they are
 * stopped: whoever has stopped one (systemd, an operator) waits for its end. Does not keep the process alive.
 */
export function endSoon({ log, afterMs = LINGER_MS, exit = process.exit }: Lingering): void {
  const timer = setTimeout(() => {
    const resources: Record<string, number> = {};
    for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
    log.error({ resources }, 'everything has stopped and the process did not end by itself; it is ended now');
    exit(Number(process.exitCode ?? 0));
  }, afterMs);
  timer.unref();
}

/** Rejects with `sentence` when `work` takes longer than `ms`. */
export async function withTimeout<T>(work: Promise<T>, ms: number, sentence: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(sentence)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves at the first SIGINT or SIGTERM. A second signal ends the process at once, for people who mean it. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let seen = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (seen) process.exit(130);
      seen = true;
      resolve(signal);
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}
