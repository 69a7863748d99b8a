import type { LineSeriesOption } from 'echarts';
import type { Mark } from './panel-context.js';

/** Findings, blindness and drills as dashed vertical lines; a series of its own, so that hiding others does not hide them. */
export function markSeries(marks: readonly Mark[]): LineSeriesOption {
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
