export interface BufferLimits {
  /** Octets of segment files that may be there at once; when they are, `publish` waits. 4 GiB are two minutes of 150 000 records a second. */
  readonly maxOctets: number;
  /** A segment is closed at this size; it is the unit in which room is given back. */
  readonly segmentOctets: number;
  /** Frames that wait in memory too, so that they need not be read again; beyond it the disk alone has them. */
  readonly memoryOctets: number;
  /** Octets of frames handed to the bus at once and not yet acknowledged. */
  readonly windowOctets: number;
  /** The same in frames. */
  readonly windowFrames: number;
  /** What the bus has not taken after this time is written through to the disk, and it is said that the buffer has taken over. */
  readonly awayAfterMs: number;
  /** How often that is looked at: what a power cut can take from a buffer that has taken over. */
  readonly lookEveryMs: number;
  /** Pause between attempts to reach the bus. */
  readonly retryMs: number;
  /** A start waits this long for the bus when it was never reached, because only the bus knows how many partitions there are. */
  readonly firstContactMs: number;
  /**
   * After a connection is made where another was lost with frames under way: the time for which the broker is left to finish what it may still hold of
   * the old one, before its log is compared with ours.
   */
  readonly settleMs: number;
  /** A stop waits this long for the rest to be taken; the next start sends what is left. */
  readonly stopMs: number;
}

export const DEFAULT_BUFFER_LIMITS: BufferLimits = {
  maxOctets: 4 * 2 ** 30,
  segmentOctets: 64 * 2 ** 20,
  memoryOctets: 16 * 2 ** 20,
  windowOctets: 24 * 2 ** 20,
  windowFrames: 256,
  awayAfterMs: 1000,
  lookEveryMs: 200,
  retryMs: 1000,
  firstContactMs: 3000,
  settleMs: 1000,
  stopMs: 4000,
};
