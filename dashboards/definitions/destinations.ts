import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import * as common from '@grafana/grafana-foundation-sdk/common';
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as table from '@grafana/grafana-foundation-sdk/table';
import { BLUE, thresholds } from './colours.js';
import { dashboardFrame } from './frame.js';
import { column, legend, type PanelHead, panel, reduce } from './panels.js';
import { lines } from './shared-panels.js';
import { queryVariable } from './variables.js';
import { PEERS_OF_COUNTRY, worldMap } from './world-map-panel.js';

const NAME = 'destinations';

/** The Destinations, to explore: who was met for the first time, where they are, who is rare, who gets most, by which ports. */
export function destinations(): dashboard.DashboardBuilder {
  return dashboardFrame(
    NAME,
    'destinations',
    'Peers of the equipment: first seen, where in the world, rarest, largest, and the ports they were met on',
  )
    .withVariable(queryVariable('overview', 'fleet', 'Fleet', 'Group of vendor-managed equipment'))
    .withVariable(queryVariable('overview', 'asset', 'Asset', 'One piece of equipment'))
    .withVariable(queryVariable(NAME, 'country', 'Country', 'Where the peers are, by the location data of the configuration'))
    .withPanel(firstSeen())
    .withPanel(worldMap(NAME, [0, 9, 15, 11]))
    .withPanel(countries())
    .withPanel(rarest())
    .withPanel(byCountry())
    .withPanel(largest())
    .withPanel(ports())
    .withPanel(peersOverTime());
}

function rows(head: Omit<PanelHead, 'format' | 'unit'> & { readonly unit?: string }): table.PanelBuilder {
  return panel(new table.PanelBuilder(), NAME, { unit: 'none', ...head, format: 'table' });
}

function firstSeen() {
  return rows({
    id: 1,
    title: 'First seen',
    description:
      'Peers that a device met for the first time of all inside the time range, as far back as the hour rollup reaches, newest first.',
    at: [0, 0, 24, 9],
    sql: 'first-seen',
  })
    .overrideByName('First met', [column.width(100), column.unit('dateTimeAsIso'), column.wrapped()])
    .overrideByName('Asset', [column.width(108), column.wrapped(), column.link('Open the device', 'device', 'asset')])
    .overrideByName('Peer', [column.minWidth(140), column.wrapped()])
    .overrideByName('Country', [column.width(84)])
    .overrideByName('AS', [column.minWidth(120), column.wrapped()])
    .overrideByName('Ports', [column.minWidth(90), column.wrapped()])
    .overrideByRegexp('/^Octets/', [column.width(88), column.unit('decbytes')])
    .overrideByName('Records', [column.width(84), column.unit('short')]);
}

/** The table beside the map tells the same numbers, and what has no place on it. */
function countries() {
  return rows({
    id: 8,
    title: 'Countries',
    description:
      'Peers, devices and octets by country. “local” are private and other special addresses, “unknown” what the location data does not tell: all peers of the internet where none is configured (lookup in cordon.yaml).',
    at: [15, 9, 9, 11],
    sql: 'countries',
  })
    .overrideByName('Country', [column.minWidth(84), PEERS_OF_COUNTRY])
    .overrideByRegexp('/^(Peers|Assets)$/', [column.width(74), column.unit('short')])
    .overrideByRegexp('/^Octets/', [column.width(96), column.unit('decbytes')]);
}

function rarest() {
  return rows({
    id: 2,
    title: 'Rarest',
    description: 'Peers met in the fewest hours of the time range: the long tail, where what happens once is seldom work.',
    at: [0, 20, 13, 10],
    sql: 'rarest',
  })
    .overrideByName('Peer', [column.width(112), column.wrapped()])
    .overrideByName('Country', [column.width(77)])
    .overrideByName('AS', [column.minWidth(76), column.wrapped()])
    .overrideByName('Assets', [column.minWidth(88), column.wrapped()])
    .overrideByName('Hours', [column.width(61), column.unit('short')])
    .overrideByName('Records', [column.width(79), column.unit('short')])
    .overrideByName('Octets out', [column.width(76), column.unit('decbytes')])
    .overrideByName('Last met', [column.width(92), column.unit('dateTimeAsIso'), column.wrapped()]);
}

/** The transformation makes a column of each country; Grafana names the first `Asset\\Country`. */
function byCountry() {
  return rows({
    id: 6,
    title: 'Devices and countries',
    description:
      'Octets that each device sent to each country in the time range, by the location data of the configuration (lookup). “local” are private and other special addresses, “unknown” what the data does not tell.',
    at: [13, 20, 11, 10],
    sql: 'by-country',
    whole: true,
    unit: 'decbytes',
  })
    .minWidth(84)
    .withTransformation({
      id: 'groupingToMatrix',
      options: { rowField: 'Asset', columnField: 'Country', valueField: 'Octets out', emptyValue: 'null' },
    })
    .overrideByRegexp('/^Asset/', [column.width(124), column.wrapped(), column.link('Open the device', 'device', 'asset')]);
}

function largest() {
  return panel(new bargauge.PanelBuilder(), NAME, {
    id: 3,
    title: 'Largest',
    description:
      'Peers that received most from the equipment in the time range. As counted by the exporters; sampling is not multiplied in.',
    unit: 'decbytes',
    at: [0, 30, 7, 9],
    sql: 'largest',
    format: 'table',
  })
    .reduceOptions(reduce('/^Octets out$/', true))
    .orientation(common.VizOrientation.Horizontal)
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .valueMode(common.BarGaugeValueMode.Text)
    .min(0)
    .thresholds(thresholds(BLUE));
}

function ports() {
  return rows({
    id: 4,
    title: 'Ports',
    description:
      "Responders' ports by octets sent, with how many devices and peers used them. Of a conversation that two sensors saw the larger count stands. A port of one device alone is worth a look.",
    at: [7, 30, 9, 9],
    sql: 'ports',
  })
    .overrideByName('Port', [column.minWidth(78)])
    .overrideByRegexp('/^(Assets|Peers)$/', [column.width(68), column.unit('short')])
    .overrideByName('Records', [column.width(80), column.unit('short')])
    .overrideByRegexp('/^Octets/', [column.width(76), column.unit('decbytes')]);
}

function peersOverTime() {
  return lines(
    NAME,
    {
      id: 5,
      title: 'Different peers per device',
      description:
        'How many different peers each device talked with in each interval, by the hour rollup. One that begins to look around shows here.',
      unit: 'short',
      at: [16, 30, 8, 9],
      sql: 'peers-over-time',
    },
    'asset',
  )
    .interval('1h')
    .min(0)
    .legend(legend('max'));
}
