import { MINUTE_MS } from '../../flow/time.js';
import type { Severity } from '../claims/compiled.js';
import type { CoverageMinute } from '../coverage/observed-time.js';

/** What is told of the collector as a whole: the kernel counts drops for a socket, not for an exporter. */
export const COLLECTOR = '(collector)';

/** One way in which a sensor could not see, in one calendar period: the worst of it. */
export interface Blindness {
  readonly kind:
    | 'silent'
    | 'loss'
    | 'templates'
    | 'template-changed'
    | 'clock'
    | 'sampling'
    | 'missed'
    | 'kernel-drops'
    | 'bus-hole'
    | 'late'
    | 'unheard'
    | 'behind';
  readonly sensor: string;
  readonly severity: Severity;
  readonly observed: number;
  readonly expected: number;
  readonly unit: string;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly windowFromMs: number;
  readonly windowToMs: number;
  readonly records: number;
  readonly sessions: number;
  readonly rule: string;
  readonly sentence: string;
}

export type Parameters = Readonly<Record<string, number>>;

export function rowsWithin(rows: readonly CoverageMinute[], fromMs: number, toMs: number): CoverageMinute[] {
  return rows.filter(({ minute }) => minute >= fromMs && minute < toMs);
}

/** From the first to the end of the last minute of the rows; `fromMs` where there are none. */
export function spanOf(rows: readonly CoverageMinute[], fromMs: number): { readonly firstSeenMs: number; readonly lastSeenMs: number } {
  const minutes = rows.map(({ minute }) => minute);
  return minutes.length === 0
    ? { firstSeenMs: fromMs, lastSeenMs: fromMs }
    : { firstSeenMs: Math.min(...minutes), lastSeenMs: Math.max(...minutes) + MINUTE_MS };
}
