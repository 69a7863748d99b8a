import { LEVEL_COMPLETION, Level } from '../detections/observed-record.js';
import { FINDING_INITIATOR, type Finding } from './finding.js';
import type { FindingState } from './finding-state.js';
import { sentenceOf } from './sentence.js';
import { isWithdrawn } from './withdrawn.js';

/** Brings the derived fields (completion, initiator, severity, sentence) up to date. */
export function refresh(state: FindingState): Finding {
  const { finding, levels, began, matter } = state;
  const level = furthest(levels);
  finding.completion = LEVEL_COMPLETION[level]!;
  finding.initiator = FINDING_INITIATOR[began[1] + began[2] === 0 ? 0 : began[1] >= began[2] ? 1 : 2]!;
  finding.severity = isWithdrawn(finding) ? 'info' : matter.severities[level]!;
  finding.sentence = sentenceOf(state);
  return finding;
}

function furthest(levels: readonly number[]): 0 | 1 | 2 | 3 {
  for (const level of [Level.transferred, Level.established, Level.unknown] as const) if (levels[level]! > 0) return level;
  return Level.attempt;
}
