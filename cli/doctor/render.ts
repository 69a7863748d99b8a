import type { ExporterLine } from '../../collector/collector-status.js';
import { formatDuration, MINUTE_MS } from '../../flow/time.js';
import { renderTable } from '../render/table.js';
import { formatCount, terminalText } from '../render/text.js';
import { type Check, type CheckState, SECTIONS } from './check.js';
import type { StoredExporter } from './stored-exporters.js';

const WIDTH = 100;
const MARKS = { ok: 'ok   ', note: 'note ', wrong: 'WRONG', unknown: '?    ' } as const satisfies Record<CheckState, string>;
const INDENT = ' '.repeat(8);

/** The checks under their sections, at most 100 columns wide, what to do below each that asks for it. */
export function renderChecks(checks: readonly Check[], tables: Readonly<Partial<Record<Check['section'], string>>>): string {
  let text = '';
  for (const section of SECTIONS) {
    const own = checks.filter((check) => check.section === section);
    const table = tables[section] ?? '';
    if (own.length === 0 && table === '') continue;
    text += `${section}\n`;
    for (const { state, name, says, remedy } of own) {
      text += `  ${MARKS[state]} ${folded(`${name}: ${says}`)}`;
      if (remedy !== undefined) text += `${INDENT}→ ${folded(remedy)}`;
    }
    text += `${table}\n`;
  }
  return text;
}

/** Text folded at words, further lines indented; ends with a newline. */
function folded(text: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of terminalText(text).split(' ')) {
    if (line !== '' && line.length + 1 + word.length > WIDTH - INDENT.length - 2) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return `${[...lines, line].join(`\n${INDENT}  `)}\n`;
}

/** What both tables of exporters tell. */
type TableLine = Pick<
  StoredExporter & ExporterLine,
  'sensor' | 'exporter' | 'domain' | 'protocol' | 'lastSeenMs' | 'lostRecords' | 'undecodable' | 'clockOffsetMs'
>;

/** A table of exporters: who, when last seen, columns of its own, what is missing, the clock. */
function tableOf<L extends TableLine>(
  exporters: readonly L[],
  nowMs: number,
  sensorWidth: number,
  own: readonly (readonly [title: string, cell: (line: L) => string])[],
): string {
  return indented(
    renderTable(
      [
        { title: 'sensor', width: sensorWidth },
        { title: 'exporter/domain', width: 19 },
        { title: 'protocol' },
        { title: 'last seen', right: true },
        ...own.map(([title]) => ({ title, right: true })),
        { title: 'lost', right: true },
        { title: 'unread', right: true },
        { title: 'clock', right: true },
      ],
      exporters.map((line) => [
        line.sensor,
        `${line.exporter}/${line.domain}`,
        line.protocol,
        agoText(nowMs - line.lastSeenMs),
        ...own.map(([, cell]) => cell(line)),
        formatCount(line.lostRecords),
        formatCount(line.undecodable),
        line.clockOffsetMs === null ? '-' : clockText(line.clockOffsetMs),
      ]),
    ),
  );
}

/** Exporters of running collectors, counted since each collector's start. */
export function exporterTable(exporters: readonly ExporterLine[], nowMs: number): string {
  return tableOf(exporters, nowMs, 16, [
    ['msg/s', (line) => (line.messagesPerSecond === null ? '-' : line.messagesPerSecond.toPrecision(3))],
    ['templates', (line) => `${line.templates}${line.templatesRestored > 0 ? ` (${line.templatesRestored} old)` : ''}`],
    ['1:N', (line) => (line.samplingInterval === 0 ? '-' : formatCount(line.samplingInterval))],
  ]);
}

/** Exporters by the ledger of the last day. */
export function storedTable(exporters: readonly StoredExporter[], nowMs: number): string {
  return tableOf(exporters, nowMs, 18, [
    ['minutes', (line) => formatCount(line.minutes)],
    ['records', (line) => formatCount(line.records)],
  ]);
}

/** '+0.4 s': the exporter's clock is behind ours; '−' ahead. */
function clockText(offsetMs: number): string {
  const size = Math.abs(offsetMs);
  return `${offsetMs < 0 ? '−' : '+'}${size < MINUTE_MS ? `${(size / 1000).toFixed(1)} s` : formatDuration(size)}`;
}

function agoText(ms: number): string {
  return ms < -MINUTE_MS ? 'ahead of us' : `${formatDuration(Math.max(0, ms))} ago`;
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
