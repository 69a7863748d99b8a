import { expandMacros, type MacroRange } from './macros.js';
import type { Action, Dashboard, DataLink, Panel, Query } from './model.js';
import { interpolateVariables } from './variables.js';
import { parseDataLink } from './web/data-link.js';
import { parseDecisionAction } from './web/decision-action.js';
import { parseGeomap } from './web/geomap-options.js';
import { parseMatrix } from './web/grouping-to-matrix.js';

export const PANEL_TYPES = ['stat', 'table', 'timeseries', 'state-timeline', 'bargauge', 'geomap'] as const;
export type PanelType = (typeof PANEL_TYPES)[number];

export const UNITS = ['none', 'short', 'decbytes', 's', 'ms', 'percent', 'percentunit', 'dateTimeAsIso'] as const;
export type Unit = (typeof UNITS)[number];

const VARIABLE_TYPES = ['datasource', 'query', 'custom', 'textbox'];
const MATCHERS = ['byName', 'byRegexp'];
const OVERRIDES = [
  'unit',
  'decimals',
  'mappings',
  'thresholds',
  'displayName',
  'noValue',
  'custom.width',
  'custom.minWidth',
  'custom.cellOptions',
  'links',
  'actions',
];
const CALCS = ['lastNotNull', 'min', 'max', 'mean', 'sum'];
const CELL_TYPES = ['auto', 'color-background', 'color-text', 'actions'];
/** Panels whose values may lead somewhere. */
const LINKED_PANELS = ['table', 'stat', 'geomap'];
const COLOUR_MODES = ['thresholds', 'palette-classic', 'palette-classic-by-name'];
const DRAW_STYLES = ['line', 'bars'];
const ANY_RANGE: MacroRange = { fromMs: 0, toMs: 3_600_000, intervalMs: 60_000 };

/** What a dashboard asks for that the console cannot do, as sentences; empty when it draws all of it. A test holds every generated dashboard to it. */
export function unsupported(dashboard: Dashboard): string[] {
  const names = new Set(dashboard.templating.list.map((variable) => variable.name));
  const problems: string[] = [];
  for (const variable of dashboard.templating.list) {
    want(problems, VARIABLE_TYPES, variable.type, `variable ${variable.name}: type`);
    if (typeof variable.query === 'object') problems.push(...queryProblems(variable.query, names, `variable ${variable.name}`));
  }
  for (const annotation of dashboard.annotations.list) {
    if (annotation.target !== undefined) problems.push(...queryProblems(annotation.target, names, `annotation ${annotation.name}`));
  }
  for (const panel of dashboard.panels) problems.push(...panelProblems(panel, names));
  return problems;
}

function want(problems: string[], known: readonly string[], used: string | undefined, where: string): void {
  if (used !== undefined && !known.includes(used))
    problems.push(`${where} '${used}' is not known to the console (known: ${known.join(', ')})`);
}

function panelProblems(panel: Panel, names: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  const where = `panel ${panel.id} (${panel.title}):`;
  const { defaults, overrides } = panel.fieldConfig;
  want(problems, PANEL_TYPES, panel.type, `${where} type`);
  problems.push(...transformationProblems(panel, where));
  if (panel.type === 'geomap') problems.push(...refusals(where, () => parseGeomap(panel)));
  for (const target of panel.targets) {
    if (target.format !== 0 && target.format !== 1) problems.push(`${where} query format ${target.format} is not known to the console`);
    problems.push(...queryProblems(target, names, where));
  }
  if (panel.targets.length !== 1) problems.push(`${where} ${panel.targets.length} queries; the console draws one a panel`);
  want(problems, UNITS, defaults.unit, `${where} unit`);
  problems.push(...linkProblems(defaults.links ?? [], panel, where), ...actionProblems(defaults.actions ?? [], panel, where));
  want(problems, COLOUR_MODES, defaults.color?.mode, `${where} colour mode`);
  want(problems, DRAW_STYLES, defaults.custom?.drawStyle, `${where} draw style`);
  want(problems, ['none', 'normal'], defaults.custom?.stacking?.mode, `${where} stacking`);
  want(problems, ['absolute'], defaults.thresholds?.mode, `${where} thresholds`);
  for (const mapping of defaults.mappings ?? []) want(problems, ['value'], mapping.type, `${where} mapping`);
  for (const reference of defaults.displayName?.match(/\$\{[^}]*\}/g) ?? []) {
    if (!/^\$\{__field\.labels\.\w+\}$/.test(reference)) problems.push(`${where} display name uses ${reference}`);
  }
  for (const override of overrides) {
    want(problems, MATCHERS, override.matcher.id, `${where} override matcher`);
    for (const { id, value } of override.properties) {
      want(problems, OVERRIDES, id, `${where} override`);
      if (id === 'unit') want(problems, UNITS, String(value), `${where} unit`);
      if (id === 'actions') problems.push(...actionProblems(value as readonly Action[], panel, where));
      if (id === 'links') problems.push(...linkProblems(value as readonly DataLink[], panel, where));
      if (id === 'custom.cellOptions') want(problems, CELL_TYPES, (value as { type?: string }).type, `${where} cell type`);
    }
  }
  for (const calc of [...(panel.options.reduceOptions?.calcs ?? []), ...(panel.options.legend?.calcs ?? [])])
    want(problems, CALCS, calc, `${where} calculation`);
  return problems;
}

function transformationProblems({ type, transformations = [] }: Panel, where: string): string[] {
  const problems: string[] = [];
  for (const transformation of transformations) problems.push(...refusals(where, () => parseMatrix(transformation)));
  if (transformations.length > 0 && type !== 'table')
    problems.push(`${where} transformations stand in a ${type}; the console has them in tables`);
  if (transformations.length > 1) problems.push(`${where} ${transformations.length} transformations; the console has one`);
  return problems;
}

function linkProblems(links: readonly DataLink[], panel: Panel, where: string): string[] {
  if (links.length === 0) return [];
  if (!LINKED_PANELS.includes(panel.type))
    return [`${where} links stand in a ${panel.type}; the console has them in ${LINKED_PANELS.join(' and ')} panels`];
  if (links.length !== 1) return [`${where} ${links.length} links of one value; the console has one`];
  return refusals(where, () => parseDataLink(links[0]!.url));
}

function actionProblems(actions: readonly Action[], panel: Panel, where: string): string[] {
  if (actions.length === 0) return [];
  if (panel.type !== 'table') return [`${where} actions stand in a ${panel.type}; the console has them in tables`];
  return actions.flatMap((action) => refusals(where, () => parseDecisionAction(action)));
}

/** What a reader of the console refuses, as a problem. */
function refusals(where: string, read: () => unknown): string[] {
  try {
    read();
    return [];
  } catch (error) {
    return [`${where} ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** Expands the query with one value a variable, which meets every macro, variable and format in it. */
function queryProblems(query: Query, names: ReadonlySet<string>, where: string): string[] {
  return refusals(where, () => {
    expandMacros(interpolateVariables(query.rawSql, Object.fromEntries([...names].map((name) => [name, ['x']])), names), ANY_RANGE);
    interpolateVariables(query.rawSql, {}, names);
  });
}
