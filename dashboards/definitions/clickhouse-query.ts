import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as cog from '@grafana/grafana-foundation-sdk/cog';
import { packageRoot } from '../../flow/service/paths.js';

/** Type of Grafana's official ClickHouse data source; the plugin version that these queries were written against. */
export const CLICKHOUSE_PLUGIN = 'grafana-clickhouse-datasource';
export const CLICKHOUSE_PLUGIN_VERSION = '4.20.0';
/** Panels name the data source by this variable, so that a dashboard moves between Grafanas; provisioning pins its value. */
export const DATASOURCE = { type: CLICKHOUSE_PLUGIN, uid: `\${datasource}` };
export const PROVISIONED_DATASOURCE_UID = 'clickhouse';

/** How the plugin shapes an answer: 0 turns long rows into one series per label set, 1 hands the table on as it is. */
export type QueryFormat = 'time-series' | 'table';

/** The query model of the plugin in its SQL editor. */
export interface ClickHouseQuery {
  readonly datasource: { readonly type: string; readonly uid: string };
  readonly editorType: 'sql';
  readonly rawSql: string;
  readonly refId: string;
  readonly format: 0 | 1;
  readonly queryType: 'timeseries' | 'table';
  readonly pluginVersion: string;
}

/** A comment line that stands for what several queries have alike. */
const INCLUDE = /^\s*-- include ([a-z-]+)\/([a-z-]+)$/;

/**
 * The text of dashboards/queries/<dashboard>/<name>.sql without its comment lines, which speak to the reader of the file; a line `-- include shared/standing`
 * is the text of that file.
 */
export function readSql(dashboard: string, name: string): string {
  const text = readFileSync(join(packageRoot(), 'dashboards', 'queries', dashboard, `${name}.sql`), 'utf8');
  return text
    .split('\n')
    .flatMap((line) => {
      const [, folder, file] = INCLUDE.exec(line) ?? [];
      if (folder !== undefined && file !== undefined) return [readSql(folder, file)];
      return line.trimStart().startsWith('--') ? [] : [line];
    })
    .join('\n')
    .trim();
}

export function clickhouseQuery(dashboard: string, name: string, format: QueryFormat): ClickHouseQuery {
  return {
    datasource: DATASOURCE,
    editorType: 'sql',
    rawSql: readSql(dashboard, name),
    refId: 'A',
    format: format === 'table' ? 1 : 0,
    queryType: format === 'table' ? 'table' : 'timeseries',
    pluginVersion: CLICKHOUSE_PLUGIN_VERSION,
  };
}

/** The foundation SDK knows no ClickHouse query, so this is ours in its shape. */
export class ClickHouseQueryBuilder implements cog.Builder<cog.Dataquery> {
  private readonly query: ClickHouseQuery;

  constructor(dashboard: string, name: string, format: QueryFormat) {
    this.query = clickhouseQuery(dashboard, name, format);
  }

  build(): cog.Dataquery {
    return { ...this.query, _implementsDataqueryVariant: () => undefined } as cog.Dataquery;
  }
}
