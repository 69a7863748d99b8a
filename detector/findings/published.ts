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
 * all numbers together, and of most findings nobody asks for it again. The copy is spread, which has the shape of what it is spread from: of a literal V8 learns that many
 * outlive a collection, and makes all later ones among the old objects, where they lie until the next full one (60 MiB with 2600 findings that grow).
 */
export function published(state: FindingState): Finding {
  const { finding, levels, began, matter } = state;
  const level = furthest(levels);
  finding.completion = LEVEL_COMPLETION[level]!;
  finding.initiator = FINDING_INITIATOR[began[1] + began[2] === 0 ? 0 : began[1] >= began[2] ? 1 : 2]!;
  finding.severity = isWithdrawn(finding) ? 'info' : matter.severities[level]!;
  return { ...finding, sentence: sentenceOf(state), evidence: finding.evidence.slice() };
}

function furthest(levels: readonly number[]): 0 | 1 | 2 | 3 {
  for (const level of [Level.transferred, Level.established, Level.unknown] as const) if (levels[level]! > 0) return level;
  return Level.attempt;
}
