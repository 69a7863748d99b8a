import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderTable } from '../../cli/render/table.js';
import type { Verdict } from '../../detector/coverage/verdict-types.js';
import type { Finding } from '../../detector/findings/finding.js';
import { SCENARIOS } from '../../fixtures/generator/flows/scenarios/index.js';
import type { Format, Scenario, ScenarioFinding } from '../../fixtures/generator/flows/scenarios/scenario.js';
import { prepareStore, runScenario } from './support/scenario-run.js';

/*
 * The stories of assurance.md §6 through the whole pipeline, in each format that can carry them: from export datagrams or a log to findings and verdicts.
 * Days are made from a seed; what they must end in is written by hand beside each story.
 */

const CARRIED_BY_ANY = new Set(['coverage-met', 'violated', 'location-data']);

let folder: string;
const rows: string[][] = [];
let emptyStore: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-scenarios-'));
  emptyStore = await prepareStore(folder);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  const columns = ['scenario', 'format', 'expected', 'got'].map((title) => ({ title }));
  process.stderr.write(`\n${renderTable([...columns, { title: 'records', right: true }], rows)}\n`);
});

/** The word and the reasons that are not plain from it. */
function wordsOf({ verdict, reasons }: Verdict): string {
  const codes = [...new Set(reasons.map(({ code }) => code))].filter((code) => !CARRIED_BY_ANY.has(code)).sort();
  return [verdict, ...codes].join(' ');
}

/** By claim, or by claim and begin of the period where that is expected; the verdict that is expected goes with it. */
function compared({ verdicts: expected }: Scenario, verdicts: readonly Verdict[]): { got: string[]; expected: string[] } {
  const got: string[] = [];
  // What is expected by name must be there.
  const wanted = Object.entries(expected).map(([name, words]) => `${name}: ${words}`);
  for (const verdict of verdicts) {
    const time = new Date(verdict.fromMs).toISOString().slice(11, 16);
    const date = new Date(verdict.toMs - 1).toISOString().slice(0, 10);
    const name = [`${verdict.claim}@${time}`, `${verdict.claim}@${date}`].find((one) => one in expected) ?? verdict.claim;
    got.push(`${name}: ${wordsOf(verdict)}`);
    wanted.push(`${name}: ${expected[name] ?? 'VERIFIED'}`);
  }
  return { got: [...new Set(got)].sort(), expected: [...new Set(wanted)].sort() };
}

/** A list of verdicts, those that are the same put together. */
function short(verdicts: readonly string[]): string {
  const claims = new Map<string, string[]>();
  for (const line of verdicts) {
    const [claim, words] = line.split(': ') as [string, string];
    claims.set(words, [...(claims.get(words) ?? []), claim]);
  }
  return [...claims]
    .sort(([a], [b]) => (a === 'VERIFIED' ? 1 : b === 'VERIFIED' ? -1 : a < b ? -1 : 1))
    .map(([words, names]) => `${words} (${names.length > 2 ? names.length : names.join(', ')})`)
    .join('; ');
}

function briefly({ claim, asset, peerAddress, port, completion }: Finding): ScenarioFinding {
  return { claim, asset, peer: peerAddress, port, completion };
}

function sorted(findings: readonly ScenarioFinding[]): string[] {
  return findings.map(({ claim, asset, peer, port, completion }) => `${claim} ${asset} ${peer} ${port} ${completion}`).sort();
}

describe.each(SCENARIOS.map((scenario) => ({ scenario, title: `${scenario.id} ${scenario.name}` })))('$title', ({ scenario }) => {
  const day = scenario.make(scenario.fromMs, scenario.untilMs, scenario.seed).conversations;

  test.for(scenario.formats)('%s', async (format: Format) => {
    const name = `${scenario.id} ${scenario.name}`;
    const outcome = await runScenario(scenario, format, day, emptyStore);
    const { got, expected } = compared(scenario, outcome.verdicts);
    const found = sorted(outcome.findings.filter(({ claim }) => claim !== '').map(briefly));
    const isSame = JSON.stringify([got, found]) === JSON.stringify([expected, sorted(scenario.findings)]);
    rows.push([name, format, short(expected), isSame ? 'as expected' : short(got), String(outcome.records)]);
    expect(got).toEqual(expected);
    expect(found).toEqual(sorted(scenario.findings));
    for (const verdict of outcome.verdicts) for (const number of scenario.tells ?? []) expect(verdict.numbers).toHaveProperty(number);
  });
});
