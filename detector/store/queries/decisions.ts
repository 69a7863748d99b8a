import { encodeBlock } from '../../../flow/native/block.js';
import type { Severity } from '../../claims/compiled.js';
import { DECISION_COLUMNS, type Decision, type Verb } from '../../decisions/decision.js';
import { addDecision, createDecisionBatch } from '../../decisions/decision-batch.js';
import type { Store } from '../store-types.js';
import { decodeRow, selectList } from './rows.js';

/** Stores decisions. Storing the same again adds nothing: the id is derived from what they say. */
export async function writeDecisions(store: Store, decisions: readonly Decision[]): Promise<void> {
  if (decisions.length === 0) return;
  const batch = createDecisionBatch(decisions.length);
  for (const decision of decisions) addDecision(batch, decision);
  await store.insertNative('decisions', [encodeBlock(batch)], `decisions:${decisions.map(({ id }) => id).join(',')}`);
}

/** Every decision, in the order in which they were taken. */
export async function readDecisions(store: Store): Promise<Decision[]> {
  const { rows } = await store.query<Record<string, string | number>>(
    `SELECT ${selectList(DECISION_COLUMNS, 'd')} FROM decisions AS d FINAL ORDER BY d.at, d.id`,
  );
  return rows.map((row) => {
    const { at, effective, until, accepted, verb, severity, ...same } = decodeRow(DECISION_COLUMNS, row);
    return {
      ...same,
      atMs: at,
      effectiveMs: effective,
      untilMs: until,
      verb: verb as Verb,
      severity: severity as Severity,
      accepted: JSON.parse(accepted) as string[],
    };
  });
}
