import type { FieldConfig, Frame } from '../model.js';
import { inkOn } from './contrast.js';
import { linkAddress, parseDataLink } from './data-link.js';
import { announce, h } from './dom.js';
import { fieldConfig, show, type Value } from './field.js';
import type { DrawPanel } from './panel-context.js';
import { shorten } from './text.js';

/** Characters of one cell that enter the page at all; the rest is cut with a mark. */
const MAX_CELL_TEXT = 20_000;

/** A table: sortable by its headings; long cells are cut to three lines until their row is opened (click, Enter or Space). */
export const drawTable: DrawPanel = (box, { panel, frame, range }) => {
  if (frame.rows.length === 0) return undefined;
  const configs = frame.columns.map(({ name }) => fieldConfig(panel, name));
  const linked = configs.map((config): Column => ({ config, link: linkOf(config, frame, range) }));
  const body = h('tbody', {});
  const fill = (rows: Frame['rows']): void => body.replaceChildren(...rows.map((row, index) => tableRow(row, frame, linked, index === 0)));
  const sorter = sortable(frame, panel.title, fill);
  const columns = configs.map(({ custom }) => {
    const column = h('col', {});
    if (custom?.width !== undefined) column.style.width = `${custom.width}px`;
    return column;
  });
  const head = h(
    'thead',
    {},
    h('tr', {}, ...frame.columns.map((column, index) => sorter(column.name, column.type, index, configs[index]!))),
  );
  fill(frame.rows);
  body.addEventListener('keydown', moveBetweenRows);
  body.addEventListener('click', (event) => {
    // A click that ends a selection of text is for copying, one on a link for following it.
    if (event.target instanceof Element && event.target.closest('a') === null && getSelection()?.isCollapsed !== false)
      openRow(event.target.closest('tr'));
  });
  const table = h('table', { 'aria-label': panel.title }, h('colgroup', {}, ...columns), head, body);
  const fixedWidth = configs.reduce((sum, { custom }) => sum + (custom?.width ?? custom?.minWidth ?? 150), 0);
  table.style.minWidth = `${fixedWidth}px`;
  box.append(h('div', { class: 'table-scroll', tabindex: -1 }, table));
  return () => undefined;
};

interface Column {
  readonly config: FieldConfig;
  /** Address that a value of the column leads to. */
  readonly link: ((value: string, row: readonly Value[]) => string) | undefined;
}

function linkOf({ links }: FieldConfig, frame: Frame, range: { readonly from: string; readonly to: string }): Column['link'] {
  const url = links?.[0]?.url;
  if (url === undefined) return undefined;
  const parsed = parseDataLink(url);
  return (value, row) =>
    linkAddress(parsed, { ...range, value, field: (name) => String(row[frame.columns.findIndex((column) => column.name === name)] ?? '') });
}

function tableRow(row: readonly Value[], frame: Frame, columns: readonly Column[], reachable: boolean): HTMLTableRowElement {
  const cells = row.map((value, index) => {
    const { config, link } = columns[index]!;
    const type = frame.columns[index]!.type;
    const { text, colour } = show(value, type, config);
    const isLink = link !== undefined && value !== null && value !== '';
    const content = h(
      isLink ? 'a' : 'span',
      {
        href: isLink ? link(String(value), row) : undefined,
        class: config.custom?.cellOptions?.wrapText === true ? 'clamp wrap' : 'clamp',
        dir: 'auto',
      },
      shorten(text, MAX_CELL_TEXT),
    );
    const cell = h('td', { class: type === 'string' ? '' : type, title: text.length > 24 ? shorten(text, 600) : undefined }, content);
    const cellType = config.custom?.cellOptions?.type;
    if (colour !== undefined && cellType === 'color-background') {
      content.classList.add('chip');
      content.style.background = colour;
      content.style.color = inkOn(colour);
    } else if (colour !== undefined && cellType === 'color-text') {
      content.style.color = colour;
    }
    return cell;
  });
  return h('tr', { tabindex: reachable ? 0 : -1, 'aria-expanded': 'false' }, ...cells);
}

/** Makes the heading cells; a click sorts, a second click turns the order round, empty cells stay last. */
function sortable(
  frame: Frame,
  title: string,
  fill: (rows: Frame['rows']) => void,
): (name: string, type: string, index: number, config: FieldConfig) => HTMLTableCellElement {
  const headings: HTMLTableCellElement[] = [];
  return (name, type, index, config) => {
    const label = config.displayName ?? name;
    const button = h('button', { type: 'button' }, label);
    const heading = h('th', { scope: 'col', class: type === 'string' ? '' : type, 'aria-sort': 'none' }, button);
    headings.push(heading);
    button.addEventListener('click', () => {
      const down = heading.getAttribute('aria-sort') !== 'descending';
      for (const other of headings) other.setAttribute('aria-sort', 'none');
      heading.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      fill([...frame.rows].sort((a, b) => compare(a[index] ?? null, b[index] ?? null) * (down ? -1 : 1)));
      announce(`${title}: sorted by ${label}, ${down ? 'descending' : 'ascending'}`);
    });
    return heading;
  };
}

function compare(a: Value, b: Value): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b));
}

function openRow(row: HTMLTableRowElement | null): void {
  if (row !== null) row.setAttribute('aria-expanded', String(row.getAttribute('aria-expanded') !== 'true'));
}

/** One row is in the tab order; arrows, Home and End move it, Enter and Space open it. */
function moveBetweenRows(event: KeyboardEvent): void {
  const row = event.target instanceof HTMLTableRowElement ? event.target : null;
  if (row === null) return;
  const rows = row.parentElement?.children;
  const next = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling, Home: rows?.[0], End: rows?.[rows.length - 1] }[
    event.key
  ];
  if (next instanceof HTMLTableRowElement) {
    row.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  } else if (event.key === 'Enter' || event.key === ' ') openRow(row);
  else return;
  event.preventDefault();
}
