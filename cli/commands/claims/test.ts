import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { runClaimTests, type TestResult } from '../../../detector/tools/claim-tests.js';
import { Exit, UsageError } from '../../errors.js';
import { EXIT } from '../../exit-codes.js';
import { junit } from '../../render/junit.js';
import { sarif } from '../../render/sarif.js';
import { renderTable } from '../../render/table.js';
import { commonSettings } from '../common.js';

interface TestFlags {
  approvals?: string;
  config?: string;
  json?: boolean;
  junit?: string;
  sarif?: string;
}

/** `cordon claims test`: flows and expected decisions, written with the claims. */
export function testCommand(): Command {
  return new Command('test')
    .argument('<file...>', 'claim files, each a claim set of its own; tests stand in it or beside it in NAME.tests.yaml')
    .option('--approvals <file>', 'approvals (JSON lines) that open ticketed windows (default: those of the configuration)')
    .option(
      '--config <file>',
      'configuration: location data (`lookup`), approvals and the key of the drills (default: cordon.yaml where it exists)',
    )
    .option('--json', 'results as JSON')
    .option('--junit <file>', 'a JUnit XML report too')
    .option('--sarif <file>', 'a SARIF 2.1.0 report too')
    .addHelpText(
      'after',
      `
Tests are judged by the detector's own engine. They change nothing of what is judged in operation, nor the hash of the claims.
  tests:
    - name: a scanner calls the vendor
      flows: ["10.40.10.11:50000 > 203.0.113.7:443 tcp 2026-12-03T03:00:00Z 25MB"]
      expect: { no-internet: violates, closed-network: violates }
Decisions: violates, allowed, outside (none of the claim's business), undecided. Several flows are one story: budgets add up, the worst decision counts.

Exit codes: 0 all as expected · 1 a decision differs · 4 a file cannot be loaded, or holds no test.

Examples:
  cordon claims test site.claims.yaml
  cordon claims test --junit claims.xml --sarif claims.sarif site.claims.yaml`,
    )
    .action((files: string[], flags: TestFlags) => {
      const { config, approvals } = commonSettings(flags);
      const results = files.flatMap((file) => {
        const found = runClaimTests(file, approvals, config.lookup);
        if (found.length === 0)
          throw new UsageError(`${file}: there are no tests in it or beside it; write some under 'tests:' (--help shows one)`);
        return found;
      });
      if (flags.junit !== undefined) writeFileSync(flags.junit, junitOf(results));
      if (flags.sarif !== undefined) writeFileSync(flags.sarif, sarifOf(results));
      process.stdout.write(flags.json === true ? `${JSON.stringify(results, undefined, 2)}\n` : table(results));
      if (results.some(({ passed }) => !passed)) throw new Exit(EXIT.bad);
    });
}

function table(results: readonly TestResult[]): string {
  const failed = results.filter(({ passed }) => !passed).length;
  const rows = results.map((result) => [
    result.passed ? 'ok' : 'FAILED',
    result.test,
    result.claim,
    result.expected,
    result.decision,
    result.why,
    `${result.place.file}:${result.place.line}`,
  ]);
  const columns = [
    { title: '' },
    { title: 'test', width: 40 },
    { title: 'claim' },
    { title: 'expected' },
    { title: 'decided' },
    { title: 'why', width: 60 },
    { title: 'written at' },
  ];
  return `${renderTable(columns, rows)}${results.length - failed} as expected, ${failed} not.\n`;
}

function differs({ claim, expected, decision, why }: TestResult): string {
  return `claim '${claim}' says ${decision}, expected ${expected}: ${why}`;
}

function junitOf(results: readonly TestResult[]): string {
  return junit(
    results.map((result) => ({
      suite: result.place.file,
      name: `${result.test}: ${result.claim}`,
      failure: result.passed ? undefined : differs(result),
      file: result.place.file,
      line: result.place.line,
    })),
  );
}

function sarifOf(results: readonly TestResult[]): string {
  return sarif(
    new Map(results.map(({ claim }) => [claim, `claim '${claim}'`])),
    results.map((result) => ({
      rule: result.claim,
      level: 'error',
      kind: result.passed ? 'pass' : 'fail',
      message: result.passed ? `${result.test}: ${result.decision}, as expected` : `${result.test}: ${differs(result)}`,
      ...result.place,
    })),
  );
}
