import type * as EChartsModule from 'echarts';
import { themeColour } from './theme.js';

declare const echarts: typeof EChartsModule;
export type ChartOption = EChartsModule.EChartsOption;

export interface Chart {
  draw(option: ChartOption): void;
  dispose(): void;
}

/** A canvas chart that follows the size of its box. `label` is what a screen reader says in its place. */
export function createChart(box: HTMLElement, label: string): Chart {
  box.setAttribute('role', 'img');
  box.setAttribute('aria-label', label);
  const chart = echarts.init(box, null, { renderer: 'canvas' });
  const observer = new ResizeObserver(() => chart.resize());
  observer.observe(box);
  return {
    draw: (option) => chart.setOption(option, { notMerge: true }),
    dispose: () => {
      observer.disconnect();
      chart.dispose();
    },
  };
}

/** What all charts share: no animation (screens refresh), the theme's colours, tooltips drawn as text on the canvas and never as HTML. */
export function baseOption(): ChartOption {
  return {
    animation: false,
    useUTC: true,
    textStyle: { fontFamily: 'system-ui, sans-serif', color: themeColour('text') },
    tooltip: {
      renderMode: 'richText',
      confine: true,
      backgroundColor: themeColour('raised'),
      borderColor: themeColour('line'),
      textStyle: { color: themeColour('text'), fontSize: 12 },
    },
  };
}

/** A time axis in UTC over exactly the chosen range. */
export function timeAxis(fromMs: number, toMs: number): NonNullable<ChartOption['xAxis']> {
  return {
    type: 'time',
    min: fromMs,
    max: toMs,
    axisLine: { lineStyle: { color: themeColour('line') } },
    axisTick: { lineStyle: { color: themeColour('line') } },
    axisLabel: {
      color: themeColour('muted'),
      hideOverlap: true,
      fontSize: 11,
      formatter: { year: '{yyyy}', month: '{d} {MMM}', day: '{d} {MMM}', hour: '{HH}:{mm}', minute: '{HH}:{mm}', second: '{HH}:{mm}:{ss}' },
    },
    splitLine: { show: false },
  };
}
