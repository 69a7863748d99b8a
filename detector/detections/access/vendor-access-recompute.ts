import { MINUTE_MS } from '../../../flow/time.js';
import type { CompiledClaims } from '../../claims/compiled.js';
import type { Finding } from '../../findings/finding.js';
import type { FindingFlow } from '../detection.js';
import { estimateOf, evidenceRowsOf, recordsOf, sumOf } from '../recompute.js';
import { agreedUntil, windowsOf } from './access-windows.js';

/**
 * Minutes beyond the agreed time of the session that went on longest; what the largest session took out; octets of accesses that nobody agreed on, where
 * the finding holds all their rows (which hours were usual, rows of one peer do not tell).
 */
export function recomputeVendorAccess(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  if (finding.peerAddress === '::') return Number.NaN;
  const records = recordsOf(rows, claims).filter(({ assetPort, endMs }) => assetPort === finding.port && endMs < finding.windowToMs);
  if (finding.unit === 'minutes') {
    return records.reduce((most, record) => {
      const untilMs = agreedUntil(windowsOf(claims, record), record.sessionStartMs, record.endMs);
      return untilMs === undefined ? most : Math.max(most, (record.endMs - untilMs) / MINUTE_MS);
    }, 0);
  }
  if (finding.rule.includes('agreed session')) {
    const sessions = [...new Set(records.map(({ session }) => session))];
    return Math.max(
      0,
      ...sessions.map((session) =>
        sumOf(
          records.filter((one) => one.session === session),
          (one) => estimateOf(one, 'out'),
        ),
      ),
    );
  }
  const made = evidenceRowsOf(finding, rows);
  return made === undefined ? Number.NaN : sumOf(recordsOf(made, claims), estimateOf);
}
