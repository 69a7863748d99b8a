import { h } from './dom.js';

const KEY = 'cordon-shortcuts';

/** Single letters can be switched off: who speaks to the machine would set them off. */
export function shortcutsOn(): boolean {
  return localStorage.getItem(KEY) !== 'off';
}

const SHORTCUTS: readonly (readonly [title: string, keys: readonly (readonly [key: string, does: string])[]])[] = [
  [
    'Anywhere',
    [
      ['1 … 9', 'open a dashboard, in the order of the toolbar'],
      ['/', 'search, where the dashboard has a search field; else go to the first filter'],
      ['t', 'choose the time range'],
      ['u', 'update the panels now'],
      ['?', 'this help'],
      ['Esc', 'close what is open'],
    ],
  ],
  [
    'On a row of a table',
    [
      ['↓ ↑ or j k', 'next row, row before; Home and End: first and last'],
      ['Enter, Space', 'unfold the row'],
      ['o', 'open what the row leads to: the finding, else its first link'],
      ['a', 'acknowledge the finding'],
      ['c', 'close the finding'],
      ['r', 'reopen the finding'],
    ],
  ],
];

/** Shows what the keys do. */
export function openHelp(): void {
  if (document.querySelector('dialog[open]') !== null) return;
  const opener = document.activeElement;
  const letters = h('input', { type: 'checkbox' });
  letters.checked = shortcutsOn();
  letters.addEventListener('change', () => localStorage.setItem(KEY, letters.checked ? 'on' : 'off'));
  const close = h('button', { type: 'button', class: 'button' }, 'Close');
  const tables = SHORTCUTS.map(([title, keys]) =>
    h(
      'section',
      {},
      h('h3', {}, title),
      h('dl', { class: 'keys' }, ...keys.flatMap(([key, does]) => [h('dt', {}, h('kbd', {}, key)), h('dd', {}, does)])),
    ),
  );
  const dialog = h(
    'dialog',
    { class: 'dialog help', 'aria-labelledby': 'help-title' },
    h('h2', { id: 'help-title' }, 'Keys'),
    ...tables,
    h('label', { class: 'choice' }, letters, h('span', {}, 'Single letters and digits are shortcuts')),
    h('div', { class: 'dialog-buttons' }, close),
  );
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => {
    dialog.remove();
    if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  close.focus();
}

/** What the keys that work anywhere reach. */
export interface Reach {
  readonly refresh: () => void;
  readonly search: () => HTMLElement | null;
  readonly range: () => HTMLElement | null;
  readonly dashboards: () => readonly HTMLAnchorElement[];
}

export function followShortcuts(reach: Reach): void {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]') !== null) return;
    if (event.target instanceof Element && event.target.closest('input, select, textarea') !== null) return;
    if (event.key !== '?' && !shortcutsOn()) return;
    if (press(event.key, reach)) event.preventDefault();
  });
}

function press(key: string, { refresh, search, range, dashboards }: Reach): boolean {
  if (key === '?') openHelp();
  else if (key === 'u') refresh();
  else if (key === '/') reveal(search());
  else if (key === 't') reveal(range());
  else if (/^[1-9]$/.test(key)) dashboards()[Number(key) - 1]?.click();
  else return false;
  return true;
}

/** Puts the focus on it; a box that opens is opened. */
function reveal(element: HTMLElement | null): void {
  element?.focus();
  if (element?.parentElement instanceof HTMLDetailsElement) element.parentElement.open = true;
}
