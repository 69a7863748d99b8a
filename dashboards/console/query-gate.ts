/** A store that lives in this process answers few queries at once; more wait here, in order, and too many are refused. */
export const MAX_RUNNING = 4;
export const MAX_WAITING = 200;

export class TooBusy extends Error {}

/** Runs at most MAX_RUNNING tasks at a time; further ones wait their turn. Throws TooBusy when MAX_WAITING wait already. */
export function createQueryGate(): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    if (running < MAX_RUNNING) running++;
    else if (waiting.length >= MAX_WAITING) throw new TooBusy('the store is busy; wait a moment and refresh');
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      // The place goes to the one who waits longest, so that no newcomer slips in between.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
