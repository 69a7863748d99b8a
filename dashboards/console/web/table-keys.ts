import { shortcutsOn } from './shortcuts.js';
import type { TableMemory } from './table-memory.js';

/** Puts a row, and the links and buttons in it, into the tab order or out of it: a table of 500 rows is one stop. */
export function markReachable(row: HTMLTableRowElement, reachable: boolean): void {
  row.tabIndex = reachable ? 0 : -1;
  for (const control of row.querySelectorAll<HTMLElement>('a, button')) control.tabIndex = reachable ? 0 : -1;
}

function moveTo(row: HTMLTableRowElement, memory: TableMemory): void {
  for (const other of row.parentElement?.querySelectorAll<HTMLTableRowElement>('tr[tabindex="0"]') ?? []) {
    if (other !== row) markReachable(other, false);
  }
  markReachable(row, true);
  memory.current = { key: row.dataset.key ?? '', index: row.sectionRowIndex };
}

function openRow(row: HTMLTableRowElement, memory: TableMemory): void {
  const open = row.getAttribute('aria-expanded') !== 'true';
  row.setAttribute('aria-expanded', String(open));
  const key = row.dataset.key ?? '';
  if (open) memory.open.add(key);
  else memory.open.delete(key);
}

/**
 * Arrows (or j and k), Home and End move between rows, Enter and Space unfold one, o follows its link; a, c and r press its buttons. Letters are for rows with
 * the focus only, and not while somebody has switched them off.
 */
export function followKeys(body: HTMLTableSectionElement, memory: TableMemory): void {
  body.addEventListener('focusin', ({ target }) => {
    const row = target instanceof Element ? target.closest('tr') : null;
    if (row !== null) moveTo(row, memory);
  });
  body.addEventListener('keydown', (event) => {
    const row = event.target instanceof Element ? event.target.closest('tr') : null;
    if (row === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const onRow = event.target === row;
    if (press(event.key, row, onRow, body, memory)) event.preventDefault();
  });
}

function press(key: string, row: HTMLTableRowElement, onRow: boolean, body: HTMLTableSectionElement, memory: TableMemory): boolean {
  const letters = shortcutsOn();
  const next = nextRow(key, row, body, letters);
  if (next !== undefined) {
    moveTo(next, memory);
    next.focus();
    return true;
  }
  // On a link or button of the row Enter and Space are its own.
  if ((key === 'Enter' || key === ' ') && onRow) {
    openRow(row, memory);
    return true;
  }
  if (!letters) return false;
  const control = key === 'o' ? mainLink(row) : row.querySelector<HTMLElement>(`button[data-key="${CSS.escape(key)}"]`);
  control?.click();
  return control !== null;
}

/** Our tables end with what the row is about. */
function mainLink(row: HTMLTableRowElement): HTMLElement | null {
  return row.querySelector<HTMLElement>('td:last-child a') ?? row.querySelector<HTMLElement>('a');
}

function nextRow(key: string, row: HTMLTableRowElement, body: HTMLTableSectionElement, letters: boolean): HTMLTableRowElement | undefined {
  const { rows } = body;
  const at = row.sectionRowIndex;
  if (key === 'ArrowDown' || (letters && key === 'j')) return rows[Math.min(at + 1, rows.length - 1)];
  if (key === 'ArrowUp' || (letters && key === 'k')) return rows[Math.max(at - 1, 0)];
  if (key === 'Home') return rows[0];
  if (key === 'End') return rows[rows.length - 1];
  return undefined;
}

export function followPointer(body: HTMLTableSectionElement, memory: TableMemory): void {
  body.addEventListener('click', ({ target }) => {
    // A click that ends a selection of text is for copying, one on a link or a button for what that does.
    if (!(target instanceof Element) || target.closest('a, button') !== null || getSelection()?.isCollapsed === false) return;
    const row = target.closest('tr');
    if (row !== null) openRow(row, memory);
  });
}
