import { Command } from 'commander';
import { lintClaims } from '../../detector/claims/lint.js';
import { formatProblem } from '../../detector/claims/problem.js';
import { describeConfig } from '../../flow/service/config.js';
import { Exit, UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { renderTable } from '../render/table.js';
import { terminalText } from '../render/text.js';
import { type CommonFlags, commonSettings, withCommonFlags } from './common.js';

/** `cordon claims lint`: what is wrong or doubtful in claim files. */
export function claimsCommand(): Command {
  const command = new Command('claims').description('Work on claim files');
  command.addCommand(
    new Command('lint')
      .description('Check claim files; exit 4 when one cannot be loaded, 1 when something is doubtful')
      .argument('<file...>', 'claim files, each a claim set of its own')
      .option('--approvals <file>', 'approvals (JSON lines) that open ticketed windows')
      .option('--json', 'problems as JSON')
      .action((files: string[], flags: { approvals?: string; json?: boolean }) => {
        const problems = files.flatMap((file) => lintClaims(file, flags.approvals));
        if (flags.json === true) process.stdout.write(`${JSON.stringify(problems, undefined, 2)}\n`);
        else
          for (const problem of problems)
            process.stdout.write(`${terminalText(`${formatProblem(problem)} [${problem.severity}, ${problem.code}]`)}\n`);
        if (problems.some(({ severity }) => severity === 'error')) throw new Exit(EXIT.usage);
        if (problems.length > 0) throw new Exit(EXIT.bad);
        if (flags.json !== true) process.stdout.write(`${files.length === 1 ? 'The claim file is' : 'The claim files are'} in order.\n`);
      }),
  );
  return command;
}

/** `cordon dashboards`: the Grafana files anew from their definitions. */
export function dashboardsCommand(): Command {
  return new Command('dashboards')
    .description('(Re)generate the Grafana dashboards from their definitions')
    .option('--to <folder>', 'where to (default: dashboards/generated of the checkout)')
    .action(async (flags: { to?: string }) => {
      // A development dependency: it is not in the installed program's image.
      const { writeDashboards } = await import('../../dashboards/definitions/generate.js').catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
        throw new UsageError('dashboards are generated in a checkout with development dependencies; run npm ci there');
      });
      for (const path of writeDashboards(flags.to)) process.stdout.write(`${path}\n`);
    });
}

/** `cordon config --print`: what is in force, and where each value came from. */
export function configCommand(): Command {
  return withCommonFlags(new Command('config').description('Show the configuration in force'))
    .option('--print', 'every value with its origin')
    .option('--json', 'as JSON')
    .action((flags: CommonFlags & { print?: boolean; json?: boolean }) => {
      const { config, origins } = commonSettings(flags);
      if (flags.json === true) {
        process.stdout.write(`${JSON.stringify(config, undefined, 2)}\n`);
      } else if (flags.print === true) {
        const rows = describeConfig(config, origins).map(({ path, value, origin }) => [path, JSON.stringify(value), origin]);
        process.stdout.write(renderTable([{ title: 'setting' }, { title: 'value', width: 60 }, { title: 'from' }], rows));
      } else {
        process.stdout.write('The configuration is in order; --print shows every value.\n');
      }
    });
}
