import type * as cog from '@grafana/grafana-foundation-sdk/cog';
import * as common from '@grafana/grafana-foundation-sdk/common';
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { rowLimit } from '../console/row-limit.js';
import { ClickHouseQueryBuilder, DATASOURCE, type QueryFormat, readSql } from './clickhouse-query.js';

/** What every panel must say; the tests hold the generated files to it. */
export interface PanelHead {
  /** Stable: links, alert rules and the console name a panel by it. */
  readonly id: number;
  readonly title: string;
  readonly description: string;
  /** Grafana unit id ('decbytes', 's', 'percentunit', 'none', …). */
  readonly unit: string;
  /** Columns from the left, rows from the top, width of 24, height in rows of 30 px. */
  readonly at: readonly [x: number, y: number, w: number, h: number];
  /** File in queries/<dashboard>/ without its ending. */
  readonly sql: string;
  readonly format: QueryFormat;
  /** What a table says in the place of its rows, before the time range: 'no finding'. Nothing found is another thing than nothing recorded. */
  readonly whenNone?: string;
  /** The query's LIMIT is more than there can be: nothing is said of it. */
  readonly whole?: boolean;
}

interface AnyPanelBuilder {
  id(id: number): this;
  title(title: string): this;
  description(description: string): this;
  unit(unit: string): this;
  datasource(datasource: common.DataSourceRef): this;
  gridPos(gridPos: dashboard.GridPos): this;
  withTarget(target: cog.Builder<cog.Dataquery>): this;
  noValue(text: string): this;
  overrideByRegexp(regexp: string, properties: dashboard.DynamicConfigValue[]): this;
}

/** Puts head, place and query on a panel builder of any type. */
export function panel<B extends AnyPanelBuilder>(builder: B, dashboardName: string, head: PanelHead): B {
  const [x, y, w, h] = head.at;
  // Empty cells keep their dash.
  if (head.whenNone !== undefined) builder.noValue(head.whenNone).overrideByRegexp('/.*/', [{ id: 'noValue', value: '–' }]);
  const limit = head.format === 'table' && head.whole !== true ? rowLimit(readSql(dashboardName, head.sql)) : undefined;
  return builder
    .id(head.id)
    .title(head.title)
    .description(limit === undefined ? head.description : `${head.description} The first ${limit} are shown.`)
    .unit(head.unit)
    .datasource(DATASOURCE)
    .gridPos({ x, y, w, h })
    .withTarget(new ClickHouseQueryBuilder(dashboardName, head.sql, head.format));
}

/** Override properties of a table column. */
export const column = {
  width: (px: number): dashboard.DynamicConfigValue => ({ id: 'custom.width', value: px }),
  minWidth: (px: number): dashboard.DynamicConfigValue => ({ id: 'custom.minWidth', value: px }),
  unit: (unit: string): dashboard.DynamicConfigValue => ({ id: 'unit', value: unit }),
  mappings: (mappings: dashboard.ValueMapping[]): dashboard.DynamicConfigValue => ({ id: 'mappings', value: mappings }),
  coloured: (): dashboard.DynamicConfigValue => ({
    id: 'custom.cellOptions',
    value: { type: common.TableCellDisplayMode.ColorBackground, mode: common.TableCellBackgroundDisplayMode.Basic },
  }),
  colouredText: (): dashboard.DynamicConfigValue => ({ id: 'custom.cellOptions', value: { type: common.TableCellDisplayMode.ColorText } }),
  /** A link of the value to another of our dashboards, whose variable it sets. The time range goes with it. */
  link: (title: string, target: string, variable: string): dashboard.DynamicConfigValue => ({
    id: 'links',
    value: [{ title, url: `/d/cordon-${target}/cordon-${target}?\${__url_time_range}&var-${variable}=\${__value.raw:percentencode}` }],
  }),
  /** A link to another of our dashboards with these choices there. */
  linkTo: (title: string, target: string, choices: Readonly<Record<string, readonly string[]>>): dashboard.DynamicConfigValue => {
    const chosen = Object.entries(choices).flatMap(([name, values]) => values.map((value) => `&var-${name}=${value}`));
    return { id: 'links', value: [{ title, url: `/d/cordon-${target}/cordon-${target}?\${__url_time_range}${chosen.join('')}` }] };
  },
  wrapped: (): dashboard.DynamicConfigValue => ({
    id: 'custom.cellOptions',
    value: { type: common.TableCellDisplayMode.Auto, wrapText: true },
  }),
};

/** Reduces a table of one row to one number per column, or takes every row of the columns that `fields` matches. */
export function reduce(fields: string, everyRow: boolean): common.ReduceDataOptionsBuilder {
  return new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields(fields).values(everyRow);
}

export function legend(...calcs: string[]): common.VizLegendOptionsBuilder {
  return new common.VizLegendOptionsBuilder()
    .displayMode(common.LegendDisplayMode.Table)
    .placement(common.LegendPlacement.Right)
    .showLegend(true)
    .calcs(calcs);
}
