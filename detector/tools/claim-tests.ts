import { existsSync } from 'node:fs';
import type { TestText } from '../claims/file-types.js';
import { type NamedText, readClaimFiles } from '../claims/load.js';
import { type Locations, type LookupFiles, readLocations } from '../claims/location/location.js';
import { ClaimsError, type ClaimsProblem } from '../claims/problem.js';
import { checkShape } from '../claims/shape.js';
import { type ClaimsSource, type DocumentPath, readSource } from '../claims/source.js';
import { readDrillKey } from '../drills/key-file.js';
import { createExplainer, type Decision } from './explain.js';
import { FlowTextError, parseFlow } from './flow-text.js';
import { type Place, type PlacedClaims, placed } from './placed-claims.js';

/** One expectation of one test: a claim, what it should say of the flows, and what it says. */
export interface TestResult {
  readonly test: string;
  readonly claim: string;
  readonly expected: Decision;
  readonly decision: Decision;
  /** Why the claim says so. */
  readonly why: string;
  /** Where the expectation is written. */
  readonly place: Place;
  /** Where the rule that decided is written. */
  readonly rule: Place;
  readonly passed: boolean;
}

/** 'site.claims.yaml' → 'site.claims.tests.yaml': tests beside the claims. */
export function testsBeside(file: string): string {
  return file.replace(/(\.ya?ml)?$/, (ending) => `.tests${ending || '.yaml'}`);
}

/**
 * Runs the tests of a claim file, those within it and those beside it (`version`, the same `id`, and `tests`). Throws ClaimsError when either cannot be
 * loaded, or a test names what does not exist.
 */
export function runClaimTests(file: string, approvalsFile?: string, lookup: LookupFiles = {}): TestResult[] {
  const beside = testsBeside(file);
  const { files, approvals } = readClaimFiles(existsSync(beside) ? [file, beside] : file, approvalsFile);
  return runTestTexts(files, approvals, readLocations(lookup), readDrillKey(lookup.drillKey));
}

/** The same of texts in memory; the first is the claim file. */
export function runTestTexts(
  [claimFile, ...beside]: readonly NamedText[],
  approvals?: NamedText,
  locations: Locations = {},
  drillKey?: Uint8Array,
): TestResult[] {
  const claims = placed([claimFile!], approvals, locations, drillKey);
  const problems: ClaimsProblem[] = [];
  const tests = [claimFile!, ...beside].flatMap(({ file, text }) => {
    const source = readSource(file, text, problems);
    const shaped = source === undefined ? undefined : checkShape(source, problems);
    if (source === undefined || shaped === undefined) return [];
    if (shaped.id !== claims.claims.id)
      problems.push(
        source.problem(
          [],
          'unknown-name',
          `these tests are for '${shaped.id}', and the claims are '${claims.claims.id}'; write the same id`,
          'id',
        ),
      );
    return (shaped.tests ?? []).map((test, index) => ({ test, source, path: ['tests', index] }));
  });
  for (const test of tests) checkTest(test, claims, problems);
  if (problems.length > 0) throw new ClaimsError(problems);
  return tests.flatMap((test) => runTest(test, claims));
}

interface PlacedTest {
  readonly test: TestText;
  readonly source: ClaimsSource;
  readonly path: DocumentPath;
}

function checkTest({ test, source, path }: PlacedTest, { claims }: PlacedClaims, problems: ClaimsProblem[]): void {
  for (const claim of Object.keys(test.expect)) {
    if (!claims.claims.some(({ id }) => id === claim))
      problems.push(
        source.problem([...path, 'expect'], 'unknown-name', `there is no claim '${claim}'; write the id of one of these claims`, claim),
      );
  }
  if (test.asset !== undefined && !claims.assets.some(({ name }) => name === test.asset))
    problems.push(
      source.problem([...path, 'asset'], 'unknown-name', `there is no asset '${test.asset}'; write the name of a member of a fleet`),
    );
  for (const [index, flow] of test.flows.entries()) {
    try {
      parseFlow(flow);
    } catch (error) {
      if (!(error instanceof FlowTextError)) throw error;
      problems.push(source.problem([...path, 'flows', index], 'bad-flow', error.message));
    }
  }
}

/** Every test has an engine of its own: tests do not share budgets and sessions. */
function runTest({ test, source, path }: PlacedTest, claims: PlacedClaims): TestResult[] {
  const explainer = createExplainer(claims);
  const seen = test.flows
    .flatMap((flow) => explainer.explain(parseFlow(flow)))
    .filter(({ asset }) => test.asset === undefined || asset === test.asset)
    .flatMap(({ decisions }) => decisions);
  return Object.entries(test.expect).map(([claim, word]) => {
    const expected = word.toUpperCase() as Decision;
    const answers = seen.filter((decision) => decision.claim === claim);
    const worst = ORDER.flatMap((decision) => answers.find((answer) => answer.decision === decision) ?? [])[0];
    const decision = worst?.decision ?? 'OUTSIDE';
    const index = claims.claims.claims.findIndex(({ id }) => id === claim);
    const { file, line, column } = source.problem([...path, 'expect'], '', '', claim);
    return {
      test: test.name ?? test.flows.join(' ; '),
      claim,
      expected,
      decision,
      why: worst?.why ?? "no end of these flows is an asset of this claim's fleet",
      place: { file, line, column },
      rule: worst?.place ?? claims.placeOf(index),
      passed: decision === expected,
    };
  });
}

/** Worst first. */
const ORDER: readonly Decision[] = ['VIOLATES', 'UNDECIDED', 'ALLOWED', 'OUTSIDE'];
