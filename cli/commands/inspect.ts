import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import type { Verdict } from '../../detector/coverage/verdict-types.js';
import type { Finding } from '../../detector/findings/finding.js';
import { findingsJson } from '../../detector/findings/json.js';
import { findFindings, listFindings } from '../../detector/store/queries/findings.js';
import { readVerdictHistory } from '../../detector/store/queries/verdicts.js';
import type { Store } from '../../detector/store/store.js';
import { formatTime } from '../../flow/time.js';
import { Exit, UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { renderTable } from '../render/table.js';
import { formatOctets } from '../render/text.js';
import { exitOf, verdictTable } from '../render/verdicts.js';
import { versionsKnown } from '../wiring/claim-reload.js';
import { loadClaimSets } from '../wiring/claim-sets.js';
import { MAX_FINDINGS, storedRange } from '../wiring/judging.js';
import { configuredStore } from '../wiring/stores.js';
import { judgeVersion } from '../wiring/version-verdicts.js';
import { type CommonFlags, commonSettings, type Settings, withCommonFlags } from './common.js';
import { instantOf, refuseBackwards } from './instants.js';

interface RangeFlags {
  from?: string;
  until?: string;
  json?: boolean;
}

/** `cordon findings list|show`: what the store holds. */
export function findingsCommand(): Command {
  const command = new Command('findings').description('List and show findings of the store');
  command.addCommand(
    withCommonFlags(
      new Command('list')
        .description('Current findings, worst first')
        .option('--claim <id>', 'only of this claim')
        .option('--asset <name>', 'only of this asset')
        .option('--from <instant>', 'seen at or after (ISO 8601 with zone)')
        .option('--until <instant>', 'seen before')
        .option('--json', 'as JSON'),
    ).action(async (flags: CommonFlags & RangeFlags & { claim?: string; asset?: string }) => {
      await withStore(flags, async (store) => {
        const { claim, asset } = flags;
        const fromMs = instantOf('--from', flags.from);
        const toMs = instantOf('--until', flags.until);
        refuseBackwards(fromMs, toMs);
        const findings = await listFindings(store, {
          limit: MAX_FINDINGS,
          ...(claim === undefined ? {} : { claim }),
          ...(asset === undefined ? {} : { asset }),
          ...(fromMs === undefined ? {} : { fromMs }),
          ...(toMs === undefined ? {} : { toMs }),
        });
        process.stdout.write(flags.json === true ? findingsJson(findings) : findingTable(findings));
      });
    }),
  );
  command.addCommand(
    withCommonFlags(
      new Command('show').description('One finding with its evidence').argument('<id>', 'its id, or the beginning of it'),
    ).action(async (id: string, flags: CommonFlags) => {
      await withStore(flags, async (store) => {
        const found = await findFindings(store, id);
        if (found.length === 0) throw new UsageError(`no finding begins with '${id}'; cordon findings list shows them`);
        if (found.length > 1) throw new UsageError(`several findings begin with '${id}'; give more of the id`);
        process.stdout.write(findingsJson(found));
      });
    }),
  );
  return command;
}

function findingTable(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'No findings.\n';
  return renderTable(
    [
      { title: 'id' },
      { title: 'severity' },
      { title: 'claim' },
      { title: 'asset' },
      { title: 'peer' },
      { title: 'port', right: true },
      { title: 'state' },
      { title: 'out', right: true },
      { title: 'in', right: true },
      { title: 'last seen' },
    ],
    findings.map((finding) => [
      finding.id.slice(0, 8),
      finding.severity,
      finding.claim || finding.detection,
      finding.asset,
      finding.peerAddress === '::' ? '' : finding.peerAddress,
      finding.port === 0 ? '' : String(finding.port),
      finding.completion,
      formatOctets(finding.octetsOut),
      formatOctets(finding.octetsIn),
      formatTime(finding.lastSeenMs),
    ]),
  );
}

/** `cordon verdict`: judges periods from what is stored; what `audit` will bundle. */
export function verdictCommand(): Command {
  return withCommonFlags(
    new Command('verdict')
      .description('Judge the claims from what is stored: findings and coverage')
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
      await withStore(flags, async (store, { config, approvals }) => {
        if (config.claims.length === 0) throw new UsageError('name the claim files with --claims or in the configuration');
        const sources = config.claims.map((file) => ({ file, approvals, lookup: config.lookup }));
        const { sets } = loadClaimSets(sources);
        const tell = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
        for (const version of sets.flatMap((claims, index) => versionsKnown(config.data, claims, sources[index]!, tell))) {
          const stored = await storedRange(store, version.claims);
          const fromMs = instantOf('--from', flags.from) ?? stored?.fromMs;
          const toMs = instantOf('--until', flags.until) ?? stored?.toMs;
          if (fromMs === undefined || toMs === undefined) continue;
          verdicts.push(
            ...(await judgeVersion(store, version, { fromMs, toMs }, flags.closed === true ? Number.POSITIVE_INFINITY : Date.now())),
          );
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
  await withStore(flags, async (store) => {
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

async function withStore(flags: CommonFlags, work: (store: Store, settings: Settings) => Promise<void>): Promise<void> {
  const settings = commonSettings(flags);
  const { clickhouse, data } = settings.config;
  // A folder named wrongly must not become an empty store, whose answers would look like good news.
  if (clickhouse.url === undefined && !existsSync(join(data, 'store')))
    throw new UsageError(`there is no store in ${data}; name the folder that run or replay wrote with --data, or a ClickHouse server`);
  const store = configuredStore(settings.config, 'keep');
  try {
    await store.start();
    await store.migrate();
    await work(store, settings);
  } finally {
    await store.close();
  }
}
