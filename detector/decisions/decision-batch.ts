import { ColumnBatch } from '../../flow/batch.js';
import { SEVERITIES } from '../claims/compiled.js';
import { DECISION_COLUMNS, type Decision, VERBS } from './decision.js';

/** Rows of decisions, as they are stored. */
export type DecisionBatch = ColumnBatch<typeof DECISION_COLUMNS>;

export function createDecisionBatch(capacity?: number): DecisionBatch {
  return new ColumnBatch(DECISION_COLUMNS, capacity);
}

/** Appends the decision as one row. */
export function addDecision(batch: DecisionBatch, decision: Decision): void {
  const row = batch.add();
  const { columns } = batch;
  for (const name of ['detection', 'claim', 'fleet', 'asset', 'peerName', 'timezone'] as const) {
    columns[name].codes[row] = columns[name].dictionary.intern(decision[name]);
  }
  for (const name of ['id', 'author', 'reason', 'finding', 'sentence', 'peer', 'revokes'] as const) columns[name][row] = decision[name];
  for (const name of ['findingRevision', 'peerAsn', 'protocol', 'port', 'minuteFrom', 'minuteUntil'] as const)
    columns[name][row] = decision[name];
  columns.at[row] = decision.atMs;
  columns.effective[row] = decision.effectiveMs;
  columns.verb[row] = VERBS.indexOf(decision.verb);
  columns.severity[row] = SEVERITIES.indexOf(decision.severity);
  columns.until[row] = decision.untilMs;
  columns.accepted[row] = JSON.stringify(decision.accepted);
}
