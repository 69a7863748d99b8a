import { describe, expect, test } from 'vitest';
import { decisionLine } from '../../../cli/render/decisions.js';
import { createFindingPrinter } from '../../../cli/render/findings.js';
import { junit } from '../../../cli/render/junit.js';
import { csvLines } from '../../../cli/render/rows.js';
import { sarif } from '../../../cli/render/sarif.js';
import { renderTable } from '../../../cli/render/table.js';
import { terminalText } from '../../../cli/render/text.js';
import { verdictTable } from '../../../cli/render/verdicts.js';
import type { Verdict } from '../../../detector/coverage/verdict-types.js';
import { EVERYTHING } from '../../../detector/decisions/decision.js';
import type { Finding } from '../../../detector/findings/finding.js';
import { ColumnBatch } from '../../../flow/batch.js';
import { HOSTILE_NAMES, UNSHOWABLE } from '../../support/hostile-names.js';

/** What a terminal is sent: lines of its own making, and nothing else that it would act on. */
function harmless(text: string): void {
  for (const line of text.split('\n')) expect(line).not.toMatch(UNSHOWABLE);
}

describe.each(HOSTILE_NAMES)('a name that tries $tries', ({ text }) => {
  test('is text of one cell in a table, and leaves the other lines their width', () => {
    const table = renderTable(
      [{ title: 'asset' }, { title: 'state' }],
      [
        [text, 'open'],
        ['scan-mv-01', 'closed'],
      ],
    );
    harmless(table);
    expect(table.split('\n').length, 'title, line, two rows, and the end').toBe(5);
    expect(Math.max(...table.split('\n').map((line) => line.length))).toBeLessThan(500);
    expect(table.split('\n')[2]).toContain(terminalText(text).trim().slice(0, 100));
  });

  test('is text where findings, verdicts and decisions are told', () => {
    const lines: string[] = [];
    const finding = {
      id: 'f',
      severity: 'high',
      completion: 'attempt',
      records: 1,
      firstSeenMs: 0,
      claim: text,
      sentence: text,
      detection: 'd',
    };
    createFindingPrinter((line) => lines.push(line))(finding as unknown as Finding);
    const verdict = { verdict: 'VERIFIED', claim: text, fleet: text, text, sentence: text };
    lines.push(`${verdictTable([verdict as unknown as Verdict])}`);
    const decision = {
      ...EVERYTHING,
      id: 'd',
      atMs: 0,
      author: text,
      verb: 'noise',
      reason: text,
      finding: 'f',
      revokes: '',
      untilMs: 0,
      asset: text,
    } as const;
    lines.push(
      terminalText(decisionLine({ ...decision, effectiveMs: 0, findingRevision: 1, severity: 'low', sentence: text, accepted: [] })),
    );
    harmless(lines.join('\n'));
    expect(lines[0]!.split('\n').length, 'a finding is one line').toBe(2);
  });

  test('is one field of CSV that no spreadsheet runs', () => {
    const batch = new ColumnBatch(
      { name: { kind: 'text', meaning: 'a name' }, after: { kind: 'u8', meaning: 'what follows' } } as const,
      1,
    );
    const row = batch.add();
    batch.columns.name[row] = text;
    batch.columns.after[row] = 7;
    const line = csvLines(batch);
    const [first, second] = fieldsOf(line.slice(0, -1));
    expect(second).toBe('7');
    expect(first).toBe(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
  });

  test('is text in reports for other programs', () => {
    const xml = junit([{ suite: text, name: text, failure: text, file: 'a', line: 1 }]);
    expect(xml).not.toMatch(/<(script|img|style)\b/);
    expect([...xml.matchAll(/<\/?[a-z]+/g)].map(([tag]) => tag)).toEqual([
      '<testsuites',
      '<testsuite',
      '<testcase',
      '<failure',
      '</testcase',
      '</testsuite',
      '</testsuites',
    ]);
    const log = JSON.parse(
      sarif(new Map([[text, text]]), [{ rule: text, level: 'error', kind: 'fail', message: text, file: 'a', line: 1, column: 1 }]),
    ) as {
      runs: { results: { ruleId: string; message: { text: string } }[] }[];
    };
    expect(log.runs[0]!.results[0]).toMatchObject({ ruleId: text, message: { text } });
  });
});

/** RFC 4180: fields between commas, quoted ones with quotes doubled. */
function fieldsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/gs)].map(([, quoted, plain]) =>
    quoted === undefined ? plain! : quoted.replaceAll('""', '"'),
  );
}
