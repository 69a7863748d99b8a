import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as table from '@grafana/grafana-foundation-sdk/table';
import { GREY, thresholds } from './colours.js';
import { dashboardFrame } from './frame.js';
import { column, type PanelHead, panel } from './panels.js';
import { stackedBars, stats } from './shared-panels.js';

const NAME = 'trail';

/** The Audit trail: who decided what and why, what is muted, which verdicts were amended, and which claim files they rest on. */
export function trail(): dashboard.DashboardBuilder {
  return dashboardFrame(NAME, 'trail', 'Who acknowledged, closed and muted what, and why; amended verdicts; versions of the claim files')
    .withPanel(now())
    .withPanel(decisions())
    .withPanel(mutes())
    .withPanel(overTime())
    .withPanel(amendments())
    .withPanel(claimFiles());
}

function rows(head: Omit<PanelHead, 'format' | 'unit'>): table.PanelBuilder {
  return panel(new table.PanelBuilder(), NAME, { ...head, unit: 'none', format: 'table' });
}

function now() {
  return stats(NAME, {
    id: 1,
    title: 'Decisions',
    description: 'Decisions that people took inside the time range, by word, and how many people took them.',
    unit: 'none',
    at: [0, 0, 24, 4],
    sql: 'trail-now',
  }).thresholds(thresholds(GREY));
}

function decisions() {
  return rows({
    id: 2,
    title: 'Who decided what',
    whenNone: 'no decision',
    description:
      'Every decision with its author, reason, scope and end, newest first. The list is only ever added to; what was taken back is marked.',
    at: [0, 4, 24, 11],
    sql: 'decisions',
  })
    .overrideByRegexp('/^(When|Until)$/', [column.width(100), column.unit('dateTimeAsIso'), column.wrapped()])
    .overrideByName('Decision', [column.width(104)])
    .overrideByName('By', [column.width(100), column.wrapped()])
    .overrideByName('Why', [column.minWidth(160), column.wrapped()])
    .overrideByName('Finding then', [column.minWidth(180), column.wrapped()])
    .overrideByName('Scope', [column.minWidth(140), column.wrapped()])
    .overrideByName('Standing', [column.width(92)])
    .overrideByName('Finding', [column.width(100), column.link('Open the finding', 'finding', 'finding')]);
}

function mutes() {
  return rows({
    id: 3,
    title: 'Muted scopes',
    whenNone: 'no muted scope',
    description: 'What nobody is told of: scopes closed as noise or expected, those that hold first, with author, reason and end.',
    at: [0, 15, 14, 9],
    sql: 'mutes',
  })
    .overrideByName('Standing', [column.width(88)])
    .overrideByName('Word', [column.width(84)])
    .overrideByName('Scope', [column.minWidth(140), column.wrapped()])
    .overrideByName('Why', [column.minWidth(120), column.wrapped()])
    .overrideByName('By', [column.width(90), column.wrapped()])
    .overrideByRegexp('/^(From|Until)$/', [column.width(98), column.unit('dateTimeAsIso'), column.wrapped()]);
}

function overTime() {
  return stackedBars(
    NAME,
    {
      id: 4,
      title: 'Decisions over time',
      description: 'Decisions per interval, by word. A day on which everything was muted shows here.',
      unit: 'short',
      at: [14, 15, 10, 9],
      sql: 'decisions-over-time',
    },
    'word',
  );
}

function amendments() {
  return rows({
    id: 5,
    title: 'Verdicts and how often they were computed',
    description: 'Final verdicts of the time range; where one was computed more than once, data came late and amended it.',
    at: [0, 24, 14, 8],
    sql: 'amendments',
  })
    .overrideByName('Claim', [column.minWidth(130), column.wrapped(), column.link('Open the claim', 'claims', 'claim')])
    .overrideByName('Fleet', [column.width(100), column.wrapped()])
    .overrideByName('Times computed', [column.width(90), column.unit('short')])
    .overrideByName('Verdicts', [column.minWidth(160), column.wrapped()])
    .overrideByRegexp('/^(Period from|Last computed)$/', [column.width(100), column.unit('dateTimeAsIso'), column.wrapped()]);
}

function claimFiles() {
  return rows({
    id: 6,
    title: 'Claim files',
    description: 'Versions of the claim files that the verdicts of the time range rest on. A new hash is a changed file.',
    at: [14, 24, 10, 8],
    sql: 'claim-files',
  })
    .overrideByName('Claim file', [column.minWidth(110), column.wrapped()])
    .overrideByName('sha256', [column.minWidth(120), column.wrapped()])
    .overrideByName('Claims', [column.width(76), column.unit('short')])
    .overrideByRegexp('/^Judged/', [column.width(98), column.unit('dateTimeAsIso'), column.wrapped()]);
}
