import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as table from '@grafana/grafana-foundation-sdk/table';
import { SEVERITY_MAPPING } from './colours.js';
import { decisionColumn } from './decision-actions.js';
import { dashboardFrame } from './frame.js';
import { column, legend, type PanelHead, panel } from './panels.js';
import { stackedBars } from './shared-panels.js';
import { queryVariable } from './variables.js';

const NAME = 'finding';

/** One Finding: why, the numbers that made it, its rows in the telemetry, what else happened to the device, and what people decided. */
export function finding(): dashboard.DashboardBuilder {
  return dashboardFrame(
    NAME,
    'finding',
    'A finding with its numbers, its evidence rows, its neighbours in time, and what was decided of it',
  )
    .withVariable(queryVariable(NAME, 'finding', 'Finding', 'Id of a finding'))
    .withPanel(found())
    .withPanel(numbers())
    .withPanel(volume())
    .withPanel(neighbours())
    .withPanel(evidence())
    .withPanel(decisions());
}

function rows(head: Omit<PanelHead, 'format' | 'unit'>): table.PanelBuilder {
  return panel(new table.PanelBuilder(), NAME, { ...head, unit: 'none', format: 'table' });
}

function found() {
  return rows({
    id: 1,
    title: 'What was found',
    description:
      'The sentence, the rule that decided, and how the finding stands. The buttons decide: acknowledge, close with a word, reopen; every decision is in the trail.',
    at: [0, 0, 24, 6],
    sql: 'found',
  })
    .overrideByName('Severity', [column.width(88), column.mappings(SEVERITY_MAPPING), column.coloured()])
    .overrideByName('State', [column.width(140), column.wrapped()])
    .overrideByName('Asset', [column.width(104), column.wrapped(), column.link('Open the device', 'device', 'asset')])
    .overrideByName('Claim or detection', [column.width(140), column.wrapped()])
    .overrideByName('Why', [column.minWidth(260), column.wrapped()])
    .overrideByName('Rule', [column.minWidth(130), column.wrapped()])
    .overrideByName('Decide', [column.width(216), ...decisionColumn])
    .overrideByName('Finding', [column.width(104), column.link('Only this finding', 'finding', 'finding')]);
}

function numbers() {
  return rows({
    id: 6,
    title: 'Its numbers',
    description: 'What was observed and what was expected over which window, with whom, how far the exchange came, and how sure it is.',
    at: [0, 6, 24, 5],
    sql: 'numbers',
  })
    .overrideByName('Finding', [column.width(104)])
    .overrideByName('Peer', [column.minWidth(130), column.wrapped()])
    .overrideByName('Set', [column.width(84), column.wrapped()])
    .overrideByName('Country, AS', [column.width(92), column.wrapped()])
    .overrideByName('Port', [column.width(84)])
    .overrideByRegexp('/^(Observed|Expected)$/', [column.width(90), column.unit('short')])
    .overrideByName('Connections', [column.width(112), column.unit('short')])
    .overrideByName('Unit', [column.width(76)])
    .overrideByRegexp('/^Window/', [column.width(98), column.unit('dateTimeAsIso'), column.wrapped()])
    .overrideByName('Completion', [column.width(108)])
    .overrideByName('Sure', [column.width(66), column.unit('percent')]);
}

function volume() {
  return stackedBars(
    NAME,
    {
      id: 2,
      title: 'Octets with the peer',
      description:
        'What the device exchanged with the peer of the finding in each interval; with all its peers where the finding names none. Of a finding about a fleet, what all devices of the fleet exchanged.',
      unit: 'decbytes',
      at: [0, 11, 10, 9],
      sql: 'volume',
    },
    'direction',
  ).legend(legend('sum', 'max'));
}

function neighbours() {
  return rows({
    id: 3,
    title: 'What else was found on the device',
    description:
      'Findings of the same device in the time range in order of time, and those about its fleet; of a fleet, those of all its devices. They may be one story. An id leads to that finding.',
    at: [10, 11, 14, 9],
    sql: 'neighbours',
  })
    .overrideByName('First seen', [column.width(98), column.unit('dateTimeAsIso'), column.wrapped()])
    .overrideByName('Severity', [column.width(92), column.mappings(SEVERITY_MAPPING), column.coloured()])
    .overrideByName('Asset', [column.width(104), column.wrapped()])
    .overrideByName('Claim or detection', [column.width(116), column.wrapped()])
    .overrideByName('Why', [column.minWidth(170), column.wrapped()])
    .overrideByName('Finding', [column.width(90), column.link('Open the finding', 'finding', 'finding')]);
}

function evidence() {
  return rows({
    id: 4,
    title: 'Evidence rows',
    description:
      'The first rows that made the finding, with where each stands in the telemetry, and a display filter and Community ID that find the same packets in a capture.',
    at: [0, 20, 24, 9],
    sql: 'evidence',
    // Of what is not there, and of telemetry, no flow record is evidence.
    whenNone: 'no evidence row',
  })
    .overrideByRegexp('/^(Start|End)$/', [column.width(94), column.unit('dateTimeAsIso'), column.wrapped()])
    .overrideByRegexp('/^(Source|Destination)$/', [column.width(138), column.wrapped()])
    .overrideByRegexp('/^Octets/', [column.width(74), column.unit('decbytes')])
    .overrideByName('Sampling 1 in', [column.width(86), column.unit('short')])
    .overrideByName('Sensor', [column.width(96), column.wrapped()])
    .overrideByName('Exporter/domain #sequence.record', [column.width(160), column.wrapped()])
    .overrideByName('Wireshark', [column.minWidth(150), column.wrapped()])
    .overrideByName('Community ID', [column.minWidth(130), column.wrapped()]);
}

function decisions() {
  return rows({
    id: 5,
    title: 'What was decided',
    description:
      'Decisions on findings of the time range, newest first: who, in which word, why, and until when. What does not hold any more is marked.',
    at: [0, 29, 24, 7],
    sql: 'decisions',
    whenNone: 'no decision',
  })
    .overrideByRegexp('/^(When|Until)$/', [column.width(110), column.unit('dateTimeAsIso'), column.wrapped()])
    .overrideByName('Decision', [column.width(110)])
    .overrideByName('By', [column.width(120), column.wrapped()])
    .overrideByName('Why', [column.minWidth(240), column.wrapped()])
    .overrideByName('Standing', [column.width(120)])
    .overrideByName('Finding', [column.width(110), column.link('Open the finding', 'finding', 'finding')]);
}
