import { peerGroupName } from '../../baseline/peer-groups.js';
import type { CompiledClaims } from '../../claims/compiled.js';
import type { Finding } from '../../findings/finding.js';
import { isAgreed } from '../claims/recompute-claims.js';
import type { FindingFlow } from '../detection.js';
import type { ObservedRecord } from '../observed-record.js';
import { recordsOf } from '../recompute.js';

/*
 * Volumes are watched in lanes: one direction, towards one group of peers or all of them. A finding names its lane in `rule`, so that its sum can be done again
 * from the rows of the asset.
 */

const ALL = 'all peers';

export function laneRule(direction: 'out' | 'in', group: string | undefined): string {
  return `${direction}, ${group ?? ALL}`;
}

/** For sentences: 'out to archive', 'in from all peers'. */
export function laneWords(direction: 'out' | 'in', group: string | undefined): string {
  return `${direction} ${direction === 'out' ? 'to' : 'from'} ${group ?? ALL}`;
}

export function laneDirection(finding: Finding): 'out' | 'in' {
  return finding.rule.startsWith('in, ') ? 'in' : 'out';
}

/** The records of a finding's lane, without what came in agreed times: those are counted in no lane. */
export function laneRecords(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): ObservedRecord[] {
  const group = finding.rule.slice(finding.rule.indexOf(', ') + 2);
  return recordsOf(rows, claims).filter(
    (record) => (group === ALL || peerGroupName(record, claims) === group) && !isAgreed(record, claims),
  );
}
