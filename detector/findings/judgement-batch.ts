import { ColumnBatch } from '../../flow/batch.js';
import { JUDGEMENT_COLUMNS, JUDGEMENT_KINDS, type Judgement } from './judgement.js';

/** Rows of judgements, as they travel in frames and are stored. */
export type JudgementBatch = ColumnBatch<typeof JUDGEMENT_COLUMNS>;

export function createJudgementBatch(capacity?: number): JudgementBatch {
  return new ColumnBatch(JUDGEMENT_COLUMNS, capacity);
}

/** Appends the judgement as one row. */
export function addJudgement(batch: JudgementBatch, judgement: Judgement): void {
  const row = batch.add();
  const { columns } = batch;
  for (const name of ['claimsHash', 'unit', 'fleet', 'claim', 'about'] as const) {
    columns[name].codes[row] = columns[name].dictionary.intern(judgement[name]);
  }
  columns.kind[row] = JUDGEMENT_KINDS.indexOf(judgement.kind);
  columns.periodFrom[row] = judgement.periodFromMs;
  columns.first[row] = judgement.firstMs;
  columns.last[row] = judgement.lastMs;
  columns.flows[row] = judgement.flows;
  columns.records[row] = judgement.records;
  columns.octets[row] = judgement.octets;
}
