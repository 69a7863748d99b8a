import type { ReportFigures } from '../figures.js';
import { findingList } from './findings.js';
import { type Html, html, NOTHING, name } from './html.js';
import { table } from './table.js';
import { counted, instant, severityWord } from './words.js';

/** What was found that no claim speaks of: behaviour that departs from what was learned, silence, blindness. */
export function beyondPages({ beyond }: ReportFigures): Html {
  return html`<section${beyond.total === 0 ? NOTHING : html` class="page"`} id="beyond"><h2>Findings beyond the claims</h2>
${beyond.total === 0 ? html`<p>None was found.</p>` : html`<p>${counted(beyond.total, 'finding')} that no claim speaks of. They tell of a departure from what was learned; they break no claim.</p>`}
${table(
  [
    { title: 'Detection' },
    { title: 'Findings', as: 'number', width: 13 },
    { title: 'Assets', as: 'number', width: 13 },
    { title: 'Worst', width: 16 },
  ],
  beyond.byDetection.map(({ title, findings, assets, worst }) => [name(title), findings, assets, severityWord(worst)]),
)}
${beyond.listed.length < beyond.total ? html`<p>The ${beyond.listed.length} gravest, then earliest, are shown.</p>` : NOTHING}
${findingList(beyond.listed)}</section>`;
}

/** Who decided what, and what nobody is told of because of it. */
export function trailPages({ trail, asOf }: ReportFigures): Html {
  const columns = [
    { title: 'When', width: 16 },
    { title: 'By', width: 13 },
    { title: 'Decision', width: 13 },
    { title: 'About' },
    { title: 'Until', width: 16 },
    { title: 'Why' },
  ] as const;
  const rows = (list: ReportFigures['trail']['decisions']): (readonly (Html | string)[])[] =>
    list.map(({ atMs, author, verb, scope, finding, untilMs, reason, takenBack }) => [
      instant(atMs),
      name(author),
      `${verb}${takenBack ? ' (taken back)' : ''}`,
      html`${name(scope)}${finding === '' ? NOTHING : html` <small>finding <code>${finding.slice(0, 8)}</code></small>`}`,
      untilMs === 0 ? '' : instant(untilMs),
      name(reason),
    ]);
  return html`<section id="trail"><h2>Audit trail</h2>
<h3>Decisions</h3>
${trail.decisions.length === 0 ? html`<p>Nobody has decided anything since the period began, nor of the findings shown here.</p>` : html`<p>Since the period began, and of the findings shown here, up to ${instant(asOf.ms)}.${trail.decisionsLeftOut === 0 ? '' : ` ${counted(trail.decisionsLeftOut, 'later decision')} left out.`}</p>`}
${table(columns, rows(trail.decisions))}
<h3>Muted at the time of this report</h3>
${trail.mutes.length === 0 ? html`<p>Nothing is muted.</p>` : html`<p>Findings in these scopes are stored and counted, and nobody is told of them.</p>`}
${table(columns, rows(trail.mutes))}</section>`;
}

/** What a third party does to check the report. */
export function checkPages(): Html {
  return html`<section class="whole" id="check"><h2>How to check this report</h2>
<p>The page loads nothing and runs nothing: it is one file, and its policy forbids scripts, images and requests.</p>
<ul>
<li>The claim files: <code>sha256sum FILE</code> gives what stands on the first page.</li>
<li>The figures: <code>cordon report --json</code> over a copy of the data folder, with the same period and claim files, prints them; <code>sha256sum</code> of what it prints gives the sha256 of the first page.</li>
<li>The page: <code>cordon report --out FILE</code> over the same copy writes the same bytes. The PDF is made from it by a browser, which writes its own time into it.</li>
<li>The verdicts: <code>cordon verdict --closed</code> judges from stored findings and coverage; <code>cordon replay</code> judges again from the captures or exports themselves.</li>
<li>A finding: its rows name sensor, exporter, domain, message and record in the telemetry; the Community ID and the display filter find the same packets in a capture of another tool.</li>
</ul></section>`;
}
