import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as table from '@grafana/grafana-foundation-sdk/table';
import { AMBER, GREEN, GREY, RED, SEVERITY_MAPPING, thresholds, thresholdsProperty } from './colours.js';
import { dashboardFrame } from './frame.js';
import { column, type PanelHead, panel } from './panels.js';
import { stackedBars, stats } from './shared-panels.js';
import { queryVariable, severityVariable } from './variables.js';

const NAME = 'triage';

/** The Triage queue, for the analyst on duty: what nobody has looked at, worst and oldest first, and the same grouped. */
export function triage(): dashboard.DashboardBuilder {
  return dashboardFrame(
    NAME,
    'triage',
    'What waits for somebody: findings by state, severity and age, and the same grouped by device and kind',
  )
    .withVariable(queryVariable('overview', 'fleet', 'Fleet', 'Group of vendor-managed equipment'))
    .withVariable(queryVariable('overview', 'asset', 'Asset', 'One piece of equipment'))
    .withVariable(severityVariable())
    .withPanel(now())
    .withPanel(queue())
    .withPanel(grouped())
    .withPanel(overTime());
}

function rows(head: Omit<PanelHead, 'format' | 'unit'>): table.PanelBuilder {
  return panel(new table.PanelBuilder(), NAME, { ...head, unit: 'none', format: 'table' });
}

function now() {
  return stats(NAME, {
    id: 1,
    title: 'Waiting',
    description:
      'Findings inside the time range on which nobody has decided yet, how old the oldest of them is, and how many were decided on.',
    unit: 'none',
    at: [0, 0, 24, 4],
    sql: 'queue-now',
  })
    .thresholds(thresholds(GREY))
    .overrideByName('Open', [thresholdsProperty(GREEN, [1, AMBER])])
    .overrideByName('Open, high or critical', [thresholdsProperty(GREEN, [1, RED])])
    .overrideByName('Oldest open', [column.unit('s'), thresholdsProperty(GREEN, [3600, AMBER], [86_400, RED])]);
}

function queue() {
  return rows({
    id: 2,
    title: 'Queue',
    description:
      'Open findings first, then by severity and age. "cordon findings ack" and "close" decide on one; the id leads to its numbers and evidence.',
    at: [0, 4, 24, 14],
    sql: 'queue',
  })
    .overrideByName('Severity', [column.width(88), column.mappings(SEVERITY_MAPPING), column.coloured()])
    .overrideByName('State', [column.width(108)])
    .overrideByName('Asset', [column.width(104), column.wrapped(), column.link('Open the device', 'device', 'asset')])
    .overrideByName('Claim or detection', [column.width(150), column.wrapped()])
    .overrideByName('Why', [column.minWidth(220), column.wrapped()])
    .overrideByName('Sure', [column.width(70), column.unit('percent')])
    .overrideByName('Age', [column.width(84), column.unit('s')])
    .overrideByName('Last seen', [column.width(100), column.unit('dateTimeAsIso'), column.wrapped()])
    .overrideByName('By', [column.width(90), column.wrapped()])
    .overrideByName('Finding', [column.width(110), column.link('Open the finding', 'finding', 'finding')]);
}

function grouped() {
  return rows({
    id: 3,
    title: 'By device and kind',
    description: 'Findings of one kind on one device are one thing to look at: how many, towards how many peers, since when.',
    at: [0, 18, 14, 9],
    sql: 'grouped',
  })
    .overrideByName('Asset', [column.minWidth(110), column.wrapped(), column.link('Open the device', 'device', 'asset')])
    .overrideByName('Claim or detection', [column.minWidth(150), column.wrapped()])
    .overrideByName('Worst', [column.width(88), column.mappings(SEVERITY_MAPPING), column.coloured()])
    .overrideByRegexp('/^(Findings|Peers)$/', [column.width(84), column.unit('short')])
    .overrideByRegexp('/seen$/', [column.width(100), column.unit('dateTimeAsIso'), column.wrapped()]);
}

function overTime() {
  return stackedBars(
    NAME,
    {
      id: 4,
      title: 'Findings by kind',
      description: 'When findings began, by the claim or detection that made them. A burst of one kind is one cause more often than many.',
      unit: 'short',
      at: [14, 18, 10, 9],
      sql: 'over-time',
    },
    'kind',
  );
}
