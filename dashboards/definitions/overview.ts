import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import * as common from '@grafana/grafana-foundation-sdk/common';
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import type * as stat from '@grafana/grafana-foundation-sdk/stat';
import type * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as table from '@grafana/grafana-foundation-sdk/table';
import type * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import {
  AMBER,
  BLUE,
  GREEN,
  GREY,
  ORANGE,
  RED,
  SEVERITY_COLOURS,
  SEVERITY_MAPPING,
  thresholds,
  thresholdsProperty,
  VERDICT_MAPPING,
} from './colours.js';
import { dashboardFrame } from './frame.js';
import { column, legend, panel, reduce } from './panels.js';
import { blindnessMarks, lines, marks, stackedBars, stats, telemetryAgeOf, verdictTimelineOf } from './shared-panels.js';
import { queryVariable, severityVariable } from './variables.js';

const NAME = 'overview';

/** The Overview: is a claim broken, what did it, and is anything blind. */
export function overview(): dashboard.DashboardBuilder {
  return dashboardFrame(
    NAME,
    'overview',
    'Claims about vendor-managed equipment: which hold, which broke and by what, and how much of the telemetry arrived',
  )
    .withVariable(queryVariable(NAME, 'fleet', 'Fleet', 'Group of vendor-managed equipment'))
    .withVariable(queryVariable(NAME, 'asset', 'Asset', 'One piece of equipment'))
    .withVariable(severityVariable())
    .annotation(marks(NAME, 'Findings', RED, 'findings-annotations'))
    .annotation(blindnessMarks(NAME))
    .withPanel(claimsByVerdict())
    .withPanel(findingsBySeverity())
    .withPanel(telemetryNow())
    .withPanel(verdictsNow())
    .withPanel(verdictTimeline())
    .withPanel(findings())
    .withPanel(octetsOut())
    .withPanel(outsidePeers())
    .withPanel(peersOutsideClaims())
    .withPanel(coverageShare())
    .withPanel(recordsLost())
    .withPanel(telemetryAgeOf(NAME, { id: 12, at: [17, 42, 7, 9] }));
}

function claimsByVerdict(): stat.PanelBuilder {
  return stats(NAME, {
    id: 1,
    title: 'Claims by verdict',
    description:
      'Latest verdict of every claim in the time range. NOT PROVEN means that too little telemetry arrived to say that the claim held.',
    unit: 'none',
    at: [0, 0, 7, 4],
    sql: 'claims-by-verdict',
  })
    .thresholds(thresholds(GREY))
    .overrideByName('Violated', [thresholdsProperty(GREY, [1, RED])])
    .overrideByName('Not proven', [thresholdsProperty(GREY, [1, AMBER])])
    .overrideByName('Verified', [thresholdsProperty(GREY, [1, GREEN])]);
}

function findingsBySeverity(): stat.PanelBuilder {
  const builder = stats(NAME, {
    id: 2,
    title: 'Open findings by severity',
    description:
      'Findings with records inside the time range that nobody has closed: broken claims and departures from what was learned. A tile leads to them in the queue.',
    unit: 'none',
    at: [7, 0, 9, 4],
    sql: 'findings-by-severity',
  }).thresholds(thresholds(GREY));
  for (const [severity, colour] of Object.entries(SEVERITY_COLOURS)) {
    builder.overrideByName(severity[0]!.toUpperCase() + severity.slice(1), [
      thresholdsProperty(GREY, [1, colour]),
      column.linkTo('Open them in the queue', 'triage', { severity: [severity], state: ['open', 'acknowledged'] }),
    ]);
  }
  return builder;
}

function telemetryNow(): stat.PanelBuilder {
  return stats(NAME, {
    id: 3,
    title: 'Telemetry',
    description:
      'Share of what the sensors sent that arrived, records lost by sequence numbers, and how long the quietest sensor had been silent at the end of the time range.',
    unit: 'none',
    at: [16, 0, 8, 4],
    sql: 'telemetry-now',
  })
    .thresholds(thresholds(GREEN, [1, AMBER]))
    .overrideByName('Received', [
      column.unit('percentunit'),
      { id: 'decimals', value: 2 },
      thresholdsProperty(RED, [0.95, AMBER], [0.999, GREEN]),
    ])
    .overrideByName('Longest silence', [column.unit('s'), thresholdsProperty(GREEN, [300, AMBER], [3600, RED])]);
}

function verdictsNow(): table.PanelBuilder {
  return panel(new table.PanelBuilder(), NAME, {
    id: 4,
    title: 'Verdict per claim now',
    whenNone: 'no verdict (claims come with --claims)',
    description: 'The latest period of every claim: what is claimed, what the telemetry says about it, and why.',
    unit: 'none',
    at: [0, 4, 15, 10],
    sql: 'verdicts-now',
    format: 'table',
  })
    .overrideByName('Verdict', [column.width(124), column.mappings(VERDICT_MAPPING), column.coloured()])
    .overrideByName('Claim', [column.width(150), column.wrapped(), column.link('Open the claim', 'claims', 'claim')])
    .overrideByName('What is claimed', [column.minWidth(200), column.wrapped()])
    .overrideByName('Why', [column.minWidth(220), column.wrapped()])
    .overrideByName('Fleet', [column.width(110)])
    .overrideByName('Severity', [column.width(84), column.mappings(SEVERITY_MAPPING)])
    .overrideByRegexp('/^Period/', [column.width(106), column.unit('dateTimeAsIso'), column.wrapped()]);
}

function verdictTimeline(): statetimeline.PanelBuilder {
  return verdictTimelineOf(NAME, {
    id: 5,
    title: 'Verdict per claim over time',
    description: 'The worst verdict of each claim in each interval. A blank stretch has no verdict yet.',
    unit: 'none',
    at: [15, 4, 9, 10],
    sql: 'verdict-timeline',
  });
}

function findings(): table.PanelBuilder {
  return panel(new table.PanelBuilder(), NAME, {
    id: 6,
    title: 'Findings',
    whenNone: 'no finding',
    description:
      'What broke a claim or departed from what was learned, worst and latest first. Octets are as counted by the exporter; sampling is not multiplied in.',
    unit: 'none',
    at: [0, 14, 24, 11],
    sql: 'findings',
    format: 'table',
  })
    .overrideByName('Severity', [column.width(88), column.mappings(SEVERITY_MAPPING), column.coloured()])
    .overrideByName('Asset', [column.width(98), column.wrapped(), column.link('Open the device', 'device', 'asset')])
    .overrideByName('Claim or detection', [column.width(164), column.wrapped()])
    .overrideByName('Why', [column.minWidth(200), column.wrapped()])
    .overrideByName('Peer', [column.width(130), column.wrapped()])
    .overrideByName('Port', [column.width(78)])
    .overrideByName('Completion', [column.width(100)])
    .overrideByRegexp('/^Octets/', [column.width(96), column.unit('decbytes')])
    .overrideByRegexp('/seen$/', [column.width(92), column.unit('dateTimeAsIso'), column.wrapped()]);
}

function octetsOut(): timeseries.PanelBuilder {
  return stackedBars(
    NAME,
    {
      id: 7,
      title: 'Octets sent per asset',
      description:
        'Octets that left each asset in each interval, the twenty largest assets. As counted by the exporter; where several sensors saw a conversation, the largest count.',
      unit: 'decbytes',
      at: [0, 25, 14, 9],
      sql: 'octets-out',
    },
    'asset',
  ).legend(legend('sum', 'max'));
}

function outsidePeers(): bargauge.PanelBuilder {
  return panel(new bargauge.PanelBuilder(), NAME, {
    id: 8,
    title: 'Outside peers that received most',
    description: 'Addresses in no internal range, by octets received from the assets in the time range, and the assets that sent them.',
    unit: 'decbytes',
    at: [14, 25, 10, 9],
    sql: 'outside-peers',
    format: 'table',
  })
    .reduceOptions(reduce('/^Octets out$/', true))
    .orientation(common.VizOrientation.Horizontal)
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .valueMode(common.BarGaugeValueMode.Text)
    .min(0)
    .thresholds(thresholds(BLUE, [1_000_000, ORANGE]))
    .noValue('no outside peer');
}

function peersOutsideClaims(): table.PanelBuilder {
  return panel(new table.PanelBuilder(), NAME, {
    id: 9,
    title: 'Peers that no claim allows',
    whenNone: 'no peer that a claim forbids',
    description: 'Peers of each asset that broke a claim, with all that was counted for them in the time range, by the claims they broke.',
    unit: 'none',
    at: [0, 34, 24, 8],
    sql: 'peers-outside-claims',
    format: 'table',
  })
    .overrideByName('Port', [column.width(100)])
    .overrideByName('Completion', [column.width(110)])
    .overrideByRegexp('/^Octets/', [column.width(110), column.unit('decbytes')])
    .overrideByRegexp('/^(Records|Attempts)$/', [column.width(96), column.unit('short')]);
}

function coverageShare(): timeseries.PanelBuilder {
  return lines(
    NAME,
    {
      id: 10,
      title: 'Share received per sensor',
      description:
        'Of what each sensor sent, how much arrived, by its sequence numbers; for captures, packets that the interface or the kernel did not drop.',
      unit: 'percentunit',
      at: [0, 42, 9, 9],
      sql: 'coverage-share',
    },
    'sensor',
  )
    .axisSoftMin(0.9)
    .max(1)
    .legend(legend('min'));
}

function recordsLost(): timeseries.PanelBuilder {
  return stackedBars(
    NAME,
    {
      id: 11,
      title: 'Records lost per sensor',
      description:
        'Data records that the sensors sent and that did not arrive, per interval. NetFlow v9 counts packets, so its records are an estimate.',
      unit: 'short',
      at: [9, 42, 8, 9],
      sql: 'records-lost',
    },
    'sensor',
  );
}
