/** Takes DNS answers as they were seen on the wire or in a log. */
export interface NameSink {
  /**
   * `client`, who asked, was told at `atMs` (time of the answer, ms since the epoch) that the name it asked for has `address`. Called once for each
   * address of an answer; the name is the one asked for, not what a CNAME led to, and `ttlSeconds` the smallest TTL between the two. Both addresses are
   * the 16 octets at their place, IPv4 mapped; they are copied. Names come as they were read: those that are none are refused and counted.
   */
  answer(
    client: Uint8Array,
    clientAt: number,
    address: Uint8Array,
    addressAt: number,
    name: string,
    ttlSeconds: number,
    atMs: number,
  ): void;
}

/** For who has nowhere to tell names to. */
export const NO_NAMES: NameSink = { answer: () => undefined };
