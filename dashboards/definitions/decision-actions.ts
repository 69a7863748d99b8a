import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';

/**
 * Decisions from a table: buttons that post to the console's API. The address leads through Grafana's data source proxy, so that the token of the API stays on
 * Grafana's server, Grafana names its signed-in user, and no other origin is called from the browser; the console knows the same address as its own API.
 * What a person types goes into the parameters of the address: Grafana escapes it there, and in a body it would not.
 */
const API = `/api/datasources/proxy/uid/\${datasource}/api/findings/\${__data.fields["Finding"]:percentencode}`;

/** What is asked for, by the parameter that it becomes. */
const ASKED = {
  reason: 'Why (one line)',
  as: 'As: expected, incident or noise',
  days: 'Days that it holds (expected and noise)',
} as const;

function action(verb: string, title: string, confirmation: string, keys: readonly (keyof typeof ASKED)[]): dashboard.Action {
  return {
    type: dashboard.ActionType.Fetch,
    title,
    confirmation,
    fetch: {
      method: dashboard.HttpRequestMethod.POST,
      url: `${API}/${verb}`,
      headers: [['Content-Type', 'application/json']],
      queryParams: keys.map((key) => [key, `$${key}`]),
    },
    variables: keys.map((key) => ({ key, name: ASKED[key], type: dashboard.ActionVariableType.String })),
  };
}

/** The column of a table whose rows are findings, with a column `Finding` of their ids: its value is the state, its cells are the buttons. */
export const decisionColumn: readonly dashboard.DynamicConfigValue[] = [
  { id: 'custom.cellOptions', value: { type: common.TableCellDisplayMode.Actions } },
  {
    id: 'actions',
    value: [
      action('acknowledge', 'Acknowledge', 'Somebody looks after this finding.', ['reason']),
      action('close', 'Close', 'Close this finding with a word that says what it was.', ['as', 'reason', 'days']),
      action('reopen', 'Reopen', 'Open this finding again.', ['reason']),
    ],
  },
];
