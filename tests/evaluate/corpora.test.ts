import { beforeAll, describe, expect, test } from 'vitest';
import { CORPORA, type CorpusResult, runCorpora } from '../bench/evaluate/corpora.js';

/** Labelled captures of others, where they are at hand: what issue 5 asks of them. */
describe('labelled captures', () => {
  let results: CorpusResult[] = [];
  beforeAll(async () => {
    results = await runCorpora();
    for (const result of results) if ('skipped' in result) process.stderr.write(`skipped: ${result.corpus}: ${result.skipped}\n`);
  });

  test.each(CORPORA.map(({ corpus, how, expected }, index) => [corpus, how, expected, index] as const))(
    '%s, %s: %s',
    (...[, , , index]) => {
      const result = results[index]!;
      if ('skipped' in result) return;
      expect(result.holds, result.findings.map(({ by, sentence }) => `${by}: ${sentence}`).join('\n')).toBe(true);
    },
  );
});
