import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as table from '@grafana/grafana-foundation-sdk/table';
import { AMBER, GREEN, GREY, RED, SEVERITY_MAPPING, thresholds, thresholdsProperty } from './colours.js';
import { decisionColumn } from './decision-actions.js';
import { dashboardFrame } from './frame.js';
import { column, type PanelHead, panel } from './panels.js';
import { stackedBars, stats } from './shared-panels.js';
import { queryVariable, searchVariable, severityVariable, stateVariable } from './variables.js';

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
    .withVariable(stateVariable())
    .withVariable(searchVariable('Part of an asset, a peer, a claim, a detection, an id, or of the sentence'))
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
      'Findings inside the time range that are open, how old the oldest of them is, and how many somebody looks after or has closed.',
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
    whenNone: 'no finding',
    description:
      'Open findings first, then by severity and age. The buttons decide: acknowledge, close with a word, reopen; every decision is in the trail. The id leads to the numbers and the evidence.',
    at: [0, 4, 24, 14],
    sql: 'queue',
  })
    .overrideByName('Severity', [column.width(92), column.mappings(SEVERITY_MAPPING), column.coloured()])
    .overrideByName('State', [column.width(116), column.wrapped()])
    .overrideByName('Asset', [column.width(104), column.wrapped(), column.link('Open the device', 'device', 'asset')])
    .overrideByName('Claim or detection', [column.width(136), column.wrapped()])
    .overrideByName('Why', [column.minWidth(220), column.wrapped()])
    .overrideByName('Sure', [column.width(64), column.unit('percent')])
    .overrideByName('Age', [column.width(70), column.unit('s')])
    .overrideByName('Last seen', [column.width(96), column.unit('dateTimeAsIso'), column.wrapped()])
    .overrideByName('Decide', [column.width(216), ...decisionColumn])
    .overrideByName('Finding', [column.width(94), column.link('Open the finding', 'finding', 'finding')]);
}

function grouped() {
  return rows({
    id: 3,
    title: 'By device and kind',
    whenNone: 'no finding',
    description: 'Findings of one kind on one device are one thing to look at: how many, towards how many peers, since when.',
    at: [0, 18, 15, 9],
    sql: 'grouped',
  })
    .overrideByName('Asset', [column.minWidth(100), column.wrapped(), column.link('Open the device', 'device', 'asset')])
    .overrideByName('Claim or detection', [column.minWidth(130), column.wrapped()])
    .overrideByName('Worst', [column.width(92), column.mappings(SEVERITY_MAPPING), column.coloured()])
    .overrideByName('Findings', [column.width(80), column.unit('short')])
    .overrideByRegexp('/^(Open|Peers)$/', [column.width(62), column.unit('short')])
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
      at: [15, 18, 9, 9],
      sql: 'over-time',
    },
    'kind',
  );
}
