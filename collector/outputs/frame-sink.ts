import type { Bus } from '../../flow/bus/bus.js';

/** What takes the collector's frames: a bus, or a buffer before one. */
export interface FrameSink {
  partitions: Bus['partitions'];
  /** Keeps the order of the calls within a partition; resolves when the frame is taken, and waits while there is no room. */
  publish(...frame: Parameters<Bus['publish']>): Promise<unknown>;
}
