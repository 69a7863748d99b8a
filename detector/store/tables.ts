import type { ColumnTable } from '../../flow/column-kinds.js';
import { FLOW_COLUMNS } from '../../flow/columns.js';
import { COVERAGE_COLUMNS } from '../../flow/coverage.js';
import { CLAIM_WINDOW_COLUMNS } from '../coverage/claim-windows.js';
import { VERDICT_COLUMNS } from '../coverage/verdict-types.js';
import { DECISION_COLUMNS } from '../decisions/decision.js';
import { FINDING_COLUMNS } from '../findings/finding.js';
import { JUDGEMENT_COLUMNS } from '../findings/judgement.js';
import { PEER_PLACE_COLUMNS } from '../places/peer-place.js';

/** The tables that receive rows from outside, each with the column table that its rows and its DDL derive from. */
export const STORE_TABLES = {
  flows: FLOW_COLUMNS,
  coverage: COVERAGE_COLUMNS,
  findings: FINDING_COLUMNS,
  judgements: JUDGEMENT_COLUMNS,
  verdicts: VERDICT_COLUMNS,
  decisions: DECISION_COLUMNS,
  claim_windows: CLAIM_WINDOW_COLUMNS,
  peer_places: PEER_PLACE_COLUMNS,
} as const satisfies Record<string, ColumnTable>;

export type StoreTable = keyof typeof STORE_TABLES;
