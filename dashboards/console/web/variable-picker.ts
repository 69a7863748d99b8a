import type { Dashboard, Variable } from '../model.js';
import { runQuery } from './api.js';
import { dropdown, h } from './dom.js';
import { ALL, type PageState } from './state.js';
import { shorten, visible } from './text.js';

/** Choices that get a field to search them. */
const SEARCH_FROM = 10;
/** Choices listed at once; the search reaches the others. */
const MAX_LISTED = 200;

export interface VariablePicker {
  readonly element: HTMLElement;
  /** Reads the choices anew: they depend on the time range. */
  refresh(signal: AbortSignal): Promise<void>;
}

/** Chooses one, several or All values of a dashboard variable; of one that knows no All, exactly one: the first while none is chosen. */
export function createVariablePicker(dashboard: Dashboard, variable: Variable, state: PageState, onChange: () => void): VariablePicker {
  const label = variable.label ?? variable.name;
  const summary = h('span', {});
  const list = h('div', { class: 'choices', role: 'group', 'aria-label': label });
  const search = h('input', {
    type: 'search',
    placeholder: `Search ${label.toLowerCase()}`,
    'aria-label': `Search ${label.toLowerCase()}`,
  });
  const box = dropdown('variable', summary, search, list);
  let choices: readonly string[] = [];
  const single = isSingle(variable);

  const chosen = (): string[] => state.variables[variable.name] ?? [ALL];
  const choose = (value: string, on: boolean): void => {
    if (single) {
      state.variables[variable.name] = [value];
      show();
      return onChange();
    }
    const others = chosen().filter((other) => other !== ALL && other !== value);
    const next = value === ALL ? [] : on ? [...others, value] : others;
    state.variables[variable.name] = next.length === 0 ? [ALL] : next;
    show();
    onChange();
  };
  const choice = (value: string, text: string): HTMLElement => {
    const input = single ? h('input', { type: 'radio', name: `choice-${variable.name}` }) : h('input', { type: 'checkbox' });
    input.checked = chosen().includes(value);
    input.addEventListener('change', () => choose(value, input.checked));
    return h('label', { class: 'choice', title: shorten(text, 600) }, input, h('span', { dir: 'auto' }, shorten(text, 200)));
  };
  /** Redraws the list; the focus returns to the choice it was on. */
  function show(): void {
    const values = chosen();
    const text = values.includes(ALL)
      ? single
        ? 'none'
        : 'All'
      : values.length === 1
        ? shorten(visible(values[0]!), 30)
        : `${values.length} chosen`;
    summary.textContent = `${label}: ${text}`;
    const focused = [...list.querySelectorAll('input')].indexOf(document.activeElement as HTMLInputElement);
    const wanted = search.value.toLowerCase();
    const all = [...new Set([...values.filter((value) => value !== ALL), ...choices])];
    const listed = all.filter((value) => value.toLowerCase().includes(wanted));
    search.hidden = all.length < SEARCH_FROM;
    const rest = listed.length > MAX_LISTED ? [h('p', { class: 'hint' }, `${listed.length - MAX_LISTED} more: search for them`)] : [];
    list.replaceChildren(
      ...(single ? [] : [choice(ALL, 'All')]),
      ...listed.slice(0, MAX_LISTED).map((value) => choice(value, visible(value))),
      ...rest,
    );
    if (focused >= 0) list.querySelectorAll('input')[focused]?.focus();
  }
  search.addEventListener('input', show);
  show();
  return {
    element: box,
    refresh: async (signal) => {
      choices = await readChoices(dashboard, variable, state, signal);
      if (single && chosen().includes(ALL) && choices[0] !== undefined) state.variables[variable.name] = [choices[0]];
      show();
    },
  };
}

/** A variable of which exactly one value is chosen. */
export function isSingle(variable: Variable): boolean {
  return variable.type === 'query' && variable.includeAll === false && variable.multi === false;
}

async function readChoices(dashboard: Dashboard, variable: Variable, state: PageState, signal: AbortSignal): Promise<readonly string[]> {
  if (typeof variable.query !== 'object') return (variable.query ?? '').split(',').map((value) => value.trim());
  const source = { kind: 'variable', name: variable.name } as const;
  const { rows } = await runQuery({ dashboard: dashboard.uid, from: state.from, to: state.to, variables: state.variables, source }, signal);
  return rows.map((row) => String(row[0] ?? ''));
}
