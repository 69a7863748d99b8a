import { inkOn } from './contrast.js';
import { h } from './dom.js';
import { fieldConfig, reduceValues, show } from './field.js';
import type { DrawPanel } from './panel-context.js';

/** One tile a number column: its reduced value large, its name below, its colour as ground. */
export const drawStat: DrawPanel = (box, { panel, frame }) => {
  const calc = panel.options.reduceOptions?.calcs[0] ?? 'lastNotNull';
  const numbers = frame.columns.map((column, index) => ({ ...column, index })).filter(({ type }) => type === 'number');
  if (frame.rows.length === 0 || numbers.length === 0) return undefined;
  const tiles = numbers.map(({ name, type, index }) => {
    const config = fieldConfig(panel, name);
    const { text, colour } = show(
      reduceValues(
        frame.rows.map((row) => row[index] ?? null),
        calc,
      ),
      type,
      config,
    );
    const tile = h(
      'li',
      { class: 'tile' },
      h('span', { class: 'tile-value' }, text),
      h('span', { class: 'tile-name' }, config.displayName ?? name),
    );
    tile.style.setProperty('--characters', String(text.length));
    if (colour !== undefined) {
      tile.style.background = colour;
      tile.style.color = inkOn(colour);
    }
    return tile;
  });
  box.append(h('ul', { class: 'tiles' }, ...tiles));
  return () => undefined;
};
