import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Command, Option } from 'commander';
import { type Collector, type CollectorSettings, createCollector } from '../../collector/collector.js';
import { createElementListener } from '../../collector/decoders/element-records.js';
import { FILE_FORMATS, type FileFormat, inReadingOrder, readFileInto } from '../../collector/files.js';
import { createElementRegistry } from '../../collector/templates/element-registry.js';
import { createTemplateStore } from '../../collector/templates/store.js';
import { readUserElements } from '../../collector/templates/user-elements.js';
import { formatAddress } from '../../flow/address.js';
import { FlowBatch } from '../../flow/batch.js';
import { encodeBlock } from '../../flow/native/block.js';
import { Exit, printed, UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { cutSentence } from '../render/cut.js';
import { createElementLines, type ElementLines } from '../render/element-records.js';
import { createProgress } from '../render/progress.js';
import { csvHeader, csvLines, jsonLines } from '../render/rows.js';
import { formatCount } from '../render/text.js';

const OUTPUTS = ['json', 'csv', 'arrow', 'none'] as const;

interface DecodeFlags {
  format: FileFormat;
  output: (typeof OUTPUTS)[number];
  sensor?: string;
  quiet?: boolean;
  allElements?: boolean;
  templates?: boolean;
  elementsFile?: string[];
}

/** `cordon decode FILE…`: any supported file → flow records on standard output, in the column table's names. */
export function decodeCommand(): Command {
  return new Command('decode')
    .argument('<file...>', "files to read; '-' is standard input")
    .addOption(new Option('--format <format>', 'what the files hold').choices(FILE_FORMATS).default('auto'))
    .addOption(new Option('--output <output>', 'JSON lines, CSV, an Arrow file, or only the summary').choices(OUTPUTS).default('json'))
    .option('--sensor <name>', "sensor name (default: 'capture' for traffic, the exporter's address for exports)")
    .option('--all-elements', 'every NetFlow and IPFIX record with all its elements by name, options records too, as JSON lines')
    .option('--templates', 'with --all-elements: templates too, each before its first record')
    .option(
      '--elements-file <file>',
      'a table of enterprise elements: their names and types, and the columns they fill (docs/formats.md); may be given several times',
      (file: string, before: string[] = []) => [...before, file],
    )
    .option('--quiet', 'no summary on standard error')
    .addHelpText(
      'after',
      `
Formats: pcap (a capture of traffic, metered into flow records), export-pcap (a capture of NetFlow v1, v5, v7, v9, IPFIX or sFlow v5), netflow (bare
datagrams one after another), nfcapd (nfdump's files), zeek (conn.log; dns.log gives names to the flows of other files), eve (Suricata), vpc, azure, gcp (cloud flow logs). Captures may be pcap or pcapng; any file may be gzip.
Standard input is recognised as files are. docs/formats.md lists elements and limits.

Exit codes: 0 read to the end · 3 a file is cut off or damaged: what could be read of it was written.

Examples:
  cordon decode router.pcap
  tcpdump -w - -i eth0 | cordon decode -
  cordon decode conn.log dns.log      (flows with the names that their ends were told)
  cordon decode --output csv export.pcap > flows.csv
  cordon decode --all-elements --templates export.pcap | less`,
    )
    .action(async (files: string[], flags: DecodeFlags) => {
      await decode(files, flags);
    });
}

async function decode(files: readonly string[], flags: DecodeFlags): Promise<void> {
  const lines = flags.allElements === true ? createElementLines() : undefined;
  const writer = WRITERS[rowOutput(flags)]();
  const collector = createCollector(
    {
      flows: {
        async write(batch) {
          await writer.rows(batch);
          return { produced: batch.length, unwatched: 0 };
        },
        flush: async () => undefined,
      },
      coverage: async () => undefined,
    },
    elementSettings(flags, lines),
  );
  const progress = createProgress(flags.quiet !== true);
  const cut: string[] = [];
  let captures = 0;
  for (const { path } of await inReadingOrder(files.map((name) => ({ path: name, format: flags.format })))) {
    const summary = await readFileInto(collector, {
      path,
      format: flags.format,
      sensor: flags.sensor ?? 'capture',
      sensorOf: (exporter) => flags.sensor ?? formatAddress(exporter),
      async onProgress(_ms, packets) {
        progress.add(path, packets);
        await lines?.flush();
      },
    });
    if (summary.cut) cut.push(path);
    if (summary.format === 'pcap') captures++;
  }
  progress.end();
  await collector.flush();
  await writer.end();
  await lines?.end();
  if (flags.quiet !== true) process.stderr.write(summaryOf(collector, captures > 0));
  for (const path of cut) process.stderr.write(printed(cutSentence(path)));
  if (cut.length > 0) throw new Exit(EXIT.integrity);
}

/** Elements are shown instead of rows. */
function rowOutput({ allElements, templates, output }: DecodeFlags): DecodeFlags['output'] {
  if (templates === true && allElements !== true) throw new UsageError('--templates shows templates beside --all-elements; give both');
  if (allElements !== true) return output;
  if (output !== 'json') throw new UsageError(`--all-elements writes JSON lines; leave --output ${output} away`);
  return 'none';
}

/** What the collector is told of elements: users' tables, and who wants to see all of them. */
function elementSettings(
  { elementsFile, templates: withTemplates = false }: DecodeFlags,
  lines: ElementLines | undefined,
): CollectorSettings {
  const user = elementsFile === undefined ? undefined : readUserElements(elementsFile);
  const templates = createTemplateStore(user === undefined ? {} : { elements: user });
  if (lines === undefined) return { templates };
  const registry = createElementRegistry(user?.list);
  const { maxFieldsPerTemplate } = templates.limits;
  return { templates, listener: createElementListener({ registry, maxFieldsPerTemplate, emit: lines.add, withTemplates }) };
}

function summaryOf({ counters, names }: Collector, metered: boolean): string {
  const faults = [...counters.faults].sort(([a], [b]) => (a < b ? -1 : 1)).map(([code, count]) => `  ${formatCount(count)} × ${code}\n`);
  const read = [
    ...(metered ? [`${formatCount(counters.packets)} packets`] : []),
    ...(counters.lines > 0 ? [`${formatCount(counters.lines)} lines`] : []),
    ...(counters.datagrams > 0 || (!metered && counters.lines === 0) ? [`${formatCount(counters.datagrams)} datagrams`] : []),
  ];
  const { answers } = names.counters;
  const learned = answers === 0 ? '' : `, ${formatCount(answers)} DNS answers (${formatCount(names.counters.named)} records named)`;
  return `${read.join(', ')}, ${formatCount(counters.records)} flow records${learned}\n${faults.length === 0 ? '' : `faults:\n${faults.join('')}`}`;
}

interface RowWriter {
  rows(batch: FlowBatch): Promise<void>;
  end(): Promise<void>;
}

const WRITERS = {
  json: () => textWriter('', jsonLines),
  csv: () => textWriter(csvHeader(new FlowBatch(1)), csvLines),
  arrow: createArrowWriter,
  none: () => ({ rows: async () => undefined, end: async () => undefined }),
} as const satisfies Record<(typeof OUTPUTS)[number], () => RowWriter>;

function textWriter(header: string, lines: (batch: FlowBatch) => string): RowWriter {
  let first = true;
  const write = async (text: string): Promise<void> => {
    if (!process.stdout.write(text)) await once(process.stdout, 'drain');
  };
  return {
    async rows(batch) {
      await write((first ? header : '') + lines(batch));
      first = false;
    },
    async end() {
      if (first) await write(header);
    },
  };
}

/**
 * Arrow by the embedded engine: rows are put down as Native blocks in a temporary folder, and ClickHouse writes them as an Arrow stream. Loaded only
 * when asked for: the engine is large.
 */
function createArrowWriter(): RowWriter {
  const folder = mkdtempSync(join(tmpdir(), 'cordon-arrow-'));
  const blocks = join(folder, 'rows.native');
  const opened = open(blocks, 'w');
  let rows = 0;
  return {
    async rows(batch) {
      rows += batch.length;
      await (await opened).write(encodeBlock(batch));
    },
    async end() {
      try {
        const file = await opened;
        if (rows === 0) await file.write(encodeBlock(new FlowBatch(1)));
        await file.close();
        const { Session } = await import('chdb');
        const session = new Session(join(folder, 'engine'));
        const arrow = join(folder, 'rows.arrow');
        session.query(`SELECT * FROM file('${blocks}', Native) INTO OUTFILE '${arrow}' FORMAT ArrowStream SETTINGS max_threads = 1`);
        session.cleanup();
        const output = await open(arrow);
        await pipeline(output.createReadStream(), process.stdout, { end: false });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}
