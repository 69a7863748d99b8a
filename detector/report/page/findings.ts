import { formatOctets, formatPort } from '../../findings/quantity.js';
import type { DecisionFigures, FindingFigures } from '../figures.js';
import { type Html, html, join, NOTHING, name } from './html.js';
import { counted, instant, severityWord } from './words.js';

/** Findings one by one, each with its sum, its decisions and its rows in the telemetry. */
export function findingList(findings: readonly FindingFigures[]): Html {
  return join(findings.map(findingBlock), '\n');
}

function findingBlock(finding: FindingFigures): Html {
  const port = formatPort(finding.protocol, finding.port);
  return html`<div class="finding"><p>${severityWord(finding.severity)} ${name(finding.sentence)}</p>
<p><small>${name(finding.title)}${port === '' ? '' : ` · ${port}`} · ${instant(finding.firstSeenMs)} to ${instant(finding.lastSeenMs)} · ${sumText(finding)} · confidence ${finding.confidence} % ·
rule: ${name(finding.rule)} · ${name(finding.standing)} · id <code>${finding.id}</code></small></p>
${finding.decisions.length === 0 ? NOTHING : html`<ul>${finding.decisions.map((decision) => html`<li><small>${decisionText(decision)}</small></li>`)}</ul>`}
${evidence(finding)}</div>`;
}

function sumText({ observed, expected, unit, records }: FindingFigures): string {
  const amount = (value: number): string => (unit === 'octets' ? formatOctets(value) : `${Number(value.toPrecision(6))} ${unit}`);
  if (observed === null) return counted(records, 'record');
  return `observed ${amount(observed)}${expected === null ? '' : `, at most ${amount(expected)} expected`}, ${counted(records, 'record')}`;
}

export function decisionText({ atMs, author, verb, scope, untilMs, reason, takenBack }: DecisionFigures): Html {
  return html`${instant(atMs)} ${name(author)}: ${verb}${takenBack ? ' (taken back since)' : ''}${scope === '' ? NOTHING : html`, ${name(scope)}`}${untilMs === 0 ? '' : `, until ${instant(untilMs)}`}. ${name(reason)}`;
}

/** Where the rows stand in the telemetry, and what finds the same packets in a capture. */
function evidence({ evidence: rows, evidenceRows, records }: FindingFigures): Html {
  if (rows.length === 0) return html`<p><small>No single rows: the records are those of its window.</small></p>`;
  const items = rows.map((row) => {
    const end = (address: string, port: number): string => (port === 0 ? address : `${address} ${port}`);
    const id = row.communityId === '' ? NOTHING : html` · Community ID <code>${row.communityId}</code>`;
    return html`<li>${instant(row.startMs)} to ${instant(row.endMs)} · ${end(row.source, row.sourcePort)} → ${end(row.destination, row.destinationPort)} · ${formatOctets(row.octets)} and ${formatOctets(row.reverseOctets)} back${row.samplingInterval > 1 ? ` · 1 in ${row.samplingInterval} packets` : ''}<br>
${name(row.sensor)}, exporter ${row.exporter}, domain ${row.domain}, message ${row.sequence}, record ${row.record}${id}<br><code>${row.displayFilter}</code></li>`;
  });
  const more =
    evidenceRows > rows.length
      ? html`<p><small>${rows.length} of ${counted(evidenceRows, 'kept row')} are shown; the finding has ${counted(records, 'record')}.</small></p>`
      : NOTHING;
  return html`<ol>${items}</ol>${more}`;
}
