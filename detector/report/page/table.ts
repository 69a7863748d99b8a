import { type Html, html, join, NOTHING } from './html.js';

export interface Column {
  readonly title: string;
  /** 'number' stands at the right, 'when' and 'tight' do not wrap. */
  readonly as?: 'number' | 'when' | 'tight';
}

/** A table whose header row is repeated on every page that it runs over; nothing where there are no rows. */
export function table(columns: readonly Column[], rows: readonly (readonly (Html | string | number)[])[]): Html {
  if (rows.length === 0) return NOTHING;
  const classOf = ({ as }: Column): Html => (as === undefined ? NOTHING : html` class="${as}"`);
  const head = join(columns.map((column) => html`<th scope="col"${classOf(column)}>${column.title}</th>`));
  const body = join(
    rows.map((row) => html`<tr>${join(columns.map((column, index) => html`<td${classOf(column)}>${row[index] ?? ''}</td>`))}</tr>`),
    '\n',
  );
  return html`<table><thead><tr>${head}</tr></thead><tbody>
${body}
</tbody></table>`;
}
