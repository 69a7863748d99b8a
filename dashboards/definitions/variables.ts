import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { SEVERITIES } from '../../detector/claims/compiled.js';
import { FINDING_STATES } from '../../detector/decisions/standing.js';
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

/** A choice of exactly one value, the first when none is chosen: for a screen of one thing. */
export function oneOfQuery(dashboardName: string, name: string, label: string, description: string): dashboard.QueryVariableBuilder {
  return queryVariable(dashboardName, name, label, description).multi(false).includeAll(false).current({ text: '', value: '' });
}

/** A choice of several of these words, All included. */
function wordsVariable(name: string, label: string, description: string, words: readonly string[]): dashboard.CustomVariableBuilder {
  return new dashboard.CustomVariableBuilder(name)
    .label(label)
    .description(description)
    .values(words.join(','))
    .options([{ text: 'All', value: '$__all', selected: true }, ...words.map((word) => ({ text: word, value: word, selected: false }))])
    .multi(true)
    .includeAll(true)
    .current(ALL);
}

export function severityVariable(): dashboard.CustomVariableBuilder {
  return wordsVariable('severity', 'Severity', 'How bad it would be, as the claim or the detection says', WORST_FIRST);
}

/** How findings stand, as queries/shared/standing.sql says it. */
export function stateVariable(): dashboard.CustomVariableBuilder {
  return wordsVariable('state', 'State', 'Whether somebody has decided on it', FINDING_STATES);
}

/** A text to search for; empty lets all pass. */
export function searchVariable(description: string): dashboard.TextBoxVariableBuilder {
  return new dashboard.TextBoxVariableBuilder('search')
    .label('Search')
    .description(description)
    .defaultValue('')
    .current({ text: '', value: '' });
}
