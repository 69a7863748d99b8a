import { MINUTE_MS } from '../../flow/time.js';
import type { FindingFlow } from '../detections/detection.js';
import { AT_WORK_MINUTES } from './fleet-events.js';

/** Longest stretch of [fromMs, toMs] in which no row has a packet of the asset, in whole minutes of the clock, as watches count them. */
export function longestGapMinutes(rows: readonly FindingFlow[], fromMs: number, toMs: number): number {
  const from = Math.floor(fromMs / MINUTE_MS);
  const to = Math.floor(toMs / MINUTE_MS);
  const spans = rows
    .filter(isSent)
    .map(({ startMs, endMs }) => [Math.floor(startMs / MINUTE_MS), Math.floor(endMs / MINUTE_MS) + 1] as const)
    .sort((a, b) => a[0] - b[0]);
  let longest = 0;
  let at = from;
  for (const [first, last] of spans) {
    longest = Math.max(longest, Math.min(first, to) - at);
    at = Math.max(at, last);
  }
  return Math.max(longest, to - at, 0);
}

/** How many assets that are meant sent something in the hour before the window and nothing in it. */
export function silentOf(rows: readonly FindingFlow[], isMeant: (asset: string) => boolean, window: Window): number {
  const from = Math.floor(window.windowFromMs / MINUTE_MS);
  const to = Math.floor(window.windowToMs / MINUTE_MS);
  const before = new Set<string>();
  const within = new Set<string>();
  for (const row of rows) {
    if (!isSent(row) || !isMeant(row.asset)) continue;
    const first = Math.floor(row.startMs / MINUTE_MS);
    const last = Math.floor(row.endMs / MINUTE_MS);
    if (last >= from - AT_WORK_MINUTES && first < from) before.add(row.asset);
    if (last >= from && first < to) within.add(row.asset);
  }
  return [...before].filter((asset) => !within.has(asset)).length;
}

interface Window {
  readonly windowFromMs: number;
  readonly windowToMs: number;
}

function isSent({ packetsOut, octetsOut }: FindingFlow): boolean {
  return packetsOut > 0 || octetsOut > 0;
}
