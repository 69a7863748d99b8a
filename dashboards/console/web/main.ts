import type { ConsoleSettings, Dashboard } from '../model.js';
import { ApiError, getDashboard, getSettings, runQuery } from './api.js';
import { createDecider } from './decider.js';
import { announce, byId, h } from './dom.js';
import type { Mark } from './panel-context.js';
import { createPanelFrame, type PanelFrame } from './panel-frame.js';
import { createRangePicker } from './range-picker.js';
import { followShortcuts, openHelp } from './shortcuts.js';
import { ALL, type PageState, REFRESH_CHOICES, readState, refreshMs, writeState } from './state.js';
import { createTextVariable } from './text-variable.js';
import { applyTheme, initialTheme, rememberTheme } from './theme.js';
import { formatTime } from './units.js';
import { createVariablePicker, isSingle, type VariablePicker } from './variable-picker.js';

/** Opens the dashboard of the address (`?d=`), else the first. */
async function main(): Promise<void> {
  applyTheme(initialTheme());
  const settings = await getSettings();
  const asked = new URLSearchParams(location.search).get('d');
  const uid = settings.dashboards.find((dashboard) => dashboard.uid === asked)?.uid ?? settings.dashboards[0]?.uid ?? '';
  showDashboard(await getDashboard(uid), settings);
}

function showDashboard(dashboard: Dashboard, settings: ConsoleSettings): void {
  document.title = `${dashboard.title} – Cordon`;
  const state = readState(dashboard, settings);
  const decider = createDecider(settings.decisions, () => load(false));
  const frames = dashboard.panels.map((panel) => createPanelFrame(dashboard, panel, decider));
  byId('panels').replaceChildren(...frames.map(({ element }) => element));

  const asOf = h('span', { class: 'as-of' });
  const range = createRangePicker(state, settings.defaultRange, () => changed(true));
  const variables = dashboard.templating.list
    .filter(({ type }) => type !== 'datasource')
    .map((variable) =>
      variable.type === 'textbox'
        ? createTextVariable(variable, state, () => changed(false))
        : createVariablePicker(dashboard, variable, state, () => changed(false)),
    );
  const refreshChoice = createRefresh(state, () => changed(false));
  const refresh = button('Refresh', () => void load(true));
  const links = createDashboardLinks(settings, dashboard.uid, state);
  const help = button('?', openHelp);
  help.setAttribute('aria-label', 'Keys');
  help.title = 'What the keys do (?)';
  followShortcuts({
    refresh: () => void load(true),
    search: () => filters.querySelector<HTMLElement>('.text-variable') ?? filters.querySelector<HTMLElement>('summary'),
    range: () => range.element.querySelector<HTMLElement>('summary'),
    dashboards: () => [...links.element.querySelectorAll('a')],
  });

  let round = 0;
  let waiting: AbortController | undefined;
  let timer: number | undefined;

  const load = async (withChoices: boolean): Promise<void> => {
    const mine = ++round;
    waiting?.abort();
    waiting = new AbortController();
    clearTimeout(timer);
    const choices = withChoices ? refreshChoices(variables, waiting.signal) : Promise.resolve();
    // A screen of one thing is of the first where none is chosen, so the choices come before the panels.
    if (lacksChoice()) await choices;
    if (mine !== round) return;
    const marks = readMarks(dashboard, state, waiting.signal);
    await Promise.all([choices, ...frames.map((frame) => frame.load(state, marks))]);
    if (mine !== round) return;
    asOf.textContent = `as of ${formatTime(Date.now())} UTC`;
    byId('panels').dataset.loaded = String(mine);
    const every = refreshMs(state.refresh);
    if (every > 0) again(every);
  };
  function lacksChoice(): boolean {
    return dashboard.templating.list.some((variable) => isSingle(variable) && state.variables[variable.name]?.includes(ALL) !== false);
  }
  /** A page that nobody sees asks nothing of the store. */
  function again(every: number): void {
    timer = window.setTimeout(() => (document.hidden ? again(every) : void load(true)), every);
  }
  function changed(rangeToo: boolean): void {
    writeState(dashboard, state);
    range.update();
    links.update();
    announce('Loading the panels');
    void load(rangeToo).then(() => announce(loadedSentence()));
  }

  const brand = h('h1', {}, h('span', { class: 'brand' }, 'Cordon'), shortTitle(dashboard.title));
  const filters = h('div', { class: 'group filters' }, ...variables.map(({ element }) => element));
  const time = h('div', { class: 'group' }, range.element, refreshChoice, refresh, createThemeButton(frames), help);
  byId('toolbar').replaceChildren(brand, links.element, filters, h('span', { class: 'space' }), asOf, time);
  void load(true);
}

function loadedSentence(): string {
  const failed = document.querySelectorAll('.panel .failed').length;
  return failed === 0 ? 'The panels are up to date' : `${failed} panels could not be loaded; each has a button to try again`;
}

/** Choices that cannot be read leave the old ones; the panels say what is wrong. */
async function refreshChoices(variables: readonly VariablePicker[], signal: AbortSignal): Promise<void> {
  await Promise.allSettled(variables.map((variable) => variable.refresh(signal)));
}

/** Findings as marks for every chart. Without them the charts are still worth showing, so a failure here gives none. */
async function readMarks(dashboard: Dashboard, state: PageState, signal: AbortSignal): Promise<readonly Mark[]> {
  const found = dashboard.annotations.list
    .filter(({ enable, target }) => enable && target !== undefined)
    .map(async ({ name, iconColor }) => {
      const source = { kind: 'annotation', name } as const;
      const { columns, rows } = await runQuery(
        { dashboard: dashboard.uid, from: state.from, to: state.to, variables: state.variables, source },
        signal,
      );
      const at = columns.findIndex((column) => column.name === 'time');
      const text = columns.findIndex((column) => column.name === 'text');
      return rows.map((row): Mark => ({ atMs: Number(row[at]), text: String(row[text] ?? ''), colour: iconColor }));
    });
  return (await Promise.allSettled(found)).flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
}

function button(text: string, onClick: () => void): HTMLButtonElement {
  const element = h('button', { type: 'button', class: 'button' }, text);
  element.addEventListener('click', onClick);
  return element;
}

function createRefresh(state: PageState, onChange: () => void): HTMLElement {
  const select = h(
    'select',
    { 'aria-label': 'Refresh every' },
    ...REFRESH_CHOICES.map((choice) => h('option', { value: choice }, choice === '' ? 'No refresh' : `Every ${choice}`)),
  );
  select.value = state.refresh;
  select.addEventListener('change', () => {
    state.refresh = select.value;
    onChange();
  });
  return select;
}

function createThemeButton(frames: readonly PanelFrame[]): HTMLElement {
  const other = (): 'dark' | 'light' => (document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
  const element = button(other() === 'dark' ? 'Dark' : 'Light', () => {
    const theme = other();
    applyTheme(theme);
    rememberTheme(theme);
    element.textContent = other() === 'dark' ? 'Dark' : 'Light';
    for (const frame of frames) frame.redraw();
  });
  element.title = 'Change between dark and light';
  return element;
}

/** The title beside our name: 'Cordon overview' is 'Overview' there. */
function shortTitle(title: string): string {
  return title.replace(/^Cordon (\w)/, (_match, first: string) => first.toUpperCase());
}

/** Links to the dashboards; the time range and the refresh go with them. */
function createDashboardLinks(settings: ConsoleSettings, current: string, state: PageState): { element: HTMLElement; update(): void } {
  const links = settings.dashboards.map(({ uid, title }) => ({
    uid,
    link: h('a', { 'aria-current': uid === current ? 'page' : undefined }, shortTitle(title)),
  }));
  const update = (): void => {
    for (const { uid, link } of links) {
      link.href = `?${new URLSearchParams({ d: uid, from: state.from, to: state.to, refresh: state.refresh }).toString()}`;
    }
  };
  update();
  return { element: h('nav', { 'aria-label': 'Dashboards' }, ...links.map(({ link }) => link)), update };
}

main().catch((error: unknown) => {
  const sentence = error instanceof ApiError ? error.message : 'The console could not start. Reload the page.';
  byId('panels').replaceChildren(h('p', { class: 'boot', role: 'alert' }, sentence));
});
