import type { CustomSeriesRenderItem } from 'echarts';
import type { FieldConfig } from '../model.js';
import { baseOption, type ChartOption, createChart, timeAxis } from './chart.js';
import { inkOn } from './contrast.js';
import { h } from './dom.js';
import { fieldConfig, show, type Value } from './field.js';
import { markSeries } from './marks.js';
import type { DrawPanel, PanelData } from './panel-context.js';
import { type Series, toWide, type WideFrame } from './series.js';
import { plainForChart, shorten } from './text.js';
import { themeColour } from './theme.js';
import { formatTime } from './units.js';

interface Stretch {
  readonly row: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly text: string;
  readonly colour: string;
}

const ROW_PX = 34;
const MAX_BAR_PX = 22;
const MAX_TOOLTIP_MARKS = 4;

/** One row a series, one coloured stretch a run of equal values; a stretch ends where the values do. Marks stand across the rows. */
export const drawStateTimeline: DrawPanel = (box, data) => {
  const wide = toWide(data.panel, data.frame);
  if (wide === undefined || wide.series.length === 0) return undefined;
  const config = fieldConfig(data.panel, wide.valueColumn);
  const stretches = wide.series.flatMap((series, row) => runs(series, row, wide.times, data, config));
  const canvas = h('div', { class: 'canvas' });
  canvas.style.minHeight = `${wide.series.length * ROW_PX + 40}px`;
  box.append(h('div', { class: 'timeline-scroll', tabindex: -1 }, canvas));
  const chart = createChart(canvas, label(data, wide, stretches));
  chart.draw(option(data, wide, stretches));
  return () => chart.dispose();
};

/** Joins neighbouring intervals with the same value (options.mergeValues). */
function runs({ values }: Series, row: number, times: readonly number[], { panel, frame }: PanelData, config: FieldConfig): Stretch[] {
  const found: { row: number; fromMs: number; toMs: number; value: Value }[] = [];
  times.forEach((at, index) => {
    const value = values[index] ?? null;
    if (value === null) return;
    const fromMs = Math.max(at, frame.fromMs);
    const toMs = Math.min(at + frame.intervalMs, frame.toMs);
    const last = found.at(-1);
    if (panel.options.mergeValues !== false && last?.value === value && last.toMs >= fromMs) last.toMs = toMs;
    else if (toMs > fromMs) found.push({ row, fromMs, toMs, value });
  });
  return found.map(({ value, ...stretch }) => {
    const { text, colour } = show(value, 'number', config);
    return { ...stretch, text, colour: colour ?? themeColour('muted') };
  });
}

function label({ panel }: PanelData, wide: WideFrame, stretches: readonly Stretch[]): string {
  const last = wide.series
    .slice(0, 20)
    .map(({ name }, row) => `${shorten(name, 40)} ${stretches.findLast((stretch) => stretch.row === row)?.text ?? ''}`);
  return `${panel.title}: timeline of ${wide.series.length} rows; at the end: ${last.join(', ')}`;
}

function option({ frame, marks }: PanelData, wide: WideFrame, stretches: readonly Stretch[]): ChartOption {
  const base = baseOption();
  return {
    ...base,
    grid: { left: 8, right: 12, top: 8, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    xAxis: timeAxis(frame.fromMs, frame.toMs),
    yAxis: {
      type: 'category',
      inverse: true,
      data: wide.series.map(({ name }) => plainForChart(shorten(name, 200))),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: themeColour('text'), fontSize: 11, width: 190, overflow: 'truncate', interval: 0 },
    },
    tooltip: {
      ...base.tooltip,
      trigger: 'item',
      formatter: (params: unknown) => {
        const stretch = stretches[(params as { dataIndex: number }).dataIndex];
        if (stretch === undefined) return '';
        const name = plainForChart(shorten(wide.series[stretch.row]!.name, 80));
        const met = marks.filter(({ atMs }) => atMs >= stretch.fromMs && atMs <= stretch.toMs).slice(0, MAX_TOOLTIP_MARKS);
        const span = `${formatTime(stretch.fromMs)} to ${formatTime(stretch.toMs)} UTC`;
        return [name, stretch.text, span, ...met.map(({ text }) => `▲ ${plainForChart(shorten(text, 110))}`)].join('\n');
      },
    },
    series: [
      {
        type: 'custom',
        renderItem: renderStretch(stretches, wide.series.length),
        encode: { x: [1, 2], y: 0 },
        data: stretches.map(({ row, fromMs, toMs }) => [row, fromMs, toMs]),
      },
      markSeries(marks),
    ],
  };
}

function renderStretch(stretches: readonly Stretch[], rows: number): CustomSeriesRenderItem {
  return (params, api) => {
    const stretch = stretches[params.dataIndex]!;
    const [x = 0, y = 0] = api.coord([stretch.fromMs, stretch.row]);
    const [end = 0] = api.coord([stretch.toMs, stretch.row]);
    const width = Math.max(1, end - x - 1);
    const height = Math.min(MAX_BAR_PX, (params.coordSys as unknown as { height: number }).height / rows - 8);
    const shape = { x, y: y - height / 2, width, height, r: 3 };
    const text = width > stretch.text.length * 7 + 8 ? stretch.text : '';
    return {
      type: 'rect',
      shape,
      style: { fill: stretch.colour },
      textContent: { type: 'text', style: { text, fill: inkOn(stretch.colour), fontSize: 11 } },
      textConfig: { position: 'inside' },
    };
  };
}
