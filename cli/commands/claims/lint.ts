import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { lintClaims } from '../../../detector/claims/lint.js';
import { type LookupFiles, readLocations } from '../../../detector/claims/location/location.js';
import { ClaimsError, formatProblem } from '../../../detector/claims/problem.js';
import { Exit } from '../../errors.js';
import { EXIT } from '../../exit-codes.js';
import { sarif } from '../../render/sarif.js';
import { terminalText } from '../../render/text.js';

interface LintFlags extends LookupFiles {
  readonly approvals?: string;
  readonly json?: boolean;
  readonly sarif?: string;
}

/** `cordon claims lint`: what is wrong or doubtful in claim files. */
export function lintCommand(): Command {
  return new Command('lint')
    .argument('<file...>', 'claim files, each a claim set of its own')
    .option('--approvals <file>', 'approvals (JSON lines) that open ticketed windows')
    .option('--country <file>', 'location data that tells countries, as under lookup in cordon.yaml')
    .option('--asn <file>', 'location data that tells AS numbers')
    .option('--drill-key <file>', 'key of the drills, as drills.keyFile in cordon.yaml')
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
    .action((files: string[], flags: LintFlags) => {
      const problems = files.flatMap((file) => lintClaims(file, flags.approvals, flags));
      if (flags.json !== true) for (const line of locationLines(flags)) process.stdout.write(`${terminalText(line)}\n`);
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

/** Which location data was used: what a verdict's hash of the claims covers. Files that cannot be read are told as problems. */
function locationLines(files: LookupFiles): string[] {
  const locations = readLocations(files);
  return (['country', 'asn'] as const).flatMap((key) => {
    try {
      const { name, date, sha256 } = locations[key]?.identity ?? {};
      return name === undefined ? [] : [`${key} data: ${name}, ${date ? `built ${date}` : 'without a date'}, sha256 ${sha256}`];
    } catch (error) {
      if (error instanceof ClaimsError) return [];
      throw error;
    }
  });
}
