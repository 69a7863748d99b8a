import { type Html, html, join, NOTHING } from './html.js';
import type { COLUMN_WIDTHS } from './style.js';

export interface Column {
  readonly title: string;
  /** Of the table, in per cent; columns without share what is left. */
  readonly width?: (typeof COLUMN_WIDTHS)[number];
  /** 'number' stands at the right and does not wrap. */
  readonly as?: 'number';
}

/** A table whose header row is repeated on every page that it runs over; nothing where there are no rows. */
export function table(columns: readonly Column[], rows: readonly (readonly (Html | string | number)[])[]): Html {
  if (rows.length === 0) return NOTHING;
  const classOf = ({ as }: Column): Html => (as === undefined ? NOTHING : html` class="${as}"`);
  const widths = join(columns.map(({ width }) => (width === undefined ? html`<col>` : html`<col class="w${width}">`)));
  const head = join(columns.map((column) => html`<th scope="col"${classOf(column)}>${column.title}</th>`));
  const body = join(
    rows.map((row) => html`<tr>${join(columns.map((column, index) => html`<td${classOf(column)}>${row[index] ?? ''}</td>`))}</tr>`),
    '\n',
  );
  return html`<table><colgroup>${widths}</colgroup><thead><tr>${head}</tr></thead><tbody>
${body}
</tbody></table>`;
}
