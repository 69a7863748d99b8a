import { ColumnBatch } from '../../flow/batch.js';
import { VERDICT_COLUMNS, VERDICTS, type Verdict } from './verdict-types.js';

/** Rows of verdicts, as they travel in frames and are stored. */
export type VerdictBatch = ColumnBatch<typeof VERDICT_COLUMNS>;

export function createVerdictBatch(capacity?: number): VerdictBatch {
  return new ColumnBatch(VERDICT_COLUMNS, capacity);
}

/** Appends the verdict as one row. `revision`: ms since the epoch when it was computed; of one claim and period the highest is current. */
export function addVerdict(batch: VerdictBatch, verdict: Verdict, revision: number): void {
  const row = batch.add();
  const columns = batch.columns;
  columns.claimsId.codes[row] = columns.claimsId.dictionary.intern(verdict.claimsId);
  columns.claimsHash.codes[row] = columns.claimsHash.dictionary.intern(verdict.claimsHash);
  columns.claim.codes[row] = columns.claim.dictionary.intern(verdict.claim);
  columns.fleet.codes[row] = columns.fleet.dictionary.intern(verdict.fleet);
  columns.severity.codes[row] = columns.severity.dictionary.intern(verdict.severity);
  columns.text[row] = verdict.text;
  columns.periodFrom[row] = verdict.fromMs;
  columns.periodTo[row] = verdict.toMs;
  columns.verdict[row] = VERDICTS.indexOf(verdict.verdict);
  columns.reasons[row] = JSON.stringify(verdict.reasons);
  columns.numbers[row] = JSON.stringify(verdict.numbers);
  columns.residual[row] = JSON.stringify(verdict.residual);
  columns.sentence[row] = verdict.sentence;
  columns.revision[row] = revision;
}
