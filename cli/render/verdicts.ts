import type { Verdict } from '../../detector/coverage/verdict-types.js';
import { EXIT } from '../exit-codes.js';
import { renderTable } from './table.js';

/** One line per claim and period: the word, the claim, and the line an auditor reads. */
export function verdictTable(verdicts: readonly Verdict[]): string {
  return renderTable(
    [{ title: 'verdict' }, { title: 'claim' }, { title: 'fleet' }, { title: 'what was claimed', width: 44 }, { title: 'why', width: 72 }],
    verdicts.map(({ verdict, claim, fleet, text, sentence }) => [verdict, claim, fleet, text, sentence]),
  );
}

/** Bad news if anything is violated, else not proven if anything is, else good. */
export function exitOf(verdicts: readonly Verdict[]): number {
  if (verdicts.some(({ verdict }) => verdict === 'VIOLATED')) return EXIT.bad;
  return verdicts.some(({ verdict }) => verdict === 'NOT_PROVEN') ? EXIT.notProven : EXIT.ok;
}
