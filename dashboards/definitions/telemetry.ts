import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as table from '@grafana/grafana-foundation-sdk/table';
import { AMBER, GREEN, GREY, RED, thresholds, thresholdsProperty } from './colours.js';
import { dashboardFrame } from './frame.js';
import { column, legend, type PanelHead, panel } from './panels.js';
import { blindnessMarks, lines, stackedBars, stats, telemetryAgeOf } from './shared-panels.js';
import { queryVariable } from './variables.js';

const NAME = 'telemetry';

/** Telemetry health, for the engineer: which exporter is silent, loses, cannot be read, samples, or has a wrong clock. */
export function telemetry(): dashboard.DashboardBuilder {
  return dashboardFrame(NAME, 'telemetry', 'Every exporter: what it sent, what arrived, what could not be read, and when it was silent')
    .withVariable(queryVariable(NAME, 'sensor', 'Sensor', 'A source of telemetry'))
    .annotation(blindnessMarks(NAME))
    .withPanel(now())
    .withPanel(exporters())
    .withPanel(silence())
    .withPanel(telemetryAgeOf(NAME, { id: 4, at: [16, 13, 8, 8] }))
    .withPanel(records())
    .withPanel(share())
    .withPanel(lost())
    .withPanel(unread())
    .withPanel(clock())
    .withPanel(lag())
    .withPanel(storageNow())
    .withPanel(storage());
}

function now() {
  return stats(NAME, {
    id: 1,
    title: 'Is anything blind',
    description:
      'Share of what the sensors sent that arrived; what was lost, unread, dropped and refused; and the longest silence at the end of the time range.',
    unit: 'none',
    at: [0, 0, 24, 4],
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

function exporters() {
  return panel(new table.PanelBuilder(), NAME, {
    id: 2,
    title: 'Exporters',
    description:
      'One row an exporter and observation domain, the longest silent first. Lag: from the end of its newest flow to the arrival of the message that told of it. Clock offset: arrival minus export time, positive where its clock is behind.',
    unit: 'none',
    at: [0, 4, 24, 9],
    sql: 'exporters',
    format: 'table',
  })
    .overrideByName('Sensor', [column.minWidth(90), column.wrapped()])
    .overrideByName('Exporter', [column.width(104), column.wrapped()])
    .overrideByName('Domain', [column.width(72), column.unit('none')])
    .overrideByName('Protocol', [column.width(79)])
    .overrideByName('Age', [
      column.width(58),
      column.unit('s'),
      { id: 'thresholds', value: thresholds(GREEN, [300, AMBER], [3600, RED]).build() },
      column.colouredText(),
    ])
    .overrideByName('Lag', [column.width(58), column.unit('s')])
    .overrideByName('Lost share', [
      column.width(66),
      column.unit('percentunit'),
      { id: 'decimals', value: 2 },
      thresholdsProperty(GREEN, [0.0001, AMBER], [0.01, RED]),
      column.colouredText(),
    ])
    .overrideByName('Clock offset', [column.width(64), column.unit('ms')])
    .overrideByName('Lost', [column.width(54), column.unit('short')])
    .overrideByName('Unread', [column.width(73), column.unit('short')])
    .overrideByRegexp('/^(Records|Restarts|Dropped)$/', [column.width(79), column.unit('short')])
    .overrideByRegexp('/^Templates/', [column.width(95), column.unit('short')])
    .overrideByName('Sampling 1 in', [column.width(90), column.unit('short')]);
}

type Head = Omit<PanelHead, 'format'>;

function silence() {
  const head: Head = {
    id: 3,
    title: 'Silence',
    description:
      'Share of each interval in which a sensor said nothing. What happened then was not seen by it; claims that rest on it are not proven.',
    unit: 'percentunit',
    at: [0, 13, 16, 8],
    sql: 'silence',
  };
  return lines(NAME, head, 'sensor').min(0).max(1).legend(legend('mean', 'max'));
}

function records() {
  const head: Head = {
    id: 5,
    title: 'Records received per sensor',
    description: 'Flow records that arrived in each interval. A sensor that stops or doubles shows here before anything else does.',
    unit: 'short',
    at: [0, 21, 12, 8],
    sql: 'records',
  };
  return stackedBars(NAME, head, 'sensor').legend(legend('sum', 'max'));
}

function share() {
  const head: Head = {
    id: 6,
    title: 'Share received per sensor',
    description:
      'Of what each sensor sent, how much arrived, by its sequence numbers; for captures, packets that the interface or the kernel did not drop.',
    unit: 'percentunit',
    at: [12, 21, 12, 8],
    sql: 'coverage-share',
  };
  return lines(NAME, head, 'sensor').axisSoftMin(0.9).max(1).legend(legend('min'));
}

function lost() {
  return stackedBars(
    NAME,
    {
      id: 7,
      title: 'Records lost per sensor',
      description:
        'Data records that the sensors sent and that did not arrive, per interval. NetFlow v9 counts packets, so its records are an estimate.',
      unit: 'short',
      at: [0, 29, 8, 8],
      sql: 'records-lost',
    },
    'sensor',
  ).noValue('no loss is recorded');
}

function unread() {
  return stackedBars(
    NAME,
    {
      id: 8,
      title: 'Arrived and not read, by why',
      description:
        'Records and messages that arrived and gave no row: template missing, malformed, refused sender, duplicate, or dropped before they were read.',
      unit: 'short',
      at: [8, 29, 8, 8],
      sql: 'unread',
    },
    'reason',
  ).noValue('nothing unread is recorded');
}

function clock() {
  return lines(
    NAME,
    {
      id: 9,
      title: 'Clock offset per sensor',
      description:
        'Arrival minus export time, the smallest of each interval. Beyond thirty seconds times of findings and windows are in doubt.',
      unit: 'ms',
      at: [16, 29, 8, 8],
      sql: 'clock',
    },
    'sensor',
  )
    .legend(legend('min', 'max'))
    .noValue('no clock is known');
}

function lag() {
  return lines(
    NAME,
    {
      id: 12,
      title: 'Lag per sensor',
      description:
        'From the end of the newest flow to the message that told of it, of the slowest exporter of the sensor in each interval: what was held back by timeouts and caches. What happened meanwhile is not seen yet.',
      unit: 's',
      at: [0, 37, 24, 7],
      sql: 'lag',
    },
    'sensor',
  )
    .interval('5m')
    .legend(legend('min', 'max'))
    .noValue('no export time is known');
}

function storageNow() {
  return stats(NAME, {
    id: 10,
    title: 'Disk',
    description:
      'What the store takes on its disk, what is free, and in how many days it is full at the pace since each table began. A table that has reached the days it is kept does not grow.',
    unit: 'none',
    at: [0, 44, 24, 4],
    sql: 'storage-now',
  })
    .thresholds(thresholds(GREY))
    .overrideByRegexp('/^(Store|Free|Growth a day)$/', [column.unit('decbytes')])
    .overrideByName('Share free', [column.unit('percentunit'), thresholdsProperty(RED, [0.1, AMBER], [0.2, GREEN])])
    .overrideByName('Days until full', [column.unit('short'), thresholdsProperty(RED, [14, AMBER], [60, GREEN])]);
}

function storage() {
  return panel(new table.PanelBuilder(), NAME, {
    id: 11,
    title: 'Retention and disk per table',
    description:
      'Rows and bytes on disk, the oldest and newest row, how many days the configuration keeps, and what a day takes. Empty "Kept days" is kept for ever.',
    unit: 'none',
    at: [0, 48, 24, 10],
    sql: 'storage',
    format: 'table',
  })
    .overrideByName('Table', [column.minWidth(150)])
    .overrideByName('Rows', [column.width(110), column.unit('short')])
    .overrideByRegexp('/^(On disk|Octets a row|Octets a day)$/', [column.width(120), column.unit('decbytes')])
    .overrideByRegexp('/^(Oldest|Newest)$/', [column.width(110), column.unit('dateTimeAsIso'), column.wrapped()])
    .overrideByName('Kept days', [column.width(100), column.unit('short')]);
}
