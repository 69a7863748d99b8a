import { SEVERITIES, type Severity } from '../claims/compiled.js';
import type { Finding } from '../findings/finding.js';
import { isUndeclaredOutside } from './peer-group.js';

/** A number from 0 to 100 and the sentence that shows how it was made. */
export interface Score {
  readonly value: number;
  readonly sum: string;
}

/*
 * Severity (detection.md §4): the gravest finding, +10 where a peer is on the internet and in no declared set, +10 where the peer is new beside something
 * else, +10 where several detections speak of it. Two parts of that document are left out: "+20 transferred" is in the finding's own severity already, which rises
 * with how far an exchange came; "country or AS of the vendor" and "approved maintenance" are claims' business, and what breaks a claim is graver by itself.
 */
const BASE: Readonly<Record<Severity, number>> = { info: 10, low: 30, medium: 50, high: 70, critical: 85 };
const RAISE = 10;
/** A further detection makes it surer, but detections of one device rest on the same records: each adds little, and three at most count. */
const SURER = 5;
const MOST_SURER = 3;
const MOST_CONFIDENCE = 99;

/** How bad it would be. `findings` must not be empty. */
export function severityScore(findings: readonly Finding[]): Score {
  const gravest = findings.reduce((worst, { severity }) => (rank(severity) > rank(worst) ? severity : worst), 'info' as Severity);
  const detections = new Set(findings.map(({ detection }) => detection));
  const raises = [
    findings.some(isUndeclaredOutside) ? 'a peer on the internet in no declared set' : '',
    detections.has('new-destination') && detections.size > 1 ? 'a peer that is new' : '',
    detections.size > 1 ? `${detections.size} detections` : '',
  ].filter((raise) => raise !== '');
  const value = Math.min(100, BASE[gravest] + RAISE * raises.length);
  const parts = [`${BASE[gravest]} for the gravest finding (${gravest})`, ...raises.map((raise) => `${RAISE} for ${raise}`)];
  return { value, sum: `Severity ${value} of 100: ${parts.join(' + ')}.` };
}

/** How sure that it is what it says. `findings` must not be empty. */
export function confidenceScore(findings: readonly Finding[]): Score {
  const surest = findings.reduce((best, finding) => (finding.confidence > best.confidence ? finding : best));
  const further = Math.min(MOST_SURER, new Set(findings.map(({ detection }) => detection)).size - 1);
  const value = Math.min(Math.max(surest.confidence, MOST_CONFIDENCE), surest.confidence + SURER * further);
  const more =
    further === 0
      ? ''
      : ` + ${SURER * further} for ${further === 1 ? 'another detection' : `${further} other detections`} that ${further === 1 ? 'agrees' : 'agree'}`;
  return { value, sum: `Confidence ${value} of 100: ${surest.confidence} of the surest finding (${surest.detection})${more}.` };
}

/** The word for a severity of 0 to 100. */
export function severityWord(value: number): Severity {
  return [...SEVERITIES].reverse().find((word) => value >= BASE[word]) ?? 'info';
}

function rank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}
