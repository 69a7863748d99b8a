import { createHash } from 'node:crypto';
import type { ReportFigures } from './figures.js';
import { claimPages, unjudgedPages } from './page/claim.js';
import { cover, summary } from './page/cover.js';
import { Html, html, join, NOTHING } from './page/html.js';
import { STYLE } from './page/style.js';
import { telemetryPages } from './page/telemetry.js';
import { beyondPages, checkPages, trailPages } from './page/trail.js';
import { counted, stretchText } from './page/words.js';

/** The figures as `cordon report --json` prints them: two spaces, one line feed at the end. */
export function figuresJson(figures: ReportFigures): string {
  return `${JSON.stringify(figures, undefined, 2)}\n`;
}

/** Nothing is loaded and nothing runs: only the style whose hash this is applies, and no form or base address could send anything anywhere. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`;

/** The report as one HTML file that needs nothing else. A pure function: the same figures give the same bytes. */
export function renderReport(figures: ReportFigures): string {
  const { period, claims, limits } = figures;
  const digest = createHash('sha256').update(figuresJson(figures)).digest('hex');
  const pages = claims.slice(0, limits.claims).map((claim, index) => claimPages(claim, index, figures));
  const left =
    claims.length > limits.claims
      ? html`<section class="page"><p>${counted(claims.length - limits.claims, 'claim')} more stand in the summary only. Make a report of one fleet or claim (--fleet, --claim) for their pages.</p></section>`
      : NOTHING;
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Html(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Cordon audit report ${stretchText(period.fromMs, period.toMs, period.timezone)}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
${cover(figures, digest)}
${summary(figures)}
${join(pages, '\n')}
${left}
${unjudgedPages(figures)}
${telemetryPages(figures)}
${beyondPages(figures)}
${trailPages(figures)}
${checkPages()}
</body>
</html>
`.text;
}
