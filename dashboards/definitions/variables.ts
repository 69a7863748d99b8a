import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { SEVERITIES } from '../../detector/claims/compiled.js';
import { CLICKHOUSE_PLUGIN, CLICKHOUSE_PLUGIN_VERSION, DATASOURCE, PROVISIONED_DATASOURCE_UID, readSql } from './clickhouse-query.js';

const WORST_FIRST = [...SEVERITIES].reverse();
const ALL = { text: ['All'], value: ['$__all'] };

export function datasourceVariable(): dashboard.DatasourceVariableBuilder {
  return new dashboard.DatasourceVariableBuilder('datasource')
    .label('Data source')
    .type(CLICKHOUSE_PLUGIN)
    .multi(false)
    .includeAll(false)
    .current({ text: 'ClickHouse', value: PROVISIONED_DATASOURCE_UID });
}

/** A choice of several values, All included, read from the store whenever the time range changes. */
export function queryVariable(dashboardName: string, name: string, label: string, description: string): dashboard.QueryVariableBuilder {
  const rawSql = readSql(dashboardName, `variable-${name}`);
  return new dashboard.QueryVariableBuilder(name)
    .label(label)
    .description(description)
    .datasource(DATASOURCE)
    .query({ editorType: 'sql', rawSql, refId: name, format: 1, queryType: 'table', pluginVersion: CLICKHOUSE_PLUGIN_VERSION })
    .definition(rawSql)
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.Disabled)
    .multi(true)
    .includeAll(true)
    .current(ALL);
}

export function severityVariable(): dashboard.CustomVariableBuilder {
  return new dashboard.CustomVariableBuilder('severity')
    .label('Severity')
    .description('How bad it would be, as the claim or the detection says')
    .values(WORST_FIRST.join(','))
    .options([
      { text: 'All', value: '$__all', selected: true },
      ...WORST_FIRST.map((severity) => ({ text: severity, value: severity, selected: false })),
    ])
    .multi(true)
    .includeAll(true)
    .current(ALL);
}
