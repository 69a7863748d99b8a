import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as table from '@grafana/grafana-foundation-sdk/table';
import { BLUE, GREEN, GREY, RED, SEVERITY_MAPPING, thresholds, thresholdsProperty } from './colours.js';
import { dashboardFrame } from './frame.js';
import { column, legend, panel } from './panels.js';
import { blindnessMarks, lines, marks, stackedBars, stats, windowMarks } from './shared-panels.js';
import { oneOfQuery } from './variables.js';

const NAME = 'device';

/** One device: what was found about it, whom it talks to, how much, and in which rhythm. */
export function device(): dashboard.DashboardBuilder {
  return dashboardFrame(
    NAME,
    'device',
    'One piece of equipment: its findings, its peers with the claims they broke, its volume beside last week, and its rhythm',
  )
    .withVariable(oneOfQuery('overview', 'asset', 'Asset', 'One piece of equipment'))
    .annotation(marks(NAME, 'Findings', RED, 'annotations'))
    .annotation(blindnessMarks(NAME))
    .annotation(windowMarks(NAME))
    .withPanel(now())
    .withPanel(volume())
    .withPanel(talk())
    .withPanel(findings())
    .withPanel(peers())
    .withPanel(activity())
    .withPanel(hours())
    .withPanel(windows());
}

function now() {
  return stats(NAME, {
    id: 1,
    title: 'The device now',
    description: 'Findings, peers and octets inside the time range. Attempts are flow records of exchanges that nobody answered.',
    unit: 'none',
    at: [0, 0, 24, 4],
    sql: 'device-now',
  })
    .thresholds(thresholds(GREY))
    .overrideByName('Findings', [thresholdsProperty(GREEN, [1, RED])])
    .overrideByRegexp('/^(Peers|Attempts unanswered)$/', [column.unit('short')])
    .overrideByRegexp('/^Octets/', [column.unit('decbytes'), thresholdsProperty(BLUE)]);
}

function volume() {
  return lines(
    NAME,
    {
      id: 2,
      title: 'Octets out, beside a week before',
      description: 'Octets that left the device in each interval, and in the same interval seven days earlier. As counted by the exporter.',
      unit: 'decbytes',
      at: [0, 4, 14, 9],
      sql: 'volume',
    },
    'series',
  )
    .min(0)
    .legend(legend('sum', 'max'));
}

function talk() {
  return stackedBars(
    NAME,
    {
      id: 3,
      title: 'Rhythm: records per peer',
      description:
        'Flow records in each interval with each of the ten peers that the device talked with most often. A heartbeat is an even row.',
      unit: 'short',
      at: [14, 4, 10, 9],
      sql: 'talk',
    },
    'peer',
  );
}

function findings() {
  return panel(new table.PanelBuilder(), NAME, {
    id: 4,
    title: 'Findings of the device',
    whenNone: 'no finding about this device',
    description:
      'What broke a claim or departed from what was learned, worst and latest first, with what was observed and what was expected.',
    unit: 'none',
    at: [0, 13, 24, 9],
    sql: 'findings',
    format: 'table',
  })
    .overrideByName('Severity', [column.width(88), column.mappings(SEVERITY_MAPPING), column.coloured()])
    .overrideByName('Asset', [column.width(110), column.wrapped()])
    .overrideByName('Claim or detection', [column.width(170), column.wrapped()])
    .overrideByName('Why', [column.minWidth(240), column.wrapped()])
    .overrideByRegexp('/^(Observed|Expected)$/', [column.width(96), column.unit('short')])
    .overrideByName('Unit', [column.width(76)])
    .overrideByRegexp('/seen$/', [column.width(100), column.unit('dateTimeAsIso'), column.wrapped()]);
}

function peers() {
  return panel(new table.PanelBuilder(), NAME, {
    id: 5,
    title: 'Peers, and what was found about them',
    description:
      'Every peer and port inside the time range, by octets sent. "First met" looks back as far as the hour rollup reaches; empty "Found by" is quiet.',
    unit: 'none',
    at: [0, 22, 24, 11],
    sql: 'peers',
    format: 'table',
  })
    .overrideByName('Asset', [column.width(110), column.wrapped()])
    .overrideByName('Peer', [column.minWidth(160), column.wrapped()])
    .overrideByName('Port', [column.width(92)])
    .overrideByName('Found by', [column.minWidth(150), column.wrapped()])
    .overrideByRegexp('/^Octets/', [column.width(96), column.unit('decbytes')])
    .overrideByRegexp('/^(Records|Attempts)$/', [column.width(96), column.unit('short')])
    .overrideByRegexp('/met$/', [column.width(106), column.unit('dateTimeAsIso'), column.wrapped()]);
}

function activity() {
  return lines(
    NAME,
    {
      id: 6,
      title: 'Minutes with traffic',
      description:
        'Share of the minutes of each interval in which the device sent something, as each sensor saw it, by the hour. Silence of the device and of its sensor look alike here: the amber marks say when the sensor was silent.',
      unit: 'percentunit',
      at: [0, 33, 12, 9],
      sql: 'activity',
    },
    'sensor',
  )
    .interval('1h')
    .min(0)
    .max(1)
    .legend(legend('mean', 'min'));
}

function hours() {
  return panel(new table.PanelBuilder(), NAME, {
    id: 7,
    title: 'Octets out by hour and weekday',
    description:
      'What left the device in each hour of the week (UTC), summed over the time range. Maintenance windows and backups stand out, and so does work at an hour that nobody ordered.',
    unit: 'decbytes',
    at: [12, 33, 12, 9],
    sql: 'hours',
    whole: true,
    format: 'table',
  })
    .thresholds(thresholds(GREY, [1, BLUE]))
    .overrideByName('Hour (UTC)', [column.width(84)])
    .overrideByRegexp('/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)$/', [column.minWidth(64), column.colouredText()]);
}

function windows() {
  return stackedBars(
    NAME,
    {
      id: 8,
      title: 'Sessions inside and outside windows',
      description:
        'Flow records with the peers and ports for which claims about the fleet name a time (a window of maintenance, a ticket) or an exception, as the judged periods had them. The blue marks say when. To the minute, without overruns: what broke a claim is told by the findings.',
      unit: 'short',
      at: [0, 42, 24, 8],
      sql: 'inside-windows',
    },
    'state',
  ).interval('1h');
}
