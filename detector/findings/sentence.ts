import type { Finding } from './finding.js';
import type { FindingState } from './finding-state.js';
import { formatCount, formatOctets, formatPort } from './quantity.js';
import { formatSpan } from './time-span.js';
import { isWithdrawn } from './withdrawn.js';

/** One sentence or a few that say why, with the numbers. */
export function sentenceOf(state: FindingState): string {
  const { finding } = state;
  if (isWithdrawn(finding)) return `Withdrawn: a later record of the same session showed who began it; nothing of this remains.`;
  const parts = state.measured
    ? [`${subjectOf(finding)}: ${state.why}.`]
    : state.overflow
      ? [`${finding.asset}: ${volumesOf(finding)} beyond the ${state.matter.most} findings of this kind kept for the period: ${state.why}.`]
      : [
          `${subjectOf(finding)} ${verbOf(finding)} ${peerOf(finding)}: ${volumesOf(finding)}, ${formatSpan(finding.firstSeenMs, finding.lastSeenMs)}: ${state.why}.`,
        ];
  if (!state.measured && finding.initiator === 'unknown') parts.push('Who began it is not known; it is judged as the worse side.');
  if (state.sampling > 1) parts.push(samplingOf(state));
  return parts.join(' ');
}

function subjectOf(finding: Finding): string {
  return finding.assetAddress === '::' ? finding.asset : `${finding.asset} (${finding.assetAddress})`;
}

function peerOf(finding: Finding): string {
  const name = finding.peerName === '' ? '' : ` (${finding.peerName})`;
  const port = formatPort(finding.protocol, finding.port);
  return `${finding.peerAddress}${name}${port === '' ? '' : ` on ${port}`}`;
}

function verbOf({ completion, initiator }: Finding): string {
  const byPeer = initiator === 'peer';
  if (completion === 'attempt') return byPeer ? 'was tried without success by' : 'tried without success to reach';
  if (completion === 'transferred') return byPeer ? 'was reached by and exchanged data with' : 'exchanged data with';
  if (completion === 'established') return byPeer ? 'was reached by' : 'talked with';
  return 'sent to or received from (one direction seen)';
}

function volumesOf(finding: Finding): string {
  const flows = formatCount(finding.sessions, 'connection');
  return `${formatOctets(finding.octetsOut)} out and ${formatOctets(finding.octetsIn)} in, ${flows}, ${formatCount(finding.records, 'record')}`;
}

function samplingOf(state: FindingState): string {
  const estimate = state.measured ? '' : `, about ${formatOctets(state.finding.observed)} in all`;
  return `Counted from 1 in ${state.sampling} packets${estimate}.`;
}
