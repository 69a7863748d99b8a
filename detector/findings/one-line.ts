import { formatTime } from '../../flow/time.js';
import type { Finding } from './finding.js';

/** A finding as one line for a terminal: time, severity, claim or detection, the sentence. */
export function findingLine(finding: Finding): string {
  const what = finding.claim === '' ? finding.detection : finding.claim;
  return `${formatTime(finding.firstSeenMs)}  ${finding.severity.padEnd(8)}  ${what.padEnd(20)}  ${finding.sentence}`;
}
