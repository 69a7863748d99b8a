import type { FieldConfig, Frame } from '../model.js';
import { baseOption, type ChartOption, createChart, timeAxis } from './chart.js';
import { h } from './dom.js';
import { fieldConfig, show, type Value } from './field.js';
import { createLegend } from './legend.js';
import type { DrawPanel, Mark, PanelData } from './panel-context.js';
import { toWide, type WideFrame } from './series.js';
import { plainForChart, shorten } from './text.js';
import { seriesColour, themeColour } from './theme.js';
import { formatTime } from './units.js';

const MAX_TOOLTIP_LINES = 12;

/** Lines or stacked bars over time, findings as marks on the axis, a legend with numbers beside it. */
export const drawTimeseries: DrawPanel = (box, data) => {
  const wide = toWide(data.panel, data.frame);
  if (wide === undefined || wide.series.length === 0) return undefined;
  const config = fieldConfig(data.panel, wide.valueColumn);
  const canvas = h('div', { class: 'canvas' });
  const legend = data.panel.options.legend;
  const chart = createChart(canvas, chartLabel(data, wide));
  const draw = (hidden: ReadonlySet<string>): void => chart.draw(option(data, wide, config, hidden));
  const parts = legend?.showLegend === false ? [] : [createLegend(wide.series, seriesColour, legend?.calcs ?? [], config, draw)];
  box.append(h('div', { class: 'chart' }, canvas, ...parts));
  draw(new Set());
  return () => chart.dispose();
};

function chartLabel({ panel, frame }: PanelData, wide: WideFrame): string {
  const names = wide.series.slice(0, 5).map(({ name }) => shorten(name, 40));
  return `${panel.title}: chart of ${wide.series.length} series from ${formatTime(frame.fromMs)} to ${formatTime(frame.toMs)} UTC: ${names.join(', ')}`;
}

function option(data: PanelData, wide: WideFrame, config: FieldConfig, hidden: ReadonlySet<string>): ChartOption {
  const { frame, marks } = data;
  const base = baseOption();
  const number = (value: number): string => show(value, 'number', config).text;
  return {
    ...base,
    grid: { left: 8, right: 12, top: 12, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    xAxis: timeAxis(frame.fromMs, frame.toMs),
    yAxis: {
      type: 'value',
      ...limits(config, wide),
      axisLabel: { color: themeColour('muted'), fontSize: 11, formatter: number },
      splitLine: { lineStyle: { color: themeColour('grid') } },
    },
    tooltip: {
      ...base.tooltip,
      trigger: 'axis',
      axisPointer: { type: 'line', lineStyle: { color: themeColour('muted') } },
      formatter: tooltip(wide, marks, frame.intervalMs, hidden, number),
    },
    series: [...seriesOptions(wide, config, hidden, frame), markSeries(marks)],
  };
}

function limits(config: FieldConfig, wide: WideFrame): { min?: number; max?: number } {
  const soft = config.custom?.axisSoftMin;
  const lowest = Math.min(...wide.series.flatMap(({ values }) => values.filter((value): value is number => typeof value === 'number')));
  const min = config.min ?? (soft === undefined ? undefined : Math.min(soft, lowest));
  return { ...(min === undefined ? {} : { min }), ...(config.max === undefined ? {} : { max: config.max }) };
}

type SeriesOption = Exclude<NonNullable<ChartOption['series']>, readonly unknown[]>;

function seriesOptions(wide: WideFrame, config: FieldConfig, hidden: ReadonlySet<string>, frame: Frame): SeriesOption[] {
  const custom = config.custom ?? {};
  const bars = custom.drawStyle === 'bars';
  const stacked = custom.stacking?.mode === 'normal';
  const first = wide.series.find(({ name }) => !hidden.has(name))?.name;
  return wide.series.flatMap(({ name, values }, index): SeriesOption[] => {
    if (hidden.has(name)) return [];
    const data = bars
      ? barData(wide.times, values, name === first ? frame : undefined, frame.intervalMs)
      : wide.times.map((at, position) => [at, values[position] ?? null]);
    const shared = { name, data, color: seriesColour(index), ...(stacked ? { stack: 'all' } : {}) };
    if (bars)
      return [
        {
          ...shared,
          type: 'bar',
          barMaxWidth: 40,
          barMinWidth: 1.5,
          barCategoryGap: '12%',
          itemStyle: { opacity: (custom.fillOpacity ?? 80) / 100 },
        },
      ];
    const showSymbol = custom.showPoints === 'always' || wide.times.length <= 40;
    return [
      {
        ...shared,
        type: 'line',
        showSymbol,
        symbolSize: 5,
        connectNulls: custom.spanNulls === true,
        lineStyle: { width: custom.lineWidth ?? 1 },
      },
    ];
  });
}

/**
 * Bars stand in the middle of their interval, and an interval without rows is nothing. With `frame` every interval of the range is given,
 * so that the chart takes a bar to be one interval wide and not as wide as the gap to the next.
 */
function barData(times: readonly number[], values: readonly Value[], frame: Frame | undefined, intervalMs: number): [number, Value][] {
  const byTime = new Map<number, Value>(times.map((at, position) => [at, values[position] ?? 0]));
  if (frame !== undefined) {
    for (let at = Math.ceil(frame.fromMs / intervalMs) * intervalMs; at < frame.toMs; at += intervalMs)
      if (!byTime.has(at)) byTime.set(at, 0);
  }
  return [...byTime].sort(([a], [b]) => a - b).map(([at, value]) => [at + intervalMs / 2, value]);
}

/** Findings as dashed vertical lines; a series of its own, so that hiding others does not hide them. */
function markSeries(marks: readonly Mark[]): SeriesOption {
  return {
    type: 'line',
    name: '',
    data: [],
    silent: true,
    markLine: {
      silent: true,
      symbol: ['none', 'triangle'],
      symbolSize: 7,
      label: { show: false },
      data: marks.map(({ atMs, colour }) => ({
        xAxis: atMs,
        lineStyle: { color: colour, type: 'dashed', width: 1, opacity: 0.7 },
        itemStyle: { color: colour },
      })),
    },
  };
}

/** What the pointer stands on, as plain lines: time, the largest series, and the findings of that interval. */
function tooltip(
  wide: WideFrame,
  marks: readonly Mark[],
  intervalMs: number,
  hidden: ReadonlySet<string>,
  number: (value: number) => string,
): (params: unknown) => string {
  return (params) => {
    const at = axisTime(params);
    if (at === undefined) return '';
    const position = nearest(wide.times, at, intervalMs);
    const lines = wide.series
      .map(({ name, values }) => ({ name, value: position < 0 ? null : (values[position] ?? null) }))
      .filter(
        (entry): entry is { name: string; value: number } =>
          typeof entry.value === 'number' && entry.value !== 0 && !hidden.has(entry.name),
      )
      .sort((a, b) => b.value - a.value)
      .map(({ name, value }) => `${plainForChart(shorten(name, 60))}: ${number(value)}`);
    const found = marks
      .filter(({ atMs }) => atMs >= at - intervalMs && atMs <= at + intervalMs)
      .map(({ text }) => `▲ ${plainForChart(shorten(text, 110))}`);
    const rest = lines.length > MAX_TOOLTIP_LINES ? [`… ${lines.length - MAX_TOOLTIP_LINES} more`] : [];
    return [`${formatTime(wide.times[position] ?? at)} UTC`, ...lines.slice(0, MAX_TOOLTIP_LINES), ...rest, ...found.slice(0, 4)].join(
      '\n',
    );
  };
}

function axisTime(params: unknown): number | undefined {
  const first: unknown = Array.isArray(params) ? params[0] : params;
  const value = (first as { axisValue?: unknown } | undefined)?.axisValue;
  return typeof value === 'number' ? value : undefined;
}

function nearest(times: readonly number[], at: number, withinMs: number): number {
  let best = -1;
  times.forEach((time, index) => {
    const distance = Math.abs(time + withinMs / 2 - at);
    if (distance <= withinMs && (best < 0 || distance < Math.abs(times[best]! + withinMs / 2 - at))) best = index;
  });
  return best;
}
