import type { Finding } from './finding.js';

/**
 * True when every record of the finding turned out to belong elsewhere: a later record showed who had begun. The last revision says so, with
 * `records` 0 and severity info, because an earlier one may have been stored; readers of findings leave it out.
 */
export function isWithdrawn(finding: Pick<Finding, 'records'>): boolean {
  return finding.records === 0;
}
