/** A condition that may have changed: waiters look again after every `raise`. */
export interface Signal {
  raise(): void;
  /** Resolves at the next `raise`. */
  next(): Promise<void>;
}

export function createSignal(): Signal {
  let waiting: Promise<void> | undefined;
  let resolve: () => void = () => {};
  return {
    raise() {
      waiting = undefined;
      resolve();
    },
    next() {
      waiting ??= new Promise<void>((done) => {
        resolve = done;
      });
      return waiting;
    },
  };
}
