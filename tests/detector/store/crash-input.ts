import type { OutgoingMessage } from '../../../flow/bus/bus.js';
import { DAY, flowFrames } from './rows.js';

export const CRASH_PARTITIONS = 2;
export const CRASH_ROWS = 48_000;

/** The same frames in every run: the input of a replay. They lie across midnight, so that inserts make parts of two days. */
export function crashFrames(): { partition: number; message: OutgoingMessage }[] {
  const shape = { rows: CRASH_ROWS, startMs: DAY + 23 * 3_600_000, stepMs: 150, assets: 40, peersPerAsset: 8 };
  return flowFrames(shape, 600).map((message, index) => ({ partition: index % CRASH_PARTITIONS, message }));
}
