import type { VerdictWord } from '../../coverage/verdict-types.js';
import type { ClaimFigures, ReportFigures, UnjudgedFigures } from '../figures.js';
import { stateBars, strips } from './charts.js';
import { type Html, html, join, NOTHING, name } from './html.js';
import { table } from './table.js';
import { counted, instant, severityWord, stretchText, verdictWord } from './words.js';

/** Title page: of what, for when, from which claim files, and how it was made. `digest`: sha256 of the figures as `cordon report --json` prints them. */
export function cover(figures: ReportFigures, digest: string): Html {
  const { period, asOf, claimFiles } = figures;
  const owners = [...new Set(claimFiles.map(({ owner }) => owner).filter((owner) => owner !== ''))];
  const only = [figures.fleet === '' ? '' : `fleet ${figures.fleet}`, figures.claim === '' ? '' : `claim ${figures.claim}`].filter(
    (part) => part !== '',
  );
  return html`<section class="cover"><p class="kind">Cordon audit report</p>
<h1>What was claimed, and what was seen</h1>
<p class="period">${stretchText(period.fromMs, period.toMs, period.timezone)} <small>(${period.timezone})</small></p>
${tiles(figures)}
${unjudgedText(figures.unjudged)}
<dl>
${owners.length === 0 ? NOTHING : html`<dt>Owner of the claims</dt><dd>${join(owners.map(name), ', ')}</dd>`}
<dt>Period</dt><dd>${instant(period.fromMs)} up to ${instant(period.toMs)}</dd>
${only.length === 0 ? NOTHING : html`<dt>Only</dt><dd>${join(only.map(name), ', ')}</dd>`}
<dt>As of</dt><dd>${instant(asOf.ms)}${asOf.by === 'argument' ? ', as it was asked for' : ', the last that the store tells of: no clock was read'}</dd>
<dt>Made by</dt><dd>cordon ${figures.version}</dd>
<dt>Figures, sha256</dt><dd><code>${digest}</code></dd>
</dl>
<h3>Claim files</h3>
${claimFilesTable(figures)}
<h3>How it was computed</h3>
<p>Flow records of the sensors were judged one by one against the rules of the claim files. A verdict is about one claim and one period of its calendar.
It is VIOLATED where one finding of the claim stands, whatever was seen otherwise. It is NOT PROVEN where anything was not met that the claim demands of its
sensors: time observed, losses, sampling, clocks, drills. It is VERIFIED only where nothing was found and nothing is left to be demanded.</p>
${recomputedText(figures)}
<p>The figures of this report are those of <code>cordon report --json</code> over the same store, period and claim files; their sha256 stands above. It tells what sensors
reported. That the sensors were honest it does not tell: drills, a second sensor and interface counters do.</p>
</section>`;
}

function claimFilesTable({ claimFiles }: ReportFigures): Html {
  if (claimFiles.length === 0) return html`<p>No verdict is stored for this period: nothing is proven.</p>`;
  return join(
    claimFiles.map(
      (
        file,
      ) => html`<dl><dt>Claims</dt><dd>${name(file.id)}, ${counted(file.claims, 'claim')}, in force for verdicts of ${instant(file.judgedFromMs)} to ${instant(file.judgedToMs)}</dd>
<dt>Hash in findings</dt><dd><code>${file.hash}</code></dd>
${file.files.length === 0 ? html`<dt>File</dt><dd>not at hand: what it declares beside its verdicts is not told here</dd>` : join(file.files.map((one) => html`<dt>${name(one.name)}</dt><dd>sha256 <code>${one.sha256}</code></dd>`))}
${join(file.locations.map((one) => html`<dt>Location data</dt><dd>${name(one.name)} ${one.date}, sha256 <code>${one.sha256}</code></dd>`))}
</dl>`,
    ),
  );
}

function recomputedText({ recomputed: { computed, same, notComputed, differences } }: ReportFigures): Html {
  const left =
    notComputed === 0
      ? NOTHING
      : html` ${counted(notComputed, 'verdict')} could not be computed anew: the claim file is not at hand, or the period was not over.`;
  if (computed === 0) return html`<p>No verdict was computed anew for this report.${left}</p>`;
  const told = html`<p>For this report ${counted(computed, 'verdict')} were computed anew from stored findings, coverage and counts: ${counted(same, 'verdict')} came out the same.${left}</p>`;
  if (differences.length === 0) return told;
  return html`${told}<p class="NOT_PROVEN"><b>These came out differently</b> from what had been stored:</p>${table(
    [{ title: 'Claim' }, { title: 'Fleet' }, { title: 'Period from', width: 24 }, { title: 'Stored' }, { title: 'Anew' }],
    differences.map((one) => [name(one.claim), name(one.fleet), instant(one.fromMs), verdictWord(one.stored), verdictWord(one.anew)]),
  )}`;
}

const EXPLAINED: Readonly<Record<VerdictWord, string>> = {
  VIOLATED: 'broken at least once',
  NOT_PROVEN: 'never seen broken, and not always seen well enough',
  VERIFIED: 'held in every period, and was seen well enough',
};

/** The worst that a claim came to in the period. */
export function worstOf({ counts }: ClaimFigures): VerdictWord {
  return counts.VIOLATED > 0 ? 'VIOLATED' : counts.NOT_PROVEN > 0 ? 'NOT_PROVEN' : 'VERIFIED';
}

/** How many claims held. */
function tiles({ claims }: ReportFigures): Html {
  if (claims.length === 0) return NOTHING;
  const count = (verdict: VerdictWord): number => claims.filter((claim) => worstOf(claim) === verdict).length;
  const pieces = (['VIOLATED', 'NOT_PROVEN', 'VERIFIED'] as const).map(
    (verdict) =>
      html`<div class="tile ${verdict}"><b>${count(verdict)}</b><span>of ${counted(claims.length, 'claim')} ${verdict.replace('_', ' ')}: ${EXPLAINED[verdict]}</span></div>`,
  );
  return html`<div class="tiles">${pieces}</div>`;
}

function unjudgedText({ total, claims }: UnjudgedFigures): Html {
  if (total === 0) return NOTHING;
  return html`<p>${verdictWord('VIOLATED')} <a href="#unjudged">${counted(total, 'finding')}</a> of this period ${total === 1 ? 'breaks' : 'break'} ${counted(claims.length, 'claim')} without a verdict yet.</p>`;
}

/** '1 violated, 2 not proven, 28 verified': what there was of each. */
function periodsText({ counts }: ClaimFigures): string {
  return (['VIOLATED', 'NOT_PROVEN', 'VERIFIED'] as const)
    .filter((verdict) => counts[verdict] > 0)
    .map((verdict) => `${counts[verdict]} ${verdict.toLowerCase().replace('_', ' ')}`)
    .join(', ');
}

/** All claims on one page, each over time. */
export function summary({ claims, unjudged, period }: ReportFigures): Html {
  const drawn = claims.slice(0, 60);
  const rows = drawn.map(({ claim, states }) => ({ name: claim, bars: stateBars(states) }));
  return html`<section class="page" id="summary"><h2>Summary</h2>
${claims.length === 0 ? html`<p>No verdict is stored for this period. Nothing is proven.</p>` : NOTHING}
${unjudgedText(unjudged)}
${rows.length === 0 ? NOTHING : strips(period, rows, 'Verdicts of every claim over time; a blank stretch has no verdict')}
${drawn.length < claims.length ? html`<p class="soft">The first ${drawn.length} of ${counted(claims.length, 'claim')} are drawn; the table holds all.</p>` : NOTHING}
${table(
  [
    { title: 'Claim', width: 16 },
    { title: 'What is claimed' },
    { title: 'Severity', width: 9 },
    { title: 'Periods', width: 13 },
    { title: 'Findings', as: 'number', width: 11 },
    { title: 'Worst', width: 16 },
  ],
  claims.map((claim, index) => [
    html`<a href="#claim-${index + 1}">${name(claim.claim)}</a><br><small>${name(claim.fleet)}</small>`,
    name(claim.text),
    severityWord(claim.severity),
    periodsText(claim),
    claim.violations.total,
    verdictWord(worstOf(claim)),
  ]),
)}</section>`;
}
