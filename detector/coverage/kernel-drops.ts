import { type CoverageMinute, isCapture } from './observed-time.js';
import { reason } from './reason.js';
import type { Reason } from './verdict-types.js';
import { countText } from './words.js';

/** Datagrams of one period, over all senders. */
export interface KernelDrops {
  readonly dropped: number;
  /** Beyond what the sequence numbers of all known exporters miss: somebody unknown lost them. */
  readonly unexplained: number;
  readonly received: number;
}

/** Drops are counted for a socket, not for an exporter: they are attributed by the gaps of those that are known (reference: assurance.md §2.2). */
export function kernelDropsOf(rows: readonly CoverageMinute[], fromMs: number, toMs: number): KernelDrops {
  let dropped = 0;
  let gaps = 0;
  let received = 0;
  for (const row of rows) {
    if (row.minute < fromMs || row.minute >= toMs || isCapture(row)) continue;
    dropped += row.kernelDrops;
    gaps += row.messagesLost;
    received += row.messagesReceived;
  }
  return { dropped, unexplained: Math.max(0, dropped - gaps), received };
}

/** `maxLost`: the share of datagrams that may be missing unexplained. */
export function kernelDropReasons({ unexplained, received }: KernelDrops, maxLost: number): Reason[] {
  const share = unexplained / (unexplained + received);
  if (unexplained === 0 || share <= maxLost) return [];
  const sentence = `the kernel dropped ${countText(unexplained)} datagrams that no known exporter misses: the records of somebody else were in them`;
  return [reason('kernel-drops', '', unexplained, 0, 'datagrams', sentence)];
}
