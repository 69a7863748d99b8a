import type { ConsoleSettings, Dashboard } from '../model.js';

export const ALL = '$__all';
export const REFRESH_CHOICES = ['', '10s', '30s', '1m', '5m', '15m'] as const;

/** What the address bar holds: a screen can be sent to a colleague as a link. */
export interface PageState {
  from: string;
  to: string;
  refresh: string;
  readonly variables: Record<string, string[]>;
}

/** The state of the address, else of the console's settings, else of the dashboard. Names are Grafana's, so that its links fit. */
export function readState(dashboard: Dashboard, settings: ConsoleSettings): PageState {
  const url = new URLSearchParams(location.search);
  const range = settings.defaultRange ?? dashboard.time;
  const refresh = url.get('refresh') ?? (settings.defaultRange === undefined ? (dashboard.refresh ?? '') : '');
  const variables: Record<string, string[]> = {};
  for (const { name, type } of dashboard.templating.list) {
    if (type !== 'datasource') variables[name] = url.has(`var-${name}`) ? url.getAll(`var-${name}`) : [ALL];
  }
  return {
    from: url.get('from') ?? range.from,
    to: url.get('to') ?? range.to,
    refresh: REFRESH_CHOICES.find((choice) => choice === refresh) ?? '',
    variables,
  };
}

/** The variables that are not All. */
export function chosen({ variables }: PageState): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(variables).filter(([, values]) => !values.includes(ALL)));
}

export function writeState(dashboard: Dashboard, state: PageState): void {
  const url = new URLSearchParams({ d: dashboard.uid, from: state.from, to: state.to, refresh: state.refresh });
  for (const [name, values] of Object.entries(chosen(state))) for (const value of values) url.append(`var-${name}`, value);
  history.replaceState(null, '', `?${url.toString()}`);
}

export function refreshMs(choice: string): number {
  const match = /^(\d+)([sm])$/.exec(choice);
  return match === null ? 0 : Number(match[1]) * (match[2] === 's' ? 1000 : 60_000);
}
