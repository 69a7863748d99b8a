/**
 * Names as somebody could choose them who wants to be misread: of assets, in DNS answers, in claim texts, of people. Every place that shows names is held
 * against this one list: console, Grafana's JSON, HTML report, CSV, terminal.
 */
export interface HostileName {
  /** What it tries. */
  readonly tries: string;
  readonly text: string;
}

/** Longer than any field of a screen. */
export const LONG_NAME = `long-${'x'.repeat(10_000)}-end`;

export const HOSTILE_NAMES: readonly HostileName[] = [
  { tries: 'a script', text: `<script>document.title='owned'</script>` },
  { tries: 'an attribute', text: `"><img src=x onerror="document.title='owned'">` },
  { tries: 'the end of a style', text: `</style></title><style>*{display:none}</style>` },
  { tries: 'quotes and backslashes', text: `o'neil "quoted" \\ back\\slash` },
  { tries: 'a template', text: `{{constructor.constructor('document.title="owned"')()}} {a|b}` },
  { tries: 'a variable of Grafana', text: '\u0024{asset:raw} $__all [[asset]]' },
  { tries: 'SQL', text: `'); DROP TABLE findings; -- ` },
  { tries: 'an entity', text: '&lt;b&gt; &#x202e; %3Cb%3E' },
  { tries: 'the other direction', text: 'evil\u202egnp.exe\u200b\u2066x\u2069' },
  { tries: 'a second line', text: 'one\nWritten: report.html\r\ntwo\u2028three' },
  { tries: 'a terminal', text: '\u001b[2J\u001b]0;owned\u0007\u009b31mred' },
  { tries: 'a formula', text: `=cmd|' /C calc'!A0` },
  { tries: 'a formula by plus', text: '+1+2' },
  { tries: 'a formula by minus', text: '-2+3' },
  { tries: 'a formula by at', text: '@SUM(1+1)' },
  { tries: 'a formula behind a tab', text: '\t=1+1' },
  { tries: 'room', text: LONG_NAME },
];

/** What must reach no reader as it is: controls, and marks that reorder what stands beside them. */
export const UNSHOWABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;
