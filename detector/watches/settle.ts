import { MINUTE_MS } from '../../flow/time.js';
import type { Finding } from '../findings/finding.js';
import { findingJson } from '../findings/json.js';
import { WATCHES } from './index.js';
import type { Watch } from './watch.js';

/**
 * What is to be published where watches found `found` and `stored` are the findings of watches that the store has, withdrawn ones included, of the
 * periods that were looked at: those that say something else, and a last revision without records for those that late data took back. A revision is the number of the watermark's minute, and above the stored one: it grows with record time, and equal input gives equal revisions.
 */
export function settle(found: readonly Finding[], stored: readonly Finding[], untilMs: number): Finding[] {
  const before = new Map(stored.map((finding) => [finding.id, finding]));
  const revisionOver = (old: Finding | undefined): number => Math.max(Math.floor(untilMs / MINUTE_MS), (old?.revision ?? 0) + 1);
  const changed: Finding[] = [];
  for (const finding of found) {
    const old = before.get(finding.id);
    before.delete(finding.id);
    if (old !== undefined && says(old) === says(finding)) continue;
    changed.push({ ...finding, revision: revisionOver(old) });
  }
  for (const old of before.values()) {
    if (old.records === 0) continue;
    changed.push({ ...old, revision: revisionOver(old), records: 0, severity: 'info', sentence: withdrawalOf(old) });
  }
  return changed;
}

function withdrawalOf(finding: Finding): string {
  const watch: Watch | undefined = Object.values(WATCHES).find(({ id }) => id === finding.detection);
  return watch?.withdrawal?.(finding) ?? 'Withdrawn: later data showed that there was nothing of the kind.';
}

/** All of a finding but its revision, as text. */
function says(finding: Finding): string {
  return findingJson({ ...finding, revision: 0 });
}
