import { Command } from 'commander';
import { describeConfig } from '../../flow/service/config.js';
import { UsageError } from '../errors.js';
import { renderTable } from '../render/table.js';
import { type CommonFlags, commonSettings, withCommonFlags } from './common.js';

/** `cordon dashboards`: the Grafana files anew from their definitions; in the checkout its alerting files too. */
export function dashboardsCommand(): Command {
  return new Command('dashboards')
    .option('--to <folder>', 'where to (default: dashboards/generated of the checkout)')
    .action(async (flags: { to?: string }) => {
      // A development dependency: it is not in the installed program's image.
      const { writeAlerting, writeDashboards } = await import('../../dashboards/definitions/generate.js').catch(
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
          throw new UsageError('dashboards are generated in a checkout with development dependencies; run npm ci there');
        },
      );
      const paths = [...writeDashboards(flags.to), ...(flags.to === undefined ? writeAlerting() : [])];
      for (const path of paths) process.stdout.write(`${path}\n`);
    });
}

/** `cordon config --print`: what is in force, and where each value came from. */
export function configCommand(): Command {
  return withCommonFlags(new Command('config'))
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
