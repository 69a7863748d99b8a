import type { FieldConfig, Frame } from '../model.js';
import { baseOption, type ChartOption, createChart, timeAxis } from './chart.js';
import { h } from './dom.js';
import { fieldConfig, show } from './field.js';
import { createLegend } from './legend.js';
import { markSeries } from './marks.js';
import type { DrawPanel, Mark, PanelData } from './panel-context.js';
import { toWide, type WideFrame } from './series.js';
import { plainForChart, shorten } from './text.js';
import { seriesColour, themeColour } from './theme.js';
import { formatTime } from './units.js';

const MAX_TOOLTIP_LINES = 12;

/** Lines or stacked bars over time, findings as marks on the axis, a legend with numbers beside it. */
export const drawTimeseries: DrawPanel = (box, data) => {
  const long = toWide(data.panel, data.frame);
  if (long === undefined || long.series.length === 0) return undefined;
  const config = fieldConfig(data.panel, long.valueColumn);
  const wide = config.custom?.drawStyle === 'bars' ? withEveryInterval(long, data.frame) : long;
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
  return wide.series.flatMap(({ name, values }, index): SeriesOption[] => {
    if (hidden.has(name)) return [];
    // Bars stand in the middle of their interval; without rows they are nothing, where a line without rows is not known.
    const data = wide.times.map((at, position) => [bars ? at + frame.intervalMs / 2 : at, values[position] ?? (bars ? 0 : null)]);
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
 * The frame with every interval of its range among the times: a bar is then drawn one interval wide and not as wide as the gap to the next,
 * and bars of all series stack by the same times.
 */
function withEveryInterval(wide: WideFrame, { fromMs, toMs, intervalMs }: Frame): WideFrame {
  const times = new Set(wide.times);
  for (let at = Math.ceil(fromMs / intervalMs) * intervalMs; at < toMs; at += intervalMs) times.add(at);
  const sorted = [...times].sort((a, b) => a - b);
  const position = new Map(wide.times.map((at, index) => [at, index]));
  const series = wide.series.map(({ name, values }) => ({ name, values: sorted.map((at) => values[position.get(at) ?? -1] ?? null) }));
  return { ...wide, times: sorted, series };
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
