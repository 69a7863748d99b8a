import { MINUTE_MS } from '../../../flow/time.js';
import type { CompiledClaims } from '../../claims/compiled.js';
import type { Finding } from '../../findings/finding.js';
import type { FindingFlow } from '../detection.js';
import { beginsWithin, estimateOf, recordsOf, sumOf } from '../recompute.js';
import { applicationsOf, expectedApplications, UNRECOGNISED_APPLICATION } from './applications-table.js';

/** Octets of the records in which another application was recognised; minutes of the longest session in sight; ICMP packets in the window. */
export function recomputeMismatch(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  if (finding.peerAddress === '::') return Number.NaN;
  if (finding.unit === 'packets') {
    const sent = rows.filter(({ startMs }) => startMs >= finding.windowFromMs && startMs < finding.windowToMs);
    return sent.reduce((sum, row) => sum + (row.packetsOut + row.packetsIn) * Math.max(1, row.samplingInterval), 0);
  }
  if (finding.unit === 'minutes') {
    const records = recordsOf(rows, claims).filter(({ endMs }) => endMs < finding.windowToMs);
    return records.reduce((longest, { endMs, sessionStartMs }) => Math.max(longest, (endMs - sessionStartMs) / MINUTE_MS), 0);
  }
  const expected = expectedApplications(finding.port) | UNRECOGNISED_APPLICATION;
  const told = rows.filter(({ application }) => application !== '' && (applicationsOf(application) & expected) === 0);
  return sumOf(
    recordsOf(told, claims).filter((record) => beginsWithin(record, finding)),
    estimateOf,
  );
}
