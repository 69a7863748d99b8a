import type { WorldMap } from '../model.js';
import { getWorldMap } from './api.js';
import { parseDataLink } from './data-link.js';
import { h, s } from './dom.js';
import { fieldConfig, show, type Value } from './field.js';
import { type GeomapOptions, parseGeomap } from './geomap-options.js';
import { type LinkTo, linkTo } from './link-to.js';
import type { DrawPanel, PanelData } from './panel-context.js';
import { shorten, visible } from './text.js';

let world: WorldMap | undefined;

/** Brings the world before the first map is drawn. Throws ApiError. */
export async function prepareGeomap(): Promise<void> {
  world ??= await getWorldMap();
}

interface Circle {
  readonly code: string;
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly value: number;
  /** Name and all numbers of the country, in a sentence. */
  readonly told: string;
  readonly href: string | undefined;
}

/**
 * The world with a circle on every country of the rows, whose area tells the number: drawn as SVG, so that every circle is a link with a name, reached by Tab and
 * gone through with the arrow keys, largest first. Codes that are no country of the map are named below it.
 */
export const drawGeomap: DrawPanel = (box, data) => {
  if (data.frame.rows.length === 0 || world === undefined) return undefined;
  const options = parseGeomap(data.panel);
  const { countries } = world;
  const { circles, elsewhere } = place(data, options, countries);
  const told = h('p', { class: 'map-told', 'aria-hidden': 'true' });
  const marks = circles.map((circle) => mark(circle, options.colour, told));
  const met = new Set(circles.map(({ code }) => code));
  const shapes = Object.entries(countries).map(([code, { path }]) =>
    path === '' ? undefined : s('path', { d: path, class: met.has(code) ? 'met' : undefined }),
  );
  const drawing = s(
    'svg',
    { viewBox: `0 0 ${world.width} ${world.height}`, class: 'map', role: 'group', 'aria-label': label(data, circles) },
    s('g', { 'aria-hidden': 'true' }, s('path', { d: world.elsewhere }), ...shapes),
    ...marks,
  );
  followArrows(marks);
  box.append(drawing, h('div', { class: 'map-foot' }, legend(circles, options, data), told, elsewhere));
  return () => undefined;
};

function place({ panel, frame, range }: PanelData, options: GeomapOptions, countries: WorldMap['countries']) {
  const at = (name: string): number => frame.columns.findIndex((column) => column.name === name);
  const [country, size] = [at(options.country), at(options.size)];
  const url = fieldConfig(panel, options.country).links?.[0]?.url;
  const link: LinkTo | undefined = url === undefined ? undefined : linkTo(parseDataLink(url), frame, range);
  const most = Math.max(...frame.rows.map((row) => Number(row[size] ?? 0)), Number.EPSILON);
  const numbers = frame.columns.flatMap(({ name, type }, index) =>
    type === 'number' ? [{ name, index, config: fieldConfig(panel, name) }] : [],
  );
  const unknown: string[] = [];
  const circles = frame.rows.flatMap((row): Circle[] => {
    const code = String(row[country] ?? '');
    const spot = Object.hasOwn(countries, code) ? countries[code] : undefined;
    if (spot === undefined) {
      unknown.push(visible(shorten(code, 40)));
      return [];
    }
    const value = Number(row[size] ?? 0);
    const sums = numbers.map(({ name, index, config }) => `${name} ${show(row[index] as Value, 'number', config).text}`);
    const [x, y] = spot.at;
    // A circle's area is the number's share of the largest one.
    const radius = Math.max(options.leastRadius, options.mostRadius * Math.sqrt(Math.max(0, value) / most));
    return [{ code, x, y, radius, value, told: `${nameOf(code)}: ${sums.join(', ')}`, href: link?.(code, row) }];
  });
  circles.sort((a, b) => b.value - a.value);
  const elsewhere =
    unknown.length === 0
      ? undefined
      : h('p', {}, `Not on the map: ${unknown.slice(0, 10).join(', ')}${unknown.length > 10 ? ' and others' : ''}.`);
  return { circles, elsewhere };
}

/** 'Netherlands (NL)', by the browser's own table. */
function nameOf(code: string): string {
  const name = new Intl.DisplayNames(['en'], { type: 'region' }).of(code);
  return name === undefined || name === code ? code : `${name} (${code})`;
}

function mark({ x, y, radius, told, href }: Circle, colour: string, line: HTMLElement): SVGElement {
  const circle = s('circle', { cx: x, cy: y, r: radius.toFixed(1), fill: colour });
  const element = s('a', { href, tabindex: -1, 'aria-label': told, class: 'map-mark' }, s('title', {}, told), circle);
  const tell = (): void => {
    line.textContent = told;
  };
  element.addEventListener('focus', tell);
  element.addEventListener('pointerenter', tell);
  return element;
}

/** One circle is in the tab order; the arrow keys, Home and End go through the others. */
function followArrows(marks: readonly SVGElement[]): void {
  const STEPS: Readonly<Record<string, (at: number) => number>> = {
    ArrowRight: (at) => at + 1,
    ArrowDown: (at) => at + 1,
    ArrowLeft: (at) => at - 1,
    ArrowUp: (at) => at - 1,
    Home: () => 0,
    End: () => marks.length - 1,
  };
  marks[0]?.setAttribute('tabindex', '0');
  for (const [at, element] of marks.entries()) {
    element.addEventListener('keydown', (event) => {
      const next = marks[STEPS[event.key]?.(at) ?? -1];
      if (next === undefined) return;
      event.preventDefault();
      element.setAttribute('tabindex', '-1');
      next.setAttribute('tabindex', '0');
      next.focus();
    });
  }
}

/** What the largest circle stands for, and one of a tenth of it. */
function legend(
  [largest]: readonly Circle[],
  { size, mostRadius, leastRadius, colour }: GeomapOptions,
  { panel }: PanelData,
): HTMLElement | undefined {
  if (largest === undefined) return undefined;
  const config = fieldConfig(panel, size);
  const samples = [largest.value, largest.value / 10].map((value) => {
    const radius = Math.max(leastRadius, mostRadius * Math.sqrt(value / largest.value || 0)) * LEGEND_SCALE;
    const side = 2 * Math.ceil(radius + 1);
    const circle = s('circle', { cx: side / 2, cy: side / 2, r: radius, fill: colour });
    return h(
      'span',
      { class: 'map-sample' },
      s('svg', { width: side, height: side, 'aria-hidden': 'true' }, circle),
      show(value, 'number', config).text,
    );
  });
  return h('p', { class: 'map-legend' }, `${size}:`, ...samples);
}

/** The map is drawn about this much smaller than its own units. */
const LEGEND_SCALE = 0.75;

function label({ panel, frame }: PanelData, circles: readonly Circle[]): string {
  return `${panel.title}: map with ${circles.length} of ${frame.rows.length} countries, largest first`;
}
