import { inkOn } from './contrast.js';
import { parseDataLink } from './data-link.js';
import { h } from './dom.js';
import { fieldConfig, reduceValues, show } from './field.js';
import { linkTo } from './link-to.js';
import type { DrawPanel } from './panel-context.js';

/** One tile a number column: its reduced value large, its name below, its colour as ground; a tile with a link leads on. */
export const drawStat: DrawPanel = (box, { panel, frame, range }) => {
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
    const url = config.links?.[0]?.url;
    const label = config.displayName ?? name;
    const value = h('span', { class: 'tile-value' }, text);
    const tile =
      url === undefined
        ? h('li', { class: 'tile' }, value, h('span', { class: 'tile-name' }, label))
        : h(
            'li',
            { class: 'tile' },
            value,
            h('a', { class: 'tile-name', href: linkTo(parseDataLink(url), frame, range)(text, frame.rows[0]!) }, label),
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
