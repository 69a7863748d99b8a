import type { Variable } from '../model.js';
import { h } from './dom.js';
import type { PageState } from './state.js';
import { ALL } from './state.js';
import type { VariablePicker } from './variable-picker.js';

/** Time without a key after which what was typed is searched for. */
const WAIT_MS = 350;
const MAX_TEXT = 200;

/** A text that the dashboard searches for; empty lets all pass. Escape empties it. */
export function createTextVariable(variable: Variable, state: PageState, onChange: () => void): VariablePicker {
  const label = variable.label ?? variable.name;
  const input = h('input', {
    type: 'search',
    class: 'text-variable',
    placeholder: label,
    'aria-label': label,
    title: variable.description,
    maxlength: MAX_TEXT,
    spellcheck: 'false',
  });
  const [chosen = ''] = state.variables[variable.name] ?? [];
  input.value = chosen === ALL ? '' : chosen;
  let timer: number | undefined;
  const apply = (): void => {
    clearTimeout(timer);
    const next = input.value.trim() === '' ? ALL : input.value.trim();
    if (next === (state.variables[variable.name]?.[0] ?? ALL)) return;
    state.variables[variable.name] = [next];
    onChange();
  };
  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = window.setTimeout(apply, WAIT_MS);
  });
  input.addEventListener('change', apply);
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') apply();
    if (event.key === 'Escape' && input.value !== '') {
      input.value = '';
      apply();
    }
  });
  return { element: input, refresh: async () => undefined };
}
