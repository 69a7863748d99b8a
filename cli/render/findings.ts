import { SEVERITIES } from '../../detector/claims/compiled.js';
import type { Finding } from '../../detector/findings/finding.js';
import { findingLine } from '../../detector/findings/one-line.js';
import { terminalText } from './text.js';

/**
 * Prints a finding when it appears and when it becomes graver or goes further; what only grows in volume is not told again. One that later records took
 * back (an attempt whose answer came after all) is told as withdrawn.
 */
export function createFindingPrinter(write: (line: string) => void): (finding: Finding) => void {
  const told = new Map<string, string>();
  return (finding) => {
    const state = finding.records === 0 ? 'withdrawn' : `${finding.severity} ${finding.completion}`;
    const before = told.get(finding.id);
    if (before === state || (before === undefined && finding.records === 0)) return;
    told.set(finding.id, state);
    const line = terminalText(findingLine(finding));
    write(finding.records === 0 ? `withdrawn  ${line}\n` : `${line}\n`);
  };
}

/** Findings as they stand, a line each: in the order of time, of one time the graver first. */
export function findingLines(findings: readonly Finding[]): string {
  const rank = ({ severity }: Finding): number => SEVERITIES.indexOf(severity);
  const inTime = findings.toSorted((a, b) => a.firstSeenMs - b.firstSeenMs || rank(b) - rank(a));
  return inTime.map((finding) => `${terminalText(findingLine(finding))}\n`).join('');
}
