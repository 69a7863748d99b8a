/** Frames that may wait for the bus at once: a broker takes several in the time of one answer. 8 frames are 7 MB. */
export const FRAMES_UNDER_WAY = 8;

/**
 * Publishing goes on while the bus still works on the frames before; order is the bus's promise. A failure is told to whoever comes next, and
 * for ever: what follows a lost frame must not pass for complete.
 */
export class PublishWindow {
  private readonly underWay = new Set<Promise<unknown>>();
  private readonly most: number;
  private failure: { readonly error: unknown } | undefined;

  constructor(most: number = FRAMES_UNDER_WAY) {
    this.most = most;
  }

  /** Resolves when there is room for another; rejects when one of those before has failed. */
  async add(publishing: Promise<unknown>): Promise<void> {
    const settled: Promise<unknown> = publishing
      .catch((error: unknown) => {
        this.failure ??= { error };
      })
      .finally(() => this.underWay.delete(settled));
    this.underWay.add(settled);
    while (this.underWay.size >= this.most) await Promise.race(this.underWay);
    this.check();
  }

  /** Resolves when all are published; rejects when one has failed. */
  async empty(): Promise<void> {
    await Promise.all(this.underWay);
    this.check();
  }

  private check(): void {
    if (this.failure !== undefined) throw this.failure.error;
  }
}
