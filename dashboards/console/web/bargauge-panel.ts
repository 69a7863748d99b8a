import { h } from './dom.js';
import { fieldConfig, patternOf, show } from './field.js';
import type { DrawPanel } from './panel-context.js';
import { shorten, visible } from './text.js';

/** One horizontal bar a row, from the field's minimum (0 when none is set) to the largest value shown. */
export const drawBarGauge: DrawPanel = (box, { panel, frame }) => {
  const wanted = patternOf(panel.options.reduceOptions?.fields ?? '');
  const value = frame.columns.findIndex(({ name, type }) => type === 'number' && wanted.test(name));
  if (frame.rows.length === 0 || value < 0) return undefined;
  const config = fieldConfig(panel, frame.columns[value]!.name);
  const names = frame.columns.map(({ type }, index) => ({ type, index })).filter(({ type }) => type === 'string');
  const numbers = frame.rows.map((row) => Number(row[value] ?? 0));
  const least = config.min ?? 0;
  const most = config.max ?? Math.max(...numbers, least + Number.EPSILON);
  const bars = frame.rows.map((row, index) => {
    const name = visible(names.map((column) => String(row[column.index] ?? '')).join(' '));
    const { text, colour } = show(row[value] ?? null, 'number', config);
    const bar = h('div', { class: 'bar' });
    bar.style.width = `${Math.max(0.5, Math.min(100, ((numbers[index]! - least) / (most - least || 1)) * 100))}%`;
    if (colour !== undefined) bar.style.background = colour;
    return h(
      'li',
      { class: 'gauge' },
      h('span', { class: 'gauge-name', title: shorten(name, 1000) }, shorten(name, 300)),
      h('span', { class: 'gauge-value' }, text),
      h('div', { class: 'gauge-track', 'aria-hidden': 'true' }, bar),
    );
  });
  box.append(h('ul', { class: 'gauges', tabindex: 0, 'aria-label': panel.title }, ...bars));
  return () => undefined;
};
