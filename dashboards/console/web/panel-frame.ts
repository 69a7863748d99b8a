import type { Dashboard, Frame, Panel } from '../model.js';
import type { PanelType } from '../supported.js';
import { ApiError, runQuery } from './api.js';
import { drawBarGauge } from './bargauge-panel.js';
import type { Decider } from './decider.js';
import { dropdown, h } from './dom.js';
import { drawGeomap, prepareGeomap } from './geomap-panel.js';
import { groupingToMatrix, parseMatrix } from './grouping-to-matrix.js';
import type { DrawPanel, Mark, PanelData } from './panel-context.js';
import { drawStat } from './stat-panel.js';
import { chosen, type PageState } from './state.js';
import { drawStateTimeline } from './state-timeline-panel.js';
import { createTableMemory } from './table-memory.js';
import { drawTable } from './table-panel.js';
import { visible } from './text.js';
import { drawTimeseries } from './timeseries-panel.js';
import { formatTime } from './units.js';

const DRAW = {
  stat: drawStat,
  table: drawTable,
  timeseries: drawTimeseries,
  'state-timeline': drawStateTimeline,
  bargauge: drawBarGauge,
  geomap: drawGeomap,
} as const satisfies Record<PanelType, DrawPanel>;

/** What a type of panel needs before it can be drawn. */
const PREPARE: Partial<Record<PanelType, () => Promise<void>>> = { geomap: prepareGeomap };

export interface PanelFrame {
  readonly element: HTMLElement;
  /** Asks for the panel's rows and draws them; an earlier request of this panel is dropped. Resolves when the panel shows its new state. */
  load(state: PageState, marks: Promise<readonly Mark[]>): Promise<void>;
  /** Draws the rows it has once more: after a change of theme. */
  redraw(): void;
}

/** A panel with its heading, its explanation, and one of four states: loading, drawn, empty, failed. */
export function createPanelFrame(dashboard: Dashboard, panel: Panel, decider: Decider): PanelFrame {
  const body = h('div', { class: 'panel-body' });
  const headingId = `panel-${panel.id}`;
  const info = dropdown(
    'info',
    h('span', { 'aria-label': `About: ${panel.title}`, role: 'img' }, 'i'),
    h('p', {}, panel.description ?? ''),
  );
  const element = h(
    'section',
    { class: `panel panel-${panel.type}`, 'aria-labelledby': headingId, 'data-panel': panel.id },
    h('div', { class: 'panel-head' }, h('h2', { id: headingId }, panel.title), info),
    body,
  );
  const { x, y, w, h: height } = panel.gridPos;
  element.style.gridColumn = `${x + 1} / span ${w}`;
  element.style.gridRow = `${y + 1} / span ${height}`;

  let request: AbortController | undefined;
  let dispose: (() => void) | undefined;
  /** What is drawn, and how many rows the store answered with, before a transformation. */
  let drawn: (Omit<PanelData, 'panel' | 'decider' | 'memory'> & { readonly rows: number }) | undefined;
  const memory = createTableMemory();

  const clear = (): void => {
    dispose?.();
    dispose = undefined;
    body.replaceChildren();
  };
  const draw = (): void => {
    if (drawn === undefined) return;
    memory.focused = body.contains(document.activeElement) && document.activeElement?.closest('tbody') !== null;
    clear();
    dispose = DRAW[panel.type as PanelType](body, { panel, decider, memory, ...drawn });
    if (dispose === undefined) body.replaceChildren(emptyState(panel, drawn.frame));
    else if (drawn.frame.truncated)
      body.append(h('p', { class: 'note' }, `The first ${drawn.rows}, there may be more: choose a shorter time range or fewer assets.`));
  };

  const load: PanelFrame['load'] = async (state, marks) => {
    request?.abort();
    const mine = new AbortController();
    request = mine;
    const { from, to, refresh } = state;
    element.setAttribute('aria-busy', 'true');
    if (drawn === undefined && dispose === undefined) body.replaceChildren(h('p', { class: 'state' }, 'Loading…'));
    try {
      const frame = await runQuery(
        {
          dashboard: dashboard.uid,
          from,
          to,
          variables: state.variables,
          source: { kind: 'panel', panel: panel.id, refId: panel.targets[0]?.refId ?? 'A' },
        },
        mine.signal,
      );
      const [found] = await Promise.all([marks, PREPARE[panel.type as PanelType]?.()]);
      if (request !== mine) return;
      drawn = {
        frame: transformed(panel, frame),
        rows: frame.rows.length,
        marks: found,
        range: { from, to, refresh, variables: chosen(state) },
      };
      draw();
      element.removeAttribute('aria-busy');
    } catch (error) {
      if (request !== mine) return;
      drawn = undefined;
      clear();
      body.replaceChildren(failedState(error, () => void load(state, marks)));
      element.removeAttribute('aria-busy');
    }
  };
  return { element, load, redraw: draw };
}

/** The rows as the panel's transformation makes them. An empty answer stays empty: it has a state of its own. */
function transformed({ transformations = [] }: Panel, frame: Frame): Frame {
  return frame.rows.length === 0 ? frame : transformations.reduce((made, one) => groupingToMatrix(made, parseMatrix(one)), frame);
}

function emptyState(panel: Panel, frame: Frame): HTMLElement {
  const what = panel.fieldConfig.defaults.noValue ?? 'Nothing recorded';
  return h(
    'div',
    { class: 'state' },
    h(
      'p',
      {},
      `${what[0]?.toUpperCase()}${what.slice(1)} between `,
      instant(formatTime(frame.fromMs)),
      ' and ',
      instant(`${formatTime(frame.toMs)} UTC.`),
    ),
    h(
      'p',
      { class: 'hint' },
      'Choose a longer time range or set the filters to All. If telemetry should be there, the command “cordon doctor” says what is missing.',
    ),
  );
}

/** An instant that no line ends in the middle of. */
function instant(text: string): HTMLElement {
  return h('span', { class: 'instant' }, text);
}

function failedState(error: unknown, retry: () => void): HTMLElement {
  const sentence = error instanceof ApiError ? error.message : 'This panel could not be drawn. Reload the page.';
  const button = h('button', { type: 'button', class: 'button' }, 'Try again');
  button.addEventListener('click', retry);
  return h('div', { class: 'state failed' }, h('p', {}, visible(sentence)), button);
}
