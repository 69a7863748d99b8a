import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { createCollector } from '../../../collector/collector.js';
import { inReadingOrder, readFileInto } from '../../../collector/files.js';
import { type Draft, draftClaims } from '../../../detector/tools/draft.js';
import { fileRows } from '../../../detector/tools/flow-rows.js';
import { createLearner, type Learner } from '../../../detector/tools/learn.js';
import type { PlacedClaims } from '../../../detector/tools/placed-claims.js';
import { readSkeleton, skeletonOfAssets } from '../../../detector/tools/skeleton.js';
import { learnStored } from '../../../detector/tools/stored-flows.js';
import { formatAddress } from '../../../flow/address.js';
import { UsageError } from '../../errors.js';
import { terminalText } from '../../render/text.js';
import { commonSettings } from '../common.js';
import { namedAssets, several } from './assets.js';
import { openStore } from './store.js';

interface LearnFlags {
  skeleton?: string;
  fleet?: string;
  member?: string[];
  asset?: string[];
  days: string;
  data?: string;
  clickhouse?: string;
  config?: string;
  output?: string;
}

/** `cordon claims learn`: a draft of claims from what was seen. */
export function learnCommand(): Command {
  return new Command('learn')
    .argument('[file...]', 'captures and flow exports to learn from, instead of the store')
    .option('--skeleton <file>', 'claim file that declares the fleets (its sets and sensors are used, its claims are not)')
    .option('--fleet <name>', 'of the skeleton: only this fleet')
    .option('--member <name>', 'of the skeleton: only this member; may be given several times', several)
    .option(
      '--asset <name=address>',
      'equipment by name and address or prefix, where there is no skeleton; may be given several times',
      several,
    )
    .option('--days <n>', 'how many of the latest days with flows to read from the store', '14')
    .option('--data <folder>', 'folder of the embedded store')
    .option('--clickhouse <url>', 'ClickHouse server')
    .option('--config <file>', 'configuration file (default: cordon.yaml where it exists)')
    .option('--output <file>', 'write the draft here (default: standard output)')
    .addHelpText(
      'after',
      `
The draft carries the line 'draft', so that no program judges it: what was seen is not what should be. What it would rather ask about (seen once, outside
peers, nights only, unanswered, new in the last day) stands as a comment in the draft, and as a question on standard error.

Exit codes: 0 a draft was written · 4 nothing could be read, or nothing concerns the equipment.

Examples:
  cordon claims learn --skeleton site.claims.yaml --fleet scanners --days 14 --data ./data --output draft.claims.yaml
  cordon claims learn --asset scan-1=10.40.10.11 --asset scan-2=10.40.10.12 router.pcap > draft.claims.yaml`,
    )
    .action(async (files: string[], flags: LearnFlags) => {
      const skeleton = skeletonFrom(flags);
      const learner = createLearner(skeleton);
      if (files.length > 0) await learnFiles(files, skeleton, learner);
      else await learnFromStore(flags, skeleton, learner);
      const learned = learner.learned();
      if (learned.exchanges.length === 0) throw new UsageError('none of the flows concerns this equipment; look at its addresses');
      const draft = draftClaims(skeleton, learned);
      if (flags.output === undefined) process.stdout.write(draft.text);
      else writeFileSync(flags.output, draft.text);
      process.stderr.write(summaryOf(draft, learner.full));
    });
}

function skeletonFrom({ skeleton, fleet, member, asset }: LearnFlags): PlacedClaims {
  if ((skeleton === undefined) === (asset === undefined))
    throw new UsageError('name the equipment: --skeleton with a claim file, or --asset NAME=ADDRESS');
  if (skeleton !== undefined) return readSkeleton(skeleton, fleet, member);
  if (fleet !== undefined || member !== undefined) throw new UsageError('--fleet and --member choose from a --skeleton; leave them out');
  return skeletonOfAssets(namedAssets(asset ?? []));
}

async function learnFiles(files: readonly string[], { claims }: PlacedClaims, learner: Learner): Promise<void> {
  const collector = createCollector({
    flows: {
      async write(batch) {
        const filed = fileRows(batch, claims.watchList);
        for (let row = 0; row < filed.length; row++) learner.add(filed, row);
        return { produced: batch.length, unwatched: 0 };
      },
      flush: async () => undefined,
    },
    coverage: async () => undefined,
  });
  for (const { path } of await inReadingOrder(files.map((name) => ({ path: name, format: 'auto' as const }))))
    await readFileInto(collector, {
      path,
      format: 'auto',
      sensor: 'capture',
      sensorOf: (exporter) => formatAddress(exporter),
      onProgress: async () => undefined,
    });
  await collector.flush();
}

async function learnFromStore(flags: LearnFlags, { claims }: PlacedClaims, learner: Learner): Promise<void> {
  if (!/^[1-9]\d{0,3}$/.test(flags.days)) throw new UsageError(`--days ${flags.days} is no number of days; write 14`);
  const store = await openStore(commonSettings(flags).config, flags.clickhouse);
  try {
    for (const day of await learnStored(store, claims.watchList, learner, Number(flags.days)))
      process.stderr.write(`${day} holds more kinds of connection than are read; the draft may lack some of it\n`);
  } finally {
    await store.close();
  }
}

function summaryOf({ rules, questions }: Draft, full: boolean): string {
  const lines = questions.map(({ fleet, what, question }) => `  ${fleet}: ${question}\n    ${what}`);
  const cut = full ? ['More kinds of exchange were seen than are kept; the draft lacks some.'] : [];
  const head = `${rules} rules; ${questions.length} questions${questions.length === 0 ? '.' : ' (their rules are comments in the draft):'}`;
  return `${[head, ...lines, ...cut].map(terminalLines).join('\n')}\n`;
}

function terminalLines(text: string): string {
  return text.split('\n').map(terminalText).join('\n');
}
