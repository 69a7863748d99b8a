import type { FieldConfig, Frame, Panel } from '../model.js';
import { parseDataLink } from './data-link.js';
import { parseDecisionAction } from './decision-action.js';
import { announce, h } from './dom.js';
import { fieldConfig, type Value } from './field.js';
import { linkTo } from './link-to.js';
import type { DrawPanel, PanelData } from './panel-context.js';
import { followKeys, followPointer, markReachable } from './table-keys.js';
import type { TableMemory } from './table-memory.js';
import { type Column, rowKey, tableRow } from './table-row.js';

/** A table: sortable by its headings; long cells are cut to three lines until their row is opened (click, Enter or Space). */
export const drawTable: DrawPanel = (box, data) => {
  const { panel, frame, memory } = data;
  if (frame.rows.length === 0) return undefined;
  const columns = frame.columns.map(({ name }) => columnOf(panel, name, data));
  const keyColumns = keysOf(columns, frame);
  const body = h('tbody', {});
  const fill = (): void => {
    const rows = sorted(frame, memory).map((row) => tableRow(row, rowKey(row, keyColumns), frame, columns, data));
    body.replaceChildren(...rows);
    restore(body, memory);
  };
  const head = h('thead', {}, h('tr', {}, ...headings(frame, columns, panel.title, memory, fill)));
  const table = h('table', { 'aria-label': panel.title }, h('colgroup', {}, ...columns.map(widthOf)), head, body);
  const fixedWidth = columns.reduce((sum, { config: { custom } }) => sum + (custom?.width ?? custom?.minWidth ?? 150), 0);
  table.style.minWidth = `${fixedWidth}px`;
  const scroll = h('div', { class: 'table-scroll', tabindex: -1 }, table);
  scroll.addEventListener('scroll', () => {
    memory.scrollTop = scroll.scrollTop;
  });
  box.append(scroll);
  fill();
  followKeys(body, memory);
  followPointer(body, memory);
  scroll.scrollTop = memory.scrollTop;
  if (memory.focused) body.querySelector<HTMLElement>('tr[tabindex="0"]')?.focus({ preventScroll: true });
  return () => undefined;
};

function columnOf(panel: Panel, name: string, { range, frame }: PanelData): Column {
  const config = fieldConfig(panel, name);
  const url = config.links?.[0]?.url;
  return {
    config,
    link: url === undefined ? undefined : linkTo(parseDataLink(url), frame, range),
    actions: (config.actions ?? []).map(parseDecisionAction),
  };
}

/** What names a row over refreshes: the finding that it is about, else its texts. */
function keysOf(columns: readonly Column[], frame: Frame): readonly number[] {
  const named = columns.flatMap(({ actions }) =>
    actions.slice(0, 1).map(({ column }) => frame.columns.findIndex(({ name }) => name === column)),
  );
  return named.length > 0 ? named : frame.columns.flatMap(({ type }, index) => (type === 'string' ? [index] : []));
}

function widthOf({ config: { custom } }: Column): HTMLElement {
  const column = h('col', {});
  if (custom?.width !== undefined) column.style.width = `${custom.width}px`;
  return column;
}

/** The heading cells; a click sorts, a second click turns the order round, empty cells stay last. */
function headings(frame: Frame, columns: readonly Column[], title: string, memory: TableMemory, fill: () => void): HTMLElement[] {
  const cells = frame.columns.map(({ name, type }, index) => {
    const label = (columns[index]!.config as FieldConfig).displayName ?? name;
    const button = h('button', { type: 'button' }, label);
    const cell = h('th', { scope: 'col', class: type === 'string' ? '' : type }, button);
    button.addEventListener('click', () => {
      const down = !(memory.sort?.column === name && memory.sort.down);
      memory.sort = { column: name, down };
      mark();
      fill();
      announce(`${title}: sorted by ${label}, ${down ? 'descending' : 'ascending'}`);
    });
    return cell;
  });
  const mark = (): void => {
    for (const [index, { name }] of frame.columns.entries()) {
      const { sort } = memory;
      cells[index]!.setAttribute('aria-sort', sort?.column !== name ? 'none' : sort.down ? 'descending' : 'ascending');
    }
  };
  mark();
  return cells;
}

function sorted(frame: Frame, { sort }: TableMemory): Frame['rows'] {
  const index = frame.columns.findIndex(({ name }) => name === sort?.column);
  if (sort === undefined || index < 0) return frame.rows;
  return [...frame.rows].sort((a, b) => compare(a[index] ?? null, b[index] ?? null) * (sort.down ? -1 : 1));
}

function compare(a: Value, b: Value): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b));
}

/** One row is in the tab order: the one that was before, else the one in its place. */
function restore(body: HTMLTableSectionElement, memory: TableMemory): void {
  const rows = [...body.rows];
  for (const row of rows) row.setAttribute('aria-expanded', String(memory.open.has(row.dataset.key ?? '')));
  const { current } = memory;
  const same = rows.find((row) => row.dataset.key === current?.key);
  const row = same ?? rows[Math.min(current?.index ?? 0, rows.length - 1)];
  if (row !== undefined) markReachable(row, true);
}
