import { LEVEL_COMPLETION, Level } from '../detections/observed-record.js';
import { ChangedList } from './changed-list.js';
import { FINDING_INITIATOR, type Finding } from './finding.js';
import type { FindingState } from './finding-state.js';
import { sentenceOf } from './sentence.js';
import { isWithdrawn } from './withdrawn.js';

/** The findings of a partition that changed since they were last taken. */
export type ChangedFindings = ChangedList<FindingState, Finding>;

export function changedFindings(): ChangedFindings {
  return new ChangedList(published);
}

/**
 * A copy of the finding as it is now, its derived fields (completion, initiator, severity, sentence) up to date. The sentence is in the copy alone: it is longer than
 * all numbers together, and of most findings nobody asks for it again.
 */
export function published(state: FindingState): Finding {
  const { finding, levels, began, matter } = state;
  const level = furthest(levels);
  finding.completion = LEVEL_COMPLETION[level]!;
  finding.initiator = FINDING_INITIATOR[began[1] + began[2] === 0 ? 0 : began[1] >= began[2] ? 1 : 2]!;
  finding.severity = isWithdrawn(finding) ? 'info' : matter.severities[level]!;
  return copyOf(finding, sentenceOf(state));
}

/** Every field by name: V8 makes the copy in one piece, where a spread of so many fields grows it bit by bit. */
function copyOf(finding: Finding, sentence: string): Finding {
  return {
    detection: finding.detection,
    claim: finding.claim,
    asset: finding.asset,
    peerAddress: finding.peerAddress,
    protocol: finding.protocol,
    port: finding.port,
    id: finding.id,
    revision: finding.revision,
    severity: finding.severity,
    confidence: finding.confidence,
    fleet: finding.fleet,
    assetAddress: finding.assetAddress,
    peerName: finding.peerName,
    peerAsn: finding.peerAsn,
    peerCountry: finding.peerCountry,
    initiator: finding.initiator,
    completion: finding.completion,
    firstSeenMs: finding.firstSeenMs,
    lastSeenMs: finding.lastSeenMs,
    observed: finding.observed,
    expected: finding.expected,
    unit: finding.unit,
    windowFromMs: finding.windowFromMs,
    windowToMs: finding.windowToMs,
    sessions: finding.sessions,
    records: finding.records,
    octetsOut: finding.octetsOut,
    octetsIn: finding.octetsIn,
    packetsOut: finding.packetsOut,
    packetsIn: finding.packetsIn,
    rule: finding.rule,
    sentence,
    evidence: finding.evidence.slice(),
    claimsHash: finding.claimsHash,
  };
}

function furthest(levels: readonly number[]): 0 | 1 | 2 | 3 {
  for (const level of [Level.transferred, Level.established, Level.unknown] as const) if (levels[level]! > 0) return level;
  return Level.attempt;
}
