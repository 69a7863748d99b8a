/** A sender and how many of its datagrams were counted; at most `over` of them may have been another's. */
export interface TopSender {
  readonly address: string;
  readonly datagrams: number;
  readonly over: number;
}

/**
 * Who sends most, in memory that does not grow with the number of senders (Metwally, Agrawal, El Abbadi: "Efficient Computation of Frequent and
 * Top-k Elements in Data Streams", 2005, Space-Saving): a sender that is not among the counted takes the place of the least, and its count, which
 * is told as `over`. Whoever sent more than 1/`places` of all is in it for sure.
 */
export class TopSenders {
  private readonly places: number;
  private readonly counts = new Map<string, { datagrams: number; over: number }>();

  constructor(places: number) {
    this.places = places;
  }

  add(address: string): void {
    const known = this.counts.get(address);
    if (known !== undefined) {
      known.datagrams++;
      return;
    }
    let over = 0;
    if (this.counts.size >= this.places) {
      const [least, count] = this.least();
      this.counts.delete(least);
      over = count;
    }
    this.counts.set(address, { datagrams: over + 1, over });
  }

  /** Most first. */
  list(): TopSender[] {
    return [...this.counts].map(([address, count]) => ({ address, ...count })).sort((a, b) => b.datagrams - a.datagrams);
  }

  private least(): [address: string, datagrams: number] {
    let found: [string, number] = ['', Number.POSITIVE_INFINITY];
    for (const [address, { datagrams }] of this.counts) if (datagrams < found[1]) found = [address, datagrams];
    return found;
  }
}
