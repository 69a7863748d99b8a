import { dropdown, h } from './dom.js';
import type { PageState } from './state.js';
import { formatTime } from './units.js';

const QUICK_RANGES = [
  ['now-15m', 'Last 15 minutes'],
  ['now-1h', 'Last hour'],
  ['now-6h', 'Last 6 hours'],
  ['now-24h', 'Last 24 hours'],
  ['now-7d', 'Last 7 days'],
  ['now-30d', 'Last 30 days'],
] as const;

export interface RangePicker {
  readonly element: HTMLElement;
  /** Shows the range that is in force. */
  update(): void;
}

/** Chooses the time range: quick ranges, two exact ends in UTC, and steps back and forth by the length of the range. */
export function createRangePicker(state: PageState, recorded: { from: string; to: string } | undefined, onChange: () => void): RangePicker {
  const label = h('span', {});
  const from = h('input', { type: 'text', name: 'from', autocomplete: 'off', spellcheck: 'false' });
  const to = h('input', { type: 'text', name: 'to', autocomplete: 'off', spellcheck: 'false' });
  const problem = h('p', { class: 'problem', role: 'alert' });

  const set = (newFrom: string, newTo: string): void => {
    state.from = newFrom;
    state.to = newTo;
    box.open = false;
    onChange();
  };
  const quick = [
    ...(recorded === undefined ? [] : [[recorded.from, 'Recorded data', recorded.to] as const]),
    ...QUICK_RANGES.map(([at, name]) => [at, name, 'now'] as const),
  ];
  const buttons = quick.map(([at, name, end]) => {
    const button = h('button', { type: 'button', class: 'choice' }, name);
    button.addEventListener('click', () => set(at, end));
    return button;
  });
  const form = h(
    'form',
    { class: 'range-form' },
    h('label', {}, 'From (UTC)', from),
    h('label', {}, 'To (UTC)', to),
    h('p', { class: 'hint' }, 'As 2026-12-03 08:30 or now-6h'),
    problem,
    h('button', { type: 'submit', class: 'button primary' }, 'Apply'),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const ends = [toInstant(from.value), toInstant(to.value)];
    const [newFrom, newTo] = ends;
    const order = ends.map((end) => resolveTime(end ?? ''));
    if (newFrom === undefined || newTo === undefined) problem.textContent = 'Write a date and time such as 2026-12-03 08:30, or now-6h.';
    else if (!(order[0]! < order[1]!)) problem.textContent = 'The end must lie after the beginning.';
    else set(newFrom, newTo);
  });
  const box = dropdown('range', label, h('div', { class: 'range-box' }, h('div', { class: 'choices' }, ...buttons), form));
  const step = (name: string, text: string, direction: -1 | 1): HTMLElement => {
    const button = h('button', { type: 'button', class: 'button', 'aria-label': name, title: name }, text);
    button.addEventListener('click', () => {
      const [start, end] = [resolveTime(state.from), resolveTime(state.to)];
      const length = end - start;
      set(new Date(start + direction * length).toISOString(), new Date(end + direction * length).toISOString());
    });
    return button;
  };
  const element = h('div', { class: 'group' }, step('Earlier', '‹', -1), box, step('Later', '›', 1));
  const update = (): void => {
    const known = quick.find(([at, , end]) => at === state.from && end === state.to);
    const exact = `${showEnd(state.from)} to ${showEnd(state.to)}`;
    label.textContent = known?.[1] ?? exact;
    label.title = exact;
    box.querySelector('summary')?.setAttribute('aria-label', `Time range: ${known === undefined ? exact : `${known[1]}, ${exact}`}`);
    from.value = showEnd(state.from);
    to.value = showEnd(state.to);
    problem.textContent = '';
  };
  update();
  return { element, update };
}

/** 'now-6h' stays; 'YYYY-MM-DD hh:mm[:ss]' becomes an instant in UTC. Undefined when it is neither. */
export function toInstant(text: string): string | undefined {
  const trimmed = text.trim();
  if (/^now(?:[+-]\d{1,6}[smhdw])?$/.test(trimmed)) return trimmed;
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?))?Z?$/.exec(trimmed);
  if (match === null) return undefined;
  const instant = `${match[1]}T${match[2] ?? '00:00'}Z`;
  return Number.isNaN(Date.parse(instant)) ? undefined : instant;
}

const STEP_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** One end of a range in ms; NaN when it is not understood. The server decides; this serves the buttons and the check above. */
export function resolveTime(text: string): number {
  const relative = /^now(?:([+-])(\d+)([smhdw]))?$/.exec(text);
  if (relative === null) return /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  return Date.now() + (relative[1] === '-' ? -1 : 1) * Number(relative[2] ?? 0) * (STEP_MS[relative[3] ?? 's'] ?? 0);
}

function showEnd(text: string): string {
  return text.startsWith('now') ? text : formatTime(resolveTime(text)).replace(/:00$/, '');
}
