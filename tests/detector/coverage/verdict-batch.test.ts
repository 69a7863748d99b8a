import { expect, test } from 'vitest';
import { judgePeriod } from '../../../detector/coverage/verdict.js';
import { addVerdict, createVerdictBatch } from '../../../detector/coverage/verdict-batch.js';
import { VERDICTS } from '../../../detector/coverage/verdict-types.js';
import { facts } from './facts.js';

test('a row of the verdicts table holds the verdict whole', () => {
  const [verdict] = judgePeriod(facts({ coverage: [] }));
  const batch = createVerdictBatch(4);
  addVerdict(batch, verdict!, 1_796_400_000_000);
  const { columns } = batch;
  const name = (column: { codes: Uint16Array; dictionary: { name(code: number): string } }): string =>
    column.dictionary.name(column.codes[0]!);
  expect({
    claimsId: name(columns.claimsId),
    claimsHash: name(columns.claimsHash),
    claim: name(columns.claim),
    fleet: name(columns.fleet),
    severity: name(columns.severity),
    text: columns.text[0],
    fromMs: columns.periodFrom[0],
    toMs: columns.periodTo[0],
    verdict: VERDICTS[columns.verdict[0]!],
    reasons: JSON.parse(columns.reasons[0]!),
    numbers: JSON.parse(columns.numbers[0]!),
    residual: JSON.parse(columns.residual[0]!),
    sentence: columns.sentence[0],
  }).toEqual(verdict);
  expect([batch.length, columns.revision[0]]).toEqual([1, 1_796_400_000_000]);
});
