import { Command } from 'commander';
import type { Verdict } from '../../detector/coverage/verdict-types.js';
import { readVerdictHistory } from '../../detector/store/queries/verdicts.js';
import { formatTime } from '../../flow/time.js';
import { Exit, UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { renderTable } from '../render/table.js';
import { exitOf, verdictTable } from '../render/verdicts.js';
import { versionsKnown } from '../wiring/claim-reload.js';
import { loadClaimSets } from '../wiring/claim-sets.js';
import { withConfiguredStore } from '../wiring/desk.js';
import { rangesAsked, storedStretches } from '../wiring/judging.js';
import { judgeVersion } from '../wiring/version-verdicts.js';
import { type CommonFlags, commonSettings, withCommonFlags } from './common.js';
import { instantOf, refuseBackwards } from './instants.js';

interface RangeFlags {
  from?: string;
  until?: string;
  json?: boolean;
}

/** `cordon verdict`: judges periods from what is stored; what `audit` will bundle. */
export function verdictCommand(): Command {
  return withCommonFlags(
    new Command('verdict')
      .option('--from <instant>', 'judge from here (ISO 8601 with zone; default: the first record)')
      .option('--until <instant>', 'judge up to here (default: the last record)')
      .option('--closed', 'nothing more will arrive for this time, so that a period counts as final')
      .option('--history', 'the final verdicts that were stored, the first of each period and what amended it, instead of judging now')
      .option('--json', 'as JSON'),
  )
    .addHelpText('after', '\nExit codes: 0 all verified · 1 a claim is violated · 2 something is not proven.')
    .action(async (flags: CommonFlags & RangeFlags & { closed?: boolean; history?: boolean }) => {
      const verdicts: Verdict[] = [];
      refuseBackwards(instantOf('--from', flags.from), instantOf('--until', flags.until));
      if (flags.history === true) return showHistory(flags);
      const { config, approvals } = commonSettings(flags);
      await withConfiguredStore(config, async (store) => {
        if (config.claims.length === 0) throw new UsageError('name the claim files with --claims or in the configuration');
        const sources = config.claims.map((file) => ({ file, approvals, lookup: config.lookup }));
        const { sets } = loadClaimSets(sources);
        const tell = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
        for (const version of sets.flatMap((claims, index) => versionsKnown(config.data, claims, sources[index]!, tell))) {
          const fromMs = instantOf('--from', flags.from);
          const toMs = instantOf('--until', flags.until);
          const asked = { ...(fromMs === undefined ? {} : { fromMs }), ...(toMs === undefined ? {} : { toMs }) };
          const ranges = rangesAsked(await storedStretches(store, version.claims), asked);
          const watermarkMs = flags.closed === true ? Number.POSITIVE_INFINITY : Date.now();
          verdicts.push(...(await judgeVersion(store, version, ranges, watermarkMs, tell)));
        }
        if (flags.json === true) process.stdout.write(`${JSON.stringify(verdicts, undefined, 2)}\n`);
        else
          process.stdout.write(
            verdicts.length === 0 ? 'Nothing is stored about these claims: nothing is proven.\n' : verdictTable(verdicts),
          );
      });
      throw new Exit(verdicts.length === 0 ? EXIT.notProven : exitOf(verdicts));
    });
}

async function showHistory(flags: CommonFlags & RangeFlags): Promise<void> {
  const fromMs = instantOf('--from', flags.from);
  const toMs = instantOf('--until', flags.until);
  const range = { ...(fromMs === undefined ? {} : { fromMs }), ...(toMs === undefined ? {} : { toMs }) };
  await withConfiguredStore(commonSettings(flags).config, async (store) => {
    const history = await readVerdictHistory(store, range);
    if (flags.json === true) process.stdout.write(`${JSON.stringify(history, undefined, 2)}\n`);
    else if (history.length === 0) process.stdout.write('No final verdict is stored.\n');
    else
      process.stdout.write(
        renderTable(
          [{ title: 'computed' }, { title: 'verdict' }, { title: 'claim' }, { title: 'fleet' }, { title: 'why', width: 100 }],
          history.map(({ computedMs, verdict, claim, fleet, sentence }) => [formatTime(computedMs), verdict, claim, fleet, sentence]),
        ),
      );
  });
}
