import type { FieldConfig } from '../model.js';
import { h } from './dom.js';
import { reduceValues, show } from './field.js';
import type { Series } from './series.js';
import { shorten } from './text.js';

const CALC_NAMES: Readonly<Record<string, string>> = { sum: 'Total', min: 'Min', max: 'Max', mean: 'Mean', lastNotNull: 'Last' };

/**
 * The legend as a table of HTML: readable without seeing the canvas. A series' button hides and shows it;
 * `onChange` is given the hidden names.
 */
export function createLegend(
  series: readonly Series[],
  colour: (index: number) => string,
  calcs: readonly string[],
  config: FieldConfig,
  onChange: (hidden: ReadonlySet<string>) => void,
): HTMLElement {
  const hidden = new Set<string>();
  const rows = series.map(({ name, values }, index) => {
    const swatch = h('span', { class: 'swatch', 'aria-hidden': 'true' });
    swatch.style.background = colour(index);
    const button = h(
      'button',
      { type: 'button', 'aria-pressed': 'true', title: shorten(name, 600) },
      swatch,
      h('span', { class: 'legend-name', dir: 'auto' }, shorten(name, 200)),
    );
    button.addEventListener('click', () => {
      if (!hidden.delete(name)) hidden.add(name);
      button.setAttribute('aria-pressed', String(!hidden.has(name)));
      onChange(hidden);
    });
    const numbers = calcs.map((calc) => h('td', { class: 'number' }, show(reduceValues(values, calc), 'number', config).text));
    return h('tr', {}, h('th', { scope: 'row' }, button), ...numbers);
  });
  const head = h(
    'thead',
    {},
    h(
      'tr',
      {},
      h('th', { scope: 'col' }, 'Series'),
      ...calcs.map((calc) => h('th', { scope: 'col', class: 'number' }, CALC_NAMES[calc] ?? calc)),
    ),
  );
  return h('div', { class: 'legend', tabindex: -1 }, h('table', { 'aria-label': 'Series of the chart' }, head, h('tbody', {}, ...rows)));
}
