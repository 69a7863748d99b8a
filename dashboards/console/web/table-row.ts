import type { FieldConfig, Frame } from '../model.js';
import { inkOn } from './contrast.js';
import type { Decider } from './decider.js';
import { type DecisionAction, fitting } from './decision-action.js';
import { h } from './dom.js';
import { show, type Value } from './field.js';
import type { LinkTo } from './link-to.js';
import { shorten } from './text.js';

/** Characters of one cell that enter the page at all; the rest is cut with a mark. */
const MAX_CELL_TEXT = 20_000;

/** Keys that decide on the row with the focus; the dialog of shortcuts lists them. */
const KEYS: Readonly<Record<DecisionAction['deciding'], string>> = { acknowledge: 'a', close: 'c', reopen: 'r' };

export interface Column {
  readonly config: FieldConfig;
  /** Address that a value of the column leads to. */
  readonly link: LinkTo | undefined;
  /** What may be decided of the finding of a row. */
  readonly actions: readonly DecisionAction[];
}

export function rowKey(row: readonly Value[], columns: readonly number[]): string {
  return JSON.stringify(columns.map((index) => row[index]));
}

export function tableRow(
  row: readonly Value[],
  key: string,
  frame: Frame,
  columns: readonly Column[],
  { decider }: { readonly decider: Decider },
): HTMLTableRowElement {
  const cells = row.map((value, index) => {
    const column = columns[index]!;
    const { type } = frame.columns[index]!;
    return column.actions.length > 0 ? actionCell(column.actions, row, value, frame, decider) : valueCell(value, type, column, row);
  });
  return h('tr', { tabindex: -1, 'aria-expanded': 'false', 'data-key': key }, ...cells);
}

function valueCell(value: Value, type: string, { config, link }: Column, row: readonly Value[]): HTMLTableCellElement {
  const { text, colour } = show(value, type, config);
  const isLink = link !== undefined && value !== null && value !== '';
  const content = h(
    isLink ? 'a' : 'span',
    {
      href: isLink ? link(String(value), row) : undefined,
      class: config.custom?.cellOptions?.wrapText === true ? 'clamp wrap' : 'clamp',
      dir: 'auto',
      tabindex: isLink ? -1 : undefined,
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
    // The theme says how much of it: what reads on white is dull on black.
    content.classList.add('told');
    content.style.setProperty('--told', colour);
  }
  return cell;
}

/** Buttons for what fits the state that the cell's value names. Where nobody may decide, they are not there, and the reason is. */
function actionCell(
  actions: readonly DecisionAction[],
  row: readonly Value[],
  state: Value,
  frame: Frame,
  decider: Decider,
): HTMLTableCellElement {
  if (decider.why !== undefined) return h('td', { title: decider.why }, h('span', { class: 'hint' }, 'read only'));
  const buttons = fitting(actions, String(state)).map(({ deciding, title, column }) => {
    const finding = String(row[frame.columns.findIndex(({ name }) => name === column)] ?? '');
    const button = h(
      'button',
      {
        type: 'button',
        class: 'button small',
        tabindex: -1,
        'data-key': KEYS[deciding],
        'aria-keyshortcuts': KEYS[deciding],
        'aria-label': `${title} finding ${shorten(finding, 9)}`,
        title: `${title} (key ${KEYS[deciding]})`,
      },
      title,
    );
    button.addEventListener('click', () => decider.decide(finding, deciding));
    return button;
  });
  return h('td', { class: 'actions' }, h('div', { class: 'action-buttons' }, ...buttons));
}
