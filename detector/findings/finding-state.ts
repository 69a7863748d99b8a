import { LEVEL_COMPLETION, Level } from '../detections/observed-record.js';
import { FINDING_INITIATOR, type Finding } from './finding.js';
import type { Matter } from './finding-sink.js';
import { sentenceOf } from './sentence.js';
import { isWithdrawn } from './withdrawn.js';

/** A finding while it grows: what the finished one does not show. */
export interface FindingState {
  readonly key: string;
  readonly finding: Finding;
  readonly matter: Matter;
  readonly periodFromMs: number;
  readonly periodToMs: number;
  /** Counts what the limit on findings turned away. */
  readonly overflow: boolean;
  /** A sum over a window rather than sessions with a peer. */
  readonly measured: boolean;
  /** Sessions by Level. */
  readonly levels: [number, number, number, number];
  /** Sessions by Began. */
  readonly began: [number, number, number];
  /** Session of each evidence row, to take it back with its session; 0 for measured findings. */
  readonly evidenceSessions: number[];
  /** Largest sampling interval of its records. */
  sampling: number;
  why: string;
}

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
