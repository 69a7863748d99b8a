import { formatDuration } from '../../../flow/time.js';
import { countText, shareText } from '../../coverage/words.js';
import type { ExporterFigures, ReportFigures, TelemetryFigures } from '../figures.js';
import { type Strip, strips, volumeChart } from './charts.js';
import { type Html, html, join, NOTHING, name } from './html.js';
import { table } from './table.js';
import { counted, instant } from './words.js';

/** What every verdict rests on: what each sensor sent, what of it arrived, how it sampled, and whether its clock was right. */
export function telemetryPages({ telemetry, period }: ReportFigures): Html {
  const { exporters, exportersLeftOut, sensors, volumes, stepMs } = telemetry;
  const drawn = sensors.slice(0, 40);
  return html`<section class="page" id="telemetry"><h2>Telemetry</h2>
${exporters.length === 0 ? html`<p>No telemetry is stored for this period.</p>` : NOTHING}
${
  drawn.length === 0
    ? NOTHING
    : html`<p>Each row is a sensor, each cell ${stepText(stepMs)}. Green: all that it sent arrived. Amber: some of it was lost. Blank: nothing came.</p>${strips(
        period,
        drawn.map((sensor) => sensorStrip(sensor, telemetry, period.toMs)),
        'What of each sensor arrived over time',
      )}`
}
${table(
  [
    { title: 'Sensor', width: 13 },
    { title: 'Exporter', width: 16 },
    { title: 'First and last message', width: 16 },
    { title: 'Records', as: 'number', width: 9 },
    { title: 'Lost', as: 'number', width: 11 },
    { title: 'Unread', as: 'number', width: 7 },
    { title: 'Sampling', width: 9 },
    { title: 'Clock', width: 9 },
    { title: 'Events' },
  ],
  exporters.map(exporterRow),
)}
${exportersLeftOut === 0 ? NOTHING : html`<p>${counted(exportersLeftOut, 'exporter')} more are left out.</p>`}
<p><small>Records lost are those that the sequence numbers of an exporter miss; of NetFlow v9, which counts messages, they are an estimate. The clock is how much later than its export time a message
arrived, at least; of telemetry read from files it is not known.</small></p>
${join(
  volumes.map(
    ({ fleet, steps, sampled }) => html`<h3>Volume of ${name(fleet)}</h3>
<p><small>Octets from and to its assets, by ${stepText(stepMs)}, from the hourly sums${sampled ? '; sampled counts times the sampling interval' : ''}.</small></p>${volumeChart(period, steps, stepMs, `Octets sent and received by ${fleet} over time`)}`,
  ),
)}</section>`;
}

function stepText(stepMs: number): string {
  return formatDuration(stepMs);
}

function sensorStrip({ sensor, steps }: TelemetryFigures['sensors'][number], { stepMs }: TelemetryFigures, toMs: number): Strip {
  return {
    name: sensor,
    bars: steps
      .filter(({ minutes }) => minutes > 0)
      .map(({ fromMs, received }) => ({ fromMs, toMs: Math.min(toMs, fromMs + stepMs), as: received >= 1 ? 'all' : 'some' })),
  };
}

function exporterRow(one: ExporterFigures): readonly (Html | string)[] {
  const sampling =
    one.samplingMost === 0
      ? 'not told'
      : one.samplingMost === 1
        ? 'none'
        : `1 in ${one.samplingMost}${one.samplingLeast === one.samplingMost ? '' : ` (least 1 in ${one.samplingLeast})`}`;
  const clock = one.clockLeastMs === null ? 'not known' : `${Math.round(one.clockLeastMs)} to ${Math.round(one.clockMostMs!)} ms`;
  const events = [
    one.restarts === 0 ? '' : counted(one.restarts, 'restart'),
    one.templatesChanged === 0 ? '' : `${counted(one.templatesChanged, 'template')} redefined`,
    one.dropped === 0 ? '' : `${counted(one.dropped, 'datagram')} dropped here`,
    one.messagesLost === 0 ? '' : `${counted(one.messagesLost, 'message')} of ${countText(one.messagesSent)} lost`,
  ].filter((event) => event !== '');
  const share = one.recordsSent === 0 ? '' : ` (${shareText(one.recordsLost / one.recordsSent)})`;
  return [
    name(one.sensor),
    html`${one.exporter === '::' ? 'capture or log' : `${one.exporter}/${one.domain}`}<br><small>${name(one.protocol)}</small>`,
    html`${instant(one.firstMs)}<br>${instant(one.lastMs)}`,
    countText(one.recordsReceived),
    `${one.lossEstimated ? 'about ' : ''}${countText(one.recordsLost)}${share}`,
    countText(one.recordsUnread),
    sampling,
    clock,
    events.join('; '),
  ];
}
