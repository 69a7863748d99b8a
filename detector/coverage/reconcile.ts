import { formatOctets } from '../claims/units.js';
import { sumOf } from './loss.js';
import type { CoverageMinute } from './observed-time.js';
import { reason } from './reason.js';
import type { Reason } from './verdict-types.js';
import { shareText } from './words.js';

/** What passed by a sensor's interface counters, and how much of it its rows explain, in octets. */
export interface Reconciliation {
  readonly interfaceOctets: number;
  readonly estimatedOctets: number;
  /** |difference| / interfaceOctets; NaN where no counter was read. */
  readonly share: number;
}

export function reconciliationOf(rows: readonly CoverageMinute[]): Reconciliation {
  const interfaceOctets = sumOf(rows, 'interfaceOctets');
  const estimatedOctets = sumOf(rows, 'estimatedOctets');
  const share = interfaceOctets === 0 ? Number.NaN : Math.abs(interfaceOctets - estimatedOctets) / interfaceOctets;
  return { interfaceOctets, estimatedOctets, share };
}

/**
 * Traffic that no sequence number shows is missing: filtered, offloaded to hardware, of a kind that the exporter does not see (reference: assurance.md §2.4).
 * Rows that tell more than passed are no better: what is counted twice hides what is not counted.
 */
export function reconcileReasons(name: string, { interfaceOctets, estimatedOctets, share }: Reconciliation, allowed: number): Reason[] {
  if (Number.isNaN(allowed) || Number.isNaN(share) || share <= allowed) return [];
  const passed = `${formatOctets(interfaceOctets)} passed the interfaces of ${name}, its flows tell of ${formatOctets(estimatedOctets)}`;
  const sentence = `${passed}: ${shareText(share)} apart, ${shareText(allowed)} at most are allowed`;
  return [reason('unreconciled', name, share, allowed, 'share', sentence)];
}
