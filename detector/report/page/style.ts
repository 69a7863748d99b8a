/** Widths that columns of tables can have, in per cent: the policy lets no element bring a width of its own. */
export const COLUMN_WIDTHS = [7, 9, 11, 13, 16, 20, 24, 30, 40] as const;

/** The style of the page: its hash stands in the policy, so that no other style applies. Colours hold on paper, and every colour has its word beside it. */
export const STYLE = `
:root { color-scheme: light; --ink: #1a1f26; --soft: #59636e; --line: #d0d7de; --good: #1a7f4b; --open: #b26a00; --bad: #b42318; --out: #1f5fa8; --in: #8fb4dd; }
* { box-sizing: border-box; }
html { background: #fff; }
body { margin: 0 auto; padding: 12mm 10mm; max-width: 200mm; font: 9.5pt/1.45 system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; color: var(--ink); overflow-wrap: anywhere; }
h1 { font-size: 22pt; line-height: 1.2; margin: 0 0 2mm; letter-spacing: -0.01em; }
h2 { font-size: 15pt; line-height: 1.25; margin: 0 0 3mm; padding-bottom: 1.5mm; border-bottom: 0.6mm solid var(--ink); }
h3 { font-size: 11pt; margin: 6mm 0 2mm; }
h4 { font-size: 9.5pt; margin: 4mm 0 1mm; }
h2, h3, h4 { break-after: avoid; }
p { margin: 0 0 2mm; max-width: 165mm; }
a { color: var(--out); }
code { font: 0.9em ui-monospace, "DejaVu Sans Mono", monospace; }
small, .soft { color: var(--soft); }
section { margin-top: 14mm; }
.cover { margin-top: 0; }
.kind { color: var(--soft); font-weight: 600; margin-bottom: 10mm; }
.period { font-size: 13pt; margin-bottom: 8mm; }
dl { display: grid; grid-template-columns: 38mm 1fr; gap: 1mm 4mm; margin: 0 0 4mm; }
dt { color: var(--soft); }
dd { margin: 0; }
${COLUMN_WIDTHS.map((width) => `.w${width} { width: ${width}%; }`).join('\n')}
table { width: 100%; table-layout: fixed; border-collapse: collapse; margin: 0 0 3mm; font-size: 8.5pt; line-height: 1.35; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
th { text-align: left; font-weight: 600; color: var(--soft); border-bottom: 0.4mm solid var(--ink); padding: 0.8mm 2mm 0.8mm 0; vertical-align: bottom; }
td { border-bottom: 0.2mm solid var(--line); padding: 1.2mm 2mm 1.2mm 0; vertical-align: top; }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; }
.verdict { font-weight: 700; white-space: nowrap; }
.verdict::before { content: ""; display: inline-block; width: 2.4mm; height: 2.4mm; margin-right: 1.4mm; border-radius: 0.4mm; background: currentColor; }
.VERIFIED { color: var(--good); }
.NOT_PROVEN { color: var(--open); }
.VIOLATED { color: var(--bad); }
.tiles { display: grid; grid-template-columns: repeat(3, 1fr); gap: 4mm; margin: 4mm 0 6mm; }
.tile { border: 0.3mm solid var(--line); border-left: 1.6mm solid currentColor; padding: 3mm 4mm; }
.tile b { display: block; font-size: 20pt; line-height: 1.1; }
.tile span { color: var(--ink); }
.claimed { font-size: 12pt; line-height: 1.4; border-left: 1.2mm solid var(--ink); padding-left: 4mm; margin-bottom: 4mm; }
.unseen { border: 0.3mm solid var(--line); border-left: 1.6mm solid var(--open); padding: 3mm 4mm 1mm; margin-bottom: 4mm; break-inside: avoid; }
.unseen h3 { margin-top: 0; }
.whole { break-inside: avoid; }
.finding { border-top: 0.3mm solid var(--line); padding-top: 2mm; margin-top: 3mm; }
.finding > p, .finding > ul { break-inside: avoid; }
.finding ol { margin: 0; padding: 0; list-style: none; font-size: 8pt; }
.finding li { border-left: 0.6mm solid var(--line); padding: 0.6mm 0 0.6mm 3mm; margin-bottom: 1mm; break-inside: avoid; }
.severity { font-weight: 700; }
.critical, .high { color: var(--bad); }
.medium { color: var(--open); }
ul { margin: 0 0 3mm; padding-left: 5mm; }
svg { display: block; width: 100%; height: auto; margin-bottom: 3mm; break-inside: avoid; }
svg text { font: 9.5px system-ui, "DejaVu Sans", sans-serif; fill: var(--soft); }
svg .frame { fill: #fff; stroke: var(--line); }
svg .grid { stroke: var(--line); stroke-width: 0.5; }
svg .VERIFIED { fill: var(--good); }
svg .NOT_PROVEN { fill: #e3a13a; }
svg .VIOLATED { fill: var(--bad); }
svg .blind { fill: #24292f; }
svg .some { fill: #e3a13a; }
svg .all { fill: #b9d9c6; }
svg .out { fill: var(--out); }
svg .in { fill: var(--in); }
svg .mark { fill: var(--bad); }
svg .onDark { fill: #fff; font-weight: 600; }
svg .name { fill: var(--ink); }
@page { size: A4; margin: 16mm 14mm 18mm; @bottom-left { content: "Cordon audit report"; font: 8pt sans-serif; color: #59636e; } @bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif; color: #59636e; } }
@media print { body { padding: 0; max-width: none; } .page { margin-top: 0; break-before: page; } a { color: inherit; text-decoration: none; } }
@media screen { .page { border-top: 0.3mm solid var(--line); padding-top: 10mm; } }
`;
