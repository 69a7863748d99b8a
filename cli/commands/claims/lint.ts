import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { lintClaims } from '../../../detector/claims/lint.js';
import { formatProblem } from '../../../detector/claims/problem.js';
import { Exit } from '../../errors.js';
import { EXIT } from '../../exit-codes.js';
import { sarif } from '../../render/sarif.js';
import { terminalText } from '../../render/text.js';

/** `cordon claims lint`: what is wrong or doubtful in claim files. */
export function lintCommand(): Command {
  return new Command('lint')
    .description('Check claim files; exit 4 when one cannot be loaded, 1 when something is doubtful')
    .argument('<file...>', 'claim files, each a claim set of its own')
    .option('--approvals <file>', 'approvals (JSON lines) that open ticketed windows')
    .option('--json', 'problems as JSON')
    .option('--sarif <file>', 'problems as SARIF 2.1.0 too, for code scanning')
    .addHelpText(
      'after',
      `
Exit codes: 0 in order · 1 something is doubtful · 4 a file does not mean what it says or cannot be loaded.

Examples:
  cordon claims lint site.claims.yaml
  cordon claims lint --approvals approvals.jsonl --sarif lint.sarif site.claims.yaml`,
    )
    .action((files: string[], flags: { approvals?: string; json?: boolean; sarif?: string }) => {
      const problems = files.flatMap((file) => lintClaims(file, flags.approvals));
      if (flags.json === true) process.stdout.write(`${JSON.stringify(problems, undefined, 2)}\n`);
      else
        for (const problem of problems)
          process.stdout.write(`${terminalText(`${formatProblem(problem)} [${problem.severity}, ${problem.code}]`)}\n`);
      if (flags.sarif !== undefined) {
        const rules = new Map(problems.map(({ code }) => [code, `lint '${code}' (docs/claims.md)`]));
        const results = problems.map(({ code, severity, message, file, line, column }) => ({
          ...{ rule: code, level: severity, kind: 'fail' as const },
          ...{ message, file, line, column },
        }));
        writeFileSync(flags.sarif, sarif(rules, results));
      }
      if (problems.some(({ severity }) => severity === 'error')) throw new Exit(EXIT.usage);
      if (problems.length > 0) throw new Exit(EXIT.bad);
      if (flags.json !== true) process.stdout.write(`${files.length === 1 ? 'The claim file is' : 'The claim files are'} in order.\n`);
    });
}
