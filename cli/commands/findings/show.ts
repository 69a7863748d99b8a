import { Command } from 'commander';
import type { FindingFile, SensorCoverage } from '../../../detector/decisions/desk.js';
import { detectionCard } from '../../../detector/detections/cards.js';
import type { EvidenceRow, Finding } from '../../../detector/findings/finding.js';
import { sortKeys } from '../../../detector/findings/json.js';
import { formatOctets as octetsText } from '../../../detector/findings/quantity.js';
import { formatSpan } from '../../../detector/findings/time-span.js';
import { formatTime } from '../../../flow/time.js';
import { decisionLine, standingText } from '../../render/decisions.js';
import { renderTable } from '../../render/table.js';
import { formatCount, terminalText } from '../../render/text.js';
import { withDesk } from '../../wiring/desk.js';
import { type CommonFlags, commonSettings, withCommonFlags } from '../common.js';

/** `cordon findings show`. */
export function showCommand(): Command {
  return withCommonFlags(new Command('show').argument('<id>', 'its id, or the beginning of it').option('--json', 'as JSON'))
    .addHelpText('after', '\nExit codes: 0 the finding was printed · 4 there is none, or several.')
    .action(async (id: string, flags: CommonFlags & { json?: boolean }) => {
      await withDesk(commonSettings(flags).config, async (desk) => {
        const file = await desk.show(id);
        process.stdout.write(flags.json === true ? fileJson(file) : fileText(file));
      });
    });
}

function fileJson({ finding, standing, decisions, coverage }: FindingFile): string {
  const card = detectionCard(finding.detection);
  const about = card === undefined ? {} : { runbook: card.runbook, falsePositives: card.falsePositives, attack: card.attack };
  return `${JSON.stringify(sortKeys({ ...finding, standing, decisions, coverage, ...about }), undefined, 2)}\n`;
}

/** What `show` prints of a finding. */
export function fileText({ finding, standing, decisions, coverage }: FindingFile): string {
  const card = detectionCard(finding.detection);
  const list = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
  const lines = [
    `${finding.id}  ${finding.severity}, confidence ${finding.confidence}%  ${standingText(standing)}`,
    '',
    finding.sentence,
    ...list('The sum', sumOf(finding)),
    ...list('Peer', peerOf(finding)),
    ...list('Rule', [finding.rule]),
    ...list('Decisions', decisions.map(decisionLine)),
    ...list('Seen by', coverage.map(coverageLine)),
    ...list('What to do', card?.runbook ?? []),
    ...list('May be harmless when', card?.falsePositives ?? []),
    ...list(
      'ATT&CK',
      (card?.attack ?? []).map(({ id, matrix, version }) => `${id} (${matrix}, v${version})`),
    ),
  ];
  return `${lines.map(terminalText).join('\n')}\n\nEvidence\n${evidenceTable(finding.evidence)}`;
}

/** What was observed against what was expected, in the unit of the finding, and the window; then the totals. */
function sumOf(finding: Finding): string[] {
  const amount = (value: number): string =>
    finding.unit === 'octets' ? `${octetsText(value)} (${formatCount(value)} octets)` : `${Number(value.toPrecision(6))} ${finding.unit}`;
  // Over a running process's door a number that is none arrives as null.
  const isNumber = (value: number | null): value is number => value !== null && !Number.isNaN(value);
  const expected = isNumber(finding.expected) ? `, expected at most ${amount(finding.expected)}` : '';
  const observed = isNumber(finding.observed) ? `observed ${amount(finding.observed)}${expected}` : 'no single number';
  const { octetsOut, octetsIn, packetsOut, packetsIn } = finding;
  // Of what is told by who met whom, or by what was not there, nobody has counted how much.
  const counted = octetsOut + octetsIn + packetsOut + packetsIn > 0;
  const amounts = `: ${octetsText(octetsOut)} in ${packetsOut} packets out, ${octetsText(octetsIn)} in ${packetsIn} packets in`;
  return [
    `${observed}, ${formatSpan(finding.windowFromMs, finding.windowToMs)}`,
    `${finding.sessions} connections, ${finding.records} records${counted ? amounts : ''}`,
  ];
}

/** The peer with its set, country and AS, as far as anybody tells; nothing where the finding is about no single one. */
function peerOf({ peerAddress, peerName, peerCountry, peerAsn }: Finding): string[] {
  if (peerAddress === '::') return [];
  const told = [
    ...(peerName === '' ? [] : [`set ${peerName}`]),
    ...(peerCountry === '' ? [] : [`country ${peerCountry}`]),
    ...(peerAsn === 0 ? [] : [`AS${peerAsn}`]),
  ];
  return [[peerAddress, ...told].join(', ')];
}

function coverageLine({
  sensor,
  minutes,
  ofMinutes,
  recordsReceived,
  recordsLost,
  recordsUnread,
  samplingInterval,
}: SensorCoverage): string {
  const sampling = samplingInterval > 1 ? `, 1 in ${samplingInterval} packets` : '';
  return `${sensor}: messages in ${minutes} of ${ofMinutes} minutes, ${formatCount(recordsReceived)} records, ${formatCount(recordsLost)} lost, ${formatCount(recordsUnread)} unread${sampling}`;
}

function evidenceTable(rows: readonly EvidenceRow[]): string {
  if (rows.length === 0) return 'none: the records are those of the window\n';
  return renderTable(
    [
      { title: 'sensor' },
      { title: 'domain', right: true },
      { title: 'message', right: true },
      { title: 'record', right: true },
      { title: 'start' },
      { title: 'end' },
      { title: 'from' },
      { title: 'to' },
      { title: 'octets', right: true },
      { title: 'reverse', right: true },
    ],
    rows.map((row) => [
      row.sensor,
      String(row.domain),
      String(row.sequence),
      String(row.record),
      formatTime(row.startMs),
      formatTime(row.endMs),
      `${row.source} ${row.sourcePort}`,
      `${row.destination} ${row.destinationPort}`,
      String(row.octets),
      String(row.reverseOctets),
    ]),
  );
}
