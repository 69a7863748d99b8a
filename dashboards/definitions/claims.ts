import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as table from '@grafana/grafana-foundation-sdk/table';
import { AMBER, GREEN, GREY, RED, SEVERITY_MAPPING, thresholds, thresholdsProperty, VERDICT_MAPPING } from './colours.js';
import { dashboardFrame } from './frame.js';
import { column, type PanelHead, panel } from './panels.js';
import { blindnessMarks, marks, stats, verdictTimelineOf, windowMarks } from './shared-panels.js';
import { queryVariable } from './variables.js';

const NAME = 'claims';

/** The Claims, for the auditor: what is claimed, what stands, on which numbers, and what no verdict speaks of. */
export function claims(): dashboard.DashboardBuilder {
  return dashboardFrame(
    NAME,
    'claims',
    'Every claim with its verdicts over time, the reasons and numbers they rest on, and what these sensors cannot see',
  )
    .withVariable(queryVariable('overview', 'fleet', 'Fleet', 'Group of vendor-managed equipment'))
    .withVariable(queryVariable(NAME, 'claim', 'Claim', 'One written claim'))
    .annotation(blindnessMarks(NAME))
    .annotation(windowMarks(NAME))
    .annotation(marks(NAME, 'Drills', GREEN, 'drills'))
    .withPanel(byVerdict())
    .withPanel(coverageNow())
    .withPanel(
      verdictTimelineOf(NAME, {
        id: 3,
        title: 'Verdict per claim over time',
        description: 'The worst verdict of each claim in each interval. A blank stretch has no verdict yet.',
        unit: 'none',
        at: [0, 4, 24, 9],
        sql: 'verdict-timeline',
      }),
    )
    .withPanel(sheet())
    .withPanel(reasons())
    .withPanel(brokenBy())
    .withPanel(exceptions())
    .withPanel(residual())
    .withPanel(history());
}

function byVerdict() {
  return stats(NAME, {
    id: 1,
    title: 'Claims by verdict',
    description:
      'Latest verdict of every claim in the time range. NOT PROVEN means that too little telemetry arrived to say that the claim held.',
    unit: 'none',
    at: [0, 0, 12, 4],
    sql: 'claims-by-verdict',
  })
    .thresholds(thresholds(GREY))
    .overrideByName('Violated', [thresholdsProperty(GREY, [1, RED])])
    .overrideByName('Not proven', [thresholdsProperty(GREY, [1, AMBER])])
    .overrideByName('Verified', [thresholdsProperty(GREY, [1, GREEN])]);
}

function coverageNow() {
  return stats(NAME, {
    id: 2,
    title: 'How much was seen',
    description:
      'Of the latest verdicts: the claim observed least, the longest stretch in which a claim could not be seen, and the most records lost.',
    unit: 'none',
    at: [12, 0, 12, 4],
    sql: 'coverage-now',
  })
    .thresholds(thresholds(GREEN, [1, AMBER]))
    .overrideByName('Least observed', [
      column.unit('percentunit'),
      { id: 'decimals', value: 2 },
      thresholdsProperty(RED, [0.95, AMBER], [0.999, GREEN]),
    ])
    .overrideByName('Longest blind stretch', [column.unit('s'), thresholdsProperty(GREEN, [300, AMBER], [3600, RED])]);
}

function rows(head: Omit<PanelHead, 'format' | 'unit'>): table.PanelBuilder {
  return panel(new table.PanelBuilder(), NAME, { ...head, unit: 'none', format: 'table' });
}

function sheet() {
  return rows({
    id: 4,
    title: 'Claim by claim',
    whenNone: 'no verdict (claims come with --claims)',
    description:
      'The latest period of every claim. "Could have hidden" is the largest transfer that the loss and sampling of that period would have hidden; empty where no size would be certain to be seen.',
    at: [0, 13, 24, 10],
    sql: 'claim-sheet',
  })
    .overrideByName('Verdict', [column.width(128), column.mappings(VERDICT_MAPPING), column.coloured()])
    .overrideByName('Claim', [column.width(140), column.wrapped()])
    .overrideByName('What is claimed', [column.minWidth(190), column.wrapped()])
    .overrideByName('Why', [column.minWidth(210), column.wrapped()])
    .overrideByName('Observed', [column.width(86), column.unit('percentunit'), { id: 'decimals', value: 2 }])
    .overrideByName('Longest blind', [column.width(84), column.unit('s')])
    .overrideByName('Could have hidden', [column.width(90), column.unit('decbytes')])
    .overrideByRegexp('/^(Flows judged|Records lost|Exceptions used|Drills seen)$/', [column.width(98), column.unit('short')])
    .overrideByName('Fleet', [column.width(96), column.wrapped()])
    .overrideByRegexp('/^Period/', [column.width(100), column.unit('dateTimeAsIso'), column.wrapped()]);
}

function reasons() {
  return rows({
    id: 5,
    title: 'Reasons',
    whenNone: 'no reason is recorded',
    description: 'Every reason of every verdict in the time range, with what was observed and what the claim demands.',
    at: [0, 23, 24, 9],
    sql: 'reasons',
  })
    .overrideByName('Claim', [column.width(150), column.wrapped()])
    .overrideByName('Verdict', [column.width(128), column.mappings(VERDICT_MAPPING), column.coloured()])
    .overrideByName('Reason', [column.width(130)])
    .overrideByName('About', [column.width(130), column.wrapped()])
    .overrideByRegexp('/^(Observed|Demanded)$/', [column.width(96), column.unit('short')])
    .overrideByName('Unit', [column.width(80)])
    .overrideByName('In words', [column.minWidth(240), column.wrapped()])
    .overrideByName('Period from', [column.width(100), column.unit('dateTimeAsIso'), column.wrapped()]);
}

function brokenBy() {
  return rows({
    id: 6,
    title: 'What broke them',
    whenNone: 'no finding that broke a claim',
    description: 'Findings of claims inside the time range, worst and latest first. The asset leads to its own screen.',
    at: [0, 32, 24, 8],
    sql: 'broken-by',
  })
    .overrideByName('Severity', [column.width(88), column.mappings(SEVERITY_MAPPING), column.coloured()])
    .overrideByName('Claim', [column.width(150), column.wrapped()])
    .overrideByName('Asset', [column.width(120), column.wrapped(), column.link('Open the device', 'device', 'asset')])
    .overrideByName('Why', [column.minWidth(240), column.wrapped()])
    .overrideByRegexp('/seen$/', [column.width(100), column.unit('dateTimeAsIso'), column.wrapped()]);
}

function exceptions() {
  return rows({
    id: 7,
    title: 'Exceptions, doubts and drills',
    whenNone: 'no exception, doubt or drill',
    description:
      'Traffic that counted neither as held nor as broken: exceptions in use, peers that nobody can decide on, and drills that came through.',
    at: [0, 40, 16, 8],
    sql: 'exceptions',
  })
    .overrideByName('Kind', [column.width(86)])
    .overrideByName('Claim', [column.width(130), column.wrapped()])
    .overrideByName('Exception, doubt or drill', [column.minWidth(130), column.wrapped()])
    .overrideByName('Fleet', [column.width(90), column.wrapped()])
    .overrideByName('Flows', [column.width(70), column.unit('short')])
    .overrideByName('Octets', [column.width(76), column.unit('decbytes')])
    .overrideByRegexp('/seen$/', [column.width(100), column.unit('dateTimeAsIso'), column.wrapped()]);
}

function residual() {
  return rows({
    id: 8,
    title: 'What these sensors cannot see',
    description: 'Residual channels as the authors of the claims wrote them down. No verdict speaks of them.',
    at: [16, 40, 8, 8],
    sql: 'residual',
  })
    .overrideByName('Claim', [column.width(120), column.wrapped()])
    .overrideByName('Fleet', [column.width(80), column.wrapped()])
    .overrideByName('Not seen by these sensors', [column.minWidth(140), column.wrapped()]);
}

function history() {
  return rows({
    id: 9,
    title: 'Final verdicts and amendments',
    description:
      'Verdicts as they were computed once their period was over. A second row of one period is an amendment by data that came late.',
    at: [0, 48, 24, 8],
    sql: 'history',
  })
    .overrideByName('Claim', [column.width(150), column.wrapped()])
    .overrideByName('Verdict', [column.width(128), column.mappings(VERDICT_MAPPING), column.coloured()])
    .overrideByName('Why', [column.minWidth(220), column.wrapped()])
    .overrideByName('Claim file (sha256)', [column.width(150), column.wrapped()])
    .overrideByRegexp('/^(Period|Computed)/', [column.width(106), column.unit('dateTimeAsIso'), column.wrapped()]);
}
