import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import type { VerdictWord } from '../../detector/coverage/verdict-types.js';
import type { ReportFigures, ReportQuestion } from '../../detector/report/figures.js';
import { stretchOf } from '../../detector/report/period.js';
import { figuresJson, renderReport } from '../../detector/report/render.js';
import { formatTime } from '../../flow/time.js';
import { Exit, UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { renderTable } from '../render/table.js';
import { formatCount } from '../render/text.js';
import { findChromium, printPdf } from '../wiring/print-pdf.js';
import { reportFigures } from '../wiring/report-source.js';
import { type CommonFlags, commonSettings, withCommonFlags } from './common.js';
import { instantOf, refuseBackwards } from './instants.js';

/** Claims named on the terminal; the report has all. */
const MOST_NAMED = 10;

interface ReportFlags extends CommonFlags {
  period?: string;
  from?: string;
  until?: string;
  to?: string;
  fleet?: string;
  claim?: string;
  asOf?: string;
  out?: string;
  pdf?: string;
  json?: boolean;
}

/** `cordon report`: one file for auditors. */
export function reportCommand(): Command {
  return withCommonFlags(
    new Command('report')
      .option(
        '--period <period>',
        'a year, month or day (2026, 2026-11, 2026-11-03), or a length back from the last that is stored (P1M, P2W, P7D)',
      )
      .option('--from <instant>', 'from here (ISO 8601 with zone; default: the first that is stored)')
      .option('--until <instant>', 'up to here (default: the last that is stored)')
      .option('--to <instant>', 'the same as --until')
      .option('--fleet <name>', 'only of this fleet')
      .option('--claim <id>', 'only of this claim')
      .option(
        '--as-of <instant>',
        'time of the report: later decisions are left out (default: the last that the store tells of; no clock is read)',
      )
      .option('--out <file>', 'write the HTML here (default: cordon-report-FROM-TO.html, unless --pdf or --json is given)')
      .option('--pdf <file>', 'print it to PDF as well, by Chromium or Chrome (CORDON_CHROMIUM names the program)')
      .option('--json', 'print the same figures as JSON'),
  )
    .addHelpText(
      'after',
      '\nThe same store, period and claim files give the same bytes of HTML and JSON.\nExit codes: 0 all verified · 1 a claim is violated, with a verdict or before it · 2 something is not proven, or there is no verdict.',
    )
    .action(async (flags: ReportFlags) => {
      const question = questionOf(flags);
      const { config } = commonSettings(flags);
      // Before minutes of reading, not after them.
      if (flags.pdf !== undefined) findChromium();
      const figures = await reportFigures(config, question, (sentence) => void process.stderr.write(`cordon: ${sentence}\n`));
      await write(figures, flags);
      throw new Exit(exitOf(figures));
    });
}

/** Throws UsageError, and ReportError for a period that is none. */
function questionOf(flags: ReportFlags): ReportQuestion {
  if (flags.until !== undefined && flags.to !== undefined) throw new UsageError('--until and --to say the same; give one');
  const fromMs = instantOf('--from', flags.from);
  const toMs = instantOf('--until', flags.until) ?? instantOf('--to', flags.to);
  const asOfMs = instantOf('--as-of', flags.asOf);
  refuseBackwards(fromMs, toMs);
  const { period, fleet, claim } = flags;
  if (period !== undefined && (fromMs !== undefined || toMs !== undefined))
    throw new UsageError('--period says from when to when; leave --from and --until out');
  if (period !== undefined) stretchOf(period, 'UTC', 0);
  return {
    ...(period === undefined ? {} : { period }),
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(toMs === undefined ? {} : { toMs }),
    ...(fleet === undefined ? {} : { fleet }),
    ...(claim === undefined ? {} : { claim }),
    ...(asOfMs === undefined ? {} : { asOfMs }),
  };
}

async function write(figures: ReportFigures, { out, pdf, json }: ReportFlags): Promise<void> {
  const page = renderReport(figures);
  const target = out ?? (pdf === undefined && json !== true ? nameOf(figures) : undefined);
  const written: string[] = [];
  if (target !== undefined) {
    writeFileSync(target, page);
    written.push(`${target}: ${formatCount(Buffer.byteLength(page))} octets`);
  }
  if (pdf !== undefined) {
    await printed(page, pdf);
    written.push(pdf);
  }
  if (json === true) process.stdout.write(figuresJson(figures));
  else process.stdout.write(`${table(figures)}\n${written.map((line) => `Written: ${line}\n`).join('')}`);
}

/** The browser reads a file: where none is wanted, one that is thrown away. */
async function printed(page: string, pdf: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'cordon-report-'));
  try {
    const file = join(folder, 'report.html');
    writeFileSync(file, page);
    await printPdf(file, pdf);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function nameOf({ period }: ReportFigures): string {
  const day = (ms: number): string => formatTime(ms).slice(0, 10);
  return `cordon-report-${day(period.fromMs)}-${day(period.toMs)}.html`;
}

function table(figures: ReportFigures): string {
  const { total, claims } = figures.unjudged;
  const unjudged =
    total === 0
      ? ''
      : `${formatCount(total)} findings of this period break claims without a verdict yet: ${claims
          .slice(0, MOST_NAMED)
          .map(({ claim, fleet }) => `${claim} (${fleet})`)
          .join(', ')}${claims.length > MOST_NAMED ? ' and more' : ''}.\n`;
  return `${verdictTable(figures)}${unjudged}`;
}

function verdictTable({ claims }: ReportFigures): string {
  if (claims.length === 0) return 'No verdict is stored for this period: nothing is proven.\n';
  return renderTable(
    [
      { title: 'claim' },
      { title: 'fleet' },
      { title: 'violated', right: true },
      { title: 'not proven', right: true },
      { title: 'verified', right: true },
      { title: 'findings', right: true },
    ],
    claims.map(({ claim, fleet, counts, violations }) => [
      claim,
      fleet,
      ...[counts.VIOLATED, counts.NOT_PROVEN, counts.VERIFIED, violations.total].map(formatCount),
    ]),
  );
}

function exitOf({ claims, unjudged }: ReportFigures): number {
  const any = (verdict: VerdictWord): boolean => claims.some(({ counts }) => counts[verdict] > 0);
  if (any('VIOLATED') || unjudged.total > 0) return EXIT.bad;
  return claims.length === 0 || any('NOT_PROVEN') ? EXIT.notProven : EXIT.ok;
}
