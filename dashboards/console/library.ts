import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { queryInterval } from './intervals.js';
import { expandMacros } from './macros.js';
import type { Dashboard, Query, QueryRequest } from './model.js';
import { unsupported } from './supported.js';
import { parseTimeRange } from './time-range.js';
import { interpolateVariables } from './variables.js';

/** The order of an analyst's work; the console opens with the first. What is not named here follows by its file's name. */
const ORDER = ['overview', 'triage', 'device', 'destinations', 'finding', 'claims', 'telemetry', 'trail'].map((name) => `cordon-${name}`);
/** Points along a chart when a panel does not say. */
const DEFAULT_DATA_POINTS = 300;

/** A request that names something the dashboards do not have, or asks for something they cannot answer; the message is for the person at the screen. */
export class RequestError extends Error {}

export interface Library {
  readonly dashboards: readonly Dashboard[];
  /** The generated JSON of a dashboard as it lies on disk. */
  json(uid: string): string | undefined;
  /** The SQL that a request stands for, all macros and variables expanded. Throws RequestError. */
  expand(request: QueryRequest, nowMs: number): ExpandedQuery;
}

export interface ExpandedQuery {
  readonly sql: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly intervalMs: number;
}

/** Reads every generated dashboard of `folder`. Throws when one uses what the console does not draw, naming it. */
export function loadLibrary(folder: string): Library {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort();
  const texts = new Map<string, string>();
  const dashboards = files.map((file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    const dashboard = JSON.parse(text) as Dashboard;
    const problems = unsupported(dashboard);
    if (problems.length > 0) throw new Error(`${file}: ${problems.join('; ')}`);
    texts.set(dashboard.uid, text);
    return dashboard;
  });
  const place = ({ uid }: Dashboard): number => (ORDER.includes(uid) ? ORDER.indexOf(uid) : ORDER.length);
  dashboards.sort((a, b) => place(a) - place(b));
  if (dashboards.length === 0) throw new Error(`no dashboards in ${folder}: run 'cordon dashboards' to generate them`);
  return {
    dashboards,
    json: (uid) => texts.get(uid),
    expand(request, nowMs) {
      const dashboard = dashboards.find(({ uid }) => uid === request.dashboard);
      if (dashboard === undefined) throw new RequestError('there is no such dashboard; reload the page');
      return expand(dashboard, request, nowMs);
    },
  };
}

function expand(dashboard: Dashboard, request: QueryRequest, nowMs: number): ExpandedQuery {
  const { query, maxDataPoints, interval } = find(dashboard, request.source);
  try {
    const { fromMs, toMs } = parseTimeRange(request.from, request.to, nowMs);
    const intervalMs = queryInterval(fromMs, toMs, maxDataPoints, interval);
    const names = new Set(dashboard.templating.list.map(({ name }) => name));
    const sql = expandMacros(interpolateVariables(query.rawSql, request.variables, names), { fromMs, toMs, intervalMs });
    return { sql, fromMs, toMs, intervalMs };
  } catch (error) {
    throw new RequestError(error instanceof Error ? error.message : String(error));
  }
}

function find(dashboard: Dashboard, source: QueryRequest['source']): { query: Query; maxDataPoints: number; interval: string | undefined } {
  const none = { maxDataPoints: DEFAULT_DATA_POINTS, interval: undefined };
  if (source.kind === 'panel') {
    const panel = dashboard.panels.find(({ id }) => id === source.panel);
    const query = panel?.targets.find(({ refId }) => refId === source.refId);
    if (panel !== undefined && query !== undefined) {
      return { query, maxDataPoints: panel.maxDataPoints ?? DEFAULT_DATA_POINTS, interval: panel.interval };
    }
  } else if (source.kind === 'variable') {
    const variable = dashboard.templating.list.find(({ name }) => name === source.name);
    if (typeof variable?.query === 'object') return { query: variable.query, ...none };
  } else {
    const query = dashboard.annotations.list.find(({ name }) => name === source.name)?.target;
    if (query !== undefined) return { query, ...none };
  }
  throw new RequestError('the dashboard has no such query; reload the page');
}
